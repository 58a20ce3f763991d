"""The OpenAPI document: what the base adds to each operation."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter


class ResourceSchema(AutoSchema):
    """AutoSchema plus the parameters and headers that core.api.views reads."""

    def get_override_parameters(self) -> list[Any]:
        view = self.view
        parameters: list[Any] = []
        if self.method == "POST":
            parameters.append(
                OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="Kept 24 hours.")
            )
        if self.method in ("POST", "PATCH") and "pk" in self.path:
            parameters.append(
                OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag that you read.")
            )
        if getattr(view, "action", "") in ("list", "retrieve") and hasattr(view, "out"):
            parameters += [OpenApiParameter("fields", str), OpenApiParameter("expand", str)]
        if getattr(view, "action", "") == "list" and hasattr(view, "sort_fields"):
            parameters += [
                OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 200, default 50"),
                OpenApiParameter("cursor", str),
                OpenApiParameter("sort", str, description=", ".join(view.sort_fields)),
                OpenApiParameter("count", str, enum=["exact", "estimate"]),
            ]
        return parameters

    def get_filter_backends(self) -> list[Any]:
        return []
