"""HTML input to cleaned values. The checks that matter stand in the services."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.models import DisqualifyReason, Lead, QualificationAnswer
from revops.catalog.models import Product
from revops.core.custom.forms import CustomForm
from revops.users import roles
from revops.users.models import User


class LeadForm(CustomForm):
    """A lead's facts."""

    first_name = forms.CharField(max_length=80, required=False, label=_("First name"))
    last_name = forms.CharField(max_length=80, label=_("Last name"))
    title = forms.CharField(max_length=120, required=False, label=_("Job title"))
    company = forms.CharField(max_length=200, label=_("Company"))
    email = forms.CharField(max_length=254, required=False, label=_("E-mail"))
    phone = forms.CharField(max_length=40, required=False, label=_("Phone"))
    website = forms.CharField(max_length=200, required=False, label=_("Web site"))
    industry = forms.CharField(max_length=80, required=False, label=_("Industry"))
    employees = forms.IntegerField(min_value=0, max_value=100_000_000, required=False, label=_("Employees"))
    country = forms.CharField(max_length=80, required=False, label=_("Country"))
    region = forms.CharField(
        max_length=80, required=False, label=_("Region"), help_text=_("Target markets and goals are told apart by it.")
    )
    product = forms.ModelChoiceField(
        queryset=Product.objects.none(), required=False, label=_("Product"), help_text=_("What they may buy.")
    )
    source = forms.CharField(max_length=60, required=False, label=_("Source"))
    competition = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=_("Competitive situation"),
        help_text=_("Who else they are talking to. The handoff needs it."),
    )
    next_step = forms.CharField(max_length=200, required=False, label=_("Next step"), help_text=_("What was agreed."))
    do_not_route = forms.BooleanField(required=False, label=_("Never route to somebody else"))

    def __init__(self, *args: Any, record: Lead | None = None, viewer: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = Product.objects.order_by("name")  # type: ignore[attr-defined]
        self.add_custom(Lead, viewer, record)


class NewLeadForm(LeadForm):
    """What is known of a lead when it comes in, and who gets it."""

    competition = next_step = None  # type: ignore[assignment]

    route = forms.BooleanField(
        required=False, label=_("Give it to whose turn it is"), help_text=_("Otherwise it is yours.")
    )


class PackageForm(forms.Form):
    """What the handoff still needs, on the lead's own page."""

    competition = forms.CharField(
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=_("Competitive situation"),
    )
    next_step = forms.CharField(max_length=200, required=False, label=_("Next step"))


class HandoffForm(forms.Form):
    """To whom, and what to tell them."""

    to_user = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Seller"), empty_label=_("Choose a seller"))
    note = forms.CharField(max_length=400, required=False, label=_("A word to them"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [roles.SALES_REP, roles.SALES_MANAGER]
        sellers = User.objects.visible_to(viewer).working().filter(groups__name__in=names)
        self.fields["to_user"].queryset = sellers.exclude(pk=viewer.pk).distinct()  # type: ignore[attr-defined]


class DisqualifyForm(forms.Form):
    """Why it is no lead."""

    reason = forms.ModelChoiceField(queryset=DisqualifyReason.objects.filter(is_active=True), label=_("Reason"))
    note = forms.CharField(max_length=400, required=False, label=_("What happened"))


class AssignForm(forms.Form):
    """To whom."""

    owner = forms.ModelChoiceField(queryset=User.objects.working(), label=_("Owner"))


class RejectForm(forms.Form):
    """Why it is not taken, and what to find out."""

    REASONS = (
        _("Budget not confirmed"),
        _("No one who decides"),
        _("Not our market"),
        _("Wrong seller"),
        _("Already in my pipeline"),
    )
    reason = forms.ChoiceField(
        choices=[("", _("Choose a reason")), *((text, text) for text in REASONS)], label=_("Reason")
    )
    find_out = forms.CharField(
        max_length=300,
        required=False,
        label=_("What should they find out?"),
        widget=forms.TextInput(attrs={"placeholder": _("What should they find out?")}),
    )

    def sentence(self) -> str:
        """Both parts as one text."""
        return ": ".join(filter(None, [self.cleaned_data["reason"], self.cleaned_data["find_out"].strip()]))


class AnswersForm(forms.Form):
    """The criteria that are still open, 0 to 100 each."""

    def __init__(self, *args: Any, names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in names:
            self.fields[name] = forms.DecimalField(
                min_value=0, max_value=100, decimal_places=2, label=QualificationAnswer.Criterion(name).label
            )
