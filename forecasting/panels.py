"""What compensation adds to the pages of lower rooms."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from forecasting.models.pay_scope import SEES_ALL, holds
from forecasting.selectors.earn import holds_share, on_a_plan
from opportunities.models import Opportunity
from revops.core import audit, registries
from revops.core.registries import Command, NavItem, Panel


def earn_url(opportunity: Opportunity) -> str:
    return reverse("opportunity-earn", args=[opportunity.pk])


def says_something(opportunity: Opportunity, user: Any) -> bool:
    """The card is for those whom the open deal credits, each about their own pay."""
    return opportunity.status == Opportunity.Status.OPEN and holds_share(opportunity, user)


def register() -> None:
    """Navigation, the card on a deal, the commands; and whoever reads the log needs the role to read about pay."""
    audit.guard_area("compensation", lambda user: holds(user, SEES_ALL))
    registries.navigation.register(
        NavItem("compensation", _("Compensation"), "statement-list", "coins", order=90, shortcut="c")
    )
    registries.panels.register(
        Panel(
            "forecasting.earn",
            "opportunities.opportunity",
            _("What you earn if this closes"),
            earn_url,
            order=5,
            icon="coins",
            when=says_something,
            top=True,
        )
    )
    registries.panels.register(
        Panel(
            "forecasting.earned",
            "forecasting.my_day",
            _("Earned so far"),
            lambda user: reverse("earned-so-far"),
            icon="coins",
            when=lambda user, viewer: on_a_plan(viewer),
            top=True,
        )
    )
    registries.commands.register(
        Command("my-statement", _("My commission this month"), "statement-me", "coins", order=90)
    )
