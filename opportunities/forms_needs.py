"""What is typed about a need."""

from django import forms
from django.utils.translation import gettext_lazy as _

from opportunities.models import Need


class NeedForm(forms.Form):
    """One need in the customer's words."""

    statement = forms.CharField(max_length=400, label=_("What do they need?"))
    kind = forms.ChoiceField(choices=Need.Kind.choices, initial=Need.Kind.NEED, label=_("Kind"))
    level = forms.ChoiceField(choices=Need.Level.choices, initial=Need.Level.BUSINESS, label=_("Level"))
    origin = forms.ChoiceField(choices=Need.Origin.choices, initial=Need.Origin.STATED, label=_("Origin"))
    priority = forms.IntegerField(
        min_value=1, max_value=5, initial=3, label=_("Priority"), help_text=_("1 matters most, 5 least.")
    )
