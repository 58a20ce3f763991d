"""Credit: a booked order's lines are shared out among those who closed it. First step of four, before any rate."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from forecasting.models.compensation import PlanAssignment, PlanVersion
from forecasting.models.credits import Credit
from forecasting.models.periods import FiscalPeriod
from orders.models import Order, OrderLine, OrderSplit
from revops.core import audit, clock
from revops.core.money import Money, allocate, money
from revops.core.organisation import convert
from revops.core.status import lock
from revops.users.models import User

WINDOW_WITHOUT_A_PLAN = 180
PAYING = (PlanVersion.Status.ACTIVE, PlanVersion.Status.RETIRED)


@dataclass(frozen=True)
class Wanted:
    """A credit that should stand."""

    line_id: int
    payee_id: int
    kind: str
    percent: Decimal
    amount: Decimal
    assignment_id: int | None
    plan_currency: str

    @property
    def facts(self) -> tuple[int, str, Decimal, Decimal, int | None, str]:
        return (self.payee_id, self.kind, self.percent, self.amount, self.assignment_id, self.plan_currency)


@transaction.atomic
def measure_order(*, order: Order, actor: User | None = None, source: str = "") -> list[int]:
    """Bring an order's credits to what its splits, its state and the plans say. Returns the ids of those concerned.

    May run any number of times: credits that are right stay; others are taken back and written anew.
    """
    order = lock(order)
    standing = list(Credit.objects.filter(order=order).live().select_related("assignment__plan_version"))
    wanted = _wanted(order, standing)
    written = 0
    for line in order.lines.all():
        have = [row for row in standing if row.order_line_id == line.pk]
        want = [row for row in wanted if row.line_id == line.pk]
        if {_facts(row) for row in have} != {row.facts for row in want}:
            written += _replace(order, line, have, want, source)
    if written:
        audit.record("order.credited", order, actor=actor, area="compensation", rows=written)
    return sorted(set(Credit.objects.filter(order=order).values_list("payee_id", flat=True)))


def _facts(row: Credit) -> tuple[int, str, Decimal, Decimal, int | None, str]:
    return (row.payee_id, row.kind, row.percent, row.amount, row.assignment_id, row.plan_currency)


def _wanted(order: Order, standing: list[Credit]) -> list[Wanted]:
    if order.booked_on is None or (order.status == Order.Status.CANCELLED and _inside_window(order, standing)):
        return []
    if order.status == Order.Status.CANCELLED and not standing:
        return []
    splits = list(order.splits.order_by("pk"))
    plans = _assignments({split.user_id for split in splits}, order.booked_on)
    rows: list[Wanted] = []
    for line in order.lines.all():
        rows += _shares(order, line, splits, plans)
    return rows


def _inside_window(order: Order, standing: list[Credit]) -> bool:
    """Whether a cancellation still takes the credit back (JC-16). A cancelled order is not touched again."""
    if order.booked_on is None:
        return True
    windows = [row.assignment.plan_version.clawback_days for row in standing if row.assignment]
    window = max(windows, default=WINDOW_WITHOUT_A_PLAN)
    return clock.business_day(order.updated_at) <= order.booked_on + timedelta(days=window)


def _shares(order: Order, line: OrderLine, splits: list[OrderSplit], plans: dict[int, PlanAssignment]) -> list[Wanted]:
    revenue = [split for split in splits if split.kind == OrderSplit.Kind.REVENUE]
    parts = allocate(money(line.net, order.currency), [split.percent for split in revenue], order.currency)
    kind = Credit.Kind.DIRECT if len(revenue) == 1 else Credit.Kind.SPLIT
    rows = [(split, kind, amount) for split, amount in zip(revenue, parts, strict=True)]
    for split in splits:
        if split.kind == OrderSplit.Kind.OVERLAY:
            rows.append((split, Credit.Kind.OVERLAY, money(line.net * split.percent / 100, order.currency)))
    return [_one(order, line, split, kind, amount, plans.get(split.user_id)) for split, kind, amount in rows]


def _one(
    order: Order, line: OrderLine, split: OrderSplit, kind: str, amount: Decimal, plan: PlanAssignment | None
) -> Wanted:
    currency = plan.plan_version.currency if plan else order.currency
    return Wanted(line.pk, split.user_id, kind, split.percent, amount, plan.pk if plan else None, currency)


def _assignments(users: set[int], on: date) -> dict[int, PlanAssignment]:
    """The plan that covers the credit date, by person; of several (they pay in one currency) the first by code."""
    rows = PlanAssignment.objects.filter(
        user__in=users, during__contains=on, plan_version__during__contains=on, plan_version__status__in=PAYING
    ).select_related("plan_version")
    return {row.user_id: row for row in rows.order_by("-plan__code")}


def _replace(order: Order, line: OrderLine, have: list[Credit], want: list[Wanted], source: str) -> int:
    revision = 1 + max(Credit.objects.filter(order_line=line).values_list("revision", flat=True), default=0)
    rows = [_reversal(credit, revision, source) for credit in have]
    on = order.booked_on or clock.today()
    for row in want:
        converted = convert(Money(row.amount, order.currency), row.plan_currency, on)
        rows.append(
            Credit(
                payee_id=row.payee_id,
                assignment_id=row.assignment_id,
                order=order,
                order_line=line,
                revision=revision,
                kind=row.kind,
                percent=row.percent,
                amount=row.amount,
                currency=order.currency,
                fx_rate=converted.rate,
                plan_amount=converted.money.amount,
                plan_currency=row.plan_currency,
                credit_on=on,
                source_event=source,
            )
        )
    Credit.objects.bulk_create(rows)
    return len(rows)


def _reversal(credit: Credit, revision: int, source: str) -> Credit:
    """The exact negative, at the rate of the credit itself."""
    return Credit(
        payee_id=credit.payee_id,
        assignment_id=credit.assignment_id,
        order_id=credit.order_id,
        order_line_id=credit.order_line_id,
        revision=revision,
        kind=Credit.Kind.REVERSAL,
        percent=credit.percent,
        amount=-credit.amount,
        currency=credit.currency,
        fx_rate=credit.fx_rate,
        plan_amount=-credit.plan_amount,
        plan_currency=credit.plan_currency,
        credit_on=credit.credit_on,
        source_event=source,
        reverses=credit,
    )


@transaction.atomic
def measure_period(*, period: FiscalPeriod, actor: User | None = None) -> int:
    """Measure the orders of a period whose credits are not what they should be. Returns how many were looked at."""
    stale = list(_stale(period))
    for order in stale:
        measure_order(order=order, actor=actor, source=f"calculation of {period.label}")
    return len(stale)


def _stale(period: FiscalPeriod) -> QuerySet[Order]:
    standing = Credit.objects.live().filter(order=OuterRef("pk"))
    covering = PlanAssignment.objects.filter(
        user=OuterRef("payee"), during__contains=OuterRef("credit_on"), plan_version__status__in=PAYING
    )
    unplanned = standing.filter(Q(assignment__isnull=True) & Exists(covering))
    outgrown = standing.exclude(assignment__isnull=True).exclude(pk__in=_inside_assignment())
    cancelled = Q(status=Order.Status.CANCELLED)
    return (
        Order.objects.filter(booked_on__range=(period.first_on, period.last_on))
        .filter(
            (~cancelled & ~Exists(standing)) | (cancelled & Exists(standing)) | Exists(unplanned) | Exists(outgrown)
        )
        .order_by("pk")
    )


def _inside_assignment() -> QuerySet[Credit, Any]:
    covering = PlanAssignment.objects.filter(
        pk=OuterRef("assignment"),
        during__contains=OuterRef("credit_on"),
        plan_version__during__contains=OuterRef("credit_on"),
    )
    return Credit.objects.live().filter(Exists(covering)).values("pk")
