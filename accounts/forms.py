"""HTML input to cleaned values. The checks that matter stand in the services."""

import re
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.files import allowed_endings
from accounts.models import Account, Activity, Channel, Contact, Document, Territory
from accounts.selectors.timeline import ICONS
from accounts.when import time_in
from revops.core.custom.forms import CustomForm
from revops.core.errors import DomainError
from revops.core.money import currencies
from revops.core.widgets import ChosenOnly
from revops.users.models import User

WHEN = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def refused(form: forms.BaseForm, error: DomainError) -> None:
    """Put a refusal beside its fields, or on top when it names none of the form's."""
    if not error.errors:
        form.add_error(None, error.message)
    for one in error.errors:
        form.add_error(one.pointer if one.pointer in form.fields else None, one.detail)


def currency_choices() -> list[tuple[str, str]]:
    return [(code, code) for code in sorted(currencies())]


def owners(viewer: Any, record: Any = None) -> QuerySet[User]:
    """Colleagues who can own something; whoever owns it now stays on offer."""
    working = Q(is_active=True, can_sign_in=True, is_portal=False)
    found: QuerySet[User] = User.objects.visible_to(viewer).filter(working | Q(pk=record.owner_id if record else None))
    return found


class AccountForm(CustomForm):
    """An account's facts."""

    name = forms.CharField(max_length=200, label=_("Name"))
    kind = forms.ChoiceField(choices=Account.Kind.choices, initial=Account.Kind.COMPANY, label=_("Kind"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Owner"))
    website = forms.CharField(max_length=200, required=False, label=_("Web site"))
    phone = forms.CharField(max_length=40, required=False, label=_("Phone"))
    industry = forms.CharField(max_length=80, required=False, label=_("Industry"))
    tier = forms.CharField(max_length=1, required=False, label=_("Tier"), help_text=_("A, B or C, as you like."))
    segment = forms.CharField(
        max_length=40, required=False, label=_("Segment"), help_text=_("Sales are reported by it: consumer, corporate.")
    )
    territory = forms.ModelChoiceField(queryset=Territory.objects.all(), required=False, label=_("Territory"))
    channel = forms.ModelChoiceField(queryset=Channel.objects.none(), required=False, label=_("Channel"))
    parent = forms.ModelChoiceField(queryset=Account.objects.none(), required=False, label=_("Parent account"))
    employees = forms.IntegerField(min_value=0, max_value=2_000_000_000, required=False, label=_("Employees"))
    annual_revenue = forms.DecimalField(
        min_value=0, max_digits=19, decimal_places=3, required=False, label=_("Annual revenue")
    )
    currency = forms.ChoiceField(choices=currency_choices, initial="USD", label=_("Currency"))
    year_established = forms.IntegerField(min_value=1, max_value=9999, required=False, label=_("Founded in"))
    street = forms.CharField(max_length=200, required=False, label=_("Street"))
    postal_code = forms.CharField(max_length=20, required=False, label=_("Postal code"))
    city = forms.CharField(max_length=80, required=False, label=_("City"))
    state = forms.CharField(max_length=80, required=False, label=_("State"))
    country = forms.CharField(max_length=80, required=False, label=_("Country"))

    def __init__(self, *args: Any, viewer: Any, record: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(viewer, record)  # type: ignore[attr-defined]
        kept = record.channel_id if record else None
        on_offer = Channel.objects.visible_to(viewer).filter(Q(archived_at__isnull=True) | Q(pk=kept))
        self.fields["channel"].queryset = on_offer  # type: ignore[attr-defined]
        field = account_field(viewer, label=_("Parent account"), required=False)
        self.fields["parent"] = field
        above = record.parent_id if record else None
        if above and not field.queryset.filter(pk=above).exists():  # type: ignore[union-attr]
            del self.fields["parent"]  # a parent beyond the viewer's sight stays as it is
        self.add_custom(Account, viewer, record)


class ContactForm(CustomForm):
    """A contact's facts."""

    first_name = forms.CharField(max_length=80, required=False, label=_("First name"))
    last_name = forms.CharField(max_length=80, label=_("Last name"))
    title = forms.CharField(max_length=120, required=False, label=_("Job title"))
    email = forms.CharField(max_length=254, required=False, label=_("E-mail"))
    phone = forms.CharField(max_length=40, required=False, label=_("Phone"))
    role = forms.ChoiceField(choices=[("", "–"), *Contact.Role.choices], required=False, label=_("Role"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), required=False, label=_("Owner"))

    def __init__(self, *args: Any, viewer: Any, record: Contact | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"] = account_field(viewer, label=_("Account"))
        self.fields["owner"].queryset = owners(viewer, record)  # type: ignore[attr-defined]
        self.order_fields(["account"])
        self.add_custom(Contact, viewer, record)


class LogForm(CustomForm):
    """One touch: what happened, or what comes next, in one field and one click.

    A task is planned, not logged: for the time that its text names, unless a time is given; else for tomorrow.
    """

    KINDS = (
        (Activity.Kind.NOTE, _("Note")),
        (Activity.Kind.CALL, _("Call")),
        (Activity.Kind.EMAIL, _("Mail")),
        (Activity.Kind.MEETING, _("Meeting")),
        (Activity.Kind.VISIT, _("Visit")),
        (Activity.Kind.TASK, _("Task")),
    )
    kind = forms.ChoiceField(choices=KINDS, initial=Activity.Kind.NOTE, widget=forms.RadioSelect, label=_("Kind"))
    text = forms.CharField(
        required=False,
        max_length=10_000,
        label=_("What happened?"),
        widget=forms.Textarea(
            attrs={"rows": 2, "data-key": "l", "placeholder": _("What happened? Ctrl Enter to save")}
        ),
    )
    attendees = forms.CharField(
        required=False,
        max_length=2000,
        label=_("Who took part, by e-mail address"),
        widget=forms.TextInput(attrs={"placeholder": _("Took part: ann@example.com, …")}),
    )
    next_subject = forms.CharField(
        required=False,
        max_length=200,
        label=_("Then"),
        widget=forms.TextInput(attrs={"placeholder": _("Then: call again")}),
    )
    next_at = forms.DateTimeField(required=False, label=_("When"), widget=WHEN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_custom(Activity, None)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        text, comes = data.get("text", "").strip(), data.get("next_subject")
        if not text and not comes:
            self.add_error("text", _("Say what happened, or what comes next."))
        if data.get("kind") == Activity.Kind.TASK:
            if text and comes:
                self.add_error("next_subject", _("A task is one thing: say it in one field."))
        elif comes and not data.get("next_at") and "next_at" not in self.errors:
            self.add_error("next_at", _("Say when."))
        return data

    def tabs(self) -> list[dict[str, Any]]:
        """The kinds with their icons, and which one is chosen."""
        chosen = self["kind"].value()
        return [
            {"value": kind.value, "label": label, "icon": ICONS[kind], "chosen": kind.value == chosen}
            for kind, label in self.KINDS
        ]

    def done(self) -> dict[str, Any] | None:
        """What log_activity takes: the first line is the subject, the whole text stays in the body if it is longer."""
        text = self.cleaned_data["text"].strip()
        if not text or self.cleaned_data["kind"] == Activity.Kind.TASK:
            return None
        subject = text.splitlines()[0][:200].strip()
        attendees = [one for one in re.split(r"[\s,;]+", self.cleaned_data["attendees"]) if one]
        return {
            "kind": self.cleaned_data["kind"],
            "subject": subject,
            "body": "" if subject == text else text,
            "custom": self.cleaned_data.get("custom"),
            **({"attendees": attendees} if attendees else {}),
        }

    def planned(self) -> dict[str, Any] | None:
        """What plan_activity takes."""
        kind, text = self.cleaned_data["kind"], self.cleaned_data["text"].strip()
        if kind == Activity.Kind.TASK:
            text = text or self.cleaned_data["next_subject"]
            subject = text.splitlines()[0][:200].strip()
            return {
                "kind": kind,
                "subject": subject,
                "body": "" if subject == text else text,
                "due_at": self.cleaned_data["next_at"] or time_in(text),
                "custom": self.cleaned_data.get("custom"),
            }
        if not self.cleaned_data["next_subject"]:
            return None
        return {
            "kind": Activity.Kind.TASK if kind == Activity.Kind.NOTE else kind,
            "subject": self.cleaned_data["next_subject"],
            "due_at": self.cleaned_data["next_at"],
            "custom": None if self.done() else self.cleaned_data.get("custom"),
        }


class MoveForm(forms.Form):
    """A new time for a planned activity."""

    due_at = forms.DateTimeField(label=_("When"), widget=WHEN)


def account_field(viewer: Any, *, label: Any, required: bool = True) -> forms.ModelChoiceField:  # type: ignore[type-arg]
    """A type-ahead select over the accounts that the viewer sees."""
    return forms.ModelChoiceField(
        queryset=Account.objects.visible_to(viewer).active(),
        required=required,
        label=label,
        widget=ChosenOnly(attrs={"data-pick": "", "data-pick-url": "/accounts/pick/"}),
    )


class Files(forms.FileField):
    """One file or several; cleaned to a list."""

    class Widget(forms.ClearableFileInput):
        allow_multiple_selected = True

    widget = Widget

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        chosen = data if isinstance(data, list | tuple) else [data]
        return [super(Files, self).clean(one, initial) for one in chosen]


def accepted() -> str:
    """What a file dialog offers first."""
    return ",".join(f".{ending}" for ending in allowed_endings())


class DocumentForm(forms.Form):
    """What a document is called, and who reads it."""

    title = forms.CharField(max_length=200, label=_("Title"))
    kind = forms.ChoiceField(choices=Document.Kind.choices, initial=Document.Kind.OTHER, label=_("Kind"))
    access = forms.ChoiceField(choices=Document.Access.choices, initial=Document.Access.LINKED, label=_("Readers"))


class UploadForm(DocumentForm):
    """Files to hand in. Without a title each is called as its file."""

    file = Files(label=_("Files"), help_text=_("Choose one or several, or drop them here."))
    note = forms.CharField(max_length=400, required=False, label=_("Note"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = accepted()
        self.fields["title"].required = False
        self.fields["title"].help_text = _("Without one, a document is called as its file.")
        self.order_fields(["file", "title"])

    def facts(self) -> dict[str, Any]:
        """What upload_document takes of each file; a title of its own only a single one can have."""
        data = {name: self.cleaned_data[name] for name in ("title", "kind", "access", "note")}
        return {**data, "title": data["title"] if len(self.cleaned_data["file"]) == 1 else ""}


class VersionForm(forms.Form):
    """A newer file."""

    file = forms.FileField(label=_("File"))
    note = forms.CharField(max_length=400, required=False, label=_("What is new"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = accepted()
