"""Deals by their close date, over the filter of board and list."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from opportunities.filters import OpportunityFilter
from opportunities.models import Opportunity
from opportunities.selectors.opportunities import deals
from opportunities.views.board import VIEW, OpportunityBoard, layouts
from opportunities.views.editing import EDITOR
from revops.core import clock
from revops.core.templatetags.frame import shown
from revops.core.views.calendar import CalendarPage, Entry
from revops.core.views.lists import Action

TONES = {Opportunity.Status.WON: "ok", Opportunity.Status.LOST: "", Opportunity.Status.OPEN: "accent"}


class OpportunityCalendar(CalendarPage):
    """When deals are expected to close; dragging one moves its close date."""

    title = gettext_lazy("Opportunities")
    nav_key = place = "opportunities"
    permission = VIEW
    filters = OpportunityFilter
    custom = Opportunity
    noun = gettext_lazy("opportunities")
    file_name = "opportunities"
    day_field = "close_on"
    list_name = "opportunity-list"
    editor = EDITOR
    chips = OpportunityBoard.chips

    def rows(self) -> QuerySet[Opportunity]:
        return deals(viewer=self.viewer).select_related("account")

    def entry(self, row: Opportunity, movable: bool) -> Entry:
        late = row.status == Opportunity.Status.OPEN and row.close_on is not None and row.close_on < clock.today()
        tone = "late" if late else TONES[Opportunity.Status(row.status)]
        amount = shown(row.amount_money) if row.amount_money else ""
        return Entry(row.pk, row.version, row.get_absolute_url(), row.name, amount, tone=tone, movable=movable)

    def day_params(self, first: date, last: date) -> dict[str, str]:
        return {"close_on__gte": first.isoformat(), "close_on__lte": last.isoformat()}

    def views(self) -> Sequence[dict[str, Any]]:
        return layouts(self.request, "calendar")

    def actions(self) -> Sequence[Action]:
        return OpportunityBoard.actions(self)  # type: ignore[arg-type]
