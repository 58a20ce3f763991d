"""When somebody may be contacted: their own clock, their hours, working days. Nothing here asks the database."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from leads.models import ContactPolicy
from revops.core import clock

OPENS, CLOSES = time(9), time(17)
SATURDAY = 5


@dataclass(frozen=True)
class Hours:
    """The hours of a day in which somebody is contacted, by the clock on their wall."""

    zone: ZoneInfo
    opens: time = OPENS
    closes: time = CLOSES
    weekends: bool = False


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of all time zones."""
    return frozenset(available_timezones())


def hours_of(policy: ContactPolicy | None, *, weekends: bool) -> Hours:
    """Somebody's hours; where nothing is recorded, the organisation's."""
    if policy is None:
        return Hours(clock.company_zone(), weekends=weekends)
    known = policy.time_zone in zones()
    zone = ZoneInfo(policy.time_zone) if known else clock.company_zone()
    return Hours(zone, policy.window_from, policy.window_to, weekends)


def next_moment(wanted: datetime, hours: Hours) -> datetime:
    """The first instant from `wanted` on at which somebody may be contacted.

    Hours that a change to summer time leaves out begin when the clock has passed them; those that come twice in autumn
    are open both times.
    """
    local = wanted.astimezone(hours.zone)
    if _works(local, hours) and hours.opens <= local.time() < hours.closes:
        return wanted.astimezone(UTC)
    day = local.date()
    for ahead in range(15):
        opening = datetime.combine(day + timedelta(days=ahead), hours.opens, hours.zone).astimezone(UTC)
        shown = opening.astimezone(hours.zone)
        if opening >= wanted and _works(shown, hours) and hours.opens <= shown.time() < hours.closes:
            return opening
    raise ValueError("no day of two weeks has such an hour")


def _works(local: datetime, hours: Hours) -> bool:
    return hours.weekends or local.weekday() < SATURDAY


def days_later(start: datetime, days: int, at: datetime, zone: ZoneInfo) -> datetime:
    """So many days after `start` by the calendar of a zone, at the time of day that `at` has there."""
    day = start.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, at.astimezone(zone).time(), zone).astimezone(UTC)
