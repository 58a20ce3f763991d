"""GET /jobs/{id}, its files, its cancel and its undo."""

import csv
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import FileResponse, Http404, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core import jobs
from revops.core.api.serializers import OutSerializer
from revops.core.api.views import JobStarted, ResourceViewSet, job_accepted
from revops.core.models import JobRun
from revops.core.views.cells import neutral
from revops.core.views.exporting import Echo

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class JobOut(OutSerializer):
    """State, progress, counts, result."""

    progress = serializers.SerializerMethodField()
    can_cancel = serializers.SerializerMethodField()
    can_undo = serializers.SerializerMethodField()
    error_file = serializers.SerializerMethodField()
    file = serializers.SerializerMethodField()

    class Meta:
        model = JobRun
        fields = [
            "id", "kind", "state", "done", "total", "progress", "counts", "result", "error", "can_cancel",
            "can_undo", "error_file", "file", "created_at", "started_at", "finished_at",
        ]  # fmt: skip

    def get_progress(self, job: JobRun) -> int | None:
        """Per cent, null when the total is unknown."""
        return 100 * job.done // job.total if job.total else None

    def get_can_cancel(self, job: JobRun) -> bool:
        """Whether it can still be stopped."""
        return job.state in (JobRun.State.QUEUED, JobRun.State.RUNNING) and not job.cancel_requested

    def get_can_undo(self, job: JobRun) -> bool:
        """Whether jobs of its kind can be taken back once they are over."""
        kind = jobs.kind_of(job)
        return kind is not None and kind.undo is not None and job.finished_at is not None

    def get_error_file(self, job: JobRun) -> str | None:
        """Where the rows are that were not done, with their reasons; null when such jobs have none."""
        kind = jobs.kind_of(job)
        return f"/api/v1/jobs/{job.pk}/errors" if kind is not None and kind.errors is not None else None

    def get_file(self, job: JobRun) -> str | None:
        """Where the file is that it wrote."""
        return f"/api/v1/jobs/{job.pk}/file" if job.result.get("file") else None


def job_list(*, viewer: Any) -> QuerySet[JobRun]:
    """Jobs that the viewer may see."""
    return JobRun.objects.visible_to(viewer)


class JobViewSet(ResourceViewSet):
    """Long work."""

    resource = "jobs"
    rights = {"cancel": None, "undo": None}
    costs = {"file": "export", "errors": "export"}
    selector = staticmethod(job_list)
    out = JobOut
    sort_fields = {"created_at": "created_at"}
    default_sort = "-created_at"
    lookup_value_regex = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

    @extend_schema(request=None, responses={202: JobOut})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop a job; what it wrote is undone."""
        return self.again(jobs.request_cancel(job=self.record(pk), actor=request.user), 202)

    @extend_schema(request=None, responses={202: JobStarted})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take back what it did, by a job of its own: 202 with that one; 409 when it cannot be taken back."""
        return job_accepted(jobs.undo(job=self.record(pk), actor=request.user))

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=True, methods=["get"])
    def errors(self, request: Request, pk: str) -> StreamingHttpResponse:
        """The rows that were not done, and why."""
        job = self.record(pk)
        kind = jobs.kind_of(job)
        if kind is None or kind.errors is None:
            raise Http404
        writer = csv.writer(Echo())
        lines = (writer.writerow([neutral(str(cell)) for cell in line]) for line in kind.errors(job=job))
        head = {"Content-Disposition": f'attachment; filename="job-{job.pk}-errors.csv"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=head)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR, (200, XLSX): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> FileResponse:
        """The file that an export wrote, for who asked for it; kept for a week."""
        job = self.record(pk)
        path = job.result.get("file", "") if job.created_by_id == request.user.pk else ""
        if not path or not default_storage.exists(path):
            raise Http404
        name = path.rsplit("/", 1)[-1]
        kind = XLSX if name.endswith(".xlsx") else "text/csv; charset=utf-8"
        return FileResponse(default_storage.open(path), as_attachment=True, filename=name, content_type=kind)
