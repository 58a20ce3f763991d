"""The OpenAPI document: what the base adds to each operation."""

from collections.abc import Iterator
from typing import Any

import django_filters
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.pagination import BasePagination

from revops.core.api import deprecation
from revops.core.api.describe import BULK_ANSWER, BULK_BODY
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.throttling import COSTS

TAG_SHAPE = r'^"[1-9][0-9]{0,7}"$'

MONEY = {
    "type": "object",
    "required": ["amount", "currency"],
    "properties": {
        "amount": {"type": "string", "format": "decimal", "example": "132000.00"},
        "currency": {"type": "string", "minLength": 3, "maxLength": 3, "example": "USD"},
    },
}


class CursorShape(BasePagination):
    """Only for the document: the envelope of a list. Paging itself is core.keyset."""

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return []

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """{"results": [...], "next": cursor or null}, with "count" when it is asked for."""
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": "string", "nullable": True},
                "count": {"type": "integer"},
                "count_capped": {"type": "boolean"},
            },
        }


class ResourceSchema(AutoSchema):
    """AutoSchema plus the parameters and headers that core.api.views reads."""

    def get_override_parameters(self) -> list[Any]:
        view: Any = self.view
        name = getattr(view, "action", "")
        parameters: list[Any] = list(self._headers(name))
        if name in ("list", "retrieve") and hasattr(view, "out"):
            parameters += self._shapes(view, name)
        if name == "list" and hasattr(view, "sort_fields"):
            parameters += [
                query("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "Rows of a page"),
                query("cursor", {"type": "string"}, "`next` of the page before"),
                query("sort", {"type": "string"}, f"`-` turns it round. One or more of: {', '.join(view.sort_fields)}"),
                query("count", {"type": "string", "enum": ["exact", "estimate"]}, "Count the rows as well"),
                *(filter_parameter(key, found) for key, found in view.filterset_class.base_filters.items()),
            ]
        if name == "bulk":
            parameters.append(query("atomic", {"type": "boolean", "default": False}, "All rows or none"))
        return parameters

    def _headers(self, name: str) -> Iterator[OpenApiParameter]:
        if self.method == "POST":
            shape = {"type": "string", "minLength": 1, "maxLength": 200}
            yield header("Idempotency-Key", shape, description="Kept 24 hours.")
        if (self.method in ("POST", "PATCH") and self._of_a_record()) or name == "by_external_id":
            shape = {"type": "string", "pattern": TAG_SHAPE}
            needed = getattr(self.view, "needs_tag", False) and self.method != "PUT"
            yield header("If-Match", shape, required=needed, description="The ETag that you read.")
        if name in ("create", "by_external_id") and getattr(self.view, "duplicates", False):
            shape = {"type": "string", "enum": ["true", "false"]}
            yield header("X-Allow-Duplicate", shape, description="Make it although it looks known.")

    def _of_a_record(self) -> bool:
        """Whether a version may be named: of the record itself, or of the one that it hangs on."""
        return "{id}" in self.path or "{order}" in self.path

    def _shapes(self, view: Any, name: str) -> Iterator[OpenApiParameter]:
        out = view.out if name == "list" else view.detail_out or view.out
        yield query("fields", {"type": "string"}, f"Only these. Some of: {', '.join(out().fields)}")
        expandable = getattr(out.Meta, "expandable", {})
        if expandable:
            yield query("expand", {"type": "string"}, f"Objects instead of ids. Some of: {', '.join(expandable)}")

    def get_request_serializer(self) -> Any:
        """What the view says it takes, unless an operation names its own."""
        shape = {"create": "create_in", "by_external_id": "create_in", "partial_update": "change_in"}
        named = getattr(self.view, shape.get(getattr(self.view, "action", ""), "-"), None)
        if getattr(self.view, "action", "") == "bulk":
            return {"application/json": BULK_BODY}
        return named or super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        """Of the operations that every resource shares."""
        view, name = self.view, getattr(self.view, "action", "")
        if name == "bulk":
            return {207: BULK_ANSWER}
        shown = getattr(view, "detail_out", None) or getattr(view, "out", None)
        shared = {"retrieve": shown, "partial_update": shown, "create": shown and {201: shown},
                  "by_external_id": {200: shown, 201: shown}}  # fmt: skip
        return shared.get(name) or super().get_response_serializers()

    def get_extensions(self) -> dict[str, Any]:
        """What it costs; for a bulk, what its rows are made of."""
        name = getattr(self.view, "action", "")
        said: dict[str, Any] = {"x-rate-cost": COSTS[getattr(self.view, "costs", {}).get(name) or self._cost()]}
        if name == "bulk":
            view: Any = self.view
            said["x-rows"] = {
                op: self.resolve_serializer(shape(partial=op == "update"), "request").ref
                for op, shape in (("create", view.create_in), ("update", view.change_in))
                if shape is not None
            }
        return said

    def _is_list_view(self, serializer: Any = None) -> bool:
        """A list has an envelope of rows; what else is called a list answers with one object."""
        return hasattr(self.view, "out") and bool(super()._is_list_view(serializer))

    def _cost(self) -> str:
        return "read" if self.method == "GET" else "write"

    def is_deprecated(self) -> bool:
        """Whether it is on its way out."""
        return deprecation.of(type(self.view), getattr(self.view, "action", "")) is not None

    def get_description(self) -> str:  # type: ignore[override]
        """The action's sentence, and what takes its place when it is on its way out."""
        said = super().get_description() or ""
        going = deprecation.of(type(self.view), getattr(self.view, "action", ""))
        return f"{said}\n\n{going.sentence}".strip() if going else said

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        """Input takes nothing unknown; output may be narrowed by `fields` and widened by `expand`."""
        shape: dict[str, Any] = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, StrictSerializer):
            shape["additionalProperties"] = False
        if isinstance(serializer, OutSerializer):
            shape["required"] = [name for name in ("id",) if name in shape["properties"]]
            for name, known in getattr(serializer.Meta, "expandable", {}).items():
                inner = self.resolve_serializer(known, direction).ref
                shape["properties"][name] = {"oneOf": [_bare(shape["properties"][name]), inner], "readOnly": True}
            for name in set(deprecation.of_fields(type(self.view))) & set(shape["properties"]):
                shape["properties"][name]["deprecated"] = True
        return shape

    def map_parsers(self) -> list[Any]:
        """Bodies are JSON; what takes a file says so itself."""
        return ["application/json"]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """The class's name after its room's: two rooms may each have a ReasonIn."""
        room = type(serializer).__module__.split(".api")[0].rsplit(".", 1)[-1]
        return f"{room.title()}{super().get_serializer_name(serializer, direction)}"

    def get_filter_backends(self) -> list[Any]:
        return []


