"""GET /meta: which resources there are. GET /meta/{resource}: what one is made of, and what the caller may do."""

from collections.abc import Iterator, Mapping
from typing import Any

import django_filters
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core.api import deprecation
from revops.core.api.fields import described, type_of
from revops.core.api.resources import Operation, Resource, key_of_model, resources
from revops.core.api.schema import choices_of, filter_shape
from revops.core.api.views import MAX_LIMIT, ApiView
from revops.core.api.writes import MOST_ROWS
from revops.core.custom.api import described as custom_fields
from revops.core.custom.definitions import takes_custom
from revops.core.errors import BadRequest


class SignedIn(BasePermission):
    """Signed in; what a token may do with a resource is said in the answer."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.is_authenticated)


class VerbOut(serializers.Serializer):  # type: ignore[type-arg]
    """Something that can be done. `allowed` is null where the record or its state decides."""

    name = serializers.CharField()
    method = serializers.CharField()
    path = serializers.CharField()
    allowed = serializers.BooleanField(allow_null=True)
    if_match = serializers.ChoiceField(choices=["required", "optional", "none"])
    deprecated = serializers.CharField(required=False)


class ResourceOut(serializers.Serializer):  # type: ignore[type-arg]
    """One resource in short."""

    name = serializers.CharField()
    path = serializers.CharField()
    description = serializers.CharField()
    meta = serializers.CharField()


class ResourcesOut(serializers.Serializer):  # type: ignore[type-arg]
    """All of them."""

    resources = ResourceOut(many=True)


class ChoiceOut(serializers.Serializer):  # type: ignore[type-arg]
    """A value and its name."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class FieldOut(serializers.Serializer):  # type: ignore[type-arg]
    """One field. `required_at` names the stages that need it; `in` where it can be sent."""

    name = serializers.CharField()
    type = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField(allow_blank=True)
    nullable = serializers.BooleanField()
    readable = serializers.BooleanField()
    writable = serializers.ListField(child=serializers.ChoiceField(choices=["create", "update"]))
    required = serializers.BooleanField()  # type: ignore[assignment]
    required_at = serializers.ListField(child=serializers.CharField())
    to = serializers.CharField(required=False, help_text="Which resource the id is of.")
    choices = ChoiceOut(many=True, required=False)
    deprecated = serializers.CharField(required=False)


class FilterOut(serializers.Serializer):  # type: ignore[type-arg]
    """One filter."""

    name = serializers.CharField()
    type = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    choices = serializers.ListField(child=serializers.CharField(), required=False)


class MetaOut(serializers.Serializer):  # type: ignore[type-arg]
    """A resource as the caller may use it."""

    name = serializers.CharField()
    path = serializers.CharField()
    description = serializers.CharField()
    may_read = serializers.BooleanField()
    may_write = serializers.BooleanField()
    fields = FieldOut(many=True)  # type: ignore[assignment]
    custom = serializers.ListField(child=serializers.DictField())
    filters = FilterOut(many=True)
    sorts = serializers.ListField(child=serializers.CharField())
    default_sort = serializers.CharField(allow_null=True)
    expand = serializers.ListField(child=serializers.CharField())
    limits = serializers.DictField(child=serializers.IntegerField())
    verbs = VerbOut(many=True)


