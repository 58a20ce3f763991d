"""What lists and the API may ask of needs."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from opportunities.models import Need, NeedsAnalysis
from revops.core.api.filters import StrictFilterSet


class NeedFilter(StrictFilterSet):
    """Names and values that the list of needs and the API accept."""

    q = filters.CharFilter(field_name="statement", lookup_expr="icontains", label=_("Search"))
    kind = filters.ChoiceFilter(choices=Need.Kind.choices, label=_("Kind"))
    level = filters.ChoiceFilter(choices=Need.Level.choices, label=_("Level"))
    origin = filters.ChoiceFilter(choices=Need.Origin.choices, label=_("Origin"))
    lead = filters.NumberFilter(method="of_lead", widget=HiddenInput, label=_("Lead"))
    opportunity = filters.NumberFilter(
        field_name="analysis__opportunity_id", widget=HiddenInput, label=_("Opportunity")
    )
    analysis = filters.NumberFilter(field_name="analysis_id", widget=HiddenInput, label=_("Analysis"))

    def of_lead(self, rows: QuerySet[Need], _name: str, number: Any) -> QuerySet[Need]:
        return rows.filter(analysis__lead_id=number)


class AnalysisFilter(StrictFilterSet):
    """Names and values that the API of analyses accepts."""

    status = filters.ChoiceFilter(choices=NeedsAnalysis.Status.choices)
    lead = filters.NumberFilter(field_name="lead_id")
    opportunity = filters.NumberFilter(field_name="opportunity_id")
