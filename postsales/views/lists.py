"""The list of cases."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.pegs import with_next
from accounts.views.touches import next_cell
from postsales.filters import CaseFilter
from postsales.models import Priority, SupportCase
from postsales.selectors import ClockBook, case_list
from postsales.views.cells import PRIORITY_TONES, TONES, Status, clock_cell
from postsales.views.editing import ACTIONS, EDITOR
from revops.core.views.lists import Action, Chip, Column, Empty, ListPage, Tab


def _next(case: SupportCase) -> tuple[str, str] | None:
    return next_cell(case, going=case.status in SupportCase.UNSOLVED)


class CaseList(ListPage):
    """What customers ask."""

    title, nav_key, noun, file_name = _("Service"), "service", _("cases"), "cases"
    permission = "postsales.view_supportcase"
    place, editor, bulk_actions = "cases", EDITOR, ACTIONS
    filters = CaseFilter
    custom = SupportCase
    order = "-opened"
    tabs = (
        Tab(_("All")),
        Tab(_("Unsolved"), {"unsolved": "true"}),
        Tab(_("My unsolved"), {"mine": "true", "unsolved": "true"}),
    )
    chips = (Chip("breached", _("Missed a target"), {"breached": "true"}, marker="late"),)
    empty = Empty(_("No cases"), _("A case is a customer's question; its clock runs in working hours."), "lifebuoy")

    @cached_property
    def book(self) -> ClockBook:
        return ClockBook()

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        return (
            Column("subject", _("Case"), sub="number", sort="subject"),
            Column("status", _("State"), lambda c: (c.get_status_display(), TONES[Status(c.status)]), "pill"),
            Column("account", _("Account"), "account.name", sort="account__name"),
            Column("priority", _("Priority"), self._priority, "pill", sort="priority", edit="priority"),
            Column("sla", _("Clock"), lambda case: clock_cell(case, self.book), "sla"),
            Column("next", _("Next action"), _next, kind="next", phone=False),
            Column("owner", _("Owner"), kind="user", edit="owner"),
            Column("opened", _("Opened"), "opened_at", "datetime", sort="opened_at"),
            Column("channel", _("Channel"), "get_channel_display", hidden=True, edit="channel"),
            Column("number", _("Number"), sort="number", hidden=True),
            Column("resolved", _("Solved"), "resolved_at", "datetime", hidden=True),
        )

    @staticmethod
    def _priority(case: SupportCase) -> tuple[str, str]:
        return (case.priority, PRIORITY_TONES.get(Priority(case.priority), ""))

    def rows(self) -> QuerySet[SupportCase]:
        return with_next(case_list(viewer=self.request.user), "case")

    def actions(self) -> list[Action]:
        may: Any = self.request.user.has_perm("postsales.add_supportcase")
        return [Action(_("New case"), reverse("case-new"), "plus", primary=True)] if may else []
