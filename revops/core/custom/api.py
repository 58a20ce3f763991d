"""Custom fields in the API: `custom: {key: value}` in and out, and what `GET /meta/{resource}` says of them."""

from typing import Any

from django.db.models import Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from revops.core.custom.definitions import fields_of
from revops.core.custom.filters import PREFIX, operators_of
from revops.core.custom.kinds import offered
from revops.core.custom.registry import kind_of
from revops.core.custom.values import shown
from revops.core.models import CustomField

ANYTHING = {"type": "object", "additionalProperties": True}


@extend_schema_field(ANYTHING)
class CustomOut(serializers.Field):
    """{key: value} of the fields in use; what is empty is left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", help_text="Custom fields: {key: value}.", **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any]:
        return shown(value)


@extend_schema_field(ANYTHING)
class CustomIn(serializers.Field):
    """{key: value}: what is named is changed, null empties it. The service checks each value."""

    def __init__(self, **kwargs: Any) -> None:
        if "default" not in kwargs:
            kwargs["required"] = False
        super().__init__(help_text="Custom fields to set: {key: value}; null empties one.", **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Send an object: {key: value}.", code="not_an_object")
        return data


def described(model: type[Model]) -> list[dict[str, Any]]:
    """One entry a field in use, for `GET /meta/{resource}`."""
    return [_described(field) for field in fields_of(model)]


def _described(field: CustomField) -> dict[str, Any]:
    kind = kind_of(field)
    name = f"{PREFIX}{field.key}"
    entry: dict[str, Any] = {
        "name": f"custom.{field.key}",
        "label": field.label,
        "help": field.help_text,
        "kind": field.kind,
        "group": field.group,
        "schema": dict(kind.json),
        "required_at": field.required_at,
        "default": field.default,
        "filters": [name if not one else f"{name}__{one}" for one in operators_of(field)],
        "sort": name if kind.sortable else None,
    }
    if field.choices:
        entry["choices"] = [{"value": value, "label": label} for value, label in offered(field).items()]
    return entry
