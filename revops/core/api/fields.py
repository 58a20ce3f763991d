"""What a field is, in words that a client can act on: the part of /meta that looks at serializers."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.drainage import get_override
from rest_framework import serializers

from revops.core.api.serializers import MoneyField

# The first that fits: the special ones stand before what they are made of.
TYPES: tuple[tuple[type[Any], str], ...] = (
    (MoneyField, "money"),
    (serializers.PrimaryKeyRelatedField, "reference"),
    (serializers.ManyRelatedField, "references"),
    (serializers.MultipleChoiceField, "choices"),
    (serializers.ChoiceField, "choice"),
    (serializers.BooleanField, "boolean"),
    (serializers.IntegerField, "integer"),
    (serializers.DecimalField, "decimal"),
    (serializers.DateTimeField, "datetime"),
    (serializers.DateField, "date"),
    (serializers.UUIDField, "id"),
    (serializers.FileField, "file"),
    (serializers.ListSerializer, "list"),
    (serializers.ListField, "list"),
    (serializers.DictField, "object"),
    (serializers.JSONField, "object"),
    (serializers.BaseSerializer, "object"),
    (serializers.CharField, "string"),
)
BY_HINT = {"str": "string", "int": "integer", "bool": "boolean", "list": "list", "dict": "object"}


def described(name: str, shown: Any, sent: Mapping[str, Any], homes: Mapping[type[Any], str]) -> dict[str, Any]:
    """One field as it is shown (None: it is not) and sent (by "create" and "update")."""
    field = next(iter(sent.values()), shown)
    entry: dict[str, Any] = {
        "name": name,
        "type": kind_of(field) if sent or shown is None else kind_of(shown),
        "label": str(getattr(shown, "label", None) or field.label or name.replace("_", " ").capitalize()),
        "help": str(field.help_text or ""),
        "nullable": bool(getattr(shown if shown is not None else field, "allow_null", False)),
        "readable": shown is not None,
        "writable": list(sent),
        "required": bool("create" in sent and sent["create"].required),
    }
    return {**entry, **_limits(field), **_choices(field, shown), **_target(field, shown, homes)}


def kind_of(field: Any) -> str:
    """A word for its values."""
    if isinstance(field, serializers.SerializerMethodField):
        return _kind_of_method(field)
    return next((word for kind, word in TYPES if isinstance(field, kind)), "string")


def type_of(shape: Mapping[str, Any]) -> str:
    """The same words for a JSON schema."""
    if "enum" in shape:
        return "choice"
    by_format = {"date": "date", "date-time": "datetime"}
    return by_format.get(shape.get("format", ""), {"number": "decimal"}.get(shape["type"], shape["type"]))


def _kind_of_method(field: Any) -> str:
    """Of the method's hint, or of what it is said to answer with."""
    if getattr(field, "is_money", False):
        return "money"
    method = getattr(field.parent, field.method_name, None)
    said = get_override(method, "field")
    if said is not None:
        return kind_of(said() if isinstance(said, type) else said)
    hint = str(getattr(method, "__annotations__", {}).get("return", "str")).split("'")[-1]
    words = [word for plain, word in BY_HINT.items() if plain in hint.split("[")[0].split("|")[0]]
    return words[0] if words else "string"


def _limits(field: Any) -> dict[str, Any]:
    named = ("max_length", "min_length", "max_value", "min_value", "max_digits", "decimal_places")
    found = {name: getattr(field, name, None) for name in named}
    return {name: value if isinstance(value, int) else str(value) for name, value in found.items() if value is not None}


def _choices(field: Any, shown: Any) -> dict[str, Any]:
    for one in (field, shown):
        if isinstance(one, serializers.ChoiceField):
            rows = [{"value": value, "label": str(label)} for value, label in one.choices.items() if value != ""]
            return {"choices": rows}
    return {}


def _target(field: Any, shown: Any, homes: Mapping[type[Any], str]) -> dict[str, Any]:
    """Which resource an id is of."""
    model: Any
    for one in (field, shown):
        model = getattr(one, "model", None) or getattr(getattr(one, "queryset", None), "model", None)
        if isinstance(one, serializers.PrimaryKeyRelatedField) and model in homes:
            return {"to": homes[model]}
    parent = getattr(getattr(shown, "parent", None), "Meta", None)
    if isinstance(shown, serializers.PrimaryKeyRelatedField) and parent is not None:
        model = parent.model._meta.get_field(shown.source).related_model
        return {"to": homes[model]} if model in homes else {}
    return {}
