"""Working calendars, their holidays, and absences."""

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import available_timezones

import holidays as countries
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from revops.core import audit
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock
from revops.users.models import Absence, Holiday, User, WorkingCalendar, WorkingHours

# Read once: the standard library walks the disk each time it is asked.
TIME_ZONES = frozenset(available_timezones())
Stretch = tuple[int, time, time]
OFFICE_HOURS: tuple[Stretch, ...] = tuple((weekday, time(9), time(17)) for weekday in range(5))


def _may(actor: User | None) -> None:
    if actor is not None:
        require(actor, "users.change_workingcalendar")


@transaction.atomic
def create_calendar(
    *,
    actor: User | None,
    name: str,
    time_zone: str = "UTC",
    hours: Iterable[Stretch] = OFFICE_HOURS,
    is_default: bool = False,
) -> WorkingCalendar:
    """Add a calendar; 09:00 to 17:00 from Monday to Friday unless told otherwise."""
    _may(actor)
    if time_zone not in TIME_ZONES:
        raise InvalidInput.of(time_zone=_("There is no such time zone."))
    if WorkingCalendar.objects.filter(name__iexact=name.strip()).exists():
        raise InvalidInput.of(name=_("There is a calendar of this name."))
    if is_default:
        WorkingCalendar.objects.filter(is_default=True).update(is_default=False)
    calendar = WorkingCalendar.objects.create(name=name.strip(), time_zone=time_zone, is_default=is_default)
    _write_hours(calendar, hours)
    audit.record("calendar.created", calendar, actor=actor, time_zone=time_zone)
    return calendar


@transaction.atomic
def update_calendar(
    *, calendar: WorkingCalendar, version: int | None = None, actor: User | None, **changes: Any
) -> WorkingCalendar:
    """Rename a calendar, move it to another zone, or make it the default."""
    _may(actor)
    calendar = lock(calendar, version)
    if changes.get("time_zone", "UTC") not in TIME_ZONES:
        raise InvalidInput.of(time_zone=_("There is no such time zone."))
    if changes.get("is_default"):
        WorkingCalendar.objects.filter(is_default=True).exclude(pk=calendar.pk).update(is_default=False)
    changed = edit(calendar, changes)
    if changed:
        audit.record("calendar.changed", calendar, actor=actor, changed=changed)
    return calendar


@transaction.atomic
def set_holidays(
    *, calendar: WorkingCalendar, days: Mapping[date, str], among: Iterable[date] | None = None, actor: User | None
) -> None:
    """Replace a calendar's holidays; with `among`, only those days that were shown can go."""
    _may(actor)
    gone = calendar.holidays.exclude(on__in=days)
    (gone if among is None else gone.filter(on__in=list(among))).delete()
    rows = [Holiday(calendar=calendar, on=on, name=name[:80]) for on, name in days.items()]
    Holiday.objects.bulk_create(rows, update_conflicts=True, unique_fields=["calendar", "on"], update_fields=["name"])
    audit.record("calendar.holidays_set", calendar, actor=actor, count=len(rows))


@transaction.atomic
def set_hours(
    *, calendar: WorkingCalendar, hours: Iterable[Stretch], version: int | None = None, actor: User | None
) -> WorkingCalendar:
    """Replace a calendar's hours. Clocks are computed when they are read, so they follow at once."""
    _may(actor)
    calendar = lock(calendar, version)
    calendar.hours.all().delete()
    _write_hours(calendar, hours)
    calendar.version += 1
    calendar.save(update_fields=["version", "updated_at"])
    audit.record("calendar.hours_changed", calendar, actor=actor)
    return calendar


@transaction.atomic
def add_holiday(*, calendar: WorkingCalendar, on: date, name: str, actor: User | None) -> Holiday:
    """Close the calendar on a day."""
    _may(actor)
    holiday, made = Holiday.objects.get_or_create(calendar=calendar, on=on, defaults={"name": name[:80]})
    if made:
        audit.record("calendar.holiday_added", calendar, actor=actor, on=on, name=name)
    return holiday


@transaction.atomic
def fill_holidays(*, calendar: WorkingCalendar, country: str, years: Iterable[int], actor: User | None) -> int:
    """Close the calendar on a country's public holidays; days that are there stay. Returns how many were added."""
    _may(actor)
    try:
        days = countries.country_holidays(country.upper(), years=list(years))
    except NotImplementedError:
        raise InvalidInput.of(country=_("No public holidays are known for this country."))
    present = set(calendar.holidays.values_list("on", flat=True))
    rows = [Holiday(calendar=calendar, on=on, name=name[:80]) for on, name in sorted(days.items()) if on not in present]
    Holiday.objects.bulk_create(rows, ignore_conflicts=True)
    audit.record("calendar.holidays_filled", calendar, actor=actor, country=country, added=len(rows))
    return len(rows)


@transaction.atomic
def add_absence(*, user: User, first: date, last: date, reason: str = "", actor: User | None) -> Absence:
    """Out of office from `first` to `last`, both included. One's own, or another's by who administers people."""
    if actor is not None and actor.pk != user.pk:
        require(actor, "users.change_user")
    if last < first:
        raise InvalidInput.of(last=_("The last day is before the first."))
    during = DateRange(first, last + timedelta(days=1))
    lock(user)
    if Absence.objects.filter(user=user, during__overlap=during).exists():
        raise IllegalState("already_away", _("These days overlap an absence that is there already."))
    absence = Absence.objects.create(user=user, during=during, reason=reason[:80])
    audit.record("user.away", user, actor=actor, first=first, last=last)
    return absence


def _write_hours(calendar: WorkingCalendar, hours: Iterable[Stretch]) -> None:
    rows = [WorkingHours(calendar=calendar, weekday=day, opens=opens, closes=closes) for day, opens, closes in hours]
    if any(row.closes <= row.opens or not 0 <= row.weekday <= 6 for row in rows):
        raise InvalidInput.of(hours=_("A stretch of hours ends after it begins, on a weekday from 0 to 6."))
    WorkingHours.objects.bulk_create(rows)
