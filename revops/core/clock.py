"""The one clock. Tests travel with time-machine; the business day is the company's, not the server's."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """This instant, aware, UTC."""
    return timezone.now()


def company_zone() -> ZoneInfo:
    """The company's time zone (setting COMPANY_TIME_ZONE)."""
    return ZoneInfo(settings.COMPANY_TIME_ZONE)


def today() -> date:
    """The business day in the company's time zone."""
    return business_day(now())


def business_day(at: datetime) -> date:
    """The company's calendar date of an instant."""
    return at.astimezone(company_zone()).date()
