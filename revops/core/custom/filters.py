"""Filters and sorting over custom fields: `cf.<key>`, `cf.<key>__gte`, … and `sort=cf.<key>`, for lists and the API.

Keys reach SQL as parameters only, and only those of fields that exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.core.custom import people
from revops.core.custom.definitions import field_of, fields_of, takes_custom
from revops.core.custom.kinds import BadValue, labels_of, read_text
from revops.core.custom.registry import kind_of
from revops.core.models import CustomField
from revops.core.money import currencies

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PREFIX = "cf."
MOST = 100  # values of one __in
WORDS: dict[str, StrOrPromise] = {
    "": gettext_lazy("%(label)s"),
    "contains": gettext_lazy("%(label)s contains"),
    "in": gettext_lazy("%(label)s, one of"),
    "gte": gettext_lazy("%(label)s from"),
    "lte": gettext_lazy("%(label)s to"),
    "gt": gettext_lazy("%(label)s more than"),
    "lt": gettext_lazy("%(label)s less than"),
    "currency": gettext_lazy("Currency of %(label)s"),
    "isnull": gettext_lazy("%(label)s is empty"),
}
YES_NO = {"true": True, "false": False}


@dataclass(frozen=True)
class Operand:
    """What a filter compares with, and how its chip says it."""

    value: Any
    words: str


def operators_of(field: CustomField) -> list[str]:
    """Every comparison that the field offers."""
    return [*kind_of(field).operators, "isnull"]


class Asked(forms.Field):
    """One parameter of one custom field: text to operand. Unknown choices, no numbers, NUL: refused with a word."""

    def __init__(self, field: CustomField, operator: str, **kwargs: Any) -> None:
        self.custom, self.operator = field, operator
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Operand | None:
        text = str(value).strip() if value is not None else ""
        if not text:
            return None
        try:
            return self._read(read_text(text, 4000))
        except BadValue as refused:
            raise ValidationError(str(refused), code="invalid")

    def _read(self, text: str) -> Operand:
        readers: dict[str, Callable[[str], Operand]] = {
            "isnull": _yes_or_no,
            "contains": lambda one: Operand(read_text(one, 200), one),
            "currency": _currency,
            "in": self._several,
        }
        return readers.get(self.operator, self._one)(text)

    def _one(self, text: str) -> Operand:
        kind = kind_of(self.custom)
        return Operand(kind.asked(self.custom, text), kind.asked_words(self.custom, text))

    def _several(self, text: str) -> Operand:
        parts = [self._one(part) for part in text.split(",") if part.strip()]
        if len(parts) > MOST:
            raise BadValue(_("At most %(n)s values at a time.") % {"n": MOST})
        return Operand([part.value for part in parts], ", ".join(part.words for part in parts))


def _yes_or_no(text: str) -> Operand:
    if text not in YES_NO:
        raise BadValue(_("Say true or false."))
    return Operand(YES_NO[text], _("yes") if YES_NO[text] else _("no"))


def _currency(text: str) -> Operand:
    if text not in currencies():
        raise BadValue(_("“%(code)s” is not a currency.") % {"code": text[:10]})
    return Operand(text, text)


class CustomFilter(django_filters.Filter):
    """One comparison of one custom field."""

    def __init__(self, field: CustomField, operator: str, widget: forms.Widget | None = None) -> None:
        self.custom, self.operator = field, operator
        label = str(WORDS[operator]) % {"label": field.label}
        super().__init__(label=label, widget=widget or forms.HiddenInput())

    @property
    def field(self) -> Any:
        if not hasattr(self, "_field"):
            self._field = Asked(self.custom, self.operator, required=False, label=self.label, **self.extra_of())
        return self._field

    def extra_of(self) -> dict[str, Any]:
        return {"widget": self.extra["widget"]}

    def filter(self, qs: QuerySet[Any], value: Operand | None) -> QuerySet[Any]:
        if value is None:
            return qs
        return narrowed(qs, self.custom, self.operator, value.value)


def narrowed(rows: QuerySet[Any], field: CustomField, operator: str, value: Any) -> QuerySet[Any]:
    """The rows whose field compares so."""
    if operator == "currency":
        currency = KeyTextTransform("currency", KeyTransform(field.key, "custom"))
        return rows.alias(cf_currency=currency).filter(cf_currency=value)
    name = f"cf_{field.key}"
    rows = rows.alias(**{name: kind_of(field).compared(field.key)})
    if operator == "isnull":
        return rows.filter(**{f"{name}__isnull": value})
    if field.kind == CustomField.Kind.CHOICES:
        return rows.filter(_any_of(name, value if isinstance(value, list) else [value]))
    lookups = {"": "exact", "contains": "icontains"}
    return rows.filter(**{f"{name}__{lookups.get(operator, operator)}": value})


def _any_of(name: str, values: Iterable[Any]) -> Q:
    condition = Q(pk__in=[])
    for one in values:
        condition |= Q(**{f"{name}__contains": [one]})
    return condition


# Which filters there are -------------------------------------------------------------------


def asked_for(model: type[Model], names: Collection[str]) -> dict[str, CustomFilter]:
    """The filters behind these parameters; a name that stands for none is left out, and so unknown."""
    wanted = [name for name in names if name.startswith(PREFIX)]
    if not wanted or not takes_custom(model):
        return {}
    found = {}
    for name in wanted:
        key, _sign, operator = name.removeprefix(PREFIX).partition("__")
        field = field_of(model, key)
        if field is not None and operator in operators_of(field) and (operator or not _sign):
            found[name] = CustomFilter(field, operator)
    return found


def on_panel(model: type[Model]) -> dict[str, CustomFilter]:
    """Every filter of every field: those that people choose with a control, the rest for addresses."""
    found = {}
    for field in fields_of(model):
        for operator in operators_of(field):
            name = f"{PREFIX}{field.key}{'__' if operator else ''}{operator}"
            found[name] = CustomFilter(field, operator, _control(field, operator))
    return found


def extended(
    filterset: type[django_filters.FilterSet], more: dict[str, CustomFilter]
) -> type[django_filters.FilterSet]:
    """The FilterSet with filters of custom fields."""
    made: Any = type(filterset)
    return made(filterset.__name__, (filterset,), {**more}) if more else filterset


def _control(field: CustomField, operator: str) -> forms.Widget | None:
    """How the panel of a list asks: a choice, two ends of a range, a part of a text, or whether there is anything."""
    kinds = CustomField.Kind
    if operator == "isnull":
        return forms.Select(choices=[("", ""), ("true", _("yes")), ("false", _("no"))])
    if field.kind in (kinds.CHOICE, kinds.CHOICES) and operator == "":
        return forms.Select(choices=[("", ""), *labels_of(field).items()])
    if field.kind == kinds.FLAG and operator == "":
        return forms.Select(choices=[("", ""), ("true", _("yes")), ("false", _("no"))])
    if field.kind == kinds.PERSON and operator == "":
        return People()
    if operator in ("gte", "lte"):
        return _end(field)
    return forms.TextInput() if operator == "contains" else None


def _end(field: CustomField) -> forms.Widget:
    if field.kind in (CustomField.Kind.DATE, CustomField.Kind.DATETIME):
        return forms.DateInput(attrs={"type": "date"})
    return forms.TextInput(attrs={"inputmode": "decimal"})


class People(forms.Select):
    """Colleagues, asked for when the panel is drawn."""

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        self.choices = [("", _("Any")), *((person.pk, str(person)) for person in people.everybody())]
        return super().optgroups(name, value, attrs)


# Sorting -----------------------------------------------------------------------------------


def sort_name(field: CustomField) -> str:
    """The annotation that a list sorts by."""
    return f"cf_sort_{field.key}"


def sortable(model: Any, key: str) -> CustomField | None:
    """The field behind `cf.<key>` when there is an order in it."""
    if not key.startswith(PREFIX) or not takes_custom(model):
        return None
    field = field_of(model, key.removeprefix(PREFIX))
    return field if field is not None and kind_of(field).sortable else None


def with_sort(rows: QuerySet[Any], keys: Sequence[str]) -> QuerySet[Any]:
    """The rows with what they are to be sorted by: keys as an address has them (`-cf.budget`)."""
    for key in keys:
        field = sortable(rows.model, key.strip().lstrip("-"))
        if field is not None:
            rows = rows.annotate(**{sort_name(field): kind_of(field).ordered(field)})
    return rows