class MetaViewSet(ApiView):
    """What the API says of itself."""

    resource = "meta"
    permission_classes = [SignedIn]
    lookup_value_regex = r"[a-z][a-z/-]{1,60}"
    serializer_class = MetaOut

    @extend_schema(operation_id="meta_list", responses=ResourcesOut)
    def list(self, request: Request) -> Response:
        """Every resource with the address of its description."""
        unknown = sorted(set(request.query_params) - {"format"})
        if unknown:
            raise BadRequest("unknown_parameter", f"There is no parameter “{unknown[0]}” here.")
        rows = [
            {"name": key, "path": row.path, "description": sentence(row.view), "meta": f"/api/v1/meta/{key}"}
            for key, row in resources().items()
        ]
        return Response({"resources": rows})

    @extend_schema(responses=MetaOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Fields with types, choices and the stages that need them; filters, sorts; what the caller may do."""
        resource = resources().get(pk.replace("/", "-"))
        if resource is None:
            raise Http404
        return Response(meta_of(resource, request))


def meta_of(resource: Resource, request: Request) -> dict[str, Any]:
    """The whole description for one caller."""
    view = resource.view
    read, write = (_in_scope(request, view.resource, kind) for kind in ("read", "write"))
    model = getattr(getattr(getattr(view, "out", None), "Meta", None), "model", None)
    return {
        "name": resource.key,
        "path": resource.path,
        "description": sentence(view),
        "may_read": read,
        "may_write": write,
        "fields": list(_fields(view, request)),
        "custom": custom_fields(model) if model is not None and takes_custom(model) else [],
        "filters": list(_filters(view)),
        "sorts": list(getattr(view, "sort_fields", {})),
        "default_sort": getattr(view, "default_sort", None),
        "expand": sorted(_expandable(view)),
        "limits": {"page": MAX_LIMIT, "bulk": MOST_ROWS},
        "verbs": [_verb(operation, request, write) for operation in resource.operations if not operation.is_read],
    }


def sentence(view: Any) -> str:
    """The first line of what the view says of itself."""
    return (view.__doc__ or "").strip().split("\n")[0]


def _in_scope(request: Request, resource: str, kind: str) -> bool:
    token: Any = request.auth
    return token is None or bool(token.allows(f"{resource}:{kind}"))


def _expandable(view: Any) -> Mapping[str, Any]:
    return getattr(getattr(getattr(view, "out", None), "Meta", None), "expandable", {})


def _fields(view: Any, request: Request) -> Iterator[dict[str, Any]]:
    """What is shown, with how it can be sent; then what can be sent and is not shown."""
    context = {"request": request}
    out = getattr(view, "detail_out", None) or getattr(view, "out", None)
    shown: Mapping[str, Any] = out(context=context).fields if out else {}
    takes = {
        name: shape(context=context).fields
        for name, attribute in (("create", "create_in"), ("update", "change_in"))
        if (shape := getattr(view, attribute, None)) is not None
    }
    needed: Mapping[str, list[str]] = getattr(view, "required_at", dict)()
    for name in dict.fromkeys([*shown, *(name for fields in takes.values() for name in fields)]):
        sent = {verb: fields[name] for verb, fields in takes.items() if name in fields}
        entry = described(name, shown.get(name), sent, key_of_model())
        going = deprecation.of_fields(view).get(name)
        yield {**entry, "required_at": needed.get(name, []), **({"deprecated": going.sentence} if going else {})}


def _filters(view: Any) -> Iterator[dict[str, Any]]:
    found: Mapping[str, django_filters.Filter] = getattr(getattr(view, "filterset_class", None), "base_filters", {})
    for name, row in found.items():
        entry: dict[str, Any] = {"name": name, "type": type_of(filter_shape(row)), "label": str(row.label or name)}
        if isinstance(row, django_filters.ChoiceFilter):
            entry["choices"] = choices_of(row)
        yield entry


def _verb(operation: Operation, request: Request, write: bool) -> dict[str, Any]:
    """An operation, and whether the caller may."""
    view = operation.view
    name = {"by_external_id": "create"}.get(operation.action, operation.action)
    rights = [view.rights[key] for key in (name,) if key in view.rights]
    if operation.action == "bulk":
        rights = [view.rights.get("create"), view.rights.get("partial_update")]
    entry = {
        "name": operation.action.replace("_", "-"),
        "method": operation.method,
        "path": operation.path,
        "allowed": write and _allowed(request, rights),
        "if_match": _if_match(operation),
    }
    going = deprecation.of(view, operation.action)
    return {**entry, "deprecated": going.sentence} if going else entry


def _allowed(request: Request, rights: list[str | None]) -> bool | None:
    """True, False, or None where no permission alone decides. Of several (a bulk) one is enough."""
    user: Any = request.user
    known = [user.has_perm(right) for right in rights if right is not None]
    if not known:
        return None
    return any(known)


def _if_match(operation: Operation) -> str:
    if not operation.on_record or operation.method == "PUT":
        return "none" if operation.method == "POST" and "{" not in operation.path else "optional"
    return "required" if operation.view.needs_tag else "optional"
