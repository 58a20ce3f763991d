"""What lists and the API may ask of campaigns, members, forms, partners and registrations."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from accounts.filters import MineFilter, colleagues
from leads.filters import seen_campaigns
from leads.models import Campaign, CampaignMember, DealRegistration, MarketingCost, PromotionPartner, TouchPoint
from revops.core.api.filters import StrictFilterSet

WAY = [status.value for status in CampaignMember.Status]  # from chosen to responded


class CampaignFilter(StrictFilterSet):
    """Of the campaign list and its API."""

    q = filters.CharFilter(method="search", label=_("Search"))
    mine = MineFilter(label=_("Mine"))
    status = filters.ChoiceFilter(choices=Campaign.Status.choices, label=_("State"))
    kind = filters.ChoiceFilter(choices=Campaign.Kind.choices, label=_("Kind"))
    channel = filters.ChoiceFilter(choices=Campaign.Channel.choices, label=_("Channel"))
    code = filters.CharFilter(lookup_expr="iexact", widget=HiddenInput, label=_("Code"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner"))
    starts_on__gte = filters.DateFilter(field_name="starts_on", lookup_expr="gte", label=_("Starts from"))
    starts_on__lte = filters.DateFilter(field_name="starts_on", lookup_expr="lte", label=_("Starts until"))

    def search(self, rows: QuerySet[Campaign], _name: str, text: str) -> QuerySet[Campaign]:
        return rows.filter(Q(name__icontains=text) | Q(code__icontains=text))


class MemberFilter(StrictFilterSet):
    """Of the list of members and its API."""

    campaign = filters.ModelChoiceFilter(queryset=seen_campaigns, widget=HiddenInput, label=_("Campaign"))
    status = filters.ChoiceFilter(choices=CampaignMember.Status.choices, label=_("State"))
    reached = filters.ChoiceFilter(
        choices=CampaignMember.Status.choices, method="came_so_far", widget=HiddenInput, label=_("Came at least to")
    )
    lead = filters.NumberFilter(field_name="lead_id", widget=HiddenInput, label=_("Lead"))
    contact = filters.NumberFilter(field_name="contact_id", widget=HiddenInput, label=_("Contact"))

    def came_so_far(self, rows: QuerySet[CampaignMember], _name: str, status: str) -> QuerySet[CampaignMember]:
        return rows.filter(status__in=WAY[WAY.index(status) :])


class TouchFilter(StrictFilterSet):
    """Of touches in the API."""

    campaign = filters.NumberFilter(field_name="campaign_id", label=_("Campaign"))
    lead = filters.NumberFilter(field_name="lead_id", label=_("Lead"))
    contact = filters.NumberFilter(field_name="contact_id", label=_("Contact"))
    kind = filters.ChoiceFilter(choices=TouchPoint.Kind.choices, label=_("Kind"))
    at__gte = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", label=_("From"))
    at__lte = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lte", label=_("Until"))


class CostFilter(StrictFilterSet):
    """Of marketing costs in the API."""

    campaign = filters.NumberFilter(field_name="campaign_id", label=_("Campaign"))
    kind = filters.ChoiceFilter(choices=MarketingCost.Kind.choices, label=_("Kind"))
    on__gte = filters.DateFilter(field_name="on", lookup_expr="gte", label=_("From"))
    on__lte = filters.DateFilter(field_name="on", lookup_expr="lte", label=_("Until"))


class IntakeFormFilter(StrictFilterSet):
    """Of the list of public forms and its API."""

    name = filters.CharFilter(lookup_expr="icontains", label=_("Name"))
    is_active = filters.BooleanFilter(label=_("In use"))


class PartnerFilter(StrictFilterSet):
    """Of the list of partners and its API."""

    name = filters.CharFilter(lookup_expr="icontains", label=_("Name"))
    tier = filters.ChoiceFilter(choices=PromotionPartner.Tier.choices, label=_("Tier"))
    is_active = filters.BooleanFilter(label=_("Active"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner"))


def partners(request: Any) -> QuerySet[PromotionPartner]:
    if request is None:
        return PromotionPartner.objects.none()
    return PromotionPartner.objects.visible_to(request.user)


class RegistrationFilter(StrictFilterSet):
    """Of the list of registrations and its API."""

    partner = filters.ModelChoiceFilter(queryset=partners, label=_("Partner"))
    status = filters.ChoiceFilter(choices=DealRegistration.Status.choices, label=_("State"))
    company = filters.CharFilter(lookup_expr="icontains", label=_("Company"))
