"""The facts of a payee's month: credits that count, under the terms that were signed. Input of the engine."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from forecasting.engine import Band, Counted, Earning, Terms, earn
from forecasting.models.compensation import Component, PlanAssignment, PlanVersion
from forecasting.models.credits import Credit
from forecasting.models.ledger import LedgerEntry
from forecasting.models.periods import FiscalPeriod

MRR_DIGITS = Decimal("0.000001")
PAYING = (PlanVersion.Status.ACTIVE, PlanVersion.Status.RETIRED)


@dataclass(frozen=True)
class ComponentFacts:
    """One component of one signed plan with the lines that it counts."""

    plan_version: PlanVersion
    component: Component
    terms: Terms
    lines: tuple[Counted, ...]

    @property
    def earning(self) -> Earning:
        return earn(self.terms, self.lines)


def terms_of(component: Component) -> Terms:
    """A component as the engine takes it. Reads `component.tiers` and `component.plan_version`."""
    rows = sorted(component.tiers.all(), key=lambda tier: tier.bound)
    edition = component.plan_version
    return Terms(
        tuple(Band(Fraction(tier.bound), Fraction(tier.rate) / 100) for tier in rows),
        component.mode,
        component.comparator,
        edition.currency,
        edition.rounding,
    )


def signed_assignments(payee: Any, first_on: date, last_on: date) -> list[PlanAssignment]:
    """Signed assignments that touch these days, with their components."""
    rows = (
        PlanAssignment.objects.filter(user=payee, during__overlap=(first_on, last_on), signed_at__isnull=False)
        .filter(plan_version__status__in=PAYING)
        .select_related("plan_version__plan")
        .prefetch_related("plan_version__components__tiers")
    )
    return list(rows.order_by("plan__code", "plan_version__number", "pk"))


def facts_of(payee: Any, period: FiscalPeriod) -> list[ComponentFacts]:
    """Everything that decides what a payee earns in a month."""
    credits = _credits(payee, period)
    facts = []
    for assignment in signed_assignments(payee, period.first_on, _day_after(period)):
        edition = assignment.plan_version
        for component in edition.components.all():
            component.plan_version = edition
            lines = [
                counted
                for counted, months, currency in credits
                if currency == edition.currency and _covers(assignment, counted.credit_on)
                for counted in _measured(component, counted, months)
            ]
            facts.append(ComponentFacts(edition, component, terms_of(component), tuple(lines)))
    return facts


def _day_after(period: FiscalPeriod) -> date:
    return date.fromordinal(period.last_on.toordinal() + 1)


def _covers(assignment: PlanAssignment, on: date) -> bool:
    return all(
        (span.lower is None or span.lower <= on) and (span.upper is None or on < span.upper)
        for span in (assignment.during, assignment.plan_version.during)
    )


def _credits(payee: Any, period: FiscalPeriod) -> list[tuple[Counted, int | None, str]]:
    """Net credit by order line; what was taken back falls out."""
    rows = Credit.objects.filter(payee=payee, credit_on__range=(period.first_on, period.last_on)).values_list(
        "order_line_id",
        "credit_on",
        "order__number",
        "order_line__position",
        "order_line__recurring_months",
        "plan_currency",
        "plan_amount",
    )
    net: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for *line, amount in rows:
        net[tuple(line)] += amount
    return [
        (Counted(key, on, number, position, amount), months, currency)
        for (key, on, number, position, months, currency), amount in net.items()
        if amount
    ]


def _measured(component: Component, line: Counted, months: int | None) -> list[Counted]:
    """The line as this component counts it: its revenue, or its monthly recurring part."""
    if component.metric == Component.Metric.REVENUE:
        return [line]
    if not months:
        return []
    monthly = (line.amount / months).quantize(MRR_DIGITS, ROUND_HALF_UP)
    return [Counted(line.key, line.credit_on, line.order_number, line.line_number, monthly)]


def input_hash(facts: Iterable[ComponentFacts]) -> str:
    """The same for the same facts in any order."""
    rows = sorted(
        [
            fact.component.pk,
            fact.terms.mode,
            fact.terms.comparator,
            fact.terms.currency,
            fact.terms.rounding,
            [[str(band.bound), str(band.rate)] for band in fact.terms.bands],
            sorted([line.key, str(line.credit_on), f"{line.amount:f}"] for line in fact.lines),
        ]
        for fact in facts
    )
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def payees_of(period: FiscalPeriod) -> list[int]:
    """Whoever has credit in the month, or had when something was posted."""
    credited = Credit.objects.filter(credit_on__range=(period.first_on, period.last_on)).values_list("payee_id")
    posted = LedgerEntry.objects.filter(origin_period=period).values_list("payee_id")
    return sorted({row[0] for row in credited.union(posted)})
