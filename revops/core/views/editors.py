"""How the cells of a list are edited: a form gives the controls, a service saves. One for each kind of record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from revops.core.audit import plain
from revops.core.bulk import old_value


class Editor:
    """Subclass it in the room: `permission`, `form`, `change`. A column names its field by `edit`."""

    permission: str = ""

    def form(self, viewer: Any, record: Any = None) -> forms.BaseForm:
        """A form that has the fields of all editable columns, unbound; its labels, choices and limits count."""
        raise NotImplementedError

    def change(self, *, row: Any, name: str, value: Any, version: int | None, actor: Any) -> Any:
        """The room's update service for one field."""
        raise NotImplementedError

    def allows(self, row: Any, name: str) -> bool:
        """Whether this row's field may be edited at all; the service has the last word."""
        return True

    def initial(self, row: Any, name: str) -> Any:
        """What stands in the field now."""
        return row.serializable_value(name)

    # Bulk --------------------------------------------------------------------------------------

    def set_field(self, *, row: Any, actor: Any, field: str, value: Any) -> Any:
        """The bulk action "edit a field" for one row."""
        return self.change(row=row, name=field, value=value, version=None, actor=actor)

    def undo(self, *, row: Any, before: dict[str, Any], actor: Any) -> None:
        """Give the fields that this editor knows their old values back."""
        for name in self.form(actor, row).fields:
            key = _column(row, name)
            if key in before and plain(getattr(row, key)) != before[key]:
                row = self.change(row=row, name=name, value=old_value(row, before, name), version=None, actor=actor)


def _column(row: Any, name: str) -> str:
    names = {field.name: field.attname for field in row._meta.concrete_fields}
    return names.get(name, "")


class FieldForm(forms.Form):
    """Which field, and what it becomes: the question of the bulk action "edit a field"."""

    field = forms.ChoiceField(label=gettext_lazy("Field"))

    def __init__(self, data: Any, *, editor: Editor, viewer: Any, names: dict[str, Any]) -> None:
        super().__init__(data)
        self.fields["field"].choices = list(names.items())  # type: ignore[attr-defined]
        chosen = (data or {}).get("field", "")
        if chosen in names:
            self.fields["value"] = editor.form(viewer).fields[chosen]
