"""Input and output shapes that every resource shares."""

from decimal import Decimal
from typing import Any

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


class StrictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Input: an unknown member is refused instead of ignored; NUL bytes are refused by CharField already."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = set(data) - set(self.fields)
            if unknown:
                raise serializers.ValidationError({name: ["Unknown field."] for name in sorted(map(str, unknown))})
        return super().to_internal_value(data)


class OutSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    """Output: `fields=` keeps a subset, `expand=` replaces an id by the object; both from the whitelist.

    Meta.expandable = {"owner": "UserOut"-like serializer class}. A relation that is not expanded is its id.
    """

    def __init__(self, *args: Any, only: set[str] | None = None, expand: set[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        expandable = getattr(self.Meta, "expandable", {})
        for name in expand or ():
            self.fields[name] = expandable[name](read_only=True)
        if only is not None:
            for name in set(self.fields) - only - {"id"}:
                self.fields.pop(name)


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
