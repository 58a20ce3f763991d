"""Long jobs: a row with a cursor; each step is one transaction that moves it. A killed worker resumes at the cursor."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from revops.core import audit, clock
from revops.core.errors import IllegalState, reason_of
from revops.core.models import JobRun
from revops.core.status import advance

MAX_TRIES = 5
LOST_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class JobKind:
    """`step(job=...)` does one chunk, moves job.cursor/done/counts and says whether there is more.

    The others are optional: `finish(job=...)` runs after the last step, `cancel(job=...)` undoes what was written.
    """

    step: Callable[..., bool]
    finish: Callable[..., None] | None = None
    cancel: Callable[..., None] | None = None
    queue: str = "default"


_kinds: dict[str, JobKind] = {}
_enqueue: list[Callable[[JobRun, str], None]] = []


def register(kind: str, job_kind: JobKind) -> None:
    """Name a kind of job. Called in AppConfig.ready()."""
    _kinds[kind] = job_kind


def on_start(enqueue: Callable[[JobRun, str], None]) -> None:
    """Register what hands a job to a worker: enqueue(job, queue)."""
    _enqueue[:] = [enqueue]


@transaction.atomic
def start(*, kind: str, actor: Any, total: int = 0, params: dict[str, Any] | None = None) -> JobRun:
    """Create the job's row and hand it to a worker after the commit."""
    job = JobRun.objects.create(kind=kind, created_by=actor, total=total, params=params or {})
    _hand_over(job)
    return job


def _hand_over(job: JobRun) -> None:
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
    more = kind.step(job=job)
    if not more:
        if kind.finish:
            kind.finish(job=job)
        advance(job, JobRun.State.DONE, JobRun.TRANSITIONS, field="state")
        job.finished_at = clock.now()
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
    job.save()


@transaction.atomic
def request_cancel(*, job: JobRun, actor: Any) -> JobRun:
    """Ask a job to stop; the worker undoes what was written and marks it cancelled."""
    row = JobRun.objects.select_for_update().get(pk=job.pk)
    if row.state not in (JobRun.State.QUEUED, JobRun.State.RUNNING):
        raise IllegalState("job_over", "This job has already ended.")
    row.cancel_requested = True
    row.save(update_fields=["cancel_requested", "updated_at"])
    audit.record("job.cancel_requested", row, actor=actor)
    _hand_over(row)
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
