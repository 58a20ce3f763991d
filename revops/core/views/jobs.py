"""Long jobs: a page with progress, which goes on without the page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from revops.core import jobs
from revops.core.models import JobRun


def _job_context(job: JobRun) -> dict[str, Any]:
    over = job.state not in (JobRun.State.QUEUED, JobRun.State.RUNNING)
    named = job.params.get("title") or job.kind.replace("_", " ").replace(".", ": ").capitalize()
    return {
        "job": job,
        "title": named,
        "over": over,
        "counts": [(name.replace("_", " ").capitalize(), value) for name, value in job.counts.items()],
        "result_url": job.result.get("url", "") if over else "",
        "errors_url": job.result.get("errors_url", "") if over else "",
    }


@login_required
def job(request: HttpRequest, pk: str) -> HttpResponse:
    """The job's page; a poll gets the fragment, which polls no more once the job is over."""
    run = get_object_or_404(JobRun.objects.visible_to(request.user), pk=pk)
    context = _job_context(run)
    if request.headers.get("HX-Request"):
        return render(request, "core/job_state.html", context)
    return render(request, "core/job.html", context)


@login_required
@require_POST
def cancel_job(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask the job to stop."""
    run = get_object_or_404(JobRun.objects.visible_to(request.user), pk=pk)
    jobs.request_cancel(job=run, actor=request.user)
    messages.success(request, _("The job stops at its next step."))
    return HttpResponseRedirect(reverse("core:job", args=[run.pk]))
