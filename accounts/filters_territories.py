"""What lists and the API may ask of models of territories."""

import django_filters as filters

from accounts.models import TerritoryModel
from revops.core.api.filters import StrictFilterSet


class TerritoryModelFilter(StrictFilterSet):
    """Models by state."""

    status = filters.ChoiceFilter(choices=TerritoryModel.Status.choices)


class TerritoryRuleFilter(StrictFilterSet):
    """Territories of a model, or of a person."""

    model = filters.NumberFilter(field_name="model_id")
    owner = filters.NumberFilter(field_name="owner_id")


class TerritoryChangeFilter(StrictFilterSet):
    """Rows of one preview."""

    model = filters.NumberFilter(field_name="model_id")
    owner_before = filters.NumberFilter(field_name="owner_before_id")
    owner_after = filters.NumberFilter(field_name="owner_after_id")
