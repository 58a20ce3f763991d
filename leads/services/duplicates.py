"""What looks like one: decided pair by pair, and looked for every night in chunks that a killed worker resumes."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.matching import BLOCK, THRESHOLD, Facts, blocks, pairs_of, score
from accounts.selectors.duplicates import reasons_of
from leads.models import BlockKey, DuplicatePair
from leads.models.duplicates import MODELS
from leads.selectors.duplicates import FACTS
from revops.core import audit, clock, copying, jobs
from revops.core.errors import InvalidInput
from revops.core.first_use import first_use
from revops.core.models import JobRun
from revops.core.scope import require
from revops.core.status import advance, lock

SCAN = "leads.dedupe_scan"
LATER = timedelta(days=7)
READ = 2000  # records a step
ROOMS = 500  # blocks a step
KINDS = ("lead", "contact", "account")
State = DuplicatePair.State


# Deciding ---------------------------------------------------------------------------------


def _right(kind: str) -> str:
    meta = MODELS[kind]._meta
    return f"{meta.app_label}.merge_{meta.model_name}"


@transaction.atomic
def dismiss_pair(*, pair: DuplicatePair, version: int | None, actor: Any) -> DuplicatePair:
    """They are two: not suggested again."""
    require(actor, _right(pair.kind), _("Your role does not decide about duplicates."))
    pair = lock(pair, version)
    advance(pair, State.DISMISSED, DuplicatePair.TRANSITIONS, field="state")
    return _decided(pair, actor, "duplicate.dismissed")


@transaction.atomic
def reopen_pair(*, pair: DuplicatePair, version: int | None, actor: Any) -> DuplicatePair:
    """Look at them again after all."""
    require(actor, _right(pair.kind), _("Your role does not decide about duplicates."))
    pair = lock(pair, version)
    advance(pair, State.WAITING, DuplicatePair.TRANSITIONS, field="state")
    return _decided(pair, actor, "duplicate.reopened")


@transaction.atomic
def postpone_pair(*, pair: DuplicatePair, version: int | None, actor: Any) -> DuplicatePair:
    """Not now: it comes back in a week."""
    require(actor, _right(pair.kind), _("Your role does not decide about duplicates."))
    pair = lock(pair, version)
    pair.later_until = clock.today() + LATER
    pair.version += 1
    pair.save(update_fields=["later_until", "version", "updated_at"])
    return pair


@transaction.atomic
def dismiss_records(*, kind: str, one: Any, other: Any, actor: Any) -> DuplicatePair:
    """Two records that a page showed as alike are two, whether or not a scan has found them."""
    require(actor, _right(kind), _("Your role does not decide about duplicates."))
    if one.pk == other.pk:
        raise InvalidInput.of(other=_("A record is not its own duplicate."))
    low, high = sorted((one, other), key=lambda record: record.pk)
    facts = FACTS[kind](low), FACTS[kind](high)
    pair, _made = DuplicatePair.objects.get_or_create(
        kind=kind,
        low_id=low.pk,
        high_id=high.pk,
        defaults={"score": round(score(*facts) * 100), "reasons": reasons_of(*facts)},
    )
    return pair if pair.state == State.DISMISSED else dismiss_pair(pair=pair, version=None, actor=actor)


def _decided(pair: DuplicatePair, actor: Any, action: str) -> DuplicatePair:
    pair.decided_by, pair.decided_at, pair.later_until = actor, clock.now(), None
    pair.save(update_fields=["state", "decided_by", "decided_at", "later_until", "version", "updated_at"])
    audit.record(action, pair, actor=actor)
    return pair


# Looking ----------------------------------------------------------------------------------


def _records(kind: str) -> QuerySet[Any]:
    rows: QuerySet[Any] = MODELS[kind]._base_manager.filter(archived_at__isnull=True)
    return rows.select_related("account") if kind == "contact" else rows


def _running() -> QuerySet[JobRun]:
    return JobRun.objects.filter(kind=SCAN, state__in=[JobRun.State.QUEUED, JobRun.State.RUNNING])


@transaction.atomic
def start_scan(*, actor: Any) -> JobRun:
    """Look through all leads, contacts and accounts; one scan at a time."""
    if actor is not None:
        require(actor, "leads.merge_lead", _("Your role does not decide about duplicates."))
    with first_use(SCAN):
        running = _running().first()
    if running is not None:
        return running
    total = sum(_records(kind).count() for kind in KINDS)
    params = {"title": _("Look for duplicates"), "scan": str(uuid.uuid4())}
    return jobs.start(kind=SCAN, actor=actor, total=total * 2, params=params)


@transaction.atomic
def step_scan(*, job: JobRun) -> bool:
    """One chunk: of records, whose blocks are noted; then of blocks, whose members are compared."""
    kind = KINDS[job.cursor.get("kind", 0)]
    if not job.cursor.get("comparing"):
        _note_blocks(job, kind)
    else:
        _compare_blocks(job, kind)
    return bool(job.cursor.get("kind", 0) < len(KINDS))


def _note_blocks(job: JobRun, kind: str) -> None:
    after = job.cursor.get("after", 0)
    rows = list(_records(kind).filter(pk__gt=after).order_by("pk")[:READ])
    scan = uuid.UUID(job.params["scan"])
    copying.insert(
        BlockKey,
        [BlockKey(scan=scan, kind=kind, key=key, record_id=row.pk) for row in rows for key in blocks(FACTS[kind](row))],
    )
    job.done += len(rows)
    here = {"kind": job.cursor.get("kind", 0)}
    job.cursor = {**here, "after": rows[-1].pk} if len(rows) == READ else {**here, "comparing": True}
    if "comparing" in job.cursor:
        copying.count_anew(BlockKey)


def _compare_blocks(job: JobRun, kind: str) -> None:
    scan, after = job.params["scan"], job.cursor.get("after")
    rooms = _rooms(scan, kind, after)
    pairs = {pair for _key, members in rooms for pair in pairs_of(members)}
    keys = {key for pair in pairs for key in pair}
    facts = {row.pk: FACTS[kind](row) for row in _records(kind).filter(pk__in=keys)} if keys else {}
    _keep(kind, scan, [pair for pair in pairs if pair[0] in facts and pair[1] in facts], facts, job)
    place = job.cursor.get("kind", 0)
    if len(rooms) == ROOMS:
        job.cursor = {"kind": place, "comparing": True, "after": rooms[-1][0]}
        return
    job.done = min(job.total, job.done + _records(kind).count())
    job.cursor = {"kind": place + 1}


def _rooms(scan: str, kind: str, after: int | None) -> list[tuple[int, list[int]]]:
    """The next blocks with two to two hundred members."""
    beyond = "" if after is None else "AND key > %s"
    sql = f"""
        SELECT key, array_agg(DISTINCT record_id) FROM leads_blockkey WHERE scan = %s AND kind = %s {beyond}
        GROUP BY key HAVING count(*) BETWEEN 2 AND {BLOCK} ORDER BY key LIMIT {ROOMS}
    """  # noqa: S608  nothing in it is anybody's text
    with connection.cursor() as cursor:
        cursor.execute(sql, [scan, kind, *([] if after is None else [after])])
        return [(key, list(members)) for key, members in cursor.fetchall()]


def _keep(kind: str, scan: str, pairs: Sequence[tuple[int, int]], facts: dict[int, Facts], job: JobRun) -> None:
    """Found pairs: new ones wait, known ones get their score; what was decided stays decided."""
    found = [
        DuplicatePair(
            kind=kind,
            low_id=low,
            high_id=high,
            score=round(value * 100),
            reasons=reasons_of(facts[low], facts[high]),
            scan=scan,
        )
        for low, high in pairs
        if (value := score(facts[low], facts[high])) >= THRESHOLD
    ]
    DuplicatePair.objects.bulk_create(
        found,
        batch_size=READ,
        update_conflicts=True,
        unique_fields=["kind", "low_id", "high_id"],
        update_fields=["score", "reasons", "scan"],
    )
    job.counts["compared"] = job.counts.get("compared", 0) + len(pairs)


@transaction.atomic
def finish_scan(*, job: JobRun) -> None:
    """What waits and was not found again is no pair any more."""
    scan = job.params["scan"]
    _forget_blocks(job)
    DuplicatePair.objects.filter(state=State.WAITING).exclude(scan=scan).delete()
    job.done, job.counts["pairs"] = job.total, DuplicatePair.objects.filter(scan=scan, state=State.WAITING).count()
    job.result = {"url": "/leads/duplicates/"}


@transaction.atomic
def cancel_scan(*, job: JobRun) -> None:
    """Pairs found so far stay; the notes go."""
    _forget_blocks(job)


def _forget_blocks(job: JobRun) -> None:
    """Millions go at once and leave no hole, unless another scan runs (one that had failed, and was told to go on)."""
    if _running().exclude(pk=job.pk).exists():
        BlockKey.objects.filter(scan=job.params["scan"]).delete()
        return
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_blockkey")
