"""With whom a record is shared."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from revops.users.models import RecordShare, Team, User


class ShareForm(forms.Form):
    """A person or a team, what they may do, until when."""

    user = forms.ModelChoiceField(
        User.objects.none(), required=False, label=_("Person"), widget=forms.Select(attrs={"data-pick": "true"})
    )
    team = forms.ModelChoiceField(Team.objects.none(), required=False, label=_("Or a whole team"))
    level = forms.ChoiceField(choices=RecordShare.Level.choices, initial=RecordShare.Level.VIEW, label=_("They may"))
    until = forms.DateField(
        required=False, label=_("Until"), help_text=_("The last day."), widget=forms.DateInput(attrs={"type": "date"})
    )
    message = forms.CharField(
        required=False, max_length=400, label=_("Message"), widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user, team = (self.fields[name] for name in ("user", "team"))
        user.queryset = User.objects.working().exclude(pk=viewer.pk)  # type: ignore[attr-defined]
        team.queryset = Team.objects.order_by("name")  # type: ignore[attr-defined]
