"""What lists and the API may ask of models of territories."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from accounts.filters import colleagues
from accounts.models import Territory, TerritoryModel
from revops.core.api.filters import StrictFilterSet


def seen_models(request: Any) -> QuerySet[TerritoryModel]:
    return TerritoryModel.objects.visible_to(request.user) if request else TerritoryModel.objects.none()


class TerritoryModelFilter(StrictFilterSet):
    """Models by state."""

    status = filters.ChoiceFilter(choices=TerritoryModel.Status.choices)


class TerritoryRuleFilter(StrictFilterSet):
    """Territories of a model, or of a person."""

    model = filters.NumberFilter(field_name="model_id")
    owner = filters.NumberFilter(field_name="owner_id")


class TerritoryChangeFilter(StrictFilterSet):
    """Rows of one preview."""

    model = filters.ModelChoiceFilter(queryset=seen_models, widget=HiddenInput, label=_("Model"))
    owner_before = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner today"))
    owner_after = filters.ModelChoiceFilter(queryset=colleagues, label=_("Then owned by"))
    territory_before = filters.ModelChoiceFilter(queryset=Territory.objects.all(), label=_("Territory today"))
    territory_after = filters.ModelChoiceFilter(queryset=Territory.objects.all(), label=_("Territory then"))
