"""Quotas as targets of a span: what a figure is held against."""

from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from forecasting.models.quotas import Quota
from revops.core.organisation import Span
from revops.core.rates import base_amount, refuse_missing


def quota_rows(*, viewer: Any, span: Span) -> QuerySet[Quota]:
    """Active quotas of people for the span: those of exactly this period, else those of the months inside it.

    `base` is the amount in the base currency at the rate of the period's first day.
    """
    quotas = Quota.objects.visible_to(viewer).active().filter(user__isnull=False)
    inside = quotas.filter(period__first_on__gte=span.first, period__last_on__lte=span.last)
    exact = inside.filter(period__first_on=span.first, period__last_on=span.last)
    chosen = exact if exact.exists() else inside.filter(period__kind="month")
    return chosen.annotate(base=base_amount("amount", "currency", "period__first_on"))


def quota_by_user(*, viewer: Any, span: Span) -> dict[int, Decimal]:
    """{user id: quota in the base currency}. Raises DomainError "missing_rate"."""
    rows = quota_rows(viewer=viewer, span=span).order_by().values("user_id")
    found = list(rows.annotate(total=Sum("base"), gaps=Count("pk", filter=Q(base__isnull=True))))
    refuse_missing(sum(row["gaps"] for row in found))
    return {row["user_id"]: row["total"] for row in found}
