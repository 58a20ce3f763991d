"""A cell edited in place: the control on demand, the service on Enter, and the row as it stands afterwards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from revops.core.errors import BadRequest, DomainError, NotAllowed, StaleCopy
from revops.core.views.cells import Column, rows_of, text_of, value_of
from revops.core.views.showing import Showing


class CellForm(forms.Form):
    """One field of the editor's form, by itself."""

    def __init__(self, name: str, field: forms.Field, data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial, auto_id="cell-%s")
        field.help_text = ""
        field.widget.attrs.update({"form": "cell-form", "aria-label": str(field.label or name)})
        self.fields[name] = field


class Editing(Showing):
    """`?cell=<key>&field=<name>` is the control, a POST of it saves; `?cell=<key>` alone is the row."""

    def _cell(self, request: HttpRequest) -> HttpResponse:
        row = self._row(request.GET.get("cell", ""))
        name = request.GET.get("field", "")
        if not name:
            return self._row_answer(row)
        form = CellForm(name, self._field(row, name), initial={name: self._editor().initial(row, name)})
        return self._editor_answer(row, name, form, version=row.version)

    def _save_cell(self, request: HttpRequest) -> HttpResponse:
        row, name = self._row(request.POST.get("cell", "")), request.POST.get("field", "")
        form = CellForm(name, self._field(row, name), request.POST)
        raw = request.POST.get("version", "")
        if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
            raise BadRequest("version_missing", _("Send the version that you saw."))
        if not form.is_valid():
            return self._editor_answer(row, name, form, version=int(raw), status=422)
        try:
            self._editor().change(
                row=row, name=name, value=form.cleaned_data[name], version=int(raw), actor=self.viewer
            )
        except StaleCopy as error:
            return self._stale_cell(row, name, form, error.current.version)
        except NotAllowed:
            raise
        except DomainError as error:
            form.add_error(name, error.errors[0].detail if error.errors else error.message)
            return self._editor_answer(row, name, form, version=int(raw), status=422)
        return self._row_answer(self.rows().filter(pk=row.pk).first())

    def _stale_cell(self, row: Any, name: str, form: CellForm, version: int) -> HttpResponse:
        """Both: what one typed stays in the control, what was saved meanwhile stands beside it."""
        fresh = self.rows().filter(pk=row.pk).first() or row
        column = next(column for column in self.columns if column.edit == name)
        value = value_of(fresh, column.cell or column.key)
        shown, _tone = text_of(column.kind, value)
        return self._editor_answer(row, name, form, version=version, status=409, theirs=shown)

    # Parts ----------------------------------------------------------------------------------

    def _editor(self) -> Any:
        if self.editor is None:
            raise BadRequest("not_editable", _("Nothing is edited in this list."))
        if self.editor.permission and not self.viewer.has_perm(self.editor.permission):
            raise NotAllowed(_("Your role does not include this."))
        return self.editor

    def _row(self, key: str) -> Any:
        if not key.isascii() or not key.isdigit() or len(key) > 18:
            raise BadRequest("unknown_row", _("There is no such row."))
        return get_object_or_404(self.rows(), pk=key)

    def _field(self, row: Any, name: str) -> forms.Field:
        editor = self._editor()
        known = any(column.edit == name for column in self.columns)
        field = editor.form(self.viewer, row).fields.get(name) if known else None
        if field is None:
            raise BadRequest("not_editable", _("This column cannot be edited here."))
        if not editor.allows(row, name):
            raise NotAllowed(_("This cannot be changed any more."))
        return field  # type: ignore[no-any-return]

    def _may_edit(self, row: Any, column: Column) -> bool:
        editor = self.editor
        if editor is None or not column.edit or not self.may_edit:
            return False
        return editor.allows(row, column.edit)

    def _editor_answer(
        self, row: Any, name: str, form: CellForm, *, version: int, status: int = 200, theirs: str = ""
    ) -> HttpResponse:
        context = {"field": form[name], "row": row, "version": version, "theirs": theirs, "stale": status == 409}
        return render(self.request, "core/cell_edit.html", context, status=status)

    def _row_answer(self, row: Any) -> HttpResponse:
        columns = self._shown_columns()
        rows = rows_of([row], columns, self.row_url, self._may_edit) if row is not None else []
        return render(self.request, "core/list_rows.html", {"rows": rows, "bulk": self._bulk()})
