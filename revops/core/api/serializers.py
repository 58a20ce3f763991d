"""Input and output shapes that every resource shares."""

import copy
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Model
from rest_framework import serializers

from revops.core.errors import BadRequest, FieldError
from revops.core.money import Money, currencies, digits


class MoneyField(serializers.Field):
    """{"amount": "132000.00", "currency": "USD"}.

    Finer than a coin, negative (unless allowed) or of an unknown currency is refused.
    """

    def __init__(self, *, allow_negative: bool = False, **kwargs: Any) -> None:
        self.allow_negative = allow_negative
        super().__init__(**kwargs)

    def to_representation(self, value: Money) -> dict[str, str]:
        return value.as_json()

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, dict) or set(data) - {"amount", "currency"}:
            raise serializers.ValidationError('Send {"amount": "12.00", "currency": "USD"}.', code="money")
        currency = data.get("currency", "USD")
        if not isinstance(currency, str) or currency not in currencies():
            raise serializers.ValidationError(f"“{str(currency)[:10]}” is not a currency.", code="unknown_currency")
        amount = serializers.DecimalField(max_digits=18, decimal_places=digits(currency)).run_validation(
            data.get("amount")
        )
        if amount is None or (amount < 0 and not self.allow_negative):
            raise serializers.ValidationError("An amount is a number of 0 or more.", code="amount")
        return Money(Decimal(amount), currency)


class MoneyMethodField(serializers.SerializerMethodField):
    """A method's answer that is money, or null."""

    is_money = True


class StrictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Input: an unknown member is refused instead of ignored; NUL bytes are refused by CharField already."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = set(data) - set(self.fields)
            if unknown:
                raise serializers.ValidationError({name: ["Unknown field."] for name in sorted(map(str, unknown))})
        return super().to_internal_value(data)


_fields: dict[type, dict[str, Any]] = {}


class OutSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    """Output: `fields=` keeps a subset, `expand=` replaces an id by the object; both from the whitelist.

    Meta.expandable = {"owner": "UserOut"-like serializer class}. A relation that is not expanded is its id.
    """

    def __init__(self, *args: Any, only: set[str] | None = None, expand: set[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        expandable = getattr(self.Meta, "expandable", {})
        self.expanded = frozenset(expand or ())
        for name in self.expanded:
            self.fields[name] = expandable[name](read_only=True)
        if only is not None:
            for name in set(self.fields) - only - {"id"}:
                self.fields.pop(name)

    def get_fields(self) -> dict[str, Any]:
        """Made once for a class, then copied: what the model's fields say of themselves does not change."""
        made = _fields.get(type(self))
        if made is None:
            made = _fields[type(self)] = super().get_fields()
        return {name: copy.deepcopy(field) for name, field in made.items()}

    @classmethod
    def names(cls) -> frozenset[str]:
        """The members of the answer."""
        if cls not in _fields:
            cls().get_fields()
        return frozenset(_fields[cls])

    def to_representation(self, instance: Any) -> Any:
        """What is expanded is shown as far as the caller sees it; beyond, it stays the id that it was."""
        data = super().to_representation(instance)
        for name in self.expanded & set(data):
            key = getattr(instance, f"{name}_id")
            if key is not None and key not in self.context["in_sight"][name]:
                data[name] = key
        return data


def in_sight(rows: Sequence[Model], expand: Iterable[str], viewer: Any) -> dict[str, set[Any]]:
    """By relation that is expanded, the ids of these rows' records that the viewer may see. One query a relation."""
    seen: dict[str, set[Any]] = {}
    for name in expand:
        seen[name] = {getattr(row, f"{name}_id") for row in rows}
        model: Any = type(rows[0])._meta.get_field(name).related_model if rows else None
        related: Any = model._default_manager.all() if model else None
        if hasattr(related, "visible_to"):
            seen[name] = set(related.filter(pk__in=seen[name]).visible_to(viewer).values_list("pk", flat=True))
    return seen


def asked_names(raw: str | None, allowed: set[str], parameter: str) -> set[str] | None:
    """Names of `fields=` or `expand=`; an unknown one is 400. None when the parameter is absent."""
    if raw is None:
        return None
    names = {name.strip() for name in raw.split(",") if name.strip()}
    unknown = sorted(names - allowed)
    if unknown:
        detail = f"“{unknown[0]}” is not one of: {', '.join(sorted(allowed))}."
        raise BadRequest(f"unknown_{parameter}", detail, errors=[FieldError(parameter, "unknown", detail)])
    return names
