"""Long jobs: a row with a cursor; each step is one transaction that moves it. A killed worker resumes at the cursor."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from revops.core import audit, clock
from revops.core.acting import acting_as
from revops.core.custom.definitions import remembered
from revops.core.errors import IllegalState, reason_of
from revops.core.models import JobRun
from revops.core.status import advance

MAX_TRIES = 5
# A job that moved nothing for so long has lost its worker or its place in the queue.
LOST_AFTER = timedelta(seconds=settings.JOB_LOST_SECONDS)


@dataclass(frozen=True)
class JobKind:
    """`step(job=...)` does one chunk, moves job.cursor/done/counts and says whether there is more.

    The others are optional: `finish(job=...)` runs after the last step, `cancel(job=...)` undoes what was written, or
    with `keeps` leaves it; `undo(job=..., actor=...)` starts the job that takes a finished one back;
    `errors(job=...)` are the lines of its error file, the first one its head.
    """

    step: Callable[..., bool]
    finish: Callable[..., None] | None = None
    cancel: Callable[..., None] | None = None
    queue: str = "default"
    keeps: bool = False
    notice: str = "job.done"  # the kind of notification that its starter gets at the end
    undo: Callable[..., JobRun] | None = None
    errors: Callable[..., Iterator[Sequence[Any]]] | None = None


def notice_of(job: JobRun) -> str:
    """Which kind of notification tells of this job's end."""
    kind = _kinds.get(job.kind)
    if job.state == JobRun.State.FAILED or kind is None:
        return "job.failed"
    return kind.notice


def kind_of(job: JobRun) -> JobKind | None:
    """What a job does; None when nothing of the kind is left in the product."""
    return _kinds.get(job.kind)


_kinds: dict[str, JobKind] = {}
_enqueue: list[Callable[[JobRun, str], None]] = []
_tell: list[Callable[..., object]] = []


def register(kind: str, job_kind: JobKind) -> None:
    """Name a kind of job. Called in AppConfig.ready()."""
    _kinds[kind] = job_kind


def on_start(enqueue: Callable[[JobRun, str], None]) -> None:
    """Register what hands a job to a worker: enqueue(job, queue)."""
    _enqueue[:] = [enqueue]


def on_end(tell: Callable[..., object]) -> None:
    """Register who is told of a job that is done or failed for good: tell(job=...), in the job's transaction."""
    _tell[:] = [tell]


def _ended(job: JobRun) -> None:
    if job.params.get("waited_for") and job.state == JobRun.State.DONE:
        return  # its starter looks at the answer
    for tell in _tell:
        tell(job=job)


def keeps(kind: str) -> bool:
    """Whether a cancelled job of this kind leaves what it wrote."""
    return kind in _kinds and _kinds[kind].keeps


@transaction.atomic
def start(*, kind: str, actor: Any, total: int = 0, params: dict[str, Any] | None = None) -> JobRun:
    """Create the job's row and hand it to a worker after the commit."""
    job = JobRun.objects.create(kind=kind, created_by=actor, total=total, params=params or {})
    hand_over(job)
    return job


def hand_over(job: JobRun) -> None:
    """Give a job to a worker once this transaction is committed."""
    transaction.on_commit(lambda: _enqueue[0](job, _kinds[job.kind].queue), robust=True)


def run(job_id: str) -> JobRun:
    """Run a job to its end, step by step. May be called twice or at once: steps are serial under the row's lock."""
    try:
        while _step(job_id):
            pass
    except Exception as error:
        _failed(job_id, error)
        raise
    return JobRun.objects.get(pk=job_id)


@transaction.atomic
def _step(job_id: str) -> bool:
    job = JobRun.objects.select_for_update().get(pk=job_id)
    if job.state not in (JobRun.State.QUEUED, JobRun.State.RUNNING):
        return False
    kind = _kinds[job.kind]
    if job.cancel_requested:
        return _cancelled(job, kind)
    if job.state == JobRun.State.QUEUED:
        advance(job, JobRun.State.RUNNING, JobRun.TRANSITIONS, field="state")
        job.started_at = job.started_at or clock.now()
    with acting_as(job.created_by), remembered():
        more = kind.step(job=job)
    if not more:
        if kind.finish:
            kind.finish(job=job)
        advance(job, JobRun.State.DONE, JobRun.TRANSITIONS, field="state")
        job.finished_at = clock.now()
        _ended(job)
    job.save()
    return more


def _cancelled(job: JobRun, kind: JobKind) -> bool:
    if kind.cancel:
        kind.cancel(job=job)
    advance(job, JobRun.State.CANCELLED, JobRun.TRANSITIONS, field="state")
    job.finished_at = clock.now()
    job.save()
    return False


@transaction.atomic
def _failed(job_id: str, error: Exception) -> None:
    job = JobRun.objects.select_for_update().get(pk=job_id)
    job.tries += 1
    job.error = reason_of(error)
    if job.tries >= MAX_TRIES and job.state in (JobRun.State.QUEUED, JobRun.State.RUNNING):
        advance(job, JobRun.State.FAILED, JobRun.TRANSITIONS, field="state")
        job.finished_at = clock.now()
        _ended(job)
    job.save()


@transaction.atomic
def request_cancel(*, job: JobRun, actor: Any) -> JobRun:
    """Ask a job to stop; the worker undoes what was written and marks it cancelled."""
    row = JobRun.objects.select_for_update().get(pk=job.pk)
    if row.state not in (JobRun.State.QUEUED, JobRun.State.RUNNING):
        raise IllegalState("job_over", _("This job has already ended."))
    row.cancel_requested = True
    row.save(update_fields=["cancel_requested", "updated_at"])
    audit.record("job.cancel_requested", row, actor=actor)
    hand_over(row)
    return row


@transaction.atomic
def undo(*, job: JobRun, actor: Any) -> JobRun:
    """Take back what a job did, by a job of its own. What cannot be taken back says so."""
    kind = kind_of(job)
    if kind is None or kind.undo is None:
        raise IllegalState("cannot_undo", _("What this job did cannot be taken back."))
    if job.state in (JobRun.State.QUEUED, JobRun.State.RUNNING):
        raise IllegalState("job_running", _("This job still runs: cancel it instead."))
    return kind.undo(job=job, actor=actor)


@transaction.atomic
def retry(*, job: JobRun, actor: Any) -> JobRun:
    """Let a failed job go on where it stopped, with all its tries again."""
    row = JobRun.objects.select_for_update().get(pk=job.pk)
    if row.state != JobRun.State.FAILED:
        raise IllegalState("job_not_failed", _("This job has not failed."))
    advance(row, JobRun.State.QUEUED, JobRun.TRANSITIONS, field="state")
    row.tries, row.error, row.cancel_requested, row.finished_at = 0, "", False, None
    row.save()
    audit.record("job.retried", row, actor=actor)
    hand_over(row)
    return row


def resume_lost() -> int:
    """Hand jobs whose worker went silent to another one; returns how many."""
    silent = JobRun.objects.filter(
        state__in=[JobRun.State.QUEUED, JobRun.State.RUNNING], updated_at__lt=clock.now() - LOST_AFTER
    )
    jobs = list(silent[:50])
    for job in jobs:
        _enqueue[0](job, _kinds[job.kind].queue)
    return len(jobs)
