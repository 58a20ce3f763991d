"""The one clock. Tests travel with time-machine; the business day is the company's, not the server's."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """This instant, aware, UTC; inside `at` that of the story being told."""
    return _moment.get() or timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the services act at another moment: demo data is history that they wrote themselves."""
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)


def telling() -> bool:
    """Whether the services act inside a story (`at`): nobody is written to about it."""
    return _moment.get() is not None


def behind() -> timedelta:
    """How far the story lies in the past; nothing outside of one."""
    return timezone.now() - now()


def company_zone() -> ZoneInfo:
    """The company's time zone (setting COMPANY_TIME_ZONE)."""
    return ZoneInfo(settings.COMPANY_TIME_ZONE)


def today() -> date:
    """The business day in the company's time zone."""
    return business_day(now())


def start_of(day: date) -> datetime:
    """The instant at which a business day begins; days are compared by it, never by the database's own calendar."""
    return datetime.combine(day, time.min, company_zone())


def business_day(at: datetime) -> date:
    """The company's calendar date of an instant."""
    return at.astimezone(company_zone()).date()
