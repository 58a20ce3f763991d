"""Set-based writer of imported deals. History: no entry criteria, no event, no order, task, mail or score.

Stage, status, category, probability, history rows and credit come out as the single-row services leave them.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from opportunities.models import Opportunity, OpportunitySplit, Stage, StageHistory
from opportunities.services import _credit
from opportunities.services.moves import STATUS_OF
from revops.integrations.models import ImportRow
from revops.integrations.writing import undo_rows, write_rows

OWN = frozenset({"opportunities.stagehistory", "opportunities.opportunitysplit"})
# Noon in UTC is the same day nearly everywhere.
NOON = time(12, tzinfo=UTC)
BATCH = 1000


def _at(day: date) -> datetime:
    return datetime.combine(day, NOON)


@transaction.atomic
def import_opportunities(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Create and update deals with their stage history and credit."""
    stages = {stage.pk: stage for stage in Stage.objects.select_related("pipeline")}
    old = Opportunity.objects.in_bulk([row.record_id for row in rows if row.verdict == ImportRow.Verdict.UPDATE])
    for row in rows:
        _follow(row, stages, old.get(row.record_id))
    made, changed = write_rows(Opportunity, rows, actor=actor, noun="opportunity")
    StageHistory.objects.bulk_create(_history(made, stages), batch_size=BATCH)
    OpportunitySplit.objects.bulk_create(
        (
            OpportunitySplit(opportunity=deal, user_id=deal.owner_id, percent=100, amount=deal.amount or 0)
            for deal in made
        ),
        batch_size=BATCH,
    )
    _moved(rows, changed, old)
    _credit_follows([deal.pk for deal in changed])


def _follow(row: ImportRow, stages: dict[int, Stage], record: Opportunity | None) -> None:
    """What a stage brings with it."""
    values = row.values
    stage = stages.get(values.get("stage_id", 0))
    if stage is None:
        return
    closed = stage.kind != Stage.Kind.OPEN
    day = values.get("closed_on") if closed else values.get("opened_on")
    values |= {
        "pipeline_id": stage.pipeline_id,
        "status": STATUS_OF[Stage.Kind(stage.kind)].value,
        "probability": str(stage.probability),
        "category": stage.category,
        "category_overridden": False,
        "closed_on": values.get("closed_on") if closed else None,
    }
    if record is None:
        values |= {"imported": True, "stage_entered_at": _at(date.fromisoformat(str(day))).isoformat()}
    else:
        day = day or (record.closed_on or record.opened_on).isoformat()
        values["stage_entered_at"] = max(_at(date.fromisoformat(str(day))), record.stage_entered_at).isoformat()


def _history(deals: Iterable[Opportunity], stages: dict[int, Stage]) -> Iterable[StageHistory]:
    """One row for the first stage; a closed deal has another for its end."""
    firsts: dict[int, Stage] = {}
    for stage in sorted(stages.values(), key=lambda stage: stage.position):
        if stage.kind == Stage.Kind.OPEN:
            firsts.setdefault(stage.pipeline_id, stage)
    for deal in deals:
        opened = _at(deal.opened_on)
        if deal.closed_on is None:
            yield StageHistory(opportunity=deal, to_stage_id=deal.stage_id, at=opened)
            continue
        first, closed = firsts[deal.pipeline_id], _at(deal.closed_on)
        yield StageHistory(opportunity=deal, to_stage=first, at=opened)
        seconds = int((closed - opened).total_seconds())
        yield StageHistory(
            opportunity=deal, from_stage=first, to_stage_id=deal.stage_id, at=closed, seconds_in_stage=seconds
        )


def _moved(rows: Sequence[ImportRow], changed: Sequence[Opportunity], old: dict[int, Opportunity]) -> None:
    """History rows of updated deals that stand in another stage now."""
    moved = [deal for deal in changed if old[deal.pk].stage_id != deal.stage_id]
    StageHistory.objects.bulk_create(
        StageHistory(
            opportunity=deal,
            from_stage_id=old[deal.pk].stage_id,
            to_stage_id=deal.stage_id,
            at=deal.stage_entered_at,
            seconds_in_stage=int((deal.stage_entered_at - old[deal.pk].stage_entered_at).total_seconds()),
        )
        for deal in moved
    )


def _credit_follows(keys: Sequence[int]) -> None:
    """Credit that nobody shares goes with owner and amount; agreed splits keep their percentages."""
    if not keys:
        return
    sql = """
        UPDATE opportunities_opportunitysplit AS split SET user_id = deal.owner_id, amount = COALESCE(deal.amount, 0)
        FROM opportunities_opportunity AS deal
        WHERE split.opportunity_id = deal.id AND deal.id = ANY(%s) AND split.kind = 'revenue' AND split.percent = 100
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(keys)])
    shared = OpportunitySplit.objects.filter(opportunity__in=keys, percent__lt=Decimal(100)).values("opportunity_id")
    for deal in Opportunity.objects.filter(pk__in=shared):
        _credit.spread(deal)


@transaction.atomic
def undo_opportunities(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete deals that nobody changed or builds upon; restore the updated ones, their history and credit."""
    restored: list[int] = []

    def restore(pairs: Sequence[tuple[ImportRow, Any]]) -> None:
        for row, deal in pairs:
            restored.append(deal.pk)
            if "stage_id" in row.before:
                StageHistory.objects.filter(opportunity=deal, at=deal.stage_entered_at).order_by("-pk")[
                    :1
                ].get().delete()

    kept = undo_rows(Opportunity, rows, actor=actor, noun="opportunity", own_models=OWN, restore=restore)
    _credit_follows(restored)
    return kept
