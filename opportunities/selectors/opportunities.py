"""Reads of deals: the list, the record, the figures over a filter."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DateField, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Round

from accounts.models import Account, Activity, Contact
from opportunities.models import LossReason, Opportunity, OpportunityActivity, Pipeline, Stage
from opportunities.models.opportunity import OpportunityQuerySet
from revops.core.money import Money, digits, money
from revops.core.organisation import Span, month_of, organisation
from revops.core.rates import base_amount

DECIMAL: DecimalField[Any, Any] = DecimalField(max_digits=19, decimal_places=3)


def deals(*, viewer: Any) -> OpportunityQuerySet:
    """Every deal that the viewer may see, archived ones apart: what boards and totals count."""
    return Opportunity.objects.visible_to(viewer).filter(archived_at__isnull=True)


def opportunity_list(*, viewer: Any) -> QuerySet[Opportunity]:
    """Deals as the list page, the export and the API show them: with people, stage and the next action's date.

    OpportunityFilter hides the archived ones.
    """
    planned = OpportunityActivity.objects.filter(
        opportunity=OuterRef("pk"), activity__status=Activity.Status.PLANNED
    ).order_by("activity__due_at", "activity_id")
    return (
        Opportunity.objects.visible_to(viewer)
        .select_related("account", "owner", "stage", "pipeline", "contact", "product", "loss_reason", "lead")
        .annotate(
            next_due_at=Subquery(planned.values("activity__due_at")[:1]),
            next_subject=Subquery(planned.values("activity__subject")[:1]),
        )
    )


def pipeline_list(*, viewer: Any) -> QuerySet[Pipeline]:
    """Pipelines with their stages; everybody signed in sees them."""
    if not viewer.is_authenticated or not viewer.is_active:
        return Pipeline.objects.none()
    return Pipeline.objects.prefetch_related("stages")


def loss_reasons() -> QuerySet[LossReason]:
    """The reasons in use; the same for everybody."""
    return LossReason.objects.filter(is_active=True).order_by("label")


def loss_reason_list(*, viewer: Any) -> QuerySet[LossReason]:
    """All reasons, for whoever sees deals."""
    return LossReason.objects.all() if viewer.has_perm("opportunities.view_opportunity") else LossReason.objects.none()


def every_stage() -> QuerySet[Stage]:
    """The stages of all pipelines, in order."""
    return Stage.objects.select_related("pipeline").order_by("pipeline_id", "position")


def board_stages(pipeline: Pipeline | None = None) -> list[Stage]:
    """The stages of the board, in order."""
    stages = Stage.objects.select_related("pipeline")
    chosen = stages.filter(pipeline=pipeline) if pipeline else stages.filter(pipeline__is_default=True)
    return list(chosen.order_by("position"))


@dataclass(frozen=True)
class Total:
    """A sum over the whole filter, in the base currency."""

    count: int
    sum: Money | None
    weighted: Money | None
    missing: int = 0  # rows in a currency without a rate: then there is no sum at all


def with_base(rows: QuerySet[Opportunity], on: date) -> QuerySet[Opportunity]:
    """Rows with `base` and `weighted` (times probability, to the coin), as the forecast has them.

    What was closed by the day counts at the rate of its own close date, so that it never moves again; the rest at the
    day's.
    """
    closed = When(closed_on__lte=on, then=F("closed_on"))
    rows = rows.annotate(rate_on=Case(closed, default=Value(on), output_field=DateField()))
    return _weighted(rows.annotate(base=base_amount("amount", "currency", "rate_on")))


def open_with_base(rows: QuerySet[Opportunity], on: date) -> QuerySet[Opportunity]:
    """`with_base` of open deals only: all count at the day's rate."""
    return _weighted(rows.annotate(base=base_amount("amount", "currency", on)))


def _weighted(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    coins = digits(organisation().base_currency)
    return rows.annotate(weighted=Round(F("base") * F("probability") / Value(100), precision=coins))


def totals() -> dict[str, Any]:
    """Aggregates over rows of `with_base`; `missing` counts those without a rate."""
    zero = Value(0, output_field=DECIMAL)
    return {
        "deals": Count("pk"),
        "total": Coalesce(Sum("base"), zero),
        "expected": Coalesce(Sum("weighted"), zero, output_field=DECIMAL),
        "missing": Count("pk", filter=Q(base__isnull=True, amount__isnull=False)),
    }


def total_of(rows: QuerySet[Opportunity], on: date) -> Total:
    """Count, sum and weighted sum of `rows`; without sums when a currency has no rate."""
    return as_total(with_base(rows.order_by(), on).aggregate(**totals()), organisation().base_currency)


def as_total(found: Any, base: str) -> Total:
    """One row of `totals()` as money of the base currency."""
    if found["missing"]:
        return Total(found["deals"], None, None, found["missing"])
    return Total(
        found["deals"], Money(money(found["total"], base), base), Money(money(Decimal(found["expected"]), base), base)
    )


def together(parts: Iterable[Total], base: str) -> Total:
    """The figures of several lanes as one."""
    parts = list(parts)
    count, missing = sum(part.count for part in parts), sum(part.missing for part in parts)
    if missing:
        return Total(count, None, None, missing)
    zero = Money(Decimal(0), base)
    sums = sum((part.sum for part in parts if part.sum), zero)
    return Total(count, sums, sum((part.weighted for part in parts if part.weighted), zero))


def this_month(on: date) -> Span:
    """The month of the day from which the page looks."""
    return month_of(on)


def contacts_of(opportunity: Opportunity, *, viewer: Any, limit: int = 6) -> list[Contact]:
    """People at the deal's account, its own contact first."""
    if opportunity.account_id is None:
        return []
    people = list(
        Contact.objects.visible_to(viewer).filter(account_id=opportunity.account_id, archived_at__isnull=True)[:limit]
    )
    return sorted(people, key=lambda person: person.pk != opportunity.contact_id)


def accounts_for(*, viewer: Any) -> QuerySet[Account]:
    """Accounts on which the viewer may open a deal."""
    return Account.objects.visible_to(viewer).filter(archived_at__isnull=True)
