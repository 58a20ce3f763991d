"""The base of every resource: scoped look-ups, cursor lists, tags, idempotent POSTs, token scopes."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from revops.core.acting import acting_as
from revops.core.api import deprecation
from revops.core.api.filters import StrictFilterSet
from revops.core.api.idempotency import replayable
from revops.core.api.problems import exception_handler
from revops.core.api.resources import resources
from revops.core.api.schema import CursorShape
from revops.core.api.serializers import OutSerializer, StrictSerializer, asked_names, in_sight
from revops.core.custom.filters import sort_name, sortable, with_sort
from revops.core.errors import BadRequest, FieldError, PreconditionRequired
from revops.core.keyset import paginate
from revops.core.models import JobRun, Mergeable, SavedView

DEFAULT_LIMIT, MAX_LIMIT, COUNT_CAP = 50, 200, 10_000
SAFE = ("GET", "HEAD", "OPTIONS")
Names = list[str]  # A class with a list() method cannot say list[str].
TAG = re.compile(r'^(?:W/)?"(\d{1,9})"$')


class SignedInWithScope(BasePermission):
    """Signed in; and a token needs "<resource>:read" or "<resource>:write" among its scopes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        token: Any = request.auth
        if token is None:
            return True
        verb = "read" if request.method in SAFE else "write"
        return bool(token.allows(f"{view.resource}:{verb}"))


