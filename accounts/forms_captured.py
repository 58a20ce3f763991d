"""Who somebody is that took part."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import CapturedParticipant


class ConfirmForm(forms.Form):
    """The name; the address is known."""

    first_name = forms.CharField(
        max_length=80, required=False, label=_("First name"), widget=forms.TextInput({"placeholder": _("First name")})
    )
    last_name = forms.CharField(
        max_length=80, label=_("Last name"), widget=forms.TextInput({"placeholder": _("Last name")})
    )

    @classmethod
    def suggested(cls, row: CapturedParticipant) -> "ConfirmForm":
        """ann.lee@… is probably Ann Lee."""
        words = [word.title() for word in re.split(r"[._\-+\d]+", row.email.partition("@")[0]) if len(word) > 1]
        first, last = (words[0], " ".join(words[1:])) if len(words) > 1 else ("", "".join(words))
        return cls(initial={"first_name": first[:80], "last_name": last[:80]}, prefix=f"p{row.pk}")
