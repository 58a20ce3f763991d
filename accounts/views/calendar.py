"""Planned activities by the day they are due, over the list's filter."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.filters import ActivityFilter
from accounts.models import Activity
from accounts.selectors import activity_list
from accounts.views.editing import ACTIVITY_EDITOR, on_day
from revops.core import clock
from revops.core.templatetags.frame import changed_query
from revops.core.views.calendar import CalendarPage, Entry


def layouts(request: Any, current: str) -> list[dict[str, Any]]:
    """List and calendar, with the filter that is on."""
    query = changed_query(request.GET, columns="", sort="", on="", span="")
    entries = (
        ("list", gettext("List"), "activity-list", "list"),
        ("calendar", gettext("Calendar"), "activity-calendar", "calendar"),
    )
    return [
        {"label": label, "url": reverse(name) + query, "icon": icon, "current": key == current}
        for key, label, name, icon in entries
    ]


class ActivityCalendar(CalendarPage):
    """What is due when; dragging one moves it to another day at the same hour."""

    title, nav_key, noun, place = _("Activities"), "my_day", _("activities"), "activities"
    permission = "accounts.view_activity"
    filters = ActivityFilter
    custom = Activity
    file_name = "activities"
    day_field = "due_at"
    moment = True
    list_name = "activity-list"
    editor = ACTIVITY_EDITOR

    def rows(self) -> QuerySet[Any]:
        return activity_list(viewer=self.viewer)

    def entry(self, row: Activity, movable: bool) -> Entry:
        due = row.due_at.astimezone(clock.company_zone()) if row.due_at else None
        planned = row.status == Activity.Status.PLANNED
        tone = "late" if planned and row.due_at and row.due_at < clock.now() else "accent" if planned else "ok"
        url = reverse("activity-open", args=[row.pk])
        return Entry(
            row.pk, row.version, url, row.subject, time=f"{due:%H:%M}" if due else "", tone=tone, movable=movable
        )

    def day_params(self, first: date, last: date) -> dict[str, str]:
        zone = clock.company_zone()
        start = timezone.make_aware(datetime.combine(first, time.min), zone)
        end = timezone.make_aware(datetime.combine(last, time(23, 59, 59)), zone)
        return {"due_at__gte": start.isoformat(), "due_at__lte": end.isoformat()}

    def value_on(self, row: Activity, day: date) -> datetime:
        return on_day(row.due_at, day)

    def views(self) -> Sequence[dict[str, Any]]:
        return layouts(self.request, "calendar")
