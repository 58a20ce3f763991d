"""What somebody holds in this room who leaves."""

from django.utils.translation import gettext_lazy as _

from revops.core.models import SavedView
from revops.core.registries import Holding, hand_over
from revops.users import services
from revops.users.selectors.holdings import managed_by


def register() -> None:
    """Called once, when the app is ready."""
    hand_over.register(
        Holding(
            "views",
            _("Shared views of lists"),
            lambda user: SavedView.objects.filter(owner=user, shared=True),
            services.hand_over_views,
            order=70,
            blocks=False,
        )
    )
    hand_over.register(
        Holding("teams", _("Teams they manage"), managed_by, services.hand_over_teams, order=80, blocks=False)
    )
