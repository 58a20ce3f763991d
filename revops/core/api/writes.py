"""Many rows in one request, and records by the id that another system gives them. Both call the room's own services."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar

from django.db import transaction
from django.utils.datastructures import CaseInsensitiveMapping
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core import upserts
from revops.core.api.problems import exception_handler, problem
from revops.core.api.serializers import StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.errors import BadRequest, FieldError, InvalidInput

MOST_ROWS = 200
EXTERNAL = ("external_system", "external_id")


class BulkIn(StrictSerializer):
    """Rows, each {"op": "create" | "update", "id", "version", ...fields} as the single request takes them."""

    rows = serializers.ListField(child=serializers.DictField(), allow_empty=False)


class RowResultOut(serializers.Serializer):  # type: ignore[type-arg]
    """How one row went."""

    index = serializers.IntegerField()
    status = serializers.IntegerField()
    id = serializers.IntegerField(required=False, allow_null=True)
    version = serializers.IntegerField(required=False, allow_null=True)
    problem = serializers.DictField(required=False)


class BulkOut(serializers.Serializer):  # type: ignore[type-arg]
    """In the order of the rows."""

    results = RowResultOut(many=True)


class Row:
    """One row as a request of its own: its body and its If-Match, all else as in the request around it."""

    def __init__(self, whole: Request, data: Mapping[str, Any], version: int | None) -> None:
        self._whole, self.data = whole, data
        named = {name: value for name, value in whole.headers.items() if name.lower() != "if-match"}
        tag = {} if version is None else {"If-Match": f'"{version}"'}
        self.headers = CaseInsensitiveMapping({**named, **tag})
        self.query_params: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


class BulkMixin(ResourceViewSet):
    """POST /{resource}/bulk: up to 200 rows, each through `create` or `partial_update` of the view."""

    costs = {"bulk": "bulk"}
    _rows: dict[int, Any] | None = None

    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Create and change up to 200 records. 207 tells of each row; with `atomic=true` all are written or none.

        More rows are an import (413 says so). A row fails like the single request would, with the same problem.
        """
        atomic = _atomic(request)
        rows = self.read(BulkIn)["rows"]
        if len(rows) > MOST_ROWS:
            return problem(
                413, "too_many_rows", f"Up to {MOST_ROWS} rows at once: bring more as a file, by an import.",
                title="Too many rows", facts={"imports": "/api/v1/imports", "most": MOST_ROWS},
            )  # fmt: skip
        with transaction.atomic() if atomic else nullcontext():
            results = self._work(request, rows)
            failed = [row for row in results if row["status"] >= 400]
            if not (atomic and failed):
                return Response({"results": results}, status=207)
            transaction.set_rollback(True)
        return _none_written(results, failed)

    def _work(self, request: Request, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows in the order of their ids, so that two bulks lock alike; results in the order of the rows."""
        ids = [row["id"] if _is_id(row.get("id")) else 0 for row in rows]
        self._rows = self.get_queryset().in_bulk([key for key in ids if key])
        results: dict[int, dict[str, Any]] = {}
        for index in sorted(range(len(rows)), key=ids.__getitem__):
            answer = self._try(request, rows[index], twice=ids[index] > 0 and ids.count(ids[index]) > 1)
            results[index] = {"index": index, "status": answer.status_code, **_told(answer)}
        self.request = request
        return [results[index] for index in range(len(rows))]

    def _try(self, request: Request, row: Mapping[str, Any], twice: bool) -> Response:
        try:
            with transaction.atomic():
                return self._one(request, row, twice)
        except Exception as error:
            answer = exception_handler(error, {})
            if answer is None:
                raise
            return answer

    def _one(self, request: Request, row: Mapping[str, Any], twice: bool) -> Response:
        given = dict(row)
        op, key, version = given.pop("op", None), given.pop("id", None), given.pop("version", None)
        handler = self._handler(op)
        if version is not None and not _is_id(version):
            raise InvalidInput.of(version="A version is a number.")
        self.request: Any = Row(request, given, version)
        if op == "create":
            if key is not None or version is not None:
                raise InvalidInput.of(id="A record that is to be made has no id and no version yet.")
            return handler(self.request)
        if not _is_id(key):
            raise InvalidInput.of(id="Name the record that is to change.")
        if twice:
            raise InvalidInput.of(id="This record is named twice.")
        return handler(self.request, pk=key)

    def _handler(self, op: Any) -> Callable[..., Response]:
        names = {"create": "create", "update": "partial_update"}
        handler = getattr(self, names[op], None) if isinstance(op, str) and op in names else None
        if handler is None:
            known = [name for name, method in names.items() if hasattr(self, method)]
            raise InvalidInput.of(op=f"Say what is to be done: {' or '.join(known)}.")
        return handler

    def record(self, pk: Any) -> Any:
        """In a bulk the records were read at once."""
        if self._rows is not None and pk in self._rows:
            return self._rows[pk]
        return super().record(pk)

    @property
    def in_bulk(self) -> bool:
        """Whether one row of many is answered: it is told by its id and version, and not read once more."""
        return isinstance(self.request, Row)

    def answer(self, record: Any, status: int = 200) -> Response:
        if self.in_bulk:
            return Response({"id": record.pk, "version": getattr(record, "version", None)}, status=status)
        return super().answer(record, status)

    def again(self, record: Any, status: int = 200) -> Response:
        return self.answer(record, status) if self.in_bulk else super().again(record, status)


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**63


def _atomic(request: Request) -> bool:
    unknown = sorted(set(request.query_params) - {"atomic", "format"})
    if unknown:
        raise BadRequest("unknown_parameter", f"There is no parameter “{unknown[0]}” here.")
    raw = request.query_params.get("atomic", "false")
    if raw not in ("true", "false"):
        raise BadRequest("bad_atomic", "atomic is true or false.")
    return raw == "true"


def _told(answer: Response) -> dict[str, Any]:
    return {"problem": answer.data} if answer.status_code >= 400 else dict(answer.data or {})


def _none_written(results: Sequence[dict[str, Any]], failed: Sequence[dict[str, Any]]) -> Response:
    """422, with what each row said; one that would have passed is 424."""
    told = [
        row if row["status"] >= 400 else {"index": row["index"], "status": 424} for row in results
    ]  # its id is gone with the roll-back
    return problem(
        422, "bulk_refused", f"{len(failed)} of {len(results)} rows were refused, so none was written.",
        errors=list(_errors(failed)), facts={"results": told},
    )  # fmt: skip


def _errors(failed: Sequence[dict[str, Any]]) -> Iterator[FieldError]:
    for row in failed:
        said = row["problem"]
        for error in said["errors"] or [{"pointer": "", "code": said["code"], "detail": said["detail"]}]:
            yield FieldError(f"rows.{row['index']}.{error['pointer']}".rstrip("."), error["code"], error["detail"])


class UpsertMixin(ResourceViewSet):
    """PUT /{resource}/by-external-id/{system}/{external_id}: the room's upsert service."""

    upsert: ClassVar[Callable[..., tuple[Any, bool]]]

    @action(
        detail=False, methods=["put"], url_path=r"by-external-id/(?P<system>[^/]{1,40})/(?P<external_id>[^/]{1,120})"
    )
    def by_external_id(self, request: Request, system: str, external_id: str) -> Response:
        """Create (201) or change (200) what another system knows by this id; the same body again changes nothing.

        A record that exists beyond the caller's scope is 404, as everywhere. If-Match is obeyed when it is sent.
        """
        known = upserts.known(self.out.Meta.model, system, external_id)
        facts = self.facts(self.read(self.create_in or StrictSerializer, partial=known))
        for name, wanted in zip(EXTERNAL, (system, external_id), strict=True):
            if facts.pop(name, wanted) != wanted:
                raise InvalidInput.of(**{name: "The address says another."})
        record, made = type(self).upsert(
            system=system, external_id=external_id, version=self.shown_tag(request), actor=request.user, **facts
        )
        return self.again(record, 201 if made else 200)

    def facts(self, given: dict[str, Any]) -> dict[str, Any]:
        """The services' names of what was sent."""
        return given

    def shown_tag(self, request: Request) -> int | None:
        """If-Match is never required here: the other system knows no version of ours."""
        return self.shown_version(request) if "If-Match" in request.headers else None