def header(name: str, shape: dict[str, Any], description: str, required: bool = False) -> OpenApiParameter:
    """A parameter among the headers."""
    return OpenApiParameter(name, shape, "header", required=required, description=description)


def query(name: str, shape: dict[str, Any], description: str) -> OpenApiParameter:
    """A parameter of the address."""
    return OpenApiParameter(name, shape, "query", description=description)


def filter_parameter(name: str, found: django_filters.Filter) -> OpenApiParameter:
    """A filter with the type of its values."""
    return query(name, filter_shape(found), str(found.label or ""))


def filter_shape(found: django_filters.Filter) -> dict[str, Any]:
    """JSON schema of one filter's value; a list of values is text with commas."""
    if isinstance(found, django_filters.BaseCSVFilter):
        return {"type": "string"}
    # A record is named by its id; its filter is a filter of choices, too, to those who made it.
    if isinstance(found, django_filters.ChoiceFilter) and not isinstance(found, django_filters.ModelChoiceFilter):
        values = choices_of(found)
        return {"type": "string", "enum": values} if values else {"type": "string"}
    shapes: tuple[tuple[Any, dict[str, Any]], ...] = (
        (django_filters.BooleanFilter, {"type": "boolean"}),
        (django_filters.ModelChoiceFilter, {"type": "integer", "minimum": 1}),
        (django_filters.NumberFilter, {"type": "number"}),
        (django_filters.IsoDateTimeFilter, {"type": "string", "format": "date-time"}),
        (django_filters.DateFilter, {"type": "string", "format": "date"}),
    )
    return next((dict(shape) for kind, shape in shapes if isinstance(found, kind)), {"type": "string"})


def choices_of(found: django_filters.Filter) -> list[str]:
    """Values of a choice, without the empty one; groups are opened."""
    offered = found.extra.get("choices", ())
    rows = list(offered() if callable(offered) else offered)
    flat = [row for value, label in rows for row in (label if isinstance(label, list | tuple) else [(value, label)])]
    return [str(value) for value, _label in flat if value not in ("", None)]


def _bare(shape: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shape.items() if name != "readOnly"}


class TokenScheme(OpenApiAuthenticationExtension):
    """Authorization: Bearer <personal token>."""

    target_class = "revops.users.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal API token with scopes."}


class MoneyMethodShape(OpenApiSerializerFieldExtension):
    """{"amount", "currency"}, or null."""

    target_class = "revops.core.api.serializers.MoneyMethodField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {**MONEY, "nullable": True, "readOnly": True}


class MoneyShape(OpenApiSerializerFieldExtension):
    """{"amount", "currency"}."""

    target_class = "revops.core.api.serializers.MoneyField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return MONEY if direction == "response" else {**MONEY, "additionalProperties": False}
