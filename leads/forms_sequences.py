"""Input of the pages of sequences: the builder's steps, templates, enrolling, and who may be contacted."""

import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms import owners
from accounts.models import Document
from leads.forms_mail import TemplateDocumentsField
from leads.models import ContactPolicy, Lead, MessageTemplate, Sequence, SequenceStep
from revops.core.widgets import ChosenOnly
from revops.users.models import User

Kind = SequenceStep.Kind
MOST = 30
KEY = re.compile(r"^[0-9]{1,4}$")
# Another kind or text asks for other fields: the server draws the steps again. It waits until the rest of a word that
# chooses by its first letter is typed: the new control would take it for another word.
DRAWS = {
    "hx-post": reverse_lazy("sequence-draw"),
    "hx-target": "#steps",
    "hx-swap": "outerHTML settle:0ms",
    "hx-trigger": "change delay:400ms",
}
ZONES = [("", _("The organisation's")), *((name, name.replace("_", " ")) for name in sorted(available_timezones()))]


class SequenceForm(forms.Form):
    """What a sequence is called, and when it writes."""

    name = forms.CharField(max_length=120, label=_("Name"))
    description = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), label=_("What it is for")
    )
    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Owner"))
    on_weekends = forms.BooleanField(required=False, label=_("Also at weekends"))

    def __init__(self, *args: Any, viewer: Any, record: Sequence | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(viewer, record)  # type: ignore[attr-defined]
        self.fields["owner"].initial = viewer.pk


class StepForm(forms.Form):
    """One step. What it does not need is not asked: a mail has a template or is written here, a call says what for."""

    kind = forms.ChoiceField(choices=Kind.choices, initial=Kind.EMAIL, label=_("Kind"))
    day_offset = forms.IntegerField(min_value=0, max_value=730, initial=0, label=_("Day"))
    template = forms.ModelChoiceField(
        queryset=MessageTemplate.objects.none(), required=False, empty_label=_("Written here"), label=_("Template")
    )
    subject = forms.CharField(max_length=200, label=_("Subject"))
    body = forms.CharField(max_length=20_000, widget=forms.Textarea(attrs={"rows": 6}), label=_("Text"))
    name = forms.CharField(max_length=120, label=_("Keep as template named"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        templates = MessageTemplate.objects.visible_to(viewer).filter(archived_at__isnull=True).order_by("name", "pk")
        self.fields["template"].queryset = templates  # type: ignore[attr-defined]
        for name in ("kind", "template"):
            self.fields[name].widget.attrs.update(DRAWS)
        mail = self._said("kind") in ("", Kind.EMAIL)
        unused: tuple[str, ...] = ("template", "body", "name")
        if mail:
            unused = ("subject", "body", "name") if self._said("template") else ()
        for name in unused:
            del self.fields[name]
        if not mail:
            self.fields["subject"].label = _("What is to do")

    def _said(self, name: str) -> str:
        if self.is_bound:
            return str(self.data.get(self.add_prefix(name)) or "")
        return str(self.initial.get(name) or "")

    @property
    def asks_template(self) -> bool:
        return "template" in self.fields

    @property
    def asks_subject(self) -> bool:
        return "subject" in self.fields

    @property
    def written_here(self) -> bool:
        """A mail whose words stand in the form."""
        return "body" in self.fields

    def facts(self) -> dict[str, Any]:
        """What the services take: `template` is a record, or the words of a new one."""
        data = self.cleaned_data
        if self.written_here:
            template: Any = {name: data[name] for name in ("name", "subject", "body")}
        else:
            template = data.get("template")
        return {
            "kind": data["kind"],
            "day_offset": data["day_offset"],
            "template": template,
            "subject": "" if data["kind"] == Kind.EMAIL else data["subject"],
        }


@dataclass
class StepList:
    """The steps of a form in the order in which they stand, each under a key of its own that it keeps when it moves."""

    forms: list[tuple[str, StepForm]]
    problem: Any = ""

    @property
    def next_day(self) -> str:
        """The name of the first field of the step that would be added."""
        return f"s{max([int(key) for key, _form in self.forms], default=0) + 1}-day_offset"

    @classmethod
    def of(cls, sequence: Sequence | None, *, viewer: Any) -> "StepList":
        """As they are stored; of a new sequence one empty mail."""
        rows = list(sequence.steps.order_by("position")) if sequence else []
        facts = [
            {"kind": row.kind, "day_offset": row.day_offset, "template": row.template_id, "subject": row.subject}
            for row in rows
        ] or [{}]
        return cls([(str(n), StepForm(viewer=viewer, prefix=f"s{n}", initial=one)) for n, one in enumerate(facts, 1)])

    @classmethod
    def posted(cls, data: QueryDict, *, viewer: Any) -> "StepList":
        """As they were sent, to be checked."""
        return cls([(key, StepForm(data, viewer=viewer, prefix=f"s{key}")) for key in _keys(data)])

    @classmethod
    def drawn(cls, data: QueryDict, *, viewer: Any, move: str, at: str) -> "StepList":
        """As they were sent, after one was added, moved or taken away. Nothing is checked: somebody still types."""
        keys = _keys(data)
        facts: dict[str, dict[str, Any]] = {}
        for key in keys:
            facts[key] = {name: data.get(f"s{key}-{name}", "") for name in StepForm.base_fields}
        if move == "add" and len(keys) < MOST:
            made = str(max([int(key) for key in keys], default=0) + 1)
            facts[made] = {"day_offset": _days(facts[keys[-1]]["day_offset"]) + 3 if keys else 0}
            keys.append(made)
        elif at in keys:
            keys = _moved(keys, move, keys.index(at))
        return cls([(key, StepForm(viewer=viewer, prefix=f"s{key}", initial=facts[key])) for key in keys])

    def is_valid(self) -> bool:
        """Each step is; there is one; and none comes before the one above it."""
        good = not [key for key, form in self.forms if not form.is_valid()]  # every one says what it lacks
        if not self.forms:
            self.problem = _("Add at least one step.")
        last = 0
        for _key, form in self.forms:
            day = form.cleaned_data.get("day_offset") if form.is_valid() else None
            if day is not None and day < last:
                form.add_error("day_offset", _("A step cannot come before the one above it."))
                good = False
            last = max(last, day or 0)
        return good and bool(self.forms)

    def facts(self) -> list[dict[str, Any]]:
        return [form.facts() for _key, form in self.forms]


def _keys(data: QueryDict) -> list[str]:
    return list(dict.fromkeys(key for key in data.getlist("step") if KEY.match(key)))[:MOST]


def _days(text: Any) -> int:
    return int(text) if KEY.match(str(text)) else 0


def _moved(keys: list[str], move: str, index: int) -> list[str]:
    """The keys after one went up or down or away; at an end it stays."""
    other = index + {"up": -1, "down": 1}.get(move, 0)
    if move == "remove":
        return [*keys[:index], *keys[index + 1 :]]
    if 0 <= other < len(keys):
        keys[index], keys[other] = keys[other], keys[index]
    return keys


class TemplateForm(forms.Form):
    """What a step says."""

    name = forms.CharField(max_length=120, label=_("Name"))
    subject = forms.CharField(max_length=200, label=_("Subject"))
    body = forms.CharField(max_length=20_000, widget=forms.Textarea(attrs={"rows": 12}), label=_("Text"))
    documents = TemplateDocumentsField()

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["documents"].queryset = Document.objects.visible_to(viewer)  # type: ignore[attr-defined]


class PersonForm(forms.Form):
    """For whom a text is shown."""

    person = forms.ModelChoiceField(
        queryset=Lead.objects.none(),
        required=False,
        label=_("As it reaches"),
        widget=ChosenOnly(attrs={"data-pick": "", "data-pick-url": "/leads/pick/"}),
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Lead.objects.visible_to(viewer).filter(archived_at__isnull=True)
        self.fields["person"].queryset = rows  # type: ignore[attr-defined]
        self.fields["person"].initial = rows.exclude(email="").order_by("-pk").values_list("pk", flat=True).first()


class EnrollForm(forms.Form):
    """Into which sequence, and who writes."""

    sequence = forms.ModelChoiceField(queryset=Sequence.objects.none(), label=_("Sequence"))
    sender = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Sender"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Sequence.objects.visible_to(viewer).filter(status=Sequence.Status.ACTIVE)
        self.fields["sequence"].queryset = active.order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["sender"].queryset = owners(viewer)  # type: ignore[attr-defined]
        self.fields["sender"].initial = viewer.pk


class PolicyForm(forms.Form):
    """Whether, on what ground and when somebody may be contacted."""

    TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    do_not_contact = forms.BooleanField(required=False, label=_("Do not contact"))
    reason = forms.CharField(required=False, max_length=200, label=_("Reason"))
    basis = forms.ChoiceField(
        choices=ContactPolicy.Basis.choices, initial=ContactPolicy.Basis.NONE, label=_("Ground for contact")
    )
    time_zone = forms.ChoiceField(choices=ZONES, required=False, label=_("Time zone"))
    window_from = forms.TimeField(widget=TIME, initial="09:00", label=_("Contact from"))
    window_to = forms.TimeField(widget=TIME, initial="17:00", label=_("Contact until"))
