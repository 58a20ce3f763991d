"""The administrator's page of everything that works in the background: the clock, long jobs, dead letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from revops.core import clock, jobs, outbox, taskruns
from revops.core.models import JobRun, TaskRun
from revops.core.views.jobs import job_title

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SHOWN = 50
# The shortest interval of the timetable is five seconds.
QUIET = timedelta(seconds=60)
View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class ClockRow:
    """One job of the clock."""

    title: str
    task: str
    run: TaskRun
    state: str
    label: StrOrPromise
    tone: str
    next_at: datetime | None

    @property
    def took(self) -> str:
        """Of the last run that ended, as people say it."""
        seconds = self.run.milliseconds / 1000
        return _("%(n)s s") % {"n": f"{seconds:.1f}"} if seconds < 100 else _("%(n)s min") % {"n": round(seconds / 60)}


def needs(permission: str) -> Callable[[View], View]:
    """Signed in, and with this permission; else 403."""

    def around(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return around


@needs("core.view_jobrun")
def background(request: HttpRequest) -> HttpResponse:
    """What runs, what ran, what failed, and when it comes again."""
    title = _("Background jobs")
    rows = clock_rows()
    rung = max((row.run.sent_at for row in rows if row.run.sent_at), default=None)
    letters = list(outbox.dead_letters()[: SHOWN + 1])
    context = {
        "title": title,
        "crumbs": [(title, "")],
        "rows": rows,
        "quiet": rung is None or clock.now() - rung > QUIET,
        "rung": rung,
        "work": [_work(job) for job in _open_jobs(request.user)],
        "letters": letters[:SHOWN],
        "more_letters": len(letters) > SHOWN,
        "may_act": request.user.has_perm("core.change_jobrun"),
        "may_replay": request.user.has_perm("core.change_delivery"),
    }
    return render(request, "core/background.html", context)


def clock_rows() -> list[ClockRow]:
    """Every entry of the timetable, whether it ever ran or not; those with trouble first."""
    runs = taskruns.book()
    rows = [_clock_row(entry, runs.get(task) or TaskRun(task=task)) for task, entry in taskruns.timetable().items()]
    return sorted(rows, key=lambda row: (row.tone != "bad", row.title))


def _clock_row(entry: dict[str, Any], run: TaskRun) -> ClockRow:
    state, label, tone = _state(run)
    next_at = None
    if run.sent_at:
        left = max(timedelta(0), entry["schedule"].remaining_estimate(run.sent_at))
        next_at = (clock.now() + left + timedelta(milliseconds=500)).replace(microsecond=0)
    return ClockRow(capfirst(_(entry["title"])), run.task, run, state, label, tone, next_at)


def _state(run: TaskRun) -> tuple[str, StrOrPromise, str]:
    if run.started_at and (run.ended_at is None or run.ended_at < run.started_at):
        if clock.now() - run.started_at > timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT):
            return "lost", _("Broken off"), "bad"
        return "running", _("Runs now"), "accent"
    if run.outcome == TaskRun.Outcome.FAILED:
        return "failed", _("Failed"), "bad"
    if run.outcome == TaskRun.Outcome.RETRIED:
        return "retried", _("Will be tried again"), "warn"
    if run.outcome == TaskRun.Outcome.SUCCEEDED:
        return "succeeded", _("Done"), "ok"
    return "never", _("Not run yet"), ""


def _open_jobs(user: Any) -> list[JobRun]:
    states = [JobRun.State.QUEUED, JobRun.State.RUNNING, JobRun.State.FAILED]
    found = JobRun.objects.visible_to(user).filter(state__in=states).select_related("created_by")
    return list(found.order_by("-updated_at", "-pk")[:SHOWN])


def _work(job: JobRun) -> dict[str, Any]:
    labels: dict[str, tuple[StrOrPromise, str]] = {
        JobRun.State.QUEUED: (_("Waits for a worker"), "warn"),
        JobRun.State.RUNNING: (_("Runs now"), "accent"),
        JobRun.State.FAILED: (_("Failed"), "bad"),
    }
    label, tone = labels[job.state]
    return {"job": job, "title": job_title(job), "label": label, "tone": tone}


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("core:background"))


@require_POST
@needs("core.change_jobrun")
def run_now(request: HttpRequest) -> HttpResponse:
    """Start a job of the clock out of turn."""
    taskruns.run_now(task=request.POST.get("task", ""), actor=request.user)
    messages.success(request, _("The job waits for the next free worker."))
    return _back()


@require_POST
@needs("core.change_jobrun")
def retry_job(request: HttpRequest, pk: str) -> HttpResponse:
    """Let a failed job go on where it stopped."""
    job = get_object_or_404(JobRun.objects.visible_to(request.user), pk=pk)
    jobs.retry(job=job, actor=request.user)
    messages.success(request, _("The job goes on where it stopped."))
    return _back()


@require_POST
@needs("core.change_delivery")
def replay(request: HttpRequest) -> HttpResponse:
    """Try dead letters again: one, or all that are shown."""
    dead = outbox.dead_letters()
    chosen = request.POST.get("delivery", "")
    if chosen:
        dead = dead.filter(pk=chosen if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0)
    again = [outbox.replay(delivery=one, actor=request.user) for one in dead[:SHOWN]]
    messages.success(request, _("%(count)s will be tried again.") % {"count": len(again)})
    return _back()
