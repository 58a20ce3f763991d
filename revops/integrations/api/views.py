"""Imports, exports and change requests."""

from typing import Any

from django.http import Http404, HttpResponseBase, QueryDict
from django.urls import NoReverseMatch, resolve, reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core.api.views import ApiView, JobStarted, ResourceViewSet, job_accepted
from revops.core.api.writes import BulkMixin
from revops.core.errors import InvalidInput, NotAllowed
from revops.core.exports import start as start_export
from revops.core.keyset import paginate
from revops.core.models import JobRun
from revops.core.views.lists import ListPage
from revops.integrations import services
from revops.integrations.api.serializers import (
    BenefitIn,
    ChangeRequestIn,
    ChangeRequestOut,
    CommitIn,
    CorrectIn,
    ExportIn,
    ImportOut,
    ImportRowOut,
    MappingIn,
    UploadIn,
)
from revops.integrations.exports import error_file
from revops.integrations.filters import ChangeRequestFilter, ImportFilter
from revops.integrations.selectors import change_list, import_list, rows_of

SORTS = {"id": "id", "created_at": "created_at"}
ROWS = 200


class ImportViewSet(ResourceViewSet):
    """Files on their way in: upload, map, check (a dry run), commit as a job, undo."""

    resource = "imports"
    selector = staticmethod(import_list)
    out = ImportOut
    change_in = MappingIn
    costs = dict.fromkeys(("create", "check", "correct", "commit", "undo"), "upload")
    rights = dict.fromkeys(("create", "partial_update", "check", "correct", "commit", "undo"))
    filterset_class = ImportFilter
    sort_fields = SORTS

    @extend_schema(request={"multipart/form-data": UploadIn}, responses={201: ImportOut})
    def create(self, request: Request) -> Response:
        """Upload a CSV file; the answer holds its columns and a suggested mapping."""
        given = self.read(UploadIn)
        run = services.create_run(actor=request.user, kind=given["kind"], upload=given["file"], system=given["system"])
        return self.again(run, 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Say which column fills which field."""
        run, version = self.record(pk), self.shown_version(request)
        return self.again(services.map_run(run=run, version=version, actor=request.user, **self.read(MappingIn)))

    @extend_schema(request=None, responses={200: ImportOut, 202: JobStarted})
    @action(detail=True, methods=["post"])
    def check(self, request: Request, pk: str) -> Response:
        """The dry run: counts now, rows under `rows`; of a large file 202 with a job. It writes nothing."""
        run, version = self.record(pk), self.shown_version(request)
        if run.state == run.State.UPLOADED:
            run = services.map_run(run=run, version=version, actor=request.user, mapping=run.mapping)
            version = run.version
        if run.row_count > services.CHECKED_AT_ONCE:
            return job_accepted(services.start_check(run=run, version=version, actor=request.user))
        return self.again(services.check_run(run=run, version=version, actor=request.user))

    @extend_schema(request=CorrectIn, responses={200: ImportOut, 202: JobStarted})
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str) -> Response:
        """Put one row right, or leave it out: the file is checked again, a large one by a job (202)."""
        run, version = self.record(pk), self.shown_version(request)
        given = self.read(CorrectIn)
        job = services.correct_row(
            run=run, number=given["row"], version=version, actor=request.user, cells=given.get("cells", {}),
            leave_out=given["leave_out"],
        )  # fmt: skip
        return job_accepted(job) if job else self.again(run)

    @extend_schema(request=CommitIn, responses={202: JobStarted})
    @action(detail=True, methods=["post"])
    def commit(self, request: Request, pk: str) -> Response:
        """Write what the dry run showed: 202 with the job."""
        run, version = self.record(pk), self.shown_version(request)
        job = services.start_commit(run=run, version=version, actor=request.user, **self.read(CommitIn))
        return job_accepted(job)

    @extend_schema(request=None, responses={202: JobStarted})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take it back: 202 with the job."""
        run, version = self.record(pk), self.shown_version(request)
        return job_accepted(services.start_undo(run=run, version=version, actor=request.user))

    @extend_schema(responses=ImportRowOut(many=True))
    @action(detail=True, methods=["get"])
    def rows(self, request: Request, pk: str) -> Response:
        """Rows with verdict and changes; `?verdict=` narrows them."""
        rows = rows_of(self.record(pk), request.query_params.get("verdict", "")).order_by()
        page = paginate(rows, ["number"], request.query_params.get("cursor") or None, ROWS)
        return Response({"results": ImportRowOut(page.rows, many=True).data, "next": page.next_cursor})

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=True, methods=["get"])
    def errors(self, request: Request, pk: str) -> HttpResponseBase:
        """The refused rows in the file's own columns, with one more that says why."""
        return error_file(self.record(pk))


