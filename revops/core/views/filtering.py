"""A list's FilterSet as the page shows it: which parameters it reads, how its fields look, what a value says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django_filters import FilterSet

from revops.core.custom.filters import PREFIX, Operand
from revops.core.templatetags.frame import day

FEW = 12


def filter_names(filters: FilterSet) -> set[str]:
    """Every parameter that the filter reads, with the suffixes of ranges (amount_min, amount_max)."""
    names: set[str] = set()
    for name, field in filters.form.fields.items():
        names.add(name)
        names.update(f"{name}_{suffix}" for suffix in getattr(field.widget, "suffixes", []) if suffix)
        names.update(f"{name}{suffix}" for suffix in getattr(field.widget, "widgets_names", []) if suffix)
    return names


def belongs(parameter: str, name: str) -> bool:
    """Whether a parameter is the filter `name`, or an end of its range; custom fields name each end by itself."""
    return parameter == name or (not name.startswith(PREFIX) and parameter.startswith(f"{name}_"))


def polish(filters: FilterSet) -> FilterSet:
    """Dates get a calendar, choices that are few get boxes, and nothing chosen is called Any."""
    for field in filters.form.fields.values():
        field.required = False
        if isinstance(field.widget, forms.MultiWidget):
            _range(field)
        elif isinstance(field, forms.ModelChoiceField):
            field.empty_label = None if isinstance(field, forms.ModelMultipleChoiceField) else _("Any")
        elif isinstance(field, forms.MultipleChoiceField):
            choices = list(field.widget.choices)
            if len(choices) <= FEW:
                field.widget = forms.CheckboxSelectMultiple(choices=choices)
        elif hasattr(field.widget, "choices"):
            field.widget.choices = [
                (value, label if value != "" else _("Any")) for value, label in field.widget.choices
            ]
        else:
            _calendar(field.widget)
    return filters


def _range(field: Any) -> None:
    """A range has two ends, each with a name of its own for those who only hear them."""
    for part, widget, end in zip(field.fields, field.widget.widgets, (_("from"), _("to")), strict=False):
        widget.attrs["aria-label"] = f"{field.label}, {end}"
        if isinstance(part, forms.DateField | forms.DateTimeField):
            widget.input_type = "date"
        elif isinstance(part, forms.DecimalField | forms.IntegerField):
            widget.attrs["inputmode"] = "decimal"


def _calendar(widget: Any) -> None:
    if isinstance(widget, forms.DateInput):
        widget.input_type = "date"
        widget.format = "%Y-%m-%d"


def with_others(filters: FilterSet, values: Mapping[str, str]) -> QuerySet[Any]:
    """What a valid filter shows when some of its parameters have other values; the rest is not read again."""
    data = QueryDict(mutable=True)
    data.update(values)
    cleaned = dict(filters.form.cleaned_data)
    for name in values:
        field = filters.form.fields[name]
        cleaned[name] = field.clean(field.widget.value_from_datadict(data, {}, name))
    rows = filters.queryset.all()
    for name, value in cleaned.items():
        rows = filters.filters[name].filter(rows, value)
    return rows


def is_set(value: Any) -> bool:
    """Whether a cleaned filter value filters at all."""
    if isinstance(value, slice):
        return value.start is not None or value.stop is not None
    if isinstance(value, QuerySet | list | tuple):
        return bool(value)
    return value is not None and value != ""


def in_words(field: Any, value: Any) -> str:
    """A filter's value in words: the label of a choice, a range as from … to …"""
    if isinstance(value, Operand):
        return value.words
    if isinstance(value, slice):
        parts = [_("from %s") % _plain(value.start) if value.start is not None else ""]
        parts.append(_("to %s") % _plain(value.stop) if value.stop is not None else "")
        return " ".join(part for part in parts if part)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    values = value if isinstance(value, list | tuple | QuerySet) else [value]
    labels = _names(field.queryset, values) if hasattr(field, "queryset") else _choice_labels(field)
    return ", ".join(labels.get(_key(one), _plain(one)) for one in values)


def _choice_labels(field: Any) -> dict[str, str]:
    return {value: str(label) for value, label in _flat(getattr(field, "choices", []) or [])}


def _names(rows: QuerySet[Any], values: Any) -> dict[str, str]:
    """Records that an address names by number (`owner__in=3,7`), as people call them."""
    keys = [one for one in values if not isinstance(one, Model)]
    return {str(row.pk): str(row) for row in rows.filter(pk__in=keys)} if keys else {}


def _key(value: Any) -> str:
    return str(int(value)) if isinstance(value, Decimal) and value == value.to_integral_value() else str(value)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        value = value.date()
    return day(value) if isinstance(value, date) else _key(value)


def _flat(choices: Any) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for value, label in choices:
        pairs += _flat(label) if isinstance(label, list | tuple) else [(str(value), label)]
    return pairs
