"""HTML input about channels."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import owners
from accounts.models import Channel
from revops.users.models import User


class ChannelForm(forms.Form):
    """A route to market."""

    name = forms.CharField(max_length=80, label=_("Name"))
    kind = forms.ChoiceField(choices=Channel.Kind.choices, initial=Channel.Kind.CRM, label=_("Kind"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), required=False, label=_("Looked after by"))
    note = forms.CharField(max_length=300, required=False, label=_("Note"))

    def __init__(self, *args: Any, viewer: Any, record: Channel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(viewer, record)  # type: ignore[attr-defined]
