"""The kinds of custom field that are counted and measured: numbers, money, per cent, dates, instants."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django import forms
from django.db.models import BigIntegerField, DecimalField, Expression, Field, Func
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Collate
from django.utils import timezone
from django.utils.translation import gettext as _

from revops.core.custom.kinds import BadValue, Kind, text_of
from revops.core.models import CustomField
from revops.core.money import Money, currencies, digits
from revops.core.templatetags.frame import amount, day, money_text

LARGEST = Decimal(10) ** 15
PLACES = 6
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}$")
RANGES = ("", "gte", "lte", "gt", "lt", "in")


def read_number(value: Any, places: int = PLACES) -> Decimal:
    """A Decimal from a number or its text. Raises BadValue."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal | float) or len(str(value)[:60]) > 40:
        raise BadValue(_("This is no number."))
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise BadValue(_("This is no number. Write it as 1234.50."))
    if not number.is_finite() or abs(number) >= LARGEST:
        raise BadValue(_("This number is too large."))
    if number != number.quantize(Decimal(1).scaleb(-places)):
        raise BadValue(_("At most %(n)s digits after the point.") % {"n": places})
    return number


def plain(number: Decimal) -> str:
    """All digits, no exponent, no zeros at the end: one text for one number."""
    return "0" if not number else f"{number.normalize():f}"


class _AsNumber(Func):
    """(custom ->> 'key')::numeric"""

    template = "(%(expressions)s)::numeric"
    output_field: Field = DecimalField(max_digits=30, decimal_places=PLACES)


class _AsInteger(Func):
    template = "(%(expressions)s)::bigint"
    output_field: Field = BigIntegerField()


class DecimalNumber(Kind):
    """A number, with up to six digits after the point."""

    column = "number"
    operators = RANGES
    import_type = "number"

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        return plain(read_number(value))

    def typed(self, field: CustomField, value: Any) -> Any:
        return Decimal(value)

    def words(self, field: CustomField, value: Any) -> str:
        number = Decimal(value)
        return amount(number, max(0, -int(number.normalize().as_tuple().exponent)))

    def compared(self, key: str) -> Expression:
        return _AsNumber(text_of(key))

    def operand(self, field: CustomField, value: Any) -> Any:
        return Decimal(value)

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.DecimalField(max_digits=21, decimal_places=PLACES)


class Percent(DecimalNumber):
    """60 % is 60."""

    column = "percent"

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        number = read_number(value.strip().removesuffix("%") if isinstance(value, str) else value)
        if abs(number) >= 1000:
            raise BadValue(_("A percentage lies between -1000 and 1000; 60 % is 60."))
        return plain(number)

    def words(self, field: CustomField, value: Any) -> str:
        return f"{super().words(field, value)} %"


class Integer(DecimalNumber):
    """A whole number."""

    json = {"type": "integer"}
    import_type = "integer"

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        number = read_number(value)
        if number != number.to_integral_value():
            raise BadValue(_("This needs a whole number."))
        return int(number)

    def typed(self, field: CustomField, value: Any) -> Any:
        return int(value)

    def compared(self, key: str) -> Expression:
        return _AsInteger(text_of(key))

    def operand(self, field: CustomField, value: Any) -> Any:
        return int(value)

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.IntegerField()


class MoneyWidget(forms.MultiWidget):
    """An amount and its currency, side by side."""

    def __init__(self) -> None:
        choices = [(code, code) for code in sorted(currencies())]
        parts: dict[str, forms.Widget | type[forms.Widget]] = {
            "amount": forms.NumberInput(attrs={"step": "any"}),
            "currency": forms.Select(choices=choices),
        }
        super().__init__(parts)

    def decompress(self, value: Any) -> list[Any]:
        return [value.amount, value.currency] if isinstance(value, Money) else [None, "USD"]


class MoneyControl(forms.MultiValueField):
    """Empty as soon as there is no amount."""

    def __init__(self, **kwargs: Any) -> None:
        parts = (forms.DecimalField(max_digits=18, decimal_places=3), forms.CharField(max_length=3))
        super().__init__(fields=parts, widget=MoneyWidget(), require_all_fields=False, **kwargs)

    def clean(self, value: Any) -> Any:
        if not value or value[0] in (None, ""):
            value = []
        return super().clean(value)

    def compress(self, data_list: list[Any]) -> Any:
        return Money(data_list[0], data_list[1] or "USD") if data_list and data_list[0] is not None else None


