"""Forms of forecasting: input to cleaned values."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from forecasting.models.goals import Goal
from forecasting.models.periods import FiscalPeriod
from revops.catalog.models import Product
from revops.users.models import User


class GoalForm(forms.Form):
    """What is to be reached, by whom, and what counts."""

    name = forms.CharField(max_length=120, required=False, label=_("Name"))
    period = forms.ModelChoiceField(queryset=FiscalPeriod.objects.none(), label=_("Period"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Whose"))
    target = forms.DecimalField(min_value=0, max_digits=18, decimal_places=3, label=_("How many qualified leads"))
    min_score = forms.DecimalField(
        min_value=0, max_value=100, max_digits=5, decimal_places=2, required=False, label=_("Score from")
    )
    region = forms.CharField(max_length=80, required=False, label=_("Region"))
    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False, label=_("Product"))
    customer_type = forms.ChoiceField(
        choices=[("", _("All customers")), *Goal.CustomerType.choices], required=False, label=_("Customers")
    )
    allow_variance = forms.BooleanField(required=False, label=_("Its parts need not add up to it"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        periods = FiscalPeriod.objects.visible_to(viewer).order_by("-first_on", "kind")
        self.fields["period"].queryset = periods  # type: ignore[attr-defined]
        self.fields["owner"].queryset = User.objects.visible_to(viewer).working()  # type: ignore[attr-defined]
        self.fields["product"].queryset = Product.objects.order_by("name")  # type: ignore[attr-defined]


class GoalChangeForm(GoalForm):
    """The same, of a goal whose period stands."""

    period = None  # type: ignore[assignment]

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        forms.Form.__init__(self, *args, **kwargs)
        self.fields["owner"].queryset = User.objects.visible_to(viewer).working()  # type: ignore[attr-defined]
        self.fields["product"].queryset = Product.objects.order_by("name")  # type: ignore[attr-defined]


class PartForm(forms.Form):
    """One part of a goal; a row without a number is none."""

    name = forms.CharField(max_length=120, required=False, label=_("Name"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), required=False, label=_("Whose"))
    region = forms.CharField(max_length=80, required=False, label=_("Region"))
    target = forms.DecimalField(min_value=0, max_digits=18, decimal_places=3, required=False, label=_("How many"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.visible_to(viewer).working()  # type: ignore[attr-defined]
