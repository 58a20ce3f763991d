"""Custom fields on pages: edited in the cells of a list and in bulk, and by themselves for any record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from revops.core.custom.definitions import Home, field_of, homes, label_of
from revops.core.custom.forms import CustomForm, attach, initial_of
from revops.core.custom.values import POINTER
from revops.core.errors import BadRequest, FieldError, InvalidInput, MissingFields
from revops.core.scope import require
from revops.core.views.editors import Editor


def home_of(model: type[Model] | Model | str) -> Home:
    """The registered kind of record, or 404."""
    home = homes.get(label_of(model))
    if home is None:
        raise Http404
    return home


class CustomEditor(Editor):
    """A list's editor that knows the custom fields besides its own."""

    def __init__(self, own: Editor, model: type[Model]) -> None:
        self.own, self.model = own, model
        self.permission = own.permission

    def form(self, viewer: Any, record: Any = None) -> forms.BaseForm:
        form = self.own.form(viewer, record)
        attach(form, self.model, viewer, record if getattr(record, "pk", None) else None)
        return form

    def change(self, *, row: Any, name: str, value: Any, version: int | None, actor: Any) -> Any:
        if not name.startswith(POINTER):
            return self.own.change(row=row, name=name, value=value, version=version, actor=actor)
        return self._change(row, {name.removeprefix(POINTER): value}, version, actor)

    def _change(self, row: Any, custom: dict[str, Any], version: int | None, actor: Any) -> Any:
        home = home_of(self.model)
        if home.change is None:
            raise BadRequest("not_editable", _("This column cannot be edited here."))
        return home.change(record=row, version=version, actor=actor, custom=custom)

    def allows(self, row: Any, name: str) -> bool:
        return self.own.allows(row, name)

    def initial(self, row: Any, name: str) -> Any:
        if not name.startswith(POINTER):
            return self.own.initial(row, name)
        field = field_of(self.model, name.removeprefix(POINTER))
        value = row.custom.get(name.removeprefix(POINTER))
        return None if field is None or value is None else initial_of(field, value)

    def undo(self, *, row: Any, before: dict[str, Any], actor: Any) -> None:
        """The custom values that changed get their old ones back; the rest is the list's own."""
        if "custom" in before:
            old = before["custom"]
            changed = {key: old.get(key) for key in {*old, *row.custom} if old.get(key) != row.custom.get(key)}
            row = self._change(row, changed, None, actor) if changed else row
        if set(before) - {"custom"}:
            self.own.undo(row=row, before={name: was for name, was in before.items() if name != "custom"}, actor=actor)


class ValuesForm(CustomForm):
    """Just the custom fields of one record."""

    def __init__(self, *args: Any, record: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_custom(type(record), viewer, record)


def refused(form: forms.BaseForm, errors: list[FieldError], message: str) -> None:
    """Put a refusal beside its fields, or on top when it names none of the form's."""
    for one in errors or [FieldError("", "invalid", message)]:
        form.add_error(one.pointer if one.pointer in form.fields else None, one.detail)


def shown_version(request: HttpRequest) -> int:
    """The version in the form: what the person saw."""
    raw = request.POST.get("version", "")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise BadRequest("version_missing", _("Send the version that you saw."))
    return int(raw)


@login_required
@require_http_methods(["GET", "POST"])
def values(request: HttpRequest, model: str, pk: int) -> HttpResponse:
    """The custom fields of one record, in any state of it: quotes that were sent and orders that were booked, too."""
    home = home_of(model)
    manager: Any = home.model._default_manager
    record = get_object_or_404(manager.visible_to(request.user), pk=pk)
    require(request.user, home.permission)
    form = ValuesForm(request.POST or None, record=record, viewer=request.user)
    if not form.fields:
        raise Http404
    if request.method == "POST" and form.is_valid() and home.change is not None:
        try:
            home.change(
                record=record, version=shown_version(request), actor=request.user, custom=form.cleaned_data["custom"]
            )
        except (InvalidInput, MissingFields) as error:
            refused(form, error.errors, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect(page_of(record))
    context = {
        "form": form,
        "title": _("Further fields of %(name)s") % {"name": record},
        "crumbs": [(home.label, ""), (str(record), page_of(record)), (_("Edit"), "")],
        "record": record,
        "version": request.POST.get("version") or record.version,
        "cancel_url": page_of(record),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


def page_of(record: Any) -> str:
    """Where the record is looked at."""
    if hasattr(record, "get_absolute_url"):
        return str(record.get_absolute_url())
    return reverse("activity-open", args=[record.pk])
