"""HTML input of imports, change requests and webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from revops.integrations.models import ImportRow
from revops.integrations.offers import may_hear_kind, offers, typed
from revops.integrations.reading import DELIMITERS, ENCODINGS
from revops.integrations.registries import Importer
from revops.integrations.selectors import importers_for
from revops.users.models import User

DELIMITER_NAMES = {",": _("Comma"), ";": _("Semicolon"), "\t": _("Tab"), "|": _("Bar")}
ORDERS = [("", _("As the file tells")), ("dmy", _("Day first: 17/11/2026")), ("mdy", _("Month first: 11/17/2026"))]
SIGNS = [("", _("As the file tells")), (".", _("Point: 1,234.50")), (",", _("Comma: 1.234,50"))]


class UploadForm(forms.Form):
    """A file, and what its rows are."""

    kind = forms.ChoiceField(label=_("What are its rows?"))
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, Excel (.xlsx) or JSON, up to 50 MB and 200,000 rows. The first row names the columns."),
    )
    system = forms.CharField(
        label=_("Where does it come from?"),
        required=False,
        max_length=40,
        help_text=_("The other system's name. Ids are unique within it, so the same file again changes nothing."),
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(one.key, one.label) for one in importers_for(viewer)]  # type: ignore[attr-defined]


class ShapeForm(forms.Form):
    """How the file is written."""

    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(ENCODINGS.items()))
    delimiter = forms.ChoiceField(
        label=_("Columns are separated by"), choices=[(mark, DELIMITER_NAMES[mark]) for mark in DELIMITERS]
    )
    date_order = forms.ChoiceField(label=_("Dates"), choices=ORDERS, required=False)
    decimal_sign = forms.ChoiceField(label=_("Decimal sign"), choices=SIGNS, required=False)
    system = forms.CharField(label=_("Where it comes from"), max_length=40, required=False)
    allow_duplicates = forms.BooleanField(label=_("Import rows that look like somebody we know"), required=False)

    def __init__(self, *args: Any, sheets: Sequence[str] = (), encoding: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if encoding not in ENCODINGS:  # a workbook or a JSON file says itself how it is written
            for name in ("encoding", "delimiter", "decimal_sign"):
                del self.fields[name]
        if sheets:
            self.fields["sheet"] = forms.ChoiceField(label=_("Sheet"), choices=[(name, name) for name in sheets])
            self.order_fields(["sheet"])


class RowForm(forms.Form):
    """The cells of one row that fill a field, as they stand in the file, with what was said against them."""

    leave_out = forms.BooleanField(label=_("Leave this row out"), required=False)

    def __init__(self, data: Any, *, importer: Importer, row: ImportRow, mapping: Mapping[str, str]) -> None:
        super().__init__(data)
        said = {error["field"]: error["message"] for error in row.errors}
        self.initial["leave_out"] = row.skipped
        for place, key in mapping.items():
            field = importer.field(key)
            if field is not None:
                text = row.raw[int(place)] if int(place) < len(row.raw) else ""
                self.fields[key] = forms.CharField(
                    label=field.label, required=False, initial=text, max_length=10_000, help_text=said.get(key, "")
                )
        self.order_fields([name for name in self.fields if name != "leave_out"])

    def cells(self) -> dict[str, str]:
        """What the row should say, by field."""
        return {name: text for name, text in self.cleaned_data.items() if name != "leave_out"}


class ChangeRequestForm(forms.Form):
    """A wish to change a system."""

    title = forms.CharField(label=_("What is to change?"), max_length=200)
    details = forms.CharField(label=_("Details"), max_length=10_000, required=False, widget=forms.Textarea)
    sponsor = forms.ModelChoiceField(
        label=_("Sponsor"),
        queryset=User.objects.none(),
        required=False,
        help_text=_("Who answers for it. Needed to be approved."),
    )
    expected_benefit = forms.CharField(
        label=_("Expected benefit"), max_length=400, required=False, help_text=_("Needed to be approved.")
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sponsor: Any = self.fields["sponsor"]
        sponsor.queryset = User.objects.visible_to(viewer).working()


class BenefitForm(forms.Form):
    """What a change brought."""

    measured_benefit = forms.CharField(label=_("Measured benefit"), max_length=400)


class WebhookForm(forms.Form):
    """Where to, and what about."""

    name = forms.CharField(label=_("Name"), max_length=80)
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("https:// only, and on the public Internet. Redirects are not followed."),
    )
    events = forms.MultipleChoiceField(label=_("Events"), widget=forms.CheckboxSelectMultiple)
    filter = forms.CharField(
        label=_("Only if"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One condition a line, such as to_stage = closed_won. Each field must stand in all chosen events."),
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        events: Any = self.fields["events"]
        events.choices = [
            (one.key, f"{one.label} · {one.key} ({', '.join(one.facts)})")
            for one in offers.all()
            if may_hear_kind(viewer, one)
        ]

    def clean_filter(self) -> dict[str, Any]:
        """Lines as a mapping; values as the events' fields are typed."""
        wanted: dict[str, Any] = {}
        for line in self.cleaned_data["filter"].splitlines():
            name, equals, value = (part.strip() for part in line.partition("="))
            if not line.strip():
                continue
            if not name or not equals or name in wanted:
                raise forms.ValidationError(_("Write each line as field = value, each field once."))
            wanted[name] = typed(name, value, self.cleaned_data.get("events", []))
        return wanted


class RotateForm(forms.Form):
    """How long the old secret goes on signing."""

    keep_hours = forms.IntegerField(label=_("Hours that the old secret stays valid"), min_value=0, max_value=168)


class ReplayForm(forms.Form):
    """From when on."""

    since = forms.DateTimeField(
        label=_("Since"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
