"""What cases add to the frame and to the pages of lower rooms."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.pegs import Peg, register_peg
from accounts.shelves import Shelf, register_shelf
from postsales.models import CaseActivity, CaseDocument, SupportCase
from postsales.selectors import ClockBook, wanting_somebody
from revops.core.places import Place, list_places
from revops.core.registries import (
    DAY_MOST,
    CreateItem,
    DayItem,
    DaySource,
    NavItem,
    Panel,
    create_menu,
    day_items,
    navigation,
    panels,
)

VIEW, ADD = "postsales.view_supportcase", "postsales.add_supportcase"


def cases_today(user: Any, _today: date) -> Sequence[DayItem]:
    """One's unsolved cases, and those that nobody has taken; late ones first."""
    cases = list(wanting_somebody(user=user)[:DAY_MOST])
    book = ClockBook() if cases else None
    items = []
    for case in cases:
        clocks = book.of(case) if book else None
        now = clocks.next if clocks else None
        items.append(
            DayItem(
                kind="case",
                title=case.subject,
                sub=f"{case.number} · {case.account} · {case.priority}",
                url=case.get_absolute_url(),
                due_at=now.due_at if now else None,
                rank=10 if now and now.late else 30,
                action=gettext("Answer") if case.first_replied_at is None else gettext("Solve"),
                icon="lifebuoy",
            )
        )
    return items


def register() -> None:
    """Called once, when the app is ready."""
    list_places.register(Place("cases", _("Cases"), VIEW, {"list": "case-list"}, "lifebuoy", 70))
    navigation.register(NavItem("service", _("Service"), "case-list", "lifebuoy", VIEW, order=70, shortcut="s"))
    create_menu.register(CreateItem("case", _("Case"), "case-new", "lifebuoy", ADD, order=70, shortcut="s"))
    panels.register(
        Panel(
            "postsales.cases_of_account",
            "accounts.account",
            _("Cases"),
            url=lambda account: f"{reverse('case-list')}?account={account.pk}",
            order=50,
            permission=VIEW,
            icon="lifebuoy",
        )
    )
    day_items.register(DaySource("postsales.cases", cases_today, VIEW, order=30))
    register_peg(Peg("case", _("Case"), SupportCase, CaseActivity, lambda case: (case.account, case.contact), order=40))
    register_shelf(Shelf("case", _("Case"), SupportCase, CaseDocument, "postsales.change_supportcase", order=70))
