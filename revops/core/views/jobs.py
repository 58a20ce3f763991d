"""Long jobs: a page with progress, which goes on without the page."""

from __future__ import annotations

import csv
from itertools import chain
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from revops.core import bulk, jobs
from revops.core.models import JobRun
from revops.core.views.acting import tell
from revops.core.views.cells import neutral
from revops.core.views.exporting import Echo


def job_title(job: JobRun) -> str:
    """What its starter called it, else its kind in words."""
    return str(job.params.get("title") or job.kind.replace("_", " ").replace(".", ": ").capitalize())


def _job_context(job: JobRun) -> dict[str, Any]:
    over = job.state not in (JobRun.State.QUEUED, JobRun.State.RUNNING)
    return {
        "job": job,
        "title": job_title(job),
        "over": over,
        "counts": [(name.replace("_", " ").capitalize(), value) for name, value in job.counts.items()],
        "result_url": job.result.get("url", "") if over else "",
        "errors_url": job.result.get("errors_url", "") if over else "",
        "file_url": job.result.get("file_url", "") if over else "",
        "keeps": jobs.keeps(job.kind),
    }


def _undo_context(request: HttpRequest, job: JobRun) -> dict[str, Any]:
    """Whether the bulk action can be taken back, by whom and until when; or the job that did."""
    mine = job.created_by_id == request.user.pk
    undo = job.result.get("undo", "")
    return {
        "undo_until": bulk.undo_until(job) if mine else None,
        "undone_url": reverse("core:job", args=[undo]) if undo else "",
    }


@login_required
def job(request: HttpRequest, pk: str) -> HttpResponse:
    """The job's page; a poll gets the fragment, which polls no more once the job is over."""
    run = get_object_or_404(JobRun.objects.visible_to(request.user), pk=pk)
    context = _job_context(run) | _undo_context(request, run)
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


@login_required
@require_POST
def undo_job(request: HttpRequest, pk: str) -> HttpResponse:
    """Take a bulk action back: at once when it was short, else as a job of its own."""
    run = get_object_or_404(JobRun.objects.visible_to(request.user), pk=pk)
    undo = bulk.start_undo(job=run, actor=request.user)
    if undo.total > bulk.AT_ONCE:
        return HttpResponseRedirect(reverse("core:job", args=[undo.pk]))
    undo = jobs.run(str(undo.pk))
    tell(request, undo)
    return HttpResponseRedirect(undo.result.get("url") or reverse("core:job", args=[undo.pk]))


@login_required
@require_GET
def refused_rows(request: HttpRequest, pk: str) -> StreamingHttpResponse:
    """The rows that a bulk action, or its undo, left as they were, and why: a CSV file."""
    run = get_object_or_404(JobRun.objects.visible_to(request.user), pk=pk)
    rows = bulk.refused_rows(run).values_list("object_id", "label", "reason").iterator(chunk_size=2000)
    writer = csv.writer(Echo())
    heads = (_("Id"), _("Row"), _("Reason"))
    lines = (writer.writerow([number, neutral(label), neutral(reason)]) for number, label, reason in rows)
    response = StreamingHttpResponse(
        chain(["\ufeff" + writer.writerow(heads)], lines), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="refused.csv"'
    return response


@login_required
@require_GET
def job_file(request: HttpRequest, pk: str) -> FileResponse:
    """The file that an export wrote, for who asked for it."""
    run = get_object_or_404(JobRun.objects.visible_to(request.user), pk=pk, created_by=request.user)
    path = run.result.get("file", "")
    if not path or not default_storage.exists(path):
        raise Http404
    return FileResponse(default_storage.open(path), as_attachment=True, filename=path.rsplit("/", 1)[-1])
