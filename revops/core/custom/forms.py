"""Custom fields in HTML forms: added to any form, taken out of it again as one value."""

from typing import Any

from django import forms
from django.db.models import Model
from django.utils.translation import gettext as _

from revops.core.custom.definitions import fields_of, grouped, needs
from revops.core.custom.registry import kind_of
from revops.core.custom.values import POINTER, target_of
from revops.core.models import CustomField


def control(field: CustomField, viewer: Any, *, required: bool = False) -> forms.Field:
    """The control of one field, by itself: for a cell that is edited in place, a move that asks."""
    made = kind_of(field).control(field, viewer)
    made.label, made.help_text = field.label, field.help_text
    made.required = made.widget.is_required = required
    made.custom = field  # type: ignore[attr-defined]
    if isinstance(made.widget, forms.MultiWidget):
        for part, name in zip(made.widget.widgets, (_("amount"), _("currency")), strict=True):
            part.attrs["aria-label"] = f"{field.label}, {name}"
    return made


def attach(
    form: forms.BaseForm, model: type[Model], viewer: Any, record: Any = None, target: str | None = None
) -> None:
    """Put the custom fields of `model` behind a form's own; `record` is whose values they show."""
    held: dict[str, Any] = record.custom if record is not None else {}
    about = record if record is not None else model()
    at = target if target is not None else target_of(about)
    for field in fields_of(model):
        made = control(field, viewer, required=needs(field, about, at))
        stored = held.get(field.key) if record is not None else field.default
        _keep(made, field, held.get(field.key))
        if stored is not None:
            made.initial = initial_of(field, stored)
        form.fields[POINTER + field.key] = made


def sent(model: type[Model], data: Any) -> list[str]:
    """Names of custom fields that a posted form asked for."""
    found = []
    for field in fields_of(model):
        name = POINTER + field.key
        widget = kind_of(field).control(field, None).widget
        ticks = isinstance(widget, forms.CheckboxSelectMultiple)  # never "left out", as no box sends nothing
        if name in data or (not ticks and not widget.value_omitted_from_data(data, {}, name)):
            found.append(name)
    return found


class CustomForm(forms.Form):
    """A form whose last fields may be custom ones: `cleaned_data["custom"]` is what a service takes."""

    def add_custom(self, model: type[Model], viewer: Any, record: Any = None, target: str | None = None) -> None:
        """Call it in __init__, after the form's own fields are there."""
        attach(self, model, viewer, record, target)

    def clean(self) -> dict[str, Any]:
        """What the form does not send stays as it is: a field may have come up since it was opened."""
        data = super().clean() or self.cleaned_data
        mine = [name for name in self.fields if name.startswith(POINTER)]
        sent = [name for name in mine if not self._left_out(name)]
        custom = {name.removeprefix(POINTER): data[name] for name in sent if name in data}
        rest = {name: value for name, value in data.items() if name not in mine}
        return {**rest, "custom": custom} if mine else rest

    def _left_out(self, name: str) -> bool:
        widget = self.fields[name].widget
        if isinstance(widget, forms.CheckboxSelectMultiple):  # no box ticked sends nothing
            return False
        return widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """What the form itself asks."""
        return [field for field in self.visible_fields() if not hasattr(field.field, "custom")]

    @property
    def custom_groups(self) -> list[dict[str, Any]]:
        """The custom fields under their headings."""
        there = {field.field.custom: field for field in self.visible_fields() if hasattr(field.field, "custom")}
        groups = grouped(list(there))
        return [
            {"label": label or _("Further fields"), "fields": [there[field] for field in fields]}
            for label, fields in groups.items()
        ]


def _keep(made: Any, field: CustomField, held: Any) -> None:
    """What stands there and is not offered any more can stay."""
    if field.kind == CustomField.Kind.PERSON and held is not None:
        made.queryset = made.queryset | made.queryset.model._default_manager.filter(pk=held)
    elif field.kind in (CustomField.Kind.CHOICE, CustomField.Kind.CHOICES) and held:
        offered = {value for value, _label in made.choices}
        labels = {row["value"]: row["label"] for row in field.choices}
        stays = [held] if isinstance(held, str) else held
        made.choices = [*made.choices, *((one, labels.get(one, one)) for one in stays if one not in offered)]


def initial_of(field: CustomField, stored: Any) -> Any:
    if field.kind == CustomField.Kind.FLAG:
        return "true" if stored else "false"
    return kind_of(field).typed(field, stored)
