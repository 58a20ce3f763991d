"""Who takes what somebody leaves behind."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from revops.users.models import User
from revops.users.selectors.holdings import Held, heir_of


class HeirForm(forms.Form):
    """One new holder for everything, and another one for a kind where that is better."""

    to = forms.ModelChoiceField(User.objects.none(), label=_("Everything goes to"), required=False)

    def __init__(self, *args: Any, user: User, held: list[Held], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.working().exclude(pk=user.pk)
        to: Any = self.fields["to"]
        to.queryset = people
        to.initial = heir_of(user)
        to.widget.attrs["data-pick"] = "true"
        for one in held:
            if one.count:
                self.fields[f"to_{one.holding.key}"] = forms.ModelChoiceField(
                    people, required=False, label=one.holding.label, empty_label=_("as above")
                )

    def others(self) -> dict[str, User]:
        """{kind: person} where somebody else takes it."""
        values = self.cleaned_data
        return {name[3:]: person for name, person in values.items() if name.startswith("to_") and person is not None}
