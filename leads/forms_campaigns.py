"""HTML input of campaigns, public forms and partners. The checks that matter stand in the services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import currency_choices, owners
from leads.market_forms import WordsField
from leads.models import Campaign, CampaignTask, IntakeForm, PromotionPartner
from revops.catalog.models import Product
from revops.users.models import User

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _money(label: Any, **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(min_value=0, max_digits=17, decimal_places=2, label=label, **kwargs)


class CampaignForm(forms.Form):
    """A campaign's plan."""

    name = forms.CharField(max_length=120, label=_("Name"))
    code = forms.CharField(max_length=60, label=_("Code"), help_text=_("What utm_campaign says in links."))
    kind = forms.ChoiceField(choices=Campaign.Kind.choices, label=_("Kind"))
    channel = forms.ChoiceField(choices=Campaign.Channel.choices, label=_("Channel"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Owner"))
    starts_on = forms.DateField(widget=DAY, label=_("Starts on"))
    ends_on = forms.DateField(widget=DAY, label=_("Ends on"))
    budget = _money(_("Budget"), initial=0)
    currency = forms.ChoiceField(choices=currency_choices, initial="USD", label=_("Currency"))
    offer = forms.CharField(
        max_length=400, required=False, label=_("Offer"), help_text=_("What they get, and until when.")
    )
    products = forms.ModelMultipleChoiceField(
        queryset=Product.objects.none(),
        required=False,
        label=_("Products"),
        help_text=_("Units and revenue during and before it are compared for these."),
    )
    uplift_pct = forms.DecimalField(
        min_value=-99, max_value=999, decimal_places=2, required=False, label=_("Expected uplift of demand, %")
    )
    stock_needed = forms.DecimalField(
        min_value=0,
        max_digits=12,
        decimal_places=3,
        required=False,
        label=_("Units needed in stock"),
        help_text=_("It goes live once somebody says that they are there."),
    )
    findings = forms.CharField(
        required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}), label=_("What we learned")
    )

    def __init__(self, *args: Any, viewer: Any, record: Campaign | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(viewer, record)  # type: ignore[attr-defined]
        self.fields["products"].queryset = Product.objects.order_by("name")  # type: ignore[attr-defined]
        if record is None:
            del self.fields["findings"]
            self.fields["owner"].initial = viewer.pk


class TaskForm(forms.Form):
    """What has to be prepared, and by whom."""

    title = forms.CharField(max_length=200, label=_("What is to be done"))
    area = forms.ChoiceField(choices=CampaignTask.Area.choices, label=_("By"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), required=False, label=_("Who"))
    due_on = forms.DateField(widget=DAY, required=False, label=_("Due on"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(viewer)  # type: ignore[attr-defined]


class CostForm(forms.Form):
    """What was paid."""

    source = forms.CharField(max_length=200, label=_("Paid to, or for"))
    amount = forms.DecimalField(max_digits=17, decimal_places=2, label=_("Amount"))
    on = forms.DateField(widget=DAY, label=_("On"))


class FindingsForm(forms.Form):
    """What the next campaign should know."""

    findings = forms.CharField(
        required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 4}), label=_("What we learned")
    )


class IntakeSettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """A public form: what it asks and where it may stand."""

    allowed_sites = WordsField(
        required=False,
        max_length=4000,
        label=_("Sites that may embed it"),
        help_text=_("As https://www.example.com, with commas between."),
    )

    class Meta:
        model = IntakeForm
        fields = [
            *("name", "key", "is_active", "headline", "intro", "asks_company", "asks_phone", "asks_message"),
            *("consent_text", "button", "thanks", "source", "campaign", "allowed_sites", "hourly_limit"),
        ]
        labels = {
            "key": _("Key"),
            "is_active": _("In use"),
            "headline": _("Headline"),
            "intro": _("Text above the fields"),
            "asks_company": _("Asks for the company"),
            "asks_phone": _("Asks for a phone number"),
            "asks_message": _("Asks for a message"),
            "consent_text": _("What they agree to"),
            "button": _("Word on the button"),
            "thanks": _("What is said afterwards"),
            "source": _("Source of the lead"),
            "campaign": _("Campaign"),
            "hourly_limit": _("Posts an hour, at most"),
        }
        widgets = {"consent_text": forms.Textarea(attrs={"rows": 3})}

    def _post_clean(self) -> None:
        """The services check; a model form would look for twins itself, and say it twice."""


class PartnerForm(forms.ModelForm):  # type: ignore[type-arg]
    """A promotion partner."""

    class Meta:
        model = PromotionPartner
        fields = ["name", "tier", "fee_pct", "website", "owner", "is_active"]
        labels = {"tier": _("Tier"), "fee_pct": _("Fee, %"), "website": _("Web site"), "is_active": _("Active")}

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(viewer, self.instance if self.instance.pk else None)  # type: ignore[attr-defined]
        if not self.instance.pk:
            self.fields["owner"].initial = viewer.pk

    def _post_clean(self) -> None:
        """The services check."""


class PartnerContactForm(forms.Form):
    """Somebody at a partner."""

    name = forms.CharField(max_length=120, label=_("Name"))
    email = forms.CharField(max_length=254, required=False, label=_("E-mail"))
    phone = forms.CharField(max_length=40, required=False, label=_("Phone"))


class RegistrationForm(forms.Form):
    """A company that a partner brings."""

    company = forms.CharField(max_length=200, label=_("Company"))
    website = forms.CharField(max_length=200, required=False, label=_("Web site"))
    contact_name = forms.CharField(max_length=120, label=_("Person to talk to"))
    email = forms.CharField(max_length=254, label=_("Their e-mail"))
    phone = forms.CharField(max_length=40, required=False, label=_("Their phone"))
    amount = _money(_("What the deal may bring"), required=False)
    currency = forms.ChoiceField(choices=currency_choices, initial="USD", label=_("Currency"))
    note = forms.CharField(
        required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}), label=_("What we should know")
    )


class RejectionForm(forms.Form):
    """Why a registration is rejected."""

    reason = forms.CharField(max_length=400, required=False, label=_("Reason"))


class PublicForm(forms.Form):
    """What a visitor types; the trap is for machines."""

    name = forms.CharField(max_length=120, label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.CharField(max_length=254, label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    company = forms.CharField(
        max_length=200,
        label=_("Company"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    phone = forms.CharField(
        max_length=40, label=_("Phone"), required=False, widget=forms.TextInput(attrs={"autocomplete": "tel"})
    )
    message = forms.CharField(
        max_length=4000, label=_("What can we do for you?"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    consent = forms.BooleanField(label="")

    def __init__(self, *args: Any, form: IntakeForm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("company", "phone", "message"):
            if not getattr(form, f"asks_{name}"):
                del self.fields[name]
        self.fields["consent"].label = form.consent_text
