"""What somebody holds in this room who leaves."""

from django.utils.translation import gettext_lazy as _

from forecasting.selectors.goals import goals_to_reach
from forecasting.services.goals import hand_over_goals
from revops.core.registries import Holding, hand_over


def register() -> None:
    """A goal keeps nobody from leaving: what was reached until then stays written under their name."""
    hand_over.register(
        Holding(
            "goals",
            _("Goals of periods that are not over"),
            lambda user: goals_to_reach().filter(owner=user),
            hand_over_goals,
            order=75,
            blocks=False,
        )
    )