class ExportViewSet(ApiView):
    """Any list as a file: CSV at once, or CSV and XLSX by a job."""

    resource = "exports"
    create_in = ExportIn
    costs = {"create": "export"}
    rights = {"create": None}

    @extend_schema(request=ExportIn, responses={(200, "text/csv"): OpenApiTypes.STR, 202: JobStarted})
    def create(self, request: Request) -> HttpResponseBase:
        """Exactly what the list page shows with this filter. CSV streams, however many rows there are.

        With `job`, and always for XLSX, it is 202 with a job; when that is done, its `file` is the address of the file.
        """
        form = ExportIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        view = self._page(request, given["list"], given["query"])
        if given["job"] or given["format"] == "xlsx":
            return job_accepted(self._start(request, view, given))
        return view.get(request._request)

    def _page(self, request: Request, name: str, query: dict[str, str]) -> ListPage:
        """The list as the caller would see it."""
        token: Any = request.auth
        if token is not None and not token.allows(f"{name}:read"):
            raise NotAllowed(f"This token does not include {name}:read.")
        page = _list_page(name)
        asked: Any = request._request
        whole = QueryDict(mutable=True)
        whole.update({**query, "export": "csv"})
        asked.GET, asked.user, asked.method = whole, request.user, "GET"
        view = page()
        view.setup(asked)
        if page.permission and not request.user.has_perm(page.permission):
            raise NotAllowed("Your role does not include this list.")
        return view

    def _start(self, request: Request, view: ListPage, given: dict[str, Any]) -> JobRun:
        if not view.place:
            raise InvalidInput.of(list="This list is exported as CSV, at once.")
        total = view.export_total()  # says what is wrong with the filter before a job starts
        query = QueryDict(mutable=True)
        query.update(given["query"])
        return start_export(
            place=view.place, layout="list", title=str(view.title), file_name=view.file_name, total=total,
            file_format=given["format"], query=f"?{query.urlencode()}" if query else "", actor=request.user,
        )  # fmt: skip


def _list_page(name: str) -> type[ListPage]:
    """The page behind "accounts": its address is /accounts/, or the address of its name in the singular and -list."""
    for address in (f"/{name}/list/", f"/{name}/", f"/billing/{name}/", _by_name(name)):
        try:
            page = getattr(resolve(address).func, "view_class", None)
        except Http404:
            continue
        if isinstance(page, type) and issubclass(page, ListPage):
            return page
    raise InvalidInput.of(list="There is no such list.")


def _by_name(name: str) -> str:
    try:
        return reverse(f"{name.removesuffix('s')}-list")
    except NoReverseMatch:
        return "/-/"


class ChangeRequestViewSet(BulkMixin):
    """Wishes to change a system."""

    resource = "change-requests"
    selector = staticmethod(change_list)
    out = ChangeRequestOut
    create_in = change_in = ChangeRequestIn
    rights = {
        "create": "integrations.add_systemchangerequest",
        **dict.fromkeys(("partial_update", "measure"), "integrations.change_systemchangerequest"),
        **dict.fromkeys(("approve", "reject", "complete"), "integrations.approve_systemchangerequest"),
    }
    filterset_class = ChangeRequestFilter
    sort_fields = SORTS

    def create(self, request: Request) -> Response:
        """Ask for a change."""
        return self.answer(services.propose_change(actor=request.user, **self.read(ChangeRequestIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a proposal."""
        record, version = self.record(pk), self.shown_version(request)
        given = self.read(ChangeRequestIn, partial=True)
        return self.answer(services.update_change(request=record, version=version, actor=request.user, **given))

    @extend_schema(request=None, responses=ChangeRequestOut)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve; needs sponsor and expected benefit."""
        return self._act(services.approve_change, request, pk)

    @extend_schema(request=None, responses=ChangeRequestOut)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Turn it down."""
        return self._act(services.reject_change, request, pk)

    @extend_schema(request=None, responses=ChangeRequestOut)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """It is live; its benefit is asked in 90 days."""
        return self._act(services.complete_change, request, pk)

    @extend_schema(request=BenefitIn, responses=ChangeRequestOut)
    @action(detail=True, methods=["post"])
    def measure(self, request: Request, pk: str) -> Response:
        """Say what it brought."""
        return self._act(services.measure_change, request, pk, **self.read(BenefitIn))

    def _act(self, verb: Any, request: Request, pk: str, **given: Any) -> Response:
        record, version = self.record(pk), self.shown_version(request)
        return self.answer(verb(request=record, version=version, actor=request.user, **given))
