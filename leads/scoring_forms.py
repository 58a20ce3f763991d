"""Forms of the rule card and of what is learned. The checks that matter stand in the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.models import EngagementRule, FitRule, ScoreGroup
from leads.selectors.learning import field_labels


class _Words(forms.CharField):
    """Several words in one line, with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [word.strip() for word in str(value or "").split(",") if word.strip()]


class FitRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Points for what a lead is."""

    values = _Words(required=False, label=_("Values"), help_text=_("With commas between them."), max_length=2000)

    class Meta:
        model = FitRule
        fields = ["name", "field", "values", "at_least", "at_most", "points", "group", "is_active"]
        labels = {
            "name": _("Name"), "field": _("What is looked at"), "at_least": _("At least"), "at_most": _("At most"),
            "points": _("Points"), "group": _("Group"), "is_active": _("In use"),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = ScoreGroup.objects.filter(side="fit")  # type: ignore[attr-defined]


class EngagementRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Points for what happens with a lead."""

    class Meta:
        model = EngagementRule
        fields = [
            "name", "event", "contains", "points", "group", "decay", "half_life_days", "percent_per_month", "is_active",
        ]  # fmt: skip
        labels = {
            "name": _("Name"), "event": _("What happens"), "contains": _("Only where it holds"), "points": _("Points"),
            "group": _("Group"), "decay": _("How it fades"), "half_life_days": _("Halves in so many days"),
            "percent_per_month": _("Falls by so many % a month"), "is_active": _("In use"),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = ScoreGroup.objects.filter(side="engagement")  # type: ignore[attr-defined]


class ScoreGroupForm(forms.ModelForm):  # type: ignore[type-arg]
    """Rules that share a limit."""

    class Meta:
        model = ScoreGroup
        fields = ["name", "side", "cap"]
        labels = {"name": _("Name"), "side": _("Side"), "cap": _("At most so many points")}


class BandsForm(forms.Form):
    """Where the grades begin, and the share of the fit in the total."""

    a_from = forms.IntegerField(min_value=0, max_value=100, label=_("A from"))
    b_from = forms.IntegerField(min_value=0, max_value=100, label=_("B from"))
    c_from = forms.IntegerField(min_value=0, max_value=100, label=_("C from"))
    fit_share = forms.IntegerField(min_value=0, max_value=100, label=_("Share of the fit, %"))


class LearningForm(forms.Form):
    """What is learned from, and what stays out."""

    outcome = forms.ChoiceField(required=False, label=_("What counts as success"))
    window_days = forms.IntegerField(min_value=1, max_value=730, label=_("Days that a lead has to convert"))
    age_field = forms.ChoiceField(required=False, label=_("What tells the age of a lead"))
    low_is_new = forms.BooleanField(required=False, label=_("Low values of it are new"))
    known_later = forms.MultipleChoiceField(
        required=False, label=_("Known only afterwards"), widget=forms.CheckboxSelectMultiple,
        help_text=_("What sellers fill in once they know the lead: a model that saw it would be useless on new ones."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = sorted(field_labels().items(), key=lambda pair: pair[1].casefold())
        own = [pair for pair in labels if "." in pair[0]]
        self.fields["outcome"].choices = [("", _("Converted in time")), *own]  # type: ignore[attr-defined]
        self.fields["age_field"].choices = [("", _("When it came in")), *own]  # type: ignore[attr-defined]
        self.fields["known_later"].choices = labels  # type: ignore[attr-defined]
