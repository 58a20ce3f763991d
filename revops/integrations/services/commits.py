"""The dry run of a large file, the commit and the undo: long jobs whose every step is one transaction."""

from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from revops.core import audit, clock, jobs
from revops.core.errors import IllegalState, InvalidInput
from revops.core.models import JobRun
from revops.core.status import advance, lock
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.registries import Importer, Stretch
from revops.integrations.selectors import importer_for, importer_of, rows_to_write
from revops.integrations.services.plans import plan_step
from revops.integrations.services.runs import refuse_unready
from revops.integrations.staging import forget_plan
from revops.integrations.writing import KEPT, UNDONE, WRITTEN

CHECK, COMMIT, UNDO = "integrations.check", "integrations.commit", "integrations.undo"
# Above this the dry run outlasts a request.
CHECKED_AT_ONCE = 20_000
# A step holds its locks and shows its progress so often; large files go in larger steps.
CHUNK, LARGE = 1000, 5000
State = ImportRun.State


@transaction.atomic
def start_check(*, run: ImportRun, version: int | None, actor: Any) -> JobRun:
    """The dry run of a large file, as a job. A check of it that is under way gives way to this one."""
    importer_for(run.kind, actor)
    run = lock(run, version)
    refuse_unready(run=run, actor=actor)
    title = _("Check of %(file)s") % {"file": run.file_name}
    advance(run, State.MAPPED, ImportRun.TRANSITIONS, field="state")  # the last plan is no longer to be relied on
    run.job = jobs.start(kind=CHECK, actor=actor, total=run.row_count, params={"run": run.pk, "title": title})
    run.counts, run.remarks = {}, []
    run.save(update_fields=["state", "job", "counts", "remarks", "version", "updated_at"])
    return run.job


@transaction.atomic
def check_step(*, job: JobRun) -> bool:
    """Some rows more, each once: the plan stands beside them."""
    run, _importer = _run_of(job)
    if run.job_id != job.pk:
        job.cancel_requested = True  # the columns were chosen anew since, or a later check has taken over
        return True
    job.cursor = plan_step(run=run, cursor=job.cursor, actor=job.created_by)
    job.done = job.cursor["rows"]
    if not job.cursor.get("over"):
        return True
    advance(run, State.CHECKED, ImportRun.TRANSITIONS, field="state")
    run.save(update_fields=["state", "counts", "remarks", "version", "updated_at"])
    _report(job, run)
    return False


@transaction.atomic
def cancel_check(*, job: JobRun) -> None:
    """Nothing of a check that was stopped stays beside the rows."""
    run, _importer = _run_of(job)
    if run.job_id == job.pk:
        forget_plan(run)
        run.job = None
        run.save(update_fields=["job", "updated_at"])
    job.result = {"url": run.get_absolute_url(), "import": run.pk}


@transaction.atomic
def start_commit(*, run: ImportRun, version: int | None, actor: Any, go_on: bool = True) -> JobRun:
    """Write what the dry run showed, as a job. With `go_on` off, refused rows stop the import."""
    importer_for(run.kind, actor)
    run = lock(run, version)
    if run.state != State.CHECKED:
        raise IllegalState("not_checked", _("Check the file first: nothing is imported unseen."))
    if run.counts.get("error") and not go_on:
        raise InvalidInput.of(go_on=_("%(count)s rows are refused.") % {"count": run.counts["error"]})
    planned = run.counts.get("create", 0) + run.counts.get("update", 0)
    title = _("Import of %(file)s") % {"file": run.file_name}
    job = jobs.start(kind=COMMIT, actor=actor, total=planned, params={"run": run.pk, "title": title})
    advance(run, State.COMMITTING, ImportRun.TRANSITIONS, field="state")
    run.job = job
    run.save(update_fields=["state", "job", "version", "updated_at"])
    audit.record("import.started", run, actor=actor, counts=run.counts)
    return job


