"""Cells edited in place, and what is done with many rows: accounts, contacts, activities."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.forms import AccountForm, ContactForm, MoveForm, owners
from accounts.models import Account, Activity, Contact
from revops.core import clock
from revops.core.bulk import old_value
from revops.core.views.editors import Editor
from revops.core.views.parts import BulkAction
from revops.users.models import User


class OwnerForm(forms.Form):
    """To whom."""

    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Owner"))

    def __init__(self, data: Any, viewer: Any) -> None:
        super().__init__(data)
        self.fields["owner"].queryset = owners(viewer)  # type: ignore[attr-defined]


class AccountEditor(Editor):
    permission = "accounts.change_account"

    def form(self, viewer: Any, record: Any = None) -> forms.BaseForm:
        return AccountForm(viewer=viewer, record=record)

    def change(self, *, row: Account, name: str, value: Any, version: int | None, actor: Any) -> Account:
        return services.update_account(account=row, version=version, actor=actor, **{name: value})

    def allows(self, row: Account, name: str) -> bool:
        return row.archived_at is None


class ContactEditor(Editor):
    permission = "accounts.change_contact"

    def form(self, viewer: Any, record: Any = None) -> forms.BaseForm:
        return ContactForm(viewer=viewer, record=record)

    def change(self, *, row: Contact, name: str, value: Any, version: int | None, actor: Any) -> Contact:
        return services.update_contact(contact=row, version=version, actor=actor, **{name: value})

    def allows(self, row: Contact, name: str) -> bool:
        return row.archived_at is None


class ActivityForm(MoveForm):
    """What a list changes of an activity."""

    kind = forms.ChoiceField(choices=Activity.Kind.choices, label=_("Kind"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Owner"))

    def __init__(self, *, viewer: Any, record: Any = None) -> None:
        super().__init__()
        self.fields["owner"].queryset = owners(viewer, record)  # type: ignore[attr-defined]


class ActivityEditor(Editor):
    permission = "accounts.change_activity"

    def form(self, viewer: Any, record: Any = None) -> forms.BaseForm:
        return ActivityForm(viewer=viewer, record=record)

    def change(self, *, row: Activity, name: str, value: Any, version: int | None, actor: Any) -> Activity:
        return services.update_activity(activity=row, version=version, actor=actor, **{name: value})

    def allows(self, row: Activity, name: str) -> bool:
        return row.status == Activity.Status.PLANNED or name == "owner"


# Many at once -------------------------------------------------------------------------------


def _archive(verb: str, noun: str) -> Any:
    service = getattr(services, f"{verb}_{noun}")

    def one(*, row: Any, actor: Any, before: Any = None) -> Any:
        return service(**{noun: row}, version=None, actor=actor)

    return one


def _of(editor: Editor, noun: str) -> tuple[BulkAction, ...]:
    """Owner, archive and restore, the same for accounts and contacts."""

    def give(*, row: Any, actor: Any, owner: Any) -> Any:
        return editor.change(row=row, name="owner", value=owner, version=None, actor=actor)

    def give_back(*, row: Any, before: Any, actor: Any) -> Any:
        return editor.change(row=row, name="owner", value=old_value(row, before, "owner"), version=None, actor=actor)

    away, back = _archive("archive", noun), _archive("restore", noun)
    return (
        BulkAction("owner", _("Change owner"), give, "user-share", editor.permission, form=OwnerForm, undo=give_back),
        BulkAction("archive", _("Archive"), away, "archive", editor.permission, undo=back),
        BulkAction("restore", _("Restore"), back, "archive-off", editor.permission, undo=away),
    )


ACCOUNT_EDITOR, CONTACT_EDITOR, ACTIVITY_EDITOR = AccountEditor(), ContactEditor(), ActivityEditor()
ACCOUNT_ACTIONS = _of(ACCOUNT_EDITOR, "account")
CONTACT_ACTIONS = _of(CONTACT_EDITOR, "contact")


class PostponeForm(forms.Form):
    """To which day; each keeps its hour."""

    day = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Any, _viewer: Any = None) -> None:
        super().__init__(data)


def on_day(due_at: datetime | None, day: Any) -> datetime:
    """The same hour on another day of the company's calendar."""
    zone = clock.company_zone()
    local = (due_at or clock.now()).astimezone(zone)
    return datetime.combine(day, local.time().replace(tzinfo=None), tzinfo=zone)


def _postpone(*, row: Activity, actor: Any, day: Any) -> Activity:
    due_at = on_day(row.due_at, day)
    return services.update_activity(activity=row, version=None, actor=actor, due_at=due_at)


def _put_back(*, row: Activity, before: Any, actor: Any) -> Activity:
    due_at = old_value(row, before, "due_at")
    return services.update_activity(activity=row, version=None, actor=actor, due_at=due_at)


def _done(*, row: Activity, actor: Any) -> Activity:
    return services.complete_activity(activity=row, version=None, actor=actor)


ACTIVITY_ACTIONS = (
    BulkAction("done", _("Done"), _done, "check", ACTIVITY_EDITOR.permission, note=_("This cannot be undone.")),
    BulkAction(
        "postpone", _("Postpone"), _postpone, "calendar-due", ACTIVITY_EDITOR.permission,
        form=PostponeForm, undo=_put_back,
    ),
)  # fmt: skip
