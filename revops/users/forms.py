"""Input of the settings pages."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from revops.core import clock
from revops.users.services.people import TIME_ZONES

DAYS = [("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("", _("no end"))]
KINDS = [("*:read", _("Read everything that I see")), ("*:write", _("Change everything that I may change"))]


class PreferencesForm(forms.Form):
    """How one wants to see everything."""

    language = forms.ChoiceField(
        choices=[("", _("As the browser says")), *settings.LANGUAGES], required=False, label=_("Language")
    )
    time_zone = forms.ChoiceField(
        choices=[(name, name.replace("_", " ")) for name in sorted(TIME_ZONES)],
        label=_("Time zone"),
        widget=forms.Select(attrs={"data-pick": ""}),
    )


class TokenForm(forms.Form):
    """A new personal token."""

    name = forms.CharField(max_length=80, label=_("What it is for"))
    whole = forms.MultipleChoiceField(
        choices=KINDS, required=False, widget=forms.CheckboxSelectMultiple, label=_("It may"), initial=["*:read"]
    )
    single = forms.CharField(
        required=False, max_length=400, label=_("Or only"), help_text=_("Such as leads:read, opportunities:write")
    )
    days = forms.ChoiceField(choices=DAYS, required=False, label=_("It ends after"), initial="90")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        single = [scope for scope in re.split(r"[\s,]+", values.get("single", "")) if scope]
        values["scopes"] = [*values.get("whole", []), *single]
        days = values.get("days")
        values["expires_at"] = clock.now() + timedelta(days=int(days)) if days else None
        return values
