"""What deals add to the frame and to the pages of lower apps."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.pegs import Peg, register_peg
from accounts.shelves import Shelf, register_shelf
from opportunities.models import Opportunity, OpportunityActivity, OpportunityDocument, Quote, QuoteDocument
from opportunities.selectors import attention
from opportunities.selectors.opportunities import deals
from revops.core import clock
from revops.core.places import Place, list_places
from revops.core.registries import (
    DAY_MOST,
    Command,
    CreateItem,
    DayItem,
    DaySource,
    NavItem,
    Panel,
    commands,
    create_menu,
    day_items,
    navigation,
    panels,
)

VIEW = "opportunities.view_opportunity"


def stalled_deals(user: Any, _today: date) -> Sequence[DayItem]:
    """A person's own open deals on which nothing happened for too long and nothing is planned."""
    now = clock.now()
    own = attention.ageing(deals(viewer=user).filter(owner=user), now).filter(attention.next_is("none", now))
    rows = list(own.select_related("account", "stage").order_by("stage_entered_at", "pk")[:DAY_MOST])
    touches = attention.last_touches([row.pk for row in rows])
    return [
        DayItem(
            kind="stalled",
            title=row.name,
            sub=attention.warning(row, touches.get(row.pk), attention.NOTHING, now),
            url=row.get_absolute_url(),
            rank=60,
            action=gettext("Plan the next action"),
            icon="hourglass",
        )
        for row in rows
    ]


def _of_account(account: Any) -> str:
    return f"{reverse('opportunity-list')}?account={account.pk}"


def _earned_by(campaign: Any) -> str:
    return reverse("campaign-earned", args=[campaign.pk])


def _earned_with(partner: Any) -> str:
    return reverse("promotion-partner-earned", args=[partner.pk])


def _register_growth() -> None:
    """What campaigns and partners earned, on their pages in leads."""
    panels.register(
        Panel(
            "opportunities.campaign",
            "leads.campaign",
            _("What it earned"),
            _earned_by,
            20,
            "leads.view_campaign_results",
            when=lambda _campaign, user: user.has_perm(VIEW),
            top=True,
        )
    )
    panels.register(
        Panel("opportunities.partner", "leads.promotionpartner", _("What came of it"), _earned_with, 20, VIEW, top=True)
    )


def _register_peg() -> None:
    register_peg(
        Peg(
            "opportunity",
            _("Opportunity"),
            Opportunity,
            OpportunityActivity,
            lambda deal: (deal.account, deal.contact),
            order=10,
            field="opportunity",
            name=lambda deal: deal.name,
        )
    )


def register() -> None:
    """Called once, when the app is ready."""
    layouts = {"list": "opportunity-list", "board": "opportunity-board", "calendar": "opportunity-calendar"}
    list_places.register(Place("opportunities", _("Opportunities"), VIEW, layouts, "layout-kanban", 40))
    navigation.register(
        NavItem(
            "opportunities",
            _("Opportunities"),
            "opportunity-board",
            "layout-kanban",
            VIEW,
            order=40,
            shortcut="o",
            phone=True,
        )
    )
    create_menu.register(
        CreateItem(
            "opportunity",
            _("Opportunity"),
            "opportunity-new",
            "layout-kanban",
            "opportunities.add_opportunity",
            order=40,
            shortcut="o",
        )
    )
    commands.register(Command("opportunity-list", _("Opportunities as a list"), "opportunity-list", "list", VIEW))
    panels.register(
        Panel(
            "opportunities.of_account", "accounts.account", _("Opportunities"), _of_account, 20, VIEW, "layout-kanban"
        )
    )
    _register_growth()
    day_items.register(DaySource("opportunities.stalled", stalled_deals, VIEW, order=60))
    _register_peg()
    register_shelf(
        Shelf(
            "opportunity",
            _("Opportunity"),
            Opportunity,
            OpportunityDocument,
            "opportunities.change_opportunity",
            order=40,
        )
    )
    register_shelf(Shelf("quote", _("Quote"), Quote, QuoteDocument, "opportunities.change_quote", order=50))
