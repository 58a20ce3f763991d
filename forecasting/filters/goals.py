"""What the API and the list may ask of goals."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from forecasting.models.goals import Goal
from revops.core.api.filters import StrictFilterSet


class GoalFilter(StrictFilterSet):
    """By metric, period, whose and part of what."""

    metric = filters.ChoiceFilter(choices=Goal.Metric.choices, label=_("Metric"))
    period = filters.NumberFilter(field_name="period_id", label=_("Period"))
    period__label = filters.CharFilter(field_name="period__label", label=_("Period, as 2026-11"))
    owner = filters.NumberFilter(field_name="owner_id", label=_("Owner"))
    parent = filters.NumberFilter(field_name="parent_id", label=_("Part of"))
    whole = filters.BooleanFilter(field_name="parent", lookup_expr="isnull", label=_("No part of another"))


class NoFilter(StrictFilterSet):
    """The rows behind a goal: nothing to narrow."""
