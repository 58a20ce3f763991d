"""What a deal would earn the person who looks at it: the engine with one more line. Shown to nobody else."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from forecasting.engine import Counted, earning
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.pay_facts import ComponentFacts, facts_of, signed_assignments
from forecasting.selectors.periods import month_holding
from opportunities.models import Opportunity, OpportunitySplit
from revops.core import clock
from revops.core.errors import MissingRate
from revops.core.money import Money, coin, truncated_percent
from revops.core.organisation import convert, month_of

AFTER_EVERYTHING = "~"


@dataclass(frozen=True)
class Earn:
    """Now, with the deal, and the difference; what is measured before and after, against the highest tier."""

    on: date
    percent: Decimal
    amount: Money
    credited: Money
    now: Money
    then: Money
    measured_now: Money
    measured_then: Money
    quota: Money | None
    rate: Decimal
    retro: bool

    @property
    def gain(self) -> Money:
        return self.then - self.now


def holds_share(opportunity: Opportunity, user: Any) -> bool:
    """Whether the deal credits this person."""
    return OpportunitySplit.objects.filter(opportunity=opportunity, user=user).exists()


def earn_on(opportunity: Opportunity, viewer: Any) -> Earn | None:
    """None when the deal is not open, has no amount, or no signed plan of the viewer covers its month."""
    if opportunity.status != Opportunity.Status.OPEN or opportunity.amount is None:
        return None
    split = OpportunitySplit.objects.filter(opportunity=opportunity, user=viewer).order_by("-kind").first()
    if split is None:
        return None
    on = max(opportunity.close_on or clock.today(), clock.today())
    period = month_holding(on) or _unsaved(on)
    before = [fact for fact in facts_of(viewer, period) if fact.component.metric == "revenue"]
    if not before:
        return None
    currency = before[0].terms.currency
    try:
        credited = convert(Money(split.amount, opportunity.currency), currency, on).money
    except MissingRate:
        return None
    return _compare(opportunity, split, on, credited, before[0])


def _unsaved(on: date) -> FiscalPeriod:
    span = month_of(on)
    return FiscalPeriod(kind=FiscalPeriod.Kind.MONTH, label=span.label, first_on=span.first, last_on=span.last)


def _compare(
    opportunity: Opportunity, split: OpportunitySplit, on: date, credited: Money, fact: ComponentFacts
) -> Earn:
    line = Counted(0, on, AFTER_EVERYTHING, 1, credited.amount)
    after = ComponentFacts(fact.plan_version, fact.component, fact.terms, (*fact.lines, line))
    now, then = fact.earning, after.earning
    currency = fact.terms.currency
    bounds = [band.bound for band in fact.terms.bands[1:]]
    return Earn(
        on=on,
        percent=split.percent,
        amount=Money(opportunity.amount or Decimal(0), opportunity.currency),
        credited=credited,
        now=Money(now.amount, currency),
        then=Money(then.amount, currency),
        measured_now=Money(now.measured, currency),
        measured_then=Money(then.measured, currency),
        quota=Money(_decimal(bounds[-1]), currency) if bounds else None,
        rate=_decimal(fact.terms.bands[then.tier].rate * 100),
        retro=fact.terms.mode == "retro",
    )


@dataclass(frozen=True)
class SoFar:
    """One's own month until now, and what is missing to its next tier. `missing` is None in the highest."""

    period: FiscalPeriod
    earned: Money
    measured: Money
    quota: Money | None
    percent: Decimal | None
    gone: Decimal
    missing: Money | None
    lift: Money | None
    next_rate: Decimal | None
    retro: bool


def on_a_plan(user: Any) -> bool:
    """Whether a signed plan covers today."""
    return bool(signed_assignments(user, clock.today(), clock.today() + timedelta(days=1)))


def so_far(viewer: Any) -> SoFar | None:
    """None without a signed plan for this month's revenue."""
    period = month_holding(clock.today()) or _unsaved(clock.today())
    fact = next((fact for fact in facts_of(viewer, period) if fact.component.metric == "revenue"), None)
    if fact is None:
        return None
    terms, now = fact.terms, fact.earning
    bounds = [_decimal(band.bound) for band in terms.bands[1:]]
    quota = bounds[-1] if bounds else None
    days = (period.last_on - period.first_on).days + 1
    above = terms.bands[now.tier + 1] if terms.mode != "flat" and now.tier + 1 < len(terms.bands) else None
    missing = lift = None
    if above is not None:
        reached = _decimal(above.bound) + (Decimal(0) if terms.comparator == "gte" else coin(terms.currency))
        missing = Money(reached - now.measured, terms.currency)
        lift = Money(earning(terms, reached) - now.amount, terms.currency)
    return SoFar(
        period=period,
        earned=Money(now.amount, terms.currency),
        measured=Money(now.measured, terms.currency),
        quota=Money(quota, terms.currency) if quota is not None else None,
        percent=truncated_percent(now.measured, quota) if quota else None,
        gone=truncated_percent((clock.today() - period.first_on).days + 1, days, 0) or Decimal(0),
        missing=missing,
        lift=lift,
        next_rate=_decimal(above.rate * 100) if above is not None else None,
        retro=terms.mode == "retro",
    )


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator
