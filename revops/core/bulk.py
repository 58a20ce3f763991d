"""Bulk actions: one service a row, the rows frozen when the person says go, every outcome kept, and the way back.

A page's BulkAction names the service. The keys of the rows are staged by INSERT … SELECT; a step does a chunk of them,
each row in a savepoint, and writes what became of it in the same transaction. Undo is a job over the same rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from revops.core import audit, clock, copying, jobs, outbox
from revops.core.errors import BadRequest, DomainError, IllegalState, NotAllowed
from revops.core.models import BulkRow, IdempotencyKey, JobRun
from revops.core.places import address_of, page_of
from revops.core.status import holding

KIND, UNDO = "core.bulk", "core.bulk_undo"
CHUNK = 200
AT_ONCE = 50  # what stands on one page is done while the person waits
UNDO_FOR = timedelta(hours=24)
HOT = frozenset({"version", "updated_at"})
Outcome = BulkRow.Outcome
STAGE = """
    INSERT INTO core_bulkrow (job_id, object_id, outcome, label, before, after, version, reason)
    SELECT %s, picked.id, 'waiting', '', '{{}}', '{{}}', NULL, '' FROM ({rows}) AS picked (id)
    ON CONFLICT DO NOTHING
"""


@transaction.atomic
def start(
    *,
    place: str,
    action: str,
    title: str,
    rows: QuerySet[Any],
    actor: Any,
    data: Mapping[str, Sequence[str]] | None = None,
    query: str = "",
    token: str = "",
    at_once: int = AT_ONCE,
) -> JobRun:
    """Freeze `rows` and do `action` to each. The same token and question again give the job that runs already.

    Up to `at_once` rows are left to the caller, who runs the job while the person waits.
    """
    params = {"place": place, "action": action, "title": title, "data": dict(data or {}), "query": query}
    staged = _Staged(rows)
    known = _asked_before(actor, token, params, staged) if token else None
    if known is not None:
        return known
    job = JobRun.objects.create(kind=KIND, created_by=actor, params=params)
    job.total = staged.into(job)
    if not job.total:
        raise BadRequest("nothing_selected", _("Select at least one row first."))
    job.params = {**params, "waited_for": job.total <= at_once}
    job.save(update_fields=["total", "params", "updated_at"])
    audit.record("bulk.started", job, actor=actor, place=place, verb=action, rows=job.total)
    if token:
        IdempotencyKey.objects.filter(caller=actor, key=_key(token, params, staged)).update(body={"job": str(job.pk)})
    if job.total > at_once:
        jobs.hand_over(job)
    return job


class _Staged:
    """The question that the rows are: as SQL, for staging and for telling two questions apart."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        keys = rows.order_by("pk").values_list("pk")
        self.sql, self.params = keys.query.get_compiler(connection=connection).as_sql()

    def into(self, job: JobRun) -> int:
        with connection.cursor() as cursor:
            cursor.execute(STAGE.format(rows=self.sql), [job.pk, *self.params])
            return int(cursor.rowcount)


def _key(token: str, params: Mapping[str, Any], staged: _Staged) -> str:
    asked = json.dumps([params, staged.sql, [str(one) for one in staged.params]], sort_keys=True)
    return f"bulk:{token[:60]}:{hashlib.sha256(asked.encode()).hexdigest()}"


def _asked_before(actor: Any, token: str, params: Mapping[str, Any], staged: _Staged) -> JobRun | None:
    """The job of the same form sent before; whoever sends it at the same moment waits here for the first."""
    key = _key(token, params, staged)
    try:
        with transaction.atomic():
            IdempotencyKey.objects.create(caller=actor, key=key, request_hash="", status=201, body={})
    except IntegrityError:
        body = IdempotencyKey.objects.get(caller=actor, key=key).body
        known: Any = (body or {}).get("job")
        return JobRun.objects.filter(pk=known, created_by=actor).first()
    return None


# The steps --------------------------------------------------------------------------------


def step(*, job: JobRun) -> bool:
    """One chunk. The rows are locked in the order of their keys, then each is done in a savepoint."""
    lines = list(BulkRow.objects.filter(job=job, outcome=Outcome.WAITING).order_by("id")[:CHUNK])
    page = _page(job)
    action = page.bulk_action(job.params["action"]) if page else None
    if action is None:
        for line in lines:
            _refuse(line, _("Your role does not include this any more."))
    else:
        _do_all(page, action, lines, job)
    _keep(lines)
    _tally(job, lines)
    return BulkRow.objects.filter(job=job, outcome=Outcome.WAITING).exists()


def _page(job: JobRun) -> Any:
    """The list that the job came from, as its starter sees it today."""
    page = page_of(job.params["place"])
    return page.seen_by(job.created_by, job.params.get("query", "")) if page else None


def _do_all(page: Any, action: Any, lines: Sequence[BulkRow], job: JobRun) -> None:
    """What one row costs by itself is the service's statements: rows are read and locked before it, the log and the
    events are written behind the last one, and only then is looked at what became of them.
    """
    keys = [line.object_id for line in lines]
    rows = page.rows().filter(pk__in=keys)
    base = rows.model._base_manager
    locked = list(base.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))
    found = {row.pk: row for row in rows}
    values = action.values(job.params["data"], job.created_by)
    done = []
    with holding(locked), audit.gathered() as log, outbox.gathered() as events:
        for line in lines:
            row = found.get(line.object_id)
            if row is None:
                _refuse(line, _("This is no longer here, or no longer yours to see."))
                continue
            before, line.version = snapshot(row), getattr(row, "version", None)
            if _do(line, row, partial(action.one, actor=job.created_by, **values), log, events):
                done.append((line, before))
    fresh = base.in_bulk([line.object_id for line, _before in done])
    for line, before in done:
        _compare(line, before, fresh.get(line.object_id))
        if action.makes:
            line.outcome = Outcome.CHANGED


def _do(line: BulkRow, row: Any, one: Callable[..., Any], *kept: list[Any]) -> bool:
    """One row in a savepoint; of one that is refused, nothing is kept."""
    line.label, marks = str(row)[:200], [len(rows) for rows in kept]
    try:
        with transaction.atomic():
            one(row=row)
    except (DomainError, ValidationError, IntegrityError) as error:
        for rows, mark in zip(kept, marks, strict=True):
            del rows[mark:]
        _refuse(line, _reason(error))
        return False
    return True


def _compare(line: BulkRow, before: Mapping[str, Any], fresh: Any) -> None:
    after = snapshot(fresh) if fresh is not None else {}
    changed = [name for name, value in after.items() if before[name] != value]
    line.before, line.after = {name: before[name] for name in changed}, {name: after[name] for name in changed}
    version = getattr(fresh, "version", None)
    line.outcome = Outcome.CHANGED if changed or version != line.version else Outcome.SAME
    line.version = version


def snapshot(record: models.Model) -> dict[str, Any]:
    """Every column as JSON keeps it, but those that move with each save."""
    fields = [field for field in record._meta.concrete_fields if field.attname not in HOT]
    return {field.attname: audit.plain(getattr(record, field.attname)) for field in fields}


def old_value(record: models.Model, before: Mapping[str, Any], name: str) -> Any:
    """What stood in the field `name`, as services take it: a record for a key, a Decimal for its text."""
    field: Any = record._meta.get_field(name)
    kept = before[field.attname]
    if kept is None or not field.is_relation:
        return kept if kept is None else field.to_python(kept)
    return field.remote_field.model._base_manager.get(pk=kept)


def _reason(error: Exception) -> str:
    if isinstance(error, DomainError):
        return error.message
    if isinstance(error, ValidationError):
        return "; ".join(error.messages)
    return _("The database refused it.")


def _refuse(line: BulkRow, reason: str, outcome: str = Outcome.REFUSED) -> None:
    line.outcome, line.reason = outcome, str(reason)[:400]


def _keep(lines: Sequence[BulkRow]) -> None:
    copying.update(BulkRow, lines, ["outcome", "label", "before", "after", "version", "reason"])


def _tally(job: JobRun, lines: Sequence[BulkRow]) -> None:
    names = {
        Outcome.CHANGED: "changed", Outcome.SAME: "unchanged", Outcome.REFUSED: "refused",
        Outcome.UNDONE: "restored", Outcome.KEPT: "left_alone",
    }  # fmt: skip
    for line in lines:
        name = names[Outcome(line.outcome)]
        job.counts[name] = job.counts.get(name, 0) + 1
    job.done += len(lines)


def finish(*, job: JobRun) -> None:
    """The ways on: the list, and the rows that were refused."""
    result = {"url": f"{address_of(job.params['place'], 'list')}{job.params.get('query') or ''}"}
    if job.counts.get("refused") or job.counts.get("left_alone"):
        result["errors_url"] = reverse("core:job-refused", args=[job.pk])
    job.result = {**job.result, **result}


def cancel(*, job: JobRun) -> None:
    """What was done stays done, and can be undone; the rest is left out."""
    BulkRow.objects.filter(job=job, outcome=Outcome.WAITING).update(outcome=Outcome.SKIPPED)
    finish(job=job)


# The way back -----------------------------------------------------------------------------


def undo_until(job: JobRun) -> Any:
    """Until when this job may be taken back; None when it may not, or has been."""
    over = job.state in (JobRun.State.DONE, JobRun.State.CANCELLED, JobRun.State.FAILED)
    if job.kind != KIND or not over or job.result.get("undo") or not job.counts.get("changed"):
        return None
    page = _page(job)
    action = page.bulk_action(job.params["action"]) if page else None
    until = (job.finished_at or job.created_at) + UNDO_FOR
    return until if action is not None and action.undo is not None and clock.now() < until else None


@transaction.atomic
def start_undo(*, job: JobRun, actor: Any) -> JobRun:
    """Give the rows that nobody has changed since their old values back. Once, within a day, by who did it."""
    job = JobRun.objects.select_for_update().get(pk=job.pk)
    if job.created_by_id != actor.pk:
        raise NotAllowed(_("Only who did this may take it back."))
    if undo_until(job) is None:
        raise IllegalState("undo_over", _("This cannot be undone any more."))
    params = {**job.params, "undoes": str(job.pk), "title": _("Undo: %(what)s") % {"what": job.params["title"]}}
    params["waited_for"] = job.counts["changed"] <= AT_ONCE
    undo = JobRun.objects.create(kind=UNDO, created_by=actor, total=job.counts["changed"], params=params)
    job.result = {**job.result, "undo": str(undo.pk)}
    job.save(update_fields=["result", "updated_at"])
    audit.record("bulk.undo_started", job, actor=actor, rows=undo.total)
    if undo.total > AT_ONCE:
        jobs.hand_over(undo)
    return undo


def undo_step(*, job: JobRun) -> bool:
    """One chunk of the way back."""
    mine = BulkRow.objects.filter(job_id=job.params["undoes"], outcome=Outcome.CHANGED)
    lines = list(mine.order_by("id")[:CHUNK])
    page = _page(job)
    action = page.bulk_action(job.params["action"]) if page else None
    found = _by_key(page, lines) if action else {}
    with audit.gathered() as log, outbox.gathered() as events:
        for line in lines:
            row = found.get(line.object_id)
            if row is None or action is None:
                _refuse(line, _("This is no longer here, or no longer yours to change."), Outcome.KEPT)
            elif row.version != line.version:
                _refuse(line, _("Somebody changed it since."), Outcome.KEPT)
            elif _do(line, row, partial(action.undo, before=line.before, actor=job.created_by), log, events):
                line.outcome = Outcome.UNDONE
            else:
                line.outcome = Outcome.KEPT
    _keep(lines)
    _tally(job, lines)
    return mine.exists()


def _by_key(page: Any, lines: Sequence[BulkRow]) -> dict[int, Any]:
    """The rows, locked. What an undo gives back may lie outside today's sight: whoever did it may take it back."""
    keys = [line.object_id for line in lines]
    rows = page.rows().model._base_manager.select_for_update().filter(pk__in=keys).order_by("pk")
    return {row.pk: row for row in rows}


def refused_rows(job: JobRun) -> QuerySet[BulkRow]:
    """The rows of a bulk job, or of its undo, that were not done, with their reasons."""
    if job.kind == UNDO:
        return BulkRow.objects.filter(job_id=job.params["undoes"], outcome=Outcome.KEPT).order_by("id")
    return BulkRow.objects.filter(job=job, outcome=Outcome.REFUSED).order_by("id")


def _undo(*, job: JobRun, actor: Any) -> JobRun:
    """Few rows are taken back while a page waits; whoever asks otherwise gets a job."""
    undone = start_undo(job=job, actor=actor)
    if undone.total <= AT_ONCE:
        jobs.hand_over(undone)
    return undone


def error_lines(*, job: JobRun) -> Iterator[Sequence[Any]]:
    """The rows that were not done, and why."""
    yield (_("Id"), _("Row"), _("Reason"))
    yield from refused_rows(job).values_list("object_id", "label", "reason").iterator(chunk_size=2000)


def register() -> None:
    """Called once, when the app is ready."""
    jobs.register(KIND, jobs.JobKind(step, finish, cancel, keeps=True, undo=_undo, errors=error_lines))
    jobs.register(UNDO, jobs.JobKind(undo_step, finish, finish, keeps=True, errors=error_lines))
