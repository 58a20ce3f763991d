"""One definition of each figure of the dashboard, with the rows behind it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from forecasting.selectors.forecast import bucketed, open_rows, split_rows
from leads.models import Lead
from opportunities.models import Opportunity
from orders.models import Order, OrderSplit
from revops.core import clock
from revops.core.organisation import Span
from revops.core.rates import base_amount, refuse_missing
from revops.core.scope import reach_ids

COHORT_DAYS = 90
FUNNEL_STEPS = ("created", "worked", "qualified", "converted", "ordered")


def total(rows: QuerySet[Any]) -> Decimal:
    """The sum of the annotation `base`. Raises DomainError "missing_rate"."""
    found = rows.order_by().aggregate(total=Sum("base"), gaps=Count("pk", filter=Q(base__isnull=True)))
    refuse_missing(found["gaps"])
    return found["total"] or Decimal(0)


def won_rows(*, viewer: Any, span: Span, as_of: date) -> QuerySet[Any]:
    """Shares of the deals won in the period, up to the day."""
    closed = split_rows(viewer=viewer, as_of=as_of).filter(
        # What the bucket says again, in words that an index understands.
        opportunity__status=Opportunity.Status.WON,
        opportunity__closed_on__range=(span.first, min(span.last, as_of)),
    )
    return bucketed(closed, span).filter(bucket="closed")


def booked_rows(*, viewer: Any, span: Span, as_of: date) -> QuerySet[OrderSplit]:
    """Shares of the orders booked in the period, up to the day, of people in reach; `base` is in base currency."""
    last = min(span.last, as_of)
    people = reach_ids(viewer)
    rows = OrderSplit.objects.filter(
        kind=OrderSplit.Kind.REVENUE,
        order__in=Order.objects.visible_to(viewer).values("pk"),
        order__booked_on__range=(span.first, last),
    ).exclude(order__status=Order.Status.CANCELLED)
    if people is not None:
        rows = rows.filter(user_id__in=people)
    return rows.annotate(base=base_amount("amount", "order__currency", "order__booked_on"))


def booked_by_user(*, viewer: Any, span: Span, as_of: date) -> dict[int, Decimal]:
    """{user id: booked revenue in the base currency}."""
    rows = booked_rows(viewer=viewer, span=span, as_of=as_of).order_by().values("user_id")
    found = list(rows.annotate(total=Sum("base"), gaps=Count("pk", filter=Q(base__isnull=True))))
    refuse_missing(sum(row["gaps"] for row in found))
    return {row["user_id"]: row["total"] for row in found}


def funnel_rows(*, viewer: Any, as_of: date, step: str) -> QuerySet[Lead]:
    """Leads created in the 90 days up to `as_of` that reached a step: worked, qualified, converted, ordered."""
    since = as_of - timedelta(days=COHORT_DAYS - 1)
    first, end = clock.start_of(since), clock.start_of(as_of + timedelta(days=1))
    leads = Lead.objects.visible_to(viewer).filter(created_at__gte=first, created_at__lt=end, archived_at__isnull=True)
    ordered = Order.objects.booked().filter(opportunity__lead=OuterRef("pk"))
    reached = {
        "created": Q(),
        "worked": ~Q(status=Lead.Status.NEW),
        "qualified": Q(qualified_at__isnull=False),
        "converted": Q(converted_at__isnull=False),
        "ordered": Exists(ordered),
    }
    return leads.filter(reached[step])


def funnel(*, viewer: Any, as_of: date) -> list[tuple[str, int]]:
    """[(step, how many leads reached it)], from created to ordered."""
    return [(step, funnel_rows(viewer=viewer, as_of=as_of, step=step).count()) for step in FUNNEL_STEPS]


def coverage(*, viewer: Any, span: Span, as_of: date, quota: Decimal) -> tuple[Decimal, Decimal]:
    """(open pipeline closing in the period, quota still to be won): coverage is the first over the second (F4)."""
    rows = bucketed(split_rows(viewer=viewer, as_of=as_of), span)
    pipeline = total(rows.filter(bucket__in=("pipeline", "best_case", "commit")))
    return pipeline, max(quota - total(rows.filter(bucket="closed")), Decimal(0))


def open_total(*, viewer: Any, as_of: date) -> tuple[Decimal, int]:
    """(open pipeline in base currency, number of shares)."""
    rows = open_rows(viewer=viewer, as_of=as_of)
    return total(rows), rows.count()


def won_by_month(*, viewer: Any, months: list[Span], as_of: date) -> list[Decimal]:
    """Won per month, for the chart."""
    return [total(won_rows(viewer=viewer, span=month, as_of=as_of)) for month in months]
