"""Cells of cases edited in place, and what is done with many cases at once."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from postsales import services
from postsales.forms import EditForm, OwnerForm, PriorityForm
from postsales.models import SupportCase
from revops.core.bulk import old_value
from revops.core.views.editors import Editor
from revops.core.views.parts import BulkAction

MAY = "postsales.change_supportcase"


class CaseEditor(Editor):
    permission = MAY

    def form(self, viewer: Any, record: Any = None) -> forms.BaseForm:
        form = EditForm()
        form.fields["priority"] = PriorityForm().fields["priority"]
        form.fields["owner"] = OwnerForm(viewer=viewer).fields["owner"]
        return form

    def change(self, *, row: SupportCase, name: str, value: Any, version: int | None, actor: Any) -> SupportCase:
        if name == "owner":
            return services.assign_case(case=row, owner=value, version=version, actor=actor)
        if name == "priority":
            return services.set_priority(case=row, priority=value, version=version, actor=actor)
        return services.update_case(case=row, version=version, actor=actor, **{name: value})

    def allows(self, row: SupportCase, name: str) -> bool:
        return name != "priority" or row.status in SupportCase.UNSOLVED


EDITOR = CaseEditor()


def _field(name: str) -> Any:
    def one(*, row: SupportCase, actor: Any, **values: Any) -> SupportCase:
        return EDITOR.change(row=row, name=name, value=values[name], version=None, actor=actor)

    def undo(*, row: SupportCase, before: Any, actor: Any) -> SupportCase:
        return EDITOR.change(row=row, name=name, value=old_value(row, before, name), version=None, actor=actor)

    return one, undo


_assign, _unassign = _field("owner")
_press, _relax = _field("priority")

ACTIONS = (
    BulkAction(
        "assign", _("Assign"), _assign, "user-share", MAY,
        form=lambda data, viewer: OwnerForm(data, viewer=viewer), undo=_unassign,
    ),
    BulkAction(
        "priority", _("Priority"), _press, "flag", MAY, form=lambda data, viewer: PriorityForm(data), undo=_relax
    ),
)  # fmt: skip
