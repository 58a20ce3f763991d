"""One definition of each figure of the dashboard, with the rows behind it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from forecasting.selectors.forecast import CLOSED, PIPELINE, Line, bucketed, forecast, open_rows, split_rows
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
    return _counted(rows, Count("pk"))[0]


def _counted(rows: QuerySet[Any], counted: Count) -> tuple[Decimal, int]:
    """The sum of `base` and a count, read through once."""
    gaps = Count("pk", filter=Q(base__isnull=True))
    found = rows.order_by().aggregate(total=Sum("base"), gaps=gaps, counted=counted)
    refuse_missing(found["gaps"])
    return found["total"] or Decimal(0), found["counted"]


def won_rows(*, viewer: Any, span: Span, as_of: date) -> QuerySet[Any]:
    """Shares of the deals won in the period, up to the day."""
    closed = split_rows(viewer=viewer, as_of=as_of).filter(
        # What the bucket says again, in words that an index understands.
        opportunity__status=Opportunity.Status.WON,
        opportunity__closed_on__range=(span.first, min(span.last, as_of)),
    )
    return bucketed(closed, span).filter(bucket="closed")


def won_total(*, viewer: Any, span: Span, as_of: date) -> tuple[Decimal, int]:
    """(what was won in the period in base currency, number of deals)."""
    rows = won_rows(viewer=viewer, span=span, as_of=as_of)
    return _counted(rows, Count("opportunity_id", distinct=True))


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


def _cohort(viewer: Any, as_of: date) -> QuerySet[Lead]:
    """Leads created in the 90 days up to `as_of`."""
    since = as_of - timedelta(days=COHORT_DAYS - 1)
    first, end = clock.start_of(since), clock.start_of(as_of + timedelta(days=1))
    return Lead.objects.visible_to(viewer).filter(created_at__gte=first, created_at__lt=end, archived_at__isnull=True)


def _reached() -> dict[str, Q]:
    ordered = Order.objects.booked().filter(opportunity__lead=OuterRef("pk"))
    return {
        "created": Q(),
        "worked": ~Q(status=Lead.Status.NEW),
        "qualified": Q(qualified_at__isnull=False),
        "converted": Q(converted_at__isnull=False),
        "ordered": Q(Exists(ordered)),
    }


def funnel_rows(*, viewer: Any, as_of: date, step: str) -> QuerySet[Lead]:
    """Leads created in the 90 days up to `as_of` that reached a step: worked, qualified, converted, ordered."""
    return _cohort(viewer, as_of).filter(_reached()[step])


def funnel(*, viewer: Any, as_of: date) -> list[tuple[str, int]]:
    """[(step, how many leads reached it)], from created to ordered."""
    reached = _reached()
    ordered = reached.pop("ordered")  # by itself: what the orders lead to, not each lead whether it has one
    counts = {step: Count("pk", filter=condition or None) for step, condition in reached.items()}
    found = _cohort(viewer, as_of).order_by().aggregate(**counts)
    found["ordered"] = _cohort(viewer, as_of).filter(ordered).count()
    return [(step, found[step]) for step in FUNNEL_STEPS]


def coverage(
    *, viewer: Any, span: Span, as_of: date, quota: Decimal, line: Line | None = None
) -> tuple[Decimal, Decimal]:
    """(open pipeline closing in the period, quota still to be won): coverage is the first over the second (F4).

    `line` is the forecast's total of the same period, where it is known already.
    """
    line = line or forecast(viewer=viewer, span=span, as_of=as_of).total
    return line.column(PIPELINE), max(quota - line.column(CLOSED), Decimal(0))


def open_total(*, viewer: Any, as_of: date) -> tuple[Decimal, int]:
    """(open pipeline in base currency, number of shares)."""
    return _counted(open_rows(viewer=viewer, as_of=as_of), Count("pk"))


def won_by_month(*, viewer: Any, months: list[Span], as_of: date) -> list[Decimal]:
    """Won per month, for the chart: months that follow one another."""
    whole = Span(months[0].first, months[-1].last, "")
    rows = won_rows(viewer=viewer, span=whole, as_of=as_of).order_by().values("opportunity__closed_on")
    found = list(rows.annotate(total=Sum("base"), gaps=Count("pk", filter=Q(base__isnull=True))))
    refuse_missing(sum(row["gaps"] for row in found))
    days = {row["opportunity__closed_on"]: row["total"] for row in found}
    return [sum((days[day] for day in days if month.first <= day <= month.last), Decimal(0)) for month in months]
