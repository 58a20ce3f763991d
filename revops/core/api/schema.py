"""The OpenAPI document: what the base adds to each operation."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.pagination import BasePagination

# Which refusals an operation may answer with, beside its own answer.
REFUSALS = {
    "400": "Malformed or unknown input",
    "401": "Not signed in",
    "403": "Not allowed",
    "404": "No such record in the caller's scope",
    "406": "Answers are JSON",
    "409": "Illegal state, or a duplicate is suspected",
    "412": "The record changed since it was read",
    "415": "Bodies are JSON, uploads multipart",
    "422": "Refused by a rule or a field check",
    "428": "If-Match is missing",
    "429": "Too many requests",
}
GIVEN_AWAY = "Done, and the record is out of the caller's sight now"
READING = ("400", "401", "403", "404", "406", "429")
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem document; a refusal's own facts (candidates, current_version) stand beside.",
    "required": ["type", "title", "status", "code", "detail", "errors", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}
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
        view, name = self.view, getattr(self.view, "action", "")
        parameters: list[Any] = []
        if self.method == "POST":
            parameters.append(
                OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="Kept 24 hours.")
            )
        if self.method in ("POST", "PATCH") and "{id}" in self.path:
            parameters.append(
                OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag that you read.")
            )
        if name in ("list", "retrieve") and hasattr(view, "out"):
            parameters += [OpenApiParameter("fields", str), OpenApiParameter("expand", str)]
        if name == "list" and hasattr(view, "sort_fields"):
            parameters += [
                OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 200, default 50"),
                OpenApiParameter("cursor", str),
                OpenApiParameter("sort", str, description=", ".join(view.sort_fields)),
                OpenApiParameter("count", str, enum=["exact", "estimate"]),
                *self._filters(view),
            ]
        return parameters

    def _filters(self, view: Any) -> list[OpenApiParameter]:
        return [
            OpenApiParameter(name, str, description=str(found.label or ""))
            for name, found in view.filterset_class.base_filters.items()
        ]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """The class's name after its room's: two rooms may each have a ReasonIn."""
        room = type(serializer).__module__.split(".api")[0].rsplit(".", 1)[-1]
        return f"{room.title()}{super().get_serializer_name(serializer, direction)}"

    def get_filter_backends(self) -> list[Any]:
        return []


class TokenScheme(OpenApiAuthenticationExtension):
    """Authorization: Bearer <personal token>."""

    target_class = "revops.users.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal API token with scopes."}


class MoneyShape(OpenApiSerializerFieldExtension):
    """{"amount", "currency"}."""

    target_class = "revops.core.api.serializers.MoneyField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return MONEY


def declare_refusals(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Post-processing: every operation declares the problem documents that it may answer with."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result["paths"].values():
        for method, operation in path.items():
            statuses = READING if method == "get" else tuple(REFUSALS)
            if method != "get":
                operation["responses"].setdefault("204", {"description": GIVEN_AWAY})
            for status in statuses:
                operation["responses"].setdefault(status, {"description": REFUSALS[status], "content": content})
    return result
