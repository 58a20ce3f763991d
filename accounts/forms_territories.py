"""What planners type about territories."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import TerritoryModel, TerritoryRule
from accounts.selectors.territories import CRITERIA, every_territory
from revops.users.models import User

HINT = _("Several are separated by commas. Empty stands for any.")


class WordsField(forms.CharField):
    """Words separated by commas, as a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [word.strip() for word in (super().to_python(value) or "").split(",") if word.strip()]

    def validate(self, value: Any) -> None:
        """An empty list is any."""

    def run_validators(self, value: Any) -> None:
        """The service says which word is too long."""


def _words(label: Any) -> WordsField:
    return WordsField(required=False, label=label, help_text=HINT)


class TerritoryModelForm(forms.Form):
    """A plan's name, and what it is drawn after."""

    name = forms.CharField(max_length=80, label=_("Name"))
    copy_of = forms.ModelChoiceField(
        queryset=TerritoryModel.objects.none(), required=False, label=_("Drawn like"), empty_label=_("Start empty")
    )
    keeps_hand = forms.BooleanField(
        required=False, initial=True, label=_("Leave accounts where they are that people placed by hand")
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["copy_of"].queryset = TerritoryModel.objects.visible_to(viewer)  # type: ignore[attr-defined]


class TerritoryRuleForm(forms.Form):
    """Whose a territory is and which accounts belong to it."""

    territory = forms.ModelChoiceField(queryset=every_territory(), required=False, label=_("Territory"))
    new_name = forms.CharField(max_length=80, required=False, label=_("Or a new territory"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), required=False, label=_("Owner"))
    priority = forms.IntegerField(
        min_value=1, max_value=32_000, initial=100, label=_("Priority"), help_text=_("1 is the highest.")
    )
    countries = _words(_("Countries"))
    states = _words(_("States"))
    postal_prefixes = _words(_("Postal codes that start with"))
    industries = _words(_("Industries"))
    segments = _words(_("Segments"))
    tiers = _words(_("Tiers"))
    employees_min = forms.IntegerField(min_value=0, max_value=2_000_000_000, required=False, label=_("Employees from"))
    employees_max = forms.IntegerField(min_value=0, max_value=2_000_000_000, required=False, label=_("Employees to"))
    catch_all = forms.BooleanField(required=False, label=_("Takes the rest of the world"))

    def __init__(self, *args: Any, viewer: Any, rule: TerritoryRule | None = None, **kwargs: Any) -> None:
        if rule is not None:
            names = ("owner", "priority", *CRITERIA, "employees_min", "employees_max", "catch_all")
            kwargs["initial"] = {name: getattr(rule, name) for name in names}
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.visible_to(viewer).working()  # type: ignore[attr-defined]
        if rule is not None:
            del self.fields["territory"], self.fields["new_name"]

    def clean(self) -> dict[str, Any]:
        """One territory: a known one or a new one."""
        found = super().clean() or {}
        if "territory" in self.fields and bool(found.get("territory")) == bool(found.get("new_name")):
            self.add_error("territory", _("Choose a territory, or name a new one."))
        return found