class MoneyKind(Kind):
    """{"amount": "12.00", "currency": "USD"}, compared by the amount."""

    column = "money"
    operators = (*RANGES, "currency")
    import_type = "money"
    json: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
    }

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        if isinstance(value, Money):
            value = {"amount": value.amount, "currency": value.currency}
        if not isinstance(value, dict) or set(value) - {"amount", "currency"} or "amount" not in value:
            raise BadValue(_('Send {"amount": "12.00", "currency": "USD"}.'))
        currency = value.get("currency", "USD")
        if not isinstance(currency, str) or currency not in currencies():
            raise BadValue(_("“%(code)s” is not a currency.") % {"code": str(currency)[:10]})
        if value["amount"] in (None, ""):
            return None
        number = read_number(value["amount"], digits(currency))
        if number < 0:
            raise BadValue(_("An amount is 0 or more."))
        return Money(number, currency).as_json()

    def typed(self, field: CustomField, value: Any) -> Any:
        return Money(Decimal(value["amount"]), value["currency"])

    def words(self, field: CustomField, value: Any) -> str:
        return money_text(self.typed(field, value))

    def compared(self, key: str) -> Expression:
        return _AsNumber(KeyTextTransform("amount", KeyTransform(key, "custom")))

    def asked(self, field: CustomField, text: str) -> Any:
        return read_number(text)

    def asked_words(self, field: CustomField, text: str) -> str:
        return text.strip()

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return MoneyControl()


class Date(Kind):
    """A business day. ISO texts of one length sort as the days do."""

    column = "date"
    operators = RANGES
    import_type = "date"
    json = {"type": "string", "format": "date"}

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if not isinstance(value, str) or not _DATE.match(value.strip()):
            raise BadValue(_("This is no date. Write it as 2026-11-17."))
        try:
            return date.fromisoformat(value.strip()).isoformat()
        except ValueError:
            raise BadValue(_("There is no such day."))

    def typed(self, field: CustomField, value: Any) -> Any:
        return date.fromisoformat(value)

    def words(self, field: CustomField, value: Any) -> str:
        return day(date.fromisoformat(value))

    def compared(self, key: str) -> Expression:
        return Collate(text_of(key), "C")

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class Instant(Kind):
    """A date and time, kept in UTC to the second."""

    column = "datetime"
    operators = ("", "gte", "lte", "gt", "lt")
    json = {"type": "string", "format": "date-time"}

    def clean(self, field: CustomField, value: Any, *, before: Any = None) -> Any:
        try:
            moment = value if isinstance(value, datetime) else self._read(value)
            aware = moment if moment.tzinfo else timezone.make_aware(moment)
            return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
        except (ValueError, OverflowError):
            raise BadValue(_("This is no date and time. Write it as 2026-11-17T14:30:00Z."))

    def asked(self, field: CustomField, text: str) -> Any:
        """A day alone is its first moment."""
        return self.clean(field, f"{text.strip()}T00:00" if _DATE.match(text.strip()) else text)

    def asked_words(self, field: CustomField, text: str) -> str:
        return self.words(field, self.asked(field, text))

    def _read(self, value: Any) -> datetime:
        if (
            not isinstance(value, str)
            or len(value) > 40
            or not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value.strip())
        ):
            raise ValueError(value)
        return datetime.fromisoformat(value.strip())

    def typed(self, field: CustomField, value: Any) -> Any:
        return datetime.fromisoformat(value)

    def words(self, field: CustomField, value: Any) -> str:
        local = timezone.localtime(datetime.fromisoformat(value))
        return f"{day(local.date())}, {local:%H:%M}"

    def compared(self, key: str) -> Expression:
        return Collate(text_of(key), "C")

    def control(self, field: CustomField, viewer: Any) -> forms.Field:
        return forms.DateTimeField(
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        )
