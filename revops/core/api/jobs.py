"""GET /jobs/{id} and its cancel."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core import jobs
from revops.core.api.serializers import OutSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.models import JobRun


class JobOut(OutSerializer):
    """State, progress, counts, result."""

    progress = serializers.SerializerMethodField()

    class Meta:
        model = JobRun
        fields = [
            "id", "kind", "state", "done", "total", "progress", "counts", "result", "error",
            "created_at", "started_at", "finished_at",
        ]  # fmt: skip

    def get_progress(self, job: JobRun) -> int | None:
        """Per cent, null when the total is unknown."""
        return 100 * job.done // job.total if job.total else None


def job_list(*, viewer: Any) -> QuerySet[JobRun]:
    """Jobs that the viewer may see."""
    return JobRun.objects.visible_to(viewer)


class JobViewSet(ResourceViewSet):
    """Long work."""

    resource = "jobs"
    rights = {"cancel": None}
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
