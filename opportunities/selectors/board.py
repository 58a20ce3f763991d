"""The board in a handful of queries, whatever it holds: sums of all lanes, the first cards of each, what they say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Avg, DateTimeField, DurationField, ExpressionWrapper, F, QuerySet, Value

from opportunities.models import Opportunity, Quote, Stage
from opportunities.selectors import attention
from opportunities.selectors.opportunities import Total, as_total, open_with_base, together, totals, with_base
from revops.core.organisation import Span

# Biggest first, without an amount last; served by the partial index opp_board.
ORDER = ("-amount", "id")


@dataclass(frozen=True)
class Deal:
    """One card's content."""

    row: Opportunity
    action: attention.NextAction
    warning: str
    in_approval: bool


def lane_totals(rows: QuerySet[Opportunity], on: date, base: str) -> dict[int, Total]:
    """Count, sum and weighted sum of each stage over open deals, in one query."""
    found = open_with_base(rows.order_by(), on).values("stage_id").annotate(**totals())
    return {row["stage_id"]: as_total(row, base) for row in found}


def rail_totals(rows: QuerySet[Opportunity], span: Span, on: date, base: str) -> dict[str, Total]:
    """What was won and what was lost within the days, in one query."""
    closed = rows.filter(status__in=("won", "lost"), closed_on__range=(span.first, span.last))
    found = with_base(closed.order_by(), on).values("status").annotate(**totals())
    return {row["status"]: as_total(row, base) for row in found}


def days_in_stage(rows: QuerySet[Opportunity], now: datetime) -> Decimal | None:
    """How long open deals have stood in their stages, on average; None without deals."""
    age = ExpressionWrapper(
        Value(now, output_field=DateTimeField()) - F("stage_entered_at"), output_field=DurationField()
    )
    mean = rows.order_by().aggregate(mean=Avg(age))["mean"]
    return None if mean is None else Decimal(mean // timedelta(hours=1)) / 24


def nothing(base: str) -> Total:
    """The figures of an empty lane."""
    return together([], base)


def first_cards(rows: QuerySet[Opportunity], stages: Sequence[Stage], limit: int) -> dict[int, list[Opportunity]]:
    """The first `limit` deals of each stage: one query, each branch of which stops at the limit."""
    if not stages:
        return {}
    branches = [
        rows.filter(stage_id=stage.pk).order_by(F("amount").desc(nulls_last=True), "id").values("pk")[:limit]
        for stage in stages
    ]
    keys = branches[0].union(*branches[1:], all=True) if len(branches) > 1 else branches[0]
    cards: dict[int, list[Opportunity]] = {}
    for deal in shown(rows.model.objects.filter(pk__in=[row["pk"] for row in keys])):
        cards.setdefault(deal.stage_id, []).append(deal)
    return cards


def shown(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    """Rows with what a card names, in the order of a lane."""
    return rows.select_related("account", "owner", "stage").order_by(F("amount").desc(nulls_last=True), "id")


def dressed(rows: Iterable[Opportunity], now: datetime) -> list[Deal]:
    """Cards with their next action, their warning and whether a quote waits for approval: three queries for all."""
    rows = list(rows)
    keys = [row.pk for row in rows]
    actions, touches = attention.next_actions(keys, now), attention.last_touches(keys)
    waiting = set(
        Quote.objects.filter(opportunity_id__in=keys, status=Quote.Status.IN_APPROVAL).values_list(
            "opportunity_id", flat=True
        )
    )
    deals = []
    for row in rows:
        action = actions.get(row.pk, attention.NOTHING)
        deals.append(Deal(row, action, attention.warning(row, touches.get(row.pk), action, now), row.pk in waiting))
    return deals