@transaction.atomic
def commit_step(*, job: JobRun) -> bool:
    """Plan once more (the world may have moved since the dry run), then write; some rows at a time."""
    run, importer = _run_of(job)
    if "after" not in job.cursor:
        planned = plan_step(run=run, cursor=job.cursor.get("plan", {}), actor=job.created_by)
        job.cursor = {"plan": planned}
        if planned.get("over"):
            run.save(update_fields=["counts", "remarks", "updated_at"])
            job.total = run.counts["create"] + run.counts["update"]
            job.cursor = {"after": 0}
        return True
    waiting = rows_to_write(run).filter(number__gt=job.cursor["after"])
    numbers = list(waiting.values_list("number", flat=True)[: max(CHUNK, min(LARGE, (job.total or 0) // 20))])
    if not numbers:
        _finish(job, run, importer)
        return False
    stretch = Stretch(run.pk, job.cursor["after"], numbers[-1])
    if importer.makes:
        importer.make(stretch=stretch, actor=job.created_by)
        waiting = waiting.filter(verdict=ImportRow.Verdict.UPDATE)
    rows = list(waiting.filter(number__lte=stretch.last))
    if rows:
        importer.write(rows=rows, actor=job.created_by)
    job.cursor = {"after": stretch.last}
    job.done += len(numbers)
    return True


def _finish(job: JobRun, run: ImportRun, importer: Importer) -> None:
    importer.link(run=run, actor=job.created_by)
    advance(run, State.DONE, ImportRun.TRANSITIONS, field="state")
    run.committed_at = clock.now()
    run.save(update_fields=["state", "committed_at", "version", "updated_at"])
    audit.record("import.done", run, actor=job.created_by, counts=run.counts)
    _report(job, run)


def _report(job: JobRun, run: ImportRun) -> None:
    words = {"create": _("created"), "update": _("updated"), "same": _("unchanged"), "skip": _("left out")}
    job.counts = {word: run.counts.get(key, 0) for key, word in words.items()} | {
        _("refused"): run.counts.get("error", 0)
    }
    job.result = {"url": run.get_absolute_url(), "import": run.pk}
    if run.counts.get("error"):
        job.result["errors_url"] = reverse("import-errors", args=[run.pk])


@transaction.atomic
def cancel_step(*, job: JobRun) -> None:
    """A cancelled commit takes back the chunks that it wrote; a cancelled undo leaves what it has done."""
    run, importer = _run_of(job)
    if job.kind == COMMIT:
        importer.unlink(run=run, actor=job.created_by)
        while _undo_chunk(run, importer, job.created_by):
            pass
    advance(run, State.CANCELLED, ImportRun.TRANSITIONS, field="state")
    run.save(update_fields=["state", "version", "updated_at"])
    audit.record("import.cancelled", run, actor=job.created_by)
    job.result = {"url": run.get_absolute_url(), "import": run.pk}


@transaction.atomic
def start_undo(*, run: ImportRun, version: int | None, actor: Any) -> JobRun:
    """Take a whole import back. What somebody changed since is kept and listed; the audit trail stays."""
    importer_for(run.kind, actor)
    run = lock(run, version)
    if run.state != State.DONE and not run.stuck:
        raise IllegalState("cannot_undo", _("Only an import that is done can be undone."))
    written = run.rows.filter(outcome=WRITTEN).count()
    title = _("Undo the import of %(file)s") % {"file": run.file_name}
    job = jobs.start(kind=UNDO, actor=actor, total=written, params={"run": run.pk, "title": title})
    advance(run, State.UNDOING, ImportRun.TRANSITIONS, field="state")
    run.job = job
    run.save(update_fields=["state", "job", "version", "updated_at"])
    audit.record("import.undo_started", run, actor=actor)
    return job


@transaction.atomic
def undo_commit(*, job: JobRun, actor: Any) -> JobRun:
    """The same, by the job that wrote it."""
    run = ImportRun.objects.visible_to(actor).filter(pk=job.params["run"]).first()
    if run is None:
        raise IllegalState("gone", _("This import is gone, or not yours to see."))
    return start_undo(run=run, version=None, actor=actor)


@transaction.atomic
def undo_step(*, job: JobRun) -> bool:
    """A thousand rows, last ones first."""
    run, importer = _run_of(job)
    if not job.cursor:
        importer.unlink(run=run, actor=job.created_by)
        job.cursor = {"started": True}
    count = _undo_chunk(run, importer, job.created_by)
    job.done += count
    if count:
        return True
    kept = run.rows.filter(outcome=KEPT).count()
    advance(run, State.UNDONE, ImportRun.TRANSITIONS, field="state")
    run.undone_at = clock.now()
    run.counts = run.counts | {"kept": kept, "undone": run.rows.filter(outcome=UNDONE).count()}
    run.save(update_fields=["state", "undone_at", "counts", "version", "updated_at"])
    audit.record("import.undone", run, actor=job.created_by, kept=kept)
    job.counts = {_("taken back"): run.counts["undone"], _("kept"): kept}
    job.result = {"url": run.get_absolute_url(), "import": run.pk}
    return False


def _undo_chunk(run: ImportRun, importer: Importer, actor: Any) -> int:
    rows = list(ImportRow.objects.filter(run=run, outcome=WRITTEN).order_by("-number")[:CHUNK])
    if rows:
        importer.undo(rows=rows, actor=actor)
    return len(rows)


def _run_of(job: JobRun) -> tuple[ImportRun, Importer]:
    run = ImportRun.objects.select_for_update().get(pk=job.params["run"])
    return run, importer_of(run)
