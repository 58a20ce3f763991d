"""Reading the fiscal calendar."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from forecasting.models.periods import FiscalPeriod


def period_list(*, viewer: Any) -> QuerySet[FiscalPeriod]:
    """The calendar as lists and the API show it."""
    return FiscalPeriod.objects.visible_to(viewer)


def month_holding(day: date) -> FiscalPeriod | None:
    """The month of a day, if it exists."""
    return FiscalPeriod.objects.months().holding(day).first()


def posting_month(origin: FiscalPeriod) -> FiscalPeriod | None:
    """Where a change of `origin` is posted: there while it is open, else the next open month (C29)."""
    if origin.takes_postings:
        return origin
    later = FiscalPeriod.objects.months().taking_postings().filter(first_on__gt=origin.first_on)
    return later.order_by("first_on").first()


def months_to_calculate(today: date) -> list[FiscalPeriod]:
    """Months whose facts may still change: open ones, and closed ones of the last 13 months (late facts, C29)."""
    states = FiscalPeriod.Status
    rows = FiscalPeriod.objects.months().filter(last_on__gte=today - timedelta(days=400))
    return list(rows.filter(status__in=[states.OPEN, states.CALCULATING, states.CLOSED]).order_by("first_on"))