class ApiView(viewsets.GenericViewSet):  # type: ignore[type-arg]
    """What every endpoint has: permission, problems, idempotent POST."""

    resource: ClassVar[str]
    # Under which name /meta tells of it; empty is the resource's own.
    meta_key: ClassVar[str] = ""
    # Which permission an action takes ("app.codename"); None: the record or its state decides. /meta tells it, and
    # services check it.
    rights: ClassVar[Mapping[str, str | None]] = {}
    # What an action costs, by the names of core.api.throttling.COSTS; unnamed is read or write.
    costs: ClassVar[Mapping[str, str]] = {}
    # Documents over money: PATCH and every verb need If-Match.
    needs_tag: ClassVar[bool] = False
    permission_classes = [SignedInWithScope]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """DRF's dispatch, with the handler of a POST wrapped so that a repeated key replays the stored answer."""
        self.args, self.kwargs = args, kwargs
        request = self.initialize_request(request, *args, **kwargs)
        self.request, self.headers = request, self.default_response_headers
        try:
            self.initial(request, *args, **kwargs)
            with acting_as(request.user):
                response = self._answer(request, *args, **kwargs)
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        for name, value in self._notices(request).items():
            self.response[name] = value
        return self.response

    def _notices(self, request: Request) -> dict[str, str]:
        """What every answer says: how much is left of the rate, and whether this is on its way out."""
        bucket = getattr(request._request, "rate_bucket", None)
        going = deprecation.headers_of(type(self), getattr(self, "action", None) or "", self._shown_fields(request))
        return {**(bucket.headers() if bucket else {}), **going}

    def _shown_fields(self, request: Request) -> Collection[str]:
        return ()

    def _answer(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        name = (request.method or "").lower()
        handler = getattr(self, name, self.http_method_not_allowed)

        def handled() -> Response:
            return handler(request, *args, **kwargs)

        def caught() -> Response:
            try:
                return handled()
            except Exception as error:
                answer = exception_handler(error, {})
                if answer is None:
                    raise
                return answer

        return replayable(request, caught) if request.method == "POST" else handled()

    def shown_version(self, request: Request, *, required: bool = False) -> int | None:
        """The version in If-Match. 428 when `required` and absent, 400 when it is no tag of ours."""
        raw = request.headers.get("If-Match", "").strip()
        if not raw:
            if required or self.needs_tag:
                raise PreconditionRequired("if_match_required", "Send If-Match with the ETag that you read.")
            return None
        match = TAG.match(raw)
        if match is None:
            raise BadRequest("bad_if_match", "If-Match is not a tag of this resource.")
        return int(match.group(1))


class ResourceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiView):
    """list and retrieve from one selector. Writes are explicit methods that call services.

    `selector(viewer=user)` is the QuerySet of both; `sort_fields` maps public names to model fields;
    `out` is an OutSerializer whose Meta.expandable lists what `expand=` may name.
    """

    selector: ClassVar[Callable[..., QuerySet[Any]]]
    filterset_class: ClassVar[type[StrictFilterSet]] = StrictFilterSet
    out: ClassVar[type[OutSerializer]]
    # What one record is shown as, where that is more than a row of the list.
    detail_out: ClassVar[type[OutSerializer] | None] = None
    create_in: ClassVar[type[StrictSerializer] | None] = None
    change_in: ClassVar[type[StrictSerializer] | None] = None
    deprecated_fields: ClassVar[Mapping[str, deprecation.Deprecation]] = {}
    sort_fields: ClassVar[Mapping[str, str]] = {"id": "id"}
    default_sort: ClassVar[str] = "-id"
    # The list page whose saved views `view=` may name; empty is the resource's name.
    place: ClassVar[str] = ""
    expand_related: ClassVar[Mapping[str, str]] = {}
    lookup_value_regex = r"\d{1,18}"
    pagination_class = CursorShape

    def get_serializer_class(self) -> type[OutSerializer]:
        return self.out

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.out.Meta.model._default_manager.none()  # type: ignore[attr-defined]
        return type(self).selector(viewer=self.request.user)

    def record(self, pk: Any) -> Any:
        """The record within the caller's scope, or 404."""
        return get_object_or_404(self.get_queryset(), pk=pk)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page: {"results": [...], "next": cursor or null}; `?count=exact|estimate` adds "count"."""
        asked = self._asked(request)
        queryset = self.filterset_class.checked(asked, self.get_queryset(), request=request)
        queryset = with_sort(queryset, (asked.get("sort") or "").split(","))
        shape = self._shape(request)
        joins = self._joins(shape["expand"])
        page = paginate(
            # Without a name, select_related() would forget what the selector joins and take every relation instead.
            queryset.select_related(*joins) if joins else queryset,
            self._order(asked),
            request.query_params.get("cursor") or None,
            self._limit(request),
        )
        body: dict[str, Any] = {
            "results": self.out(page.rows, many=True, context=self._context(page.rows, shape), **shape).data,
            "next": page.next_cursor,
        }
        self._count(request, queryset, body)
        return Response(body)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One record, with its ETag."""
        unknown = sorted(set(request.query_params) - {"fields", "expand", "format"})
        if unknown:
            raise BadRequest("unknown_parameter", f"There is no parameter “{unknown[0]}” here.")
        rows = self.get_queryset()
        found = rows.filter(pk=kwargs["pk"]).first()
        if found is None and issubclass(rows.model, Mergeable):
            return self._merged(rows, kwargs["pk"])
        return self.answer(get_object_or_404(rows, pk=kwargs["pk"]) if found is None else found)

    def _merged(self, rows: QuerySet[Any], pk: Any) -> Response:
        """Of a record that was merged, the one that it became; Content-Location says which."""
        winner = get_object_or_404(rows, aliases=pk)
        answer = self.answer(winner)
        answer["Content-Location"] = self.location(winner)
        return answer

    def answer(self, record: Model, status: int = 200) -> Response:
        """A record as the API shows it, with ETag (and Location when created)."""
        shape = self._shape(self.request)
        out = self.detail_out or self.out
        data = out(record, context=self._context([record], shape), **shape).data
        headers = {"ETag": tag_of(record, data)}
        if status == 201:
            headers["Location"] = self.location(record)
        return Response(data, status=status, headers=headers)

    def location(self, record: Model) -> str:
        """Where a record that was just made is found."""
        home = resources()[self.meta_key or self.resource].path
        return f"{home.format(**self.kwargs)}/{record.pk}"

    def again(self, record: Model, status: int = 200) -> Response:
        """Re-read a record that a service changed through the selector and answer with it.

        204 when the change itself took it out of the caller's sight: it is done, and a 404 would say the opposite.
        """
        shown = self.get_queryset().filter(pk=record.pk).first()
        return self.answer(shown, status) if shown is not None else Response(status=204)

    def read(self, serializer: type[Any], **kwargs: Any) -> dict[str, Any]:
        """The validated body. A body that is no object is 422 like any other refused input."""
        form = serializer(data=self.request.data, context=self.get_serializer_context(), **kwargs)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def _shown_fields(self, request: Request) -> Collection[str]:
        """Those that are going and that this answer carries."""
        asked = request.query_params.get("fields")
        return self.deprecated_fields if asked is None else set(asked.split(","))

    def _asked(self, request: Request) -> QueryDict:
        """What was asked; `view=<id>` stands for the filter and the sort of a saved view, and what is named beside
        it goes before it.
        """
        asked: QueryDict = request.query_params
        if "view" not in asked:
            return asked
        raw = str(asked["view"])
        seen = SavedView.objects.visible_to(request.user).filter(place=self.place or self.resource)
        view = seen.filter(pk=int(raw)).first() if re.fullmatch(r"[0-9]{1,18}", raw) else None
        if view is None:
            detail = "There is no such view of this list, or it is not yours to see."
            raise BadRequest("unknown_view", detail, errors=[FieldError("view", "unknown", detail)])
        whole = view.filter_params()
        if view.sort and self._sort_path(view.sort.lstrip("-")):
            whole["sort"] = view.sort
        for name, values in asked.lists():
            whole.setlist(name, values)
        return whole

    def _shape(self, request: Request) -> dict[str, set[str] | None]:
        params = request.query_params
        out = self.out if getattr(self, "action", "") == "list" else self.detail_out or self.out
        names = set(out.names())
        return {
            "only": asked_names(params.get("fields"), names, "fields"),
            "expand": asked_names(params.get("expand"), set(getattr(self.out.Meta, "expandable", {})), "expand"),
        }

    def _context(self, rows: Sequence[Model], shape: Mapping[str, set[str] | None]) -> dict[str, Any]:
        seen = in_sight(rows, shape["expand"] or (), self.request.user)
        return {**self.get_serializer_context(), "in_sight": seen}

    def _joins(self, expand: set[str] | None) -> Names:
        return [self.expand_related.get(name, name) for name in sorted(expand or ())]

    def _order(self, asked: QueryDict) -> Names:
        order = []
        for name in (asked.get("sort") or self.default_sort).split(","):
            bare = name.strip().lstrip("-")
            path = self._sort_path(bare)
            if path is None:
                detail = f"“{bare}” is no sort key. Use one of: {', '.join(self.sort_fields)}."
                raise BadRequest("unknown_sort", detail, errors=[FieldError("sort", "unknown", detail)])
            order.append(f"-{path}" if name.strip().startswith("-") else path)
        return order

    def _sort_path(self, name: str) -> str | None:
        custom = sortable(self.out.Meta.model, name)  # type: ignore[attr-defined]
        return sort_name(custom) if custom else self.sort_fields.get(name)

    def _limit(self, request: Request) -> int:
        raw = request.query_params.get("limit", str(DEFAULT_LIMIT))
        if not raw.isascii() or not raw.isdigit() or len(raw) > 9 or not 1 <= int(raw) <= MAX_LIMIT:
            raise BadRequest("bad_limit", f"limit is a number from 1 to {MAX_LIMIT}.")
        return int(raw)

    def _count(self, request: Request, queryset: QuerySet[Any], body: dict[str, Any]) -> None:
        kind = request.query_params.get("count")
        if kind is None:
            return
        if kind not in ("exact", "estimate"):
            raise BadRequest("bad_count", "count is exact or estimate.")
        if kind == "exact":
            body["count"] = queryset.order_by().count()
        else:
            body["count"] = queryset.order_by().values("pk")[: COUNT_CAP + 1].count()
            body["count_capped"] = body["count"] > COUNT_CAP


@extend_schema(exclude=True)
class NoSuchAddress(ApiView):
    """Whatever no resource answers: a problem document, not the page that people see."""

    resource = ""
    permission_classes: list[Any] = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Every method ends here."""
        super().initial(request, *args, **kwargs)
        raise Http404


def tag_of(record: Any, shown: Any) -> str:
    """A record's version; of one that people do not change, a digest of what is shown."""
    if hasattr(record, "version"):
        return f'"{record.version}"'
    text = json.dumps(shown, cls=JSONEncoder, sort_keys=True)
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


class JobStarted(serializers.Serializer):  # type: ignore[type-arg]
    """A job that was begun: follow it at `Location`."""

    id = serializers.UUIDField()
    state = serializers.CharField()


def job_accepted(job: JobRun) -> Response:
    """202 with Location: /jobs/{id}."""
    location = reverse("api-job-detail", kwargs={"pk": job.pk})
    return Response({"id": str(job.pk), "state": job.state}, status=202, headers={"Location": location})
