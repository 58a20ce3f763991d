"""Forms of target markets, finances, providers and research: input to cleaned values."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import currency_choices
from leads.models import Competitor, DataSource, ResearchFinding, ResearchPartner
from revops.catalog.models import Product
from revops.users.models import User

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class WordsField(forms.CharField):
    """A list of words, separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [word.strip() for word in re.split(r"[,;\n]", text) if word.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


class MarketForm(forms.Form):
    """Whom a market holds, whom never, and how large it is."""

    name = forms.CharField(max_length=120, label=_("Name"))
    description = forms.CharField(max_length=400, required=False, label=_("In one sentence"))
    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False, label=_("Product"))
    industries = WordsField(required=False, max_length=4000, label=_("Industries"), help_text=_("With commas between."))
    regions = WordsField(
        required=False, max_length=4000, label=_("Regions"), help_text=_("Territory, state or country.")
    )
    employees_min = forms.IntegerField(min_value=0, max_value=2_000_000_000, required=False, label=_("Employees from"))
    employees_max = forms.IntegerField(min_value=0, max_value=2_000_000_000, required=False, label=_("Employees to"))
    revenue_min = forms.DecimalField(
        min_value=0, max_digits=17, decimal_places=2, required=False, label=_("Revenue from")
    )
    revenue_max = forms.DecimalField(
        min_value=0, max_digits=17, decimal_places=2, required=False, label=_("Revenue to")
    )
    currency = forms.ChoiceField(choices=currency_choices, initial="USD", label=_("Currency"))
    technologies = WordsField(
        required=False, max_length=4000, label=_("Technologies"), help_text=_("They use one of these.")
    )
    triggers = WordsField(
        required=False,
        max_length=4000,
        label=_("Triggers"),
        help_text=_("One of these has happened: a new plant."),
    )
    excluded_industries = WordsField(required=False, max_length=4000, label=_("Never these industries"))
    excluded_regions = WordsField(required=False, max_length=4000, label=_("Never these regions"))
    excluded_domains = WordsField(
        required=False, max_length=4000, label=_("Never these companies"), help_text=_("By their web domain.")
    )
    tam_accounts = forms.IntegerField(
        min_value=0, max_value=2_000_000_000, required=False, label=_("Accounts in the whole market")
    )
    tam_value = forms.DecimalField(
        min_value=0, max_digits=17, decimal_places=2, required=False, label=_("Whole market (TAM)")
    )
    sam = forms.DecimalField(
        min_value=0, max_digits=17, decimal_places=2, required=False, label=_("What we can serve (SAM)")
    )
    som = forms.DecimalField(
        min_value=0, max_digits=17, decimal_places=2, required=False, label=_("Within our reach (SOM)")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = Product.objects.order_by("name")  # type: ignore[attr-defined]


class FinancialsForm(forms.Form):
    """A company's finances, and where they were found."""

    revenue = forms.DecimalField(
        min_value=0, max_digits=17, decimal_places=2, required=False, label=_("Revenue a year")
    )
    currency = forms.ChoiceField(choices=currency_choices, initial="USD", label=_("Currency"))
    employees = forms.IntegerField(min_value=0, max_value=100_000_000, required=False, label=_("Employees"))
    credit_rating = forms.CharField(max_length=20, required=False, label=_("Credit rating"))
    source = forms.CharField(max_length=200, label=_("Source"), help_text=_("Where it is written: accounts of 2025."))
    as_of = forms.DateField(required=False, widget=DAY, label=_("As of"))


class ProviderForm(forms.Form):
    """Who is asked about leads, and how often."""

    name = forms.CharField(max_length=80, label=_("Name"))
    url = forms.CharField(
        max_length=500,
        label=_("Address"),
        help_text=_("With {domain}, {company}, {country} or {email} where the lead's go."),
    )
    header = forms.CharField(max_length=60, required=False, initial="Authorization", label=_("Header of the secret"))
    secret = forms.CharField(
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        label=_("Secret"),
        help_text=_("Kept sealed and never shown. Left empty it stays as it is."),
    )
    mapping = forms.JSONField(
        required=False,
        initial=dict,
        label=_("Where its answer holds our facts"),
        help_text=_('Such as {"revenue": "company.turnover"}. Left empty they are where we call them.'),
    )
    is_active = forms.BooleanField(required=False, initial=True, label=_("Ask it"))
    timeout_seconds = forms.IntegerField(min_value=1, max_value=60, initial=10, label=_("Seconds to wait"))
    rate_per_minute = forms.IntegerField(min_value=1, max_value=6000, initial=60, label=_("Questions a minute"))
    breaker_after = forms.IntegerField(
        min_value=1, max_value=100, initial=5, label=_("Failures in a row until it rests")
    )
    breaker_minutes = forms.IntegerField(min_value=1, max_value=1440, initial=5, label=_("Minutes of rest"))

    def clean_mapping(self) -> Any:
        """Nothing is an empty mapping."""
        return self.cleaned_data["mapping"] or {}


class FindingForm(forms.Form):
    """An answer to one of the five questions."""

    topic = forms.ChoiceField(choices=ResearchFinding.Topic.choices, label=_("Question"))
    value = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), label=_("What was found"))
    source = forms.CharField(
        max_length=300, label=_("Source"), help_text=_("Where it stands: their site, a call, the accounts of 2025.")
    )
    confidence = forms.ChoiceField(choices=ResearchFinding.Confidence.choices, initial="medium", label=_("Confidence"))
    as_of = forms.DateField(required=False, widget=DAY, label=_("Found on"), help_text=_("Left empty: today."))
    expires_on = forms.DateField(required=False, widget=DAY, label=_("Valid until"))


