"""What people change of a planned activity, and the calendar file that they bring."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import WHEN, owners
from accounts.models import Activity
from accounts.recurrence import MOST, parts_of, rule_words
from revops.users.models import User

RULES = (
    ("", _("Does not repeat")),
    ("FREQ=DAILY", _("Every day")),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", _("Every day from Monday to Friday")),
    ("FREQ=WEEKLY", _("Every week")),
    ("FREQ=WEEKLY;INTERVAL=2", _("Every two weeks")),
    ("FREQ=MONTHLY", _("Every month")),
    ("FREQ=YEARLY", _("Every year")),
)
ONE, FOLLOWING = "one", "following"
ENDS = ("COUNT", "UNTIL")


class PlannedForm(forms.Form):
    """A planned activity, whether it repeats, and for which of a series a change holds."""

    subject = forms.CharField(max_length=200, label=_("What"))
    kind = forms.ChoiceField(choices=Activity.Kind.choices, label=_("Kind"))
    due_at = forms.DateTimeField(label=_("When"), widget=WHEN)
    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Owner"))
    body = forms.CharField(
        max_length=10_000, required=False, label=_("Notes"), widget=forms.Textarea(attrs={"rows": 4})
    )
    repeats = forms.ChoiceField(
        choices=RULES,
        required=False,
        label=_("Repeats"),
        help_text=_("When one is done, the next one is planned: at the same hour, also after the clocks change."),
    )
    until = forms.DateField(
        required=False,
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: until you end it."),
    )
    times = forms.IntegerField(min_value=1, max_value=MOST, required=False, label=_("Or how many times"))

    def __init__(self, data: Any = None, *, viewer: Any, record: Activity) -> None:
        self.record = record
        self.rule = record.series.rule if record.series else ""
        super().__init__(data, initial=_shown(record, self.rule))
        self.fields["owner"].queryset = owners(viewer, record)  # type: ignore[attr-defined]
        base = _without_end(self.rule)
        if base and base not in dict(RULES):
            self.fields["repeats"].choices = [*RULES, (base, rule_words(base))]  # type: ignore[attr-defined]
        if record.series:
            self.fields["scope"] = forms.ChoiceField(
                choices=((ONE, _("Only this one")), (FOLLOWING, _("This one and all that follow"))),
                initial=ONE,
                widget=forms.RadioSelect,
                label=_("The change holds for"),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("until") and data.get("times"):
            self.add_error("times", _("Give a number of times or a last day, not both."))
        return data

    def arrangement(self) -> dict[str, Any]:
        """What arrange_activity takes."""
        data = self.cleaned_data
        facts = {name: data[name] for name in ("subject", "kind", "due_at", "owner", "body")}
        following = data.get("scope") == FOLLOWING
        if self.record.series and not following:
            return facts
        rule = data["repeats"]
        if rule and data["times"]:
            rule = f"{rule};COUNT={data['times']}"
        elif rule and data["until"]:
            rule = f"{rule};UNTIL={data['until']:%Y%m%d}"
        return {**facts, "rule": rule, "following": following}


def _shown(record: Activity, rule: str) -> dict[str, Any]:
    """What the form begins with."""
    parts = parts_of(rule) if rule else {}
    until = parts.get("UNTIL", "")
    return {
        **{name: getattr(record, name) for name in ("subject", "kind", "due_at", "body")},
        "owner": record.owner_id,
        "repeats": _without_end(rule),
        "until": f"{until[:4]}-{until[4:6]}-{until[6:8]}" if until else "",
        "times": parts.get("COUNT", ""),
    }


def _without_end(rule: str) -> str:
    return ";".join(f"{name}={value}" for name, value in parts_of(rule).items() if name not in ENDS) if rule else ""


class CalendarFileForm(forms.Form):
    """A file that another calendar exported."""

    file = forms.FileField(
        label=_("Calendar file"),
        help_text=_("An .ics file, as Outlook, Google and Apple calendars export it."),
        widget=forms.ClearableFileInput(attrs={"accept": ".ics,text/calendar"}),
    )
