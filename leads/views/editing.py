"""Cells of leads edited in place, and what is done with many leads at once."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads import services
from leads.forms import AssignForm, DisqualifyForm, LeadForm
from leads.forms_sequences import EnrollForm
from leads.models import Lead
from revops.core.bulk import old_value
from revops.core.views.editors import Editor
from revops.core.views.parts import BulkAction


class LeadEditor(Editor):
    permission = "leads.change_lead"

    def form(self, viewer: Any, record: Any = None) -> forms.BaseForm:
        form = LeadForm()
        if viewer.has_perm("leads.assign_lead"):
            form.fields["owner"] = AssignForm().fields["owner"]
        return form

    def change(self, *, row: Lead, name: str, value: Any, version: int | None, actor: Any) -> Lead:
        if name == "owner":
            return services.assign_lead(lead=row, to_user=value, version=version, actor=actor)
        return services.update_lead(lead=row, version=version, actor=actor, **{name: value})

    def allows(self, row: Lead, name: str) -> bool:
        return row.status != Lead.Status.CONVERTED

    def undo(self, *, row: Lead, before: dict[str, Any], actor: Any) -> None:
        if "owner_id" in before:
            give_back(row=row, before=before, actor=actor)
        else:
            super().undo(row=row, before=before, actor=actor)


def _assign(*, row: Lead, actor: Any, owner: Any) -> Lead:
    return services.assign_lead(lead=row, to_user=owner, version=None, actor=actor)


def give_back(*, row: Lead, before: dict[str, Any], actor: Any) -> Lead:
    """To whoever held it: a person, or the queue."""
    owner = old_value(row, before, "owner")
    queue = old_value(row, before, "queue") if "queue_id" in before else None
    return services.return_lead(lead=row, owner=owner, queue=queue, version=None, actor=actor)


def _disqualify(*, row: Lead, actor: Any, reason: Any, note: str = "") -> Lead:
    return services.disqualify_lead(lead=row, version=None, actor=actor, reason=reason, note=note)


def _nurture(*, row: Lead, actor: Any) -> Lead:
    return services.nurture_lead(lead=row, version=None, actor=actor)


def _as_it_was(*, row: Lead, before: dict[str, Any], actor: Any) -> Lead:
    return services.restore_state(lead=row, status=before["status"], version=None, actor=actor)


def _archive(*, row: Lead, actor: Any) -> Lead:
    return services.archive_lead(lead=row, version=None, actor=actor)


def _restore(*, row: Lead, before: dict[str, Any], actor: Any) -> Lead:
    return services.restore_lead(lead=row, version=None, actor=actor)


def _enroll(*, row: Lead, actor: Any, sequence: Any, sender: Any) -> Any:
    return services.enroll(sequence=sequence, leads=[row], sender=sender, actor=actor)


EDITOR = LeadEditor()
ACTIONS = (
    BulkAction(
        "assign", _("Assign"), _assign, "user-share", "leads.assign_lead",
        form=lambda data, viewer: AssignForm(data), undo=give_back,
    ),
    BulkAction("nurture", _("Nurture"), _nurture, "plant", "leads.qualify_lead", undo=_as_it_was),
    BulkAction(
        "disqualify", _("Disqualify"), _disqualify, "ban", "leads.qualify_lead", danger=True,
        form=lambda data, viewer: DisqualifyForm(data), undo=_as_it_was,
    ),
    BulkAction(
        "enroll", _("Enrol in a sequence"), _enroll, "mail-forward", "leads.add_enrollment", makes=True,
        form=lambda data, viewer: EnrollForm(data, viewer=viewer),
    ),
    BulkAction("archive", _("Archive"), _archive, "archive", "leads.change_lead", undo=_restore),
)  # fmt: skip
