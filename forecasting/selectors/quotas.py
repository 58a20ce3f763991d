"""Attainment: what was booked against what was to be booked. Measured from the orders' split rows."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from forecasting.models.quotas import Quota
from orders.models import Order, OrderSplit
from revops.core import clock
from revops.core.money import Money, truncated_percent
from revops.core.organisation import convert
from revops.users.models import TeamMembership
from revops.users.selectors import teams_below


@dataclass(frozen=True)
class Attainment:
    """`percent` is truncated: 269,999.99 of 270,000 is 99.9, never 100.0."""

    measured: Money
    quota: Money
    percent: Decimal | None


def quota_list(*, viewer: Any) -> QuerySet[Quota]:
    """Quotas as lists and the API show them."""
    return Quota.objects.visible_to(viewer).select_related("user", "team", "period")


def active_quota(*, period: Any, user: Any = None, team: Any = None) -> Quota | None:
    """The quota in force for a person or a team."""
    return Quota.objects.active().filter(period=period, user=user, team=team).select_related("period").first()


def measured_splits(quota: Quota, as_of: date | None = None) -> QuerySet[OrderSplit]:
    """The split rows that a quota's attainment is the sum of: revenue shares of booked orders, by credit date.

    A team has those of whoever was in it, or below it, on the credit date: each share counts once.
    """
    period = quota.period
    last = min(period.last_on, as_of) if as_of else period.last_on
    rows = OrderSplit.objects.filter(
        kind=OrderSplit.Kind.REVENUE,
        order__in=Order.objects.booked().filter(booked_on__range=(period.first_on, last)).values("pk"),
    )
    if quota.user_id:
        return rows.filter(user=quota.user_id)
    teams = teams_below([quota.team_id], min(last, clock.today())) if quota.team_id else set()
    member = TeamMembership.objects.filter(
        user=OuterRef("user"), team__in=teams, during__contains=OuterRef("order__booked_on")
    )
    return rows.filter(Exists(member))


def attainment(quota: Quota, as_of: date | None = None) -> Attainment:
    """How much of a quota was booked, up to `as_of`. Raises MissingRate."""
    rows = measured_splits(quota, as_of).values_list("amount", F("order__currency"), F("order__booked_on"))
    measured = sum((_in(Money(*row[:2]), quota.currency, row[2]) for row in rows), Decimal(0))
    return Attainment(Money(measured, quota.currency), quota.money, truncated_percent(measured, quota.amount))


def _in(share: Money, currency: str, on: date) -> Decimal:
    return convert(share, currency, on).money.amount
