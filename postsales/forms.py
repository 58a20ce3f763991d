"""HTML input of cases. The checks that matter stand in the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import account_field, owners
from accounts.models import Account, Contact
from postsales.models import Priority, SupportCase
from revops.core.custom.forms import CustomForm
from revops.users.models import User

LONG = forms.Textarea(attrs={"rows": 4})


class CaseForm(CustomForm):
    """A new case."""

    subject = forms.CharField(max_length=200, label=_("Subject"))
    description = forms.CharField(max_length=20_000, required=False, widget=LONG, label=_("What happened"))
    channel = forms.ChoiceField(choices=SupportCase.Channel.choices, initial="phone", label=_("It came by"))
    priority = forms.ChoiceField(choices=Priority.choices, initial=Priority.P3, label=_("Priority"))
    contact = forms.ModelChoiceField(queryset=Contact.objects.none(), required=False, label=_("Contact"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), required=False, label=_("Owner"))

    def __init__(self, *args: Any, viewer: Any, account: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"account": account_field(viewer, label=_("Account")), **self.fields}
        self.fields["owner"].queryset = owners(viewer)  # type: ignore[attr-defined]
        contacts = Contact.objects.visible_to(viewer).active()
        contacts = contacts.filter(account=account) if account else contacts.none()
        self.fields["contact"].queryset = contacts  # type: ignore[attr-defined]
        self.add_custom(SupportCase, viewer)


class EditForm(CustomForm):
    """What a case says about itself."""

    subject = forms.CharField(max_length=200, label=_("Subject"))
    description = forms.CharField(max_length=20_000, required=False, widget=LONG, label=_("What happened"))
    channel = forms.ChoiceField(choices=SupportCase.Channel.choices, label=_("It came by"))

    def __init__(self, *args: Any, record: SupportCase | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_custom(SupportCase, None, record)


class BodyForm(forms.Form):
    """Something said."""

    body = forms.CharField(max_length=20_000, widget=LONG, label=_("Text"))


class PriorityForm(forms.Form):
    """How pressing it is."""

    priority = forms.ChoiceField(choices=Priority.choices, label=_("Priority"))


class OwnerForm(forms.Form):
    """Who has it; empty for nobody."""

    owner = forms.ModelChoiceField(queryset=User.objects.none(), required=False, label=_("Owner"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(viewer)  # type: ignore[attr-defined]
