"""What a deal would earn the person who looks at it: the engine with one more line. Shown to nobody else."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from forecasting.engine import Counted
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.pay_facts import ComponentFacts, facts_of
from forecasting.selectors.periods import month_holding
from opportunities.models import Opportunity, OpportunitySplit
from revops.core import clock
from revops.core.errors import MissingRate
from revops.core.money import Money
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
        quota=Money(Decimal(bounds[-1].numerator) / bounds[-1].denominator, currency) if bounds else None,
        rate=Decimal((fact.terms.bands[then.tier].rate * 100).numerator)
        / (fact.terms.bands[then.tier].rate * 100).denominator,
        retro=fact.terms.mode == "retro",
    )
