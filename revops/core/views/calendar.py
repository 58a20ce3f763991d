"""Calendars: the rows of a list by day, a month or a week, over the same filter; a drag moves one to another day."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from babel import Locale
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from revops.core import clock
from revops.core.errors import BadRequest, NotAllowed
from revops.core.templatetags.frame import changed_query, locale_name
from revops.core.views.lists import ListPage

if TYPE_CHECKING:
    from django.http import StreamingHttpResponse

MONTH, WEEK = "month", "week"
SHOWN = {MONTH: 3, WEEK: 20}


@dataclass(frozen=True)
class Entry:
    """One row on its day. `tone` is today, late, none or later, ok or bad; `movable` takes a drag."""

    pk: Any
    version: int
    url: str
    title: str
    sub: str = ""
    time: str = ""
    tone: str = ""
    movable: bool = False


@dataclass(frozen=True)
class Day:
    """A day of the grid with its first entries."""

    on: date
    count: int
    entries: Sequence[Entry] = field(default_factory=list)
    more_url: str = ""
    today: bool = False
    outside: bool = False  # of another month

    @property
    def more(self) -> int:
        return max(0, self.count - len(self.entries))


class CalendarPage(ListPage):
    """A ListPage whose body is a month or a week. Name the field of the day, and say how a row looks."""

    template = "core/calendar.html"
    layout = "calendar"
    more_params = ("on", "span")
    day_field: str = ""
    moment = False  # whether it is a time of day, too
    list_name: str = ""  # the address of the list of the same rows

    def entry(self, row: Any, movable: bool) -> Entry:
        """How a row stands on its day."""
        raise NotImplementedError

    def day_params(self, first: date, last: date) -> dict[str, str]:
        """The list's filter for these days."""
        return {f"{self.day_field}__gte": first.isoformat(), f"{self.day_field}__lte": last.isoformat()}

    def value_on(self, row: Any, day: date) -> Any:
        """What the field becomes when the row is moved to `day`."""
        return day

    # The days in view -----------------------------------------------------------------------

    @cached_property
    def span(self) -> str:
        asked = self.request.GET.get("span") or MONTH
        if asked not in SHOWN:
            raise BadRequest("bad_span", _("A calendar shows a month or a week."))
        return asked

    @cached_property
    def on(self) -> date:
        """A day in view; today unless the address says another."""
        asked = self.request.GET.get("on") or ""
        try:
            day = date.fromisoformat(asked) if asked else clock.today()
        except ValueError as error:
            raise BadRequest("bad_day", _("Write a day as 2026-11-19.")) from error
        if not 1900 <= day.year <= 2200:
            raise BadRequest("bad_day", _("Write a day as 2026-11-19."))
        return day

    @cached_property
    def weeks(self) -> list[list[date]]:
        weeks = Calendar(_first_weekday()).monthdatescalendar(self.on.year, self.on.month)
        return weeks if self.span == MONTH else [week for week in weeks if self.on in week]

    def _neighbour(self, step: int) -> date:
        if self.span == WEEK:
            return self.on + timedelta(days=7 * step)
        months = self.on.year * 12 + self.on.month - 1 + step
        return date(months // 12, months % 12 + 1, 1)

    # Rows by day ----------------------------------------------------------------------------

    def _by_day(self, rows: QuerySet[Any], first: date, last: date) -> QuerySet[Any]:
        found = rows.filter(self._between(first, last))
        if not self.moment:
            return found
        return found.annotate(cal_day=TruncDate(self.day_field, tzinfo=clock.company_zone()))

    def _between(self, first: date, last: date) -> Q:
        if not self.moment:
            return Q(**{f"{self.day_field}__range": (first, last)})
        start, end = (timezone.make_aware(datetime.combine(day, time.min), clock.company_zone())
                      for day in (first, last + timedelta(days=1)))  # fmt: skip
        return Q(**{f"{self.day_field}__gte": start, f"{self.day_field}__lt": end})

    def _day_of(self, row: Any) -> date:
        value = getattr(row, self.day_field)
        return value.astimezone(clock.company_zone()).date() if self.moment else value  # type: ignore[no-any-return]

    def days(self, rows: QuerySet[Any], first: date, last: date) -> dict[date, Day]:
        """Every day of the range with its count and its first entries: two queries."""
        found = self._by_day(rows.order_by(), first, last)
        name = "cal_day" if self.moment else self.day_field
        counts = dict(found.values_list(name).annotate(n=Count("pk")).order_by())
        rank = Window(RowNumber(), partition_by=[F(name)], order_by=[F(self.day_field), F("pk")])
        shown = found.annotate(cal_rank=rank).filter(cal_rank__lte=SHOWN[self.span]).order_by(self.day_field, "pk")
        entries: dict[date, list[Entry]] = {}
        for row in shown:
            entries.setdefault(self._day_of(row), []).append(self.entry(row, self._movable(row)))
        today = clock.today()
        every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return {
            day: Day(
                day, counts.get(day, 0), entries.get(day, []), self._list_url(day, day), day == today,
                self.span == MONTH and day.month != self.on.month,
            )
            for day in every
        }  # fmt: skip

    def _movable(self, row: Any) -> bool:
        return self.may_edit and self.editor is not None and self.editor.allows(row, self.day_field)

    def _list_url(self, first: date, last: date) -> str:
        gone: dict[str, Any] = dict.fromkeys((*self.more_params, "columns"))
        query = changed_query(self.request.GET, **gone, **self.day_params(first, last))
        return f"{reverse(self.list_name)}{query}"

    def body(self, rows: QuerySet[Any]) -> dict[str, Any]:
        weeks = self.weeks
        first, last = weeks[0][0], weeks[-1][-1]
        days = self.days(rows, first, last)
        return {
            "weeks": [[days[day] for day in week] for week in weeks],
            "names": [(formats.date_format(day, "D"), formats.date_format(day, "l")) for day in weeks[0]],
            "calendar_title": self._named(first, last),
            "span": self.span,
            "spans": [
                {"label": _("Month"), "url": self._with(span=""), "current": self.span == MONTH},
                {"label": _("Week"), "url": self._with(span=WEEK), "current": self.span == WEEK},
            ],
            "earlier_url": self._with(on=self._neighbour(-1)),
            "later_url": self._with(on=self._neighbour(1)),
            "today_url": self._with(on=""),
            "in_view": sum(day.count for day in days.values()),
            "in_view_url": self._list_url(first, last),
        }

    def _named(self, first: date, last: date) -> str:
        if self.span == MONTH:
            return formats.date_format(self.on, "F Y")
        return f"{formats.date_format(first, 'j M')} – {formats.date_format(last, 'j M Y')}"

    # Requests -------------------------------------------------------------------------------

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | StreamingHttpResponse:
        if request.GET.get("export") or request.GET.get("panel"):
            query = request.GET.copy()
            for name in self.more_params:
                query.pop(name, None)
            return HttpResponseRedirect(f"{reverse(self.list_name)}?{query.urlencode()}")
        return super().get(request, *args, **kwargs)

    def _posts(self) -> dict[str, Any]:
        return {**super()._posts(), "reschedule": self._reschedule}

    def _reschedule(self, request: HttpRequest) -> HttpResponse:
        """Moves a row to another day and answers with both days as they are now."""
        key, raw = request.POST.get("pk", ""), request.POST.get("version", "")
        if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in (key, raw)):
            raise BadRequest("version_missing", _("Send the version that you saw."))
        row = get_object_or_404(self.rows(), pk=key)
        try:
            day = date.fromisoformat(request.POST.get("day", ""))
        except ValueError as error:
            raise BadRequest("bad_day", _("Write a day as 2026-11-19.")) from error
        if self.editor is None or not self.may_edit:
            raise NotAllowed(_("Your role does not include this."))
        before = self._day_of(row)
        value = self.value_on(row, day)
        self.editor.change(row=row, name=self.day_field, value=value, version=int(raw), actor=self.viewer)
        _filters, rows = self._filtered()
        wanted = {before, day}
        days = [one for when in sorted(wanted) for one in self.days(rows, when, when).values()]
        return render(request, "core/calendar_days.html", {"days": days})


def _first_weekday() -> int:
    """Monday or Sunday, as people of this language count."""
    return Locale.parse(locale_name()).first_week_day
