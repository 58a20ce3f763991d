"""Working time: when something is due, and how much of it has passed. Computed in UTC, so summer time costs nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from revops.core.errors import DomainError
from revops.core.first_use import first_use
from revops.users import services
from revops.users.models import WorkingCalendar

# Hours that close in the last minute of a day run to midnight: a TimeField cannot say 24:00.
LAST_MINUTE = time(23, 59)
HORIZON = timedelta(days=3660)


@dataclass(frozen=True)
class OpeningHours:
    """A calendar read once, for whoever computes many clocks with it."""

    zone: ZoneInfo
    hours: dict[int, tuple[tuple[time, time], ...]]
    holidays: frozenset[date]

    def stretches(self, day: date) -> list[tuple[datetime, datetime]]:
        """The working stretches of a local day, in UTC, merged, in order."""
        if day in self.holidays:
            return []
        found: list[tuple[datetime, datetime]] = []
        for opens, closes in self.hours.get(day.weekday(), ()):
            start, end = self._utc(day, opens), self._closing(day, closes)
            if found and start <= found[-1][1]:
                start, end = found[-1][0], max(found.pop()[1], end)
            if start < end:
                found.append((start, end))
        return found

    def _utc(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)

    def _closing(self, day: date, closes: time) -> datetime:
        if closes >= LAST_MINUTE:
            return self._utc(day + timedelta(days=1), time(0))
        return self._utc(day, closes)


AROUND_THE_CLOCK = OpeningHours(ZoneInfo("UTC"), {day: ((time(0), LAST_MINUTE),) for day in range(7)}, frozenset())
Calendar = WorkingCalendar | OpeningHours | None


def opening_hours(calendar: Calendar) -> OpeningHours:
    """Read a calendar (two queries). None is around the clock."""
    if calendar is None:
        return AROUND_THE_CLOCK
    if isinstance(calendar, OpeningHours):
        return calendar
    hours: dict[int, tuple[tuple[time, time], ...]] = {}
    for row in sorted(calendar.hours.all(), key=lambda row: (row.weekday, row.opens)):
        hours[row.weekday] = (*hours.get(row.weekday, ()), (row.opens, row.closes))
    closed = frozenset(holiday.on for holiday in calendar.holidays.all())
    return OpeningHours(ZoneInfo(calendar.time_zone), hours, closed)


def default_calendar() -> WorkingCalendar:
    """The company's calendar; made on first use: 09:00 to 17:00 from Monday to Friday in the company's zone."""
    defaults = WorkingCalendar.objects.filter(is_default=True)
    found = defaults.first()
    if found is not None:
        return found
    with first_use("default calendar"):
        return defaults.first() or services.create_calendar(
            actor=None, name="Office hours", time_zone=settings.COMPANY_TIME_ZONE, is_default=True
        )


def default_hours() -> OpeningHours:
    """The company's calendar, read in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(DEFAULT_HOURS)
        found = cursor.fetchone()
    if found is None:
        return opening_hours(default_calendar())
    zone, stretches, closed = found
    hours: dict[int, tuple[tuple[time, time], ...]] = {}
    for day, opens, closes in json.loads(stretches):
        hours[day] = (*hours.get(day, ()), (time.fromisoformat(opens), time.fromisoformat(closes)))
    return OpeningHours(ZoneInfo(zone), hours, frozenset(closed))


DEFAULT_HOURS = """
    SELECT time_zone,
        coalesce((SELECT jsonb_agg(jsonb_build_array(weekday, opens, closes) ORDER BY weekday, opens)
            FROM users_workinghours WHERE calendar_id = calendar.id), '[]'),
        ARRAY(SELECT "on" FROM users_holiday WHERE calendar_id = calendar.id)
    FROM users_workingcalendar AS calendar WHERE is_default
"""


def due_after(start: datetime, minutes: int, calendar: Calendar) -> datetime:
    """The instant by which `minutes` of working time have passed since `start`."""
    return due_at(start, timedelta(minutes=minutes), calendar)


def due_at(start: datetime, rest: timedelta, calendar: Calendar) -> datetime:
    """The instant by which this much working time has passed since `start`."""
    if rest <= timedelta(0):
        return start
    for opens, closes in _from(start, start + HORIZON, opening_hours(calendar)):
        if closes - opens >= rest:
            return opens + rest
        rest -= closes - opens
    raise DomainError("calendar_closed", _("This calendar has no working hours in the years ahead."))


def working_time(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """The working time between two instants; nothing when `end` is not after `start`."""
    spans = _from(start, end, opening_hours(calendar))
    return sum((min(closes, end) - opens for opens, closes in spans), timedelta(0))


def working_minutes(start: datetime, end: datetime, calendar: Calendar) -> int:
    """Whole minutes of working time between two instants."""
    return int(working_time(start, end, calendar) // timedelta(minutes=1))


def is_business_day(day: date, calendar: Calendar) -> bool:
    """Whether the calendar opens at all on this local day."""
    return bool(opening_hours(calendar).stretches(day))


def _from(start: datetime, end: datetime, hours: OpeningHours) -> Iterator[tuple[datetime, datetime]]:
    """Working stretches that begin before `end`, cut at `start`."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    # A day early: a local day may begin before the UTC day of the same name.
    day = start.astimezone(hours.zone).date() - timedelta(days=1)
    last = end.astimezone(hours.zone).date() + timedelta(days=1)
    while day <= last:
        for opens, closes in hours.stretches(day):
            if closes > start and opens < end:
                yield max(opens, start), closes
        day += timedelta(days=1)