class BriefForm(forms.Form):
    """Who finds it out, and until when."""

    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Who"))
    due_on = forms.DateField(required=False, widget=DAY, label=_("Due"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.visible_to(viewer).working()  # type: ignore[attr-defined]


class ResearchPartnerForm(forms.Form):
    """Who sells us records, at what price, until when."""

    name = forms.CharField(max_length=120, label=_("Name"))
    kind = forms.ChoiceField(choices=ResearchPartner.Kind.choices, label=_("Kind"))
    agreement = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}), label=_("Agreement")
    )
    cost_per_record = forms.DecimalField(min_value=0, max_digits=12, decimal_places=4, label=_("Price of a record"))
    currency = forms.ChoiceField(choices=currency_choices, initial="USD", label=_("Currency"))
    licence_expires_on = forms.DateField(
        required=False,
        widget=DAY,
        label=_("Licence until"),
        help_text=_("Later its leads may not be contacted. Left empty: for ever."),
    )
    is_active = forms.BooleanField(required=False, initial=True, label=_("Delivers to us"))


class DeliveryForm(forms.Form):
    """A partner's file."""

    file = forms.FileField(label=_("File"), help_text=_("CSV with a head; a column of company names is enough."))


class DataSourceForm(forms.Form):
    """Where facts come from."""

    name = forms.CharField(max_length=120, label=_("Name"))
    kind = forms.ChoiceField(choices=DataSource.Kind.choices, label=_("Kind"))
    url = forms.CharField(max_length=300, required=False, label=_("Address"))
    description = forms.CharField(max_length=400, required=False, label=_("What it holds"))
    is_active = forms.BooleanField(required=False, initial=True, label=_("In use"))


class CompetitorForm(forms.Form):
    """Who else sells to our market."""

    name = forms.CharField(max_length=120, label=_("Name"))
    website = forms.CharField(max_length=200, required=False, label=_("Web site"))
    strengths = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}), label=_("Where they are strong")
    )
    weaknesses = forms.CharField(
        max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}), label=_("Where they are weak")
    )
    products = WordsField(required=False, max_length=4000, label=_("Products"), help_text=_("With commas between."))
    is_active = forms.BooleanField(required=False, initial=True, label=_("Still there"))


class MarketFactForm(forms.Form):
    """A figure with where and when it was read."""

    metric = forms.CharField(max_length=80, label=_("Figure"), help_text=_("Such as market size, share, growth."))
    value = forms.DecimalField(max_digits=24, decimal_places=6, label=_("Value"))
    unit = forms.CharField(max_length=20, label=_("Unit"), help_text=_("USD, %, units."))
    geography = forms.CharField(max_length=80, label=_("Where"))
    as_of = forms.DateField(widget=DAY, label=_("As of"))
    source = forms.ModelChoiceField(queryset=DataSource.objects.none(), label=_("Source"))
    competitor = forms.ModelChoiceField(queryset=Competitor.objects.none(), required=False, label=_("Of a competitor"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = DataSource.objects.all()  # type: ignore[attr-defined]
        self.fields["competitor"].queryset = Competitor.objects.all()  # type: ignore[attr-defined]
