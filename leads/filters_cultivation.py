"""What lists and the API may ask of plans to keep in touch."""

import django_filters as filters
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from leads.models import CultivationPlan, Lead
from revops.core.api.filters import StrictFilterSet


class CultivationFilter(StrictFilterSet):
    """Names and values that the list of plans and the API accept."""

    mine = filters.BooleanFilter(method="of_mine", label=_("Mine"))
    open = filters.BooleanFilter(method="on_their_way", label=_("Open"))
    stage = filters.ChoiceFilter(choices=CultivationPlan.Stage.choices, label=_("Stage"))
    lead = filters.NumberFilter(field_name="lead_id", widget=HiddenInput, label=_("Lead"))
    next_touch_on__lte = filters.DateFilter(field_name="next_touch_on", lookup_expr="lte", label=_("Next touch until"))

    def of_mine(self, rows: QuerySet[CultivationPlan], _name: str, wanted: bool) -> QuerySet[CultivationPlan]:
        return rows.filter(lead__owner=self.request.user) if wanted else rows

    def on_their_way(self, rows: QuerySet[CultivationPlan], _name: str, wanted: bool) -> QuerySet[CultivationPlan]:
        return rows.filter(lead__status__in=Lead.OPEN) if wanted else rows.exclude(lead__status__in=Lead.OPEN)
