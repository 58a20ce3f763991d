"""Goals and how far they are: one definition of what counts, for the figure and for the rows behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from forecasting.models.goals import Goal
from forecasting.models.periods import FiscalPeriod
from leads.models import Handoff, Lead, QualificationScore
from orders.models import Order
from revops.core import clock
from revops.core.money import truncated_percent
from revops.core.scope import reach_ids

QUALIFIED = (Lead.Status.QUALIFIED, Lead.Status.CONVERTED)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Standing:
    """A goal and where it is. `pace` is what the days that are over ask for."""

    goal: Goal
    value: Decimal
    percent: Decimal | None
    pace: Decimal
    parts: list["Standing"]

    @property
    def attained(self) -> bool:
        return self.value >= self.goal.target

    @property
    def on_pace(self) -> bool:
        return self.value >= self.pace


def goal_list(*, viewer: Any) -> QuerySet[Goal]:
    """Goals with whose they are."""
    return Goal.objects.visible_to(viewer).select_related("period", "owner", "product")


def counted(goal: Goal) -> Q:
    """The leads that count for a goal: a condition over `countable()`."""
    first, after = _start(goal.period.first_on), _start(goal.period.last_on + timedelta(days=1))
    found = Q(status__in=QUALIFIED, qualified_at__gte=first, qualified_at__lt=after) & _whose(goal)
    if goal.region:
        found &= _in_region(goal.region)
    if goal.product_id:
        found &= Q(product=goal.product_id)
    if goal.min_score is not None:
        scores = QualificationScore.objects.filter(lead=OuterRef("pk"), is_current=True, score__gte=goal.min_score)
        found &= Q(Exists(scores))
    if goal.customer_type:
        known = Q(_bought_before(goal.period.first_on))
        found &= known if goal.customer_type == Goal.CustomerType.EXISTING else ~known
    return found


def _start(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=clock.company_zone())


def _whose(goal: Goal) -> Q:
    """Leads of the owner's reach, and those that these people handed over."""
    ids = reach_ids(goal.owner)
    if ids is None:
        return Q()
    handed = Handoff.objects.filter(
        lead=OuterRef("pk"), from_user__in=list(ids), status__in=[Handoff.Status.SUBMITTED, Handoff.Status.ACCEPTED]
    )
    return Q(owner__in=list(ids)) | Q(Exists(handed))


def _in_region(region: str) -> Q:
    return Q(region__iexact=region) | Q(country__iexact=region) | Q(account__territory__name__iexact=region)


def _bought_before(day: date) -> Exists:
    """The lead's company had a booked order before the period (JC-17), known by its account or its web domain."""
    orders = Order.objects.booked().filter(booked_on__lt=day)
    same = Q(account=OuterRef("account_id")) | (Q(account__domain=OuterRef("domain")) & ~Q(account__domain=""))
    return Exists(orders.filter(same))


def countable() -> QuerySet[Lead]:
    """Whatever may count at all."""
    return Lead.objects.filter(archived_at__isnull=True)


def goal_leads(goal: Goal, *, viewer: Any) -> QuerySet[Lead]:
    """The rows behind a goal's figure, as far as the viewer sees them."""
    return Lead.objects.visible_to(viewer).filter(archived_at__isnull=True).filter(counted(goal))


def values_of(goals: Iterable[Goal]) -> dict[int, Decimal]:
    """{goal id: how many}; one statement however many goals."""
    asked = {f"goal_{goal.pk}": Count("pk", filter=counted(goal)) for goal in goals}
    if not asked:
        return {}
    found = countable().aggregate(**asked)
    return {int(name.removeprefix("goal_")): Decimal(number) for name, number in found.items()}


def standings(*, viewer: Any, metric: str, period: FiscalPeriod) -> list[Standing]:
    """The goals of a period with their parts, each with where it is now.

    A part stands under its goal where the viewer sees both, else by itself.
    """
    rows = list(goal_list(viewer=viewer).filter(metric=metric, period=period).order_by("pk"))
    values, keys = values_of(rows), {row.pk for row in rows}
    below: dict[int, list[Goal]] = {}
    for row in rows:
        if row.parent_id in keys:
            below.setdefault(row.parent_id, []).append(row)

    def standing(goal: Goal) -> Standing:
        value = values[goal.pk]
        return Standing(
            goal,
            value,
            truncated_percent(value, goal.target),
            _pace(goal),
            [standing(one) for one in below.get(goal.pk, [])],
        )

    return [standing(row) for row in rows if row.parent_id not in keys]


def standing_of(goal: Goal) -> Standing:
    """One goal, now."""
    value = values_of([goal])[goal.pk]
    return Standing(goal, value, truncated_percent(value, goal.target), _pace(goal), [])


def _pace(goal: Goal) -> Decimal:
    """The target times the share of the period that is over."""
    first, last, today = goal.period.first_on, goal.period.last_on, clock.today()
    if today < first:
        return Decimal(0)
    over = min(today, last) - first + timedelta(days=1)
    whole = last - first + timedelta(days=1)
    return (goal.target * over.days / whole.days).quantize(Decimal("0.001"))


def goals_to_reach() -> QuerySet[Goal]:
    """Goals of periods that are not over."""
    return Goal.objects.filter(period__last_on__gte=clock.today())


def live_goals(day: date) -> QuerySet[Goal]:
    """Goals of periods that run on this day, or ended yesterday: their last figure is written after midnight."""
    return Goal.objects.filter(period__first_on__lte=day, period__last_on__gte=day - timedelta(days=1)).select_related(
        "period", "owner"
    )
