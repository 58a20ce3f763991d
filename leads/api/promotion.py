"""Promotion partners and deal registrations over the API."""

from decimal import Decimal

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import OwnerOut, ReasonIn, Seen
from leads import services
from leads.filters_campaigns import PartnerFilter, RegistrationFilter
from leads.models import DealRegistration, PromotionPartner
from leads.selectors.promotion import partner_list, registration_list
from revops.core.api.serializers import MoneyField, OutSerializer, StrictSerializer
from revops.core.api.writes import BulkMixin
from revops.users.models import User


class PromotionPartnerOut(OutSerializer):
    """A partner with how many deals they registered."""

    registered = serializers.IntegerField(read_only=True)
    approved = serializers.IntegerField(read_only=True)
    converted = serializers.IntegerField(read_only=True)

    class Meta:
        model = PromotionPartner
        fields = [
            "id", "name", "tier", "fee_pct", "website", "owner", "is_active", "registered", "approved", "converted",
            "created_at", "version",
        ]  # fmt: skip
        expandable = {"owner": OwnerOut}


class PromotionPartnerIn(StrictSerializer):
    """A partner to make or change."""

    name = serializers.CharField(max_length=120)
    tier = serializers.ChoiceField(choices=PromotionPartner.Tier.choices, required=False)
    fee_pct = serializers.DecimalField(
        max_digits=9, decimal_places=6, min_value=Decimal(0), max_value=Decimal(100), required=False
    )
    website = serializers.CharField(max_length=200, required=False, allow_blank=True)
    owner = Seen(User, required=False)
    is_active = serializers.BooleanField(required=False)


class PromotionPartnerViewSet(BulkMixin):
    """Companies that promote what we sell, for a fee on what is won."""

    resource = "promotion-partners"
    selector = staticmethod(partner_list)
    out = PromotionPartnerOut
    create_in = change_in = PromotionPartnerIn
    rights = {"create": "leads.add_promotionpartner", "partial_update": "leads.change_promotionpartner"}
    filterset_class = PartnerFilter
    sort_fields = {"id": "id", "name": "name"}

    def create(self, request: Request) -> Response:
        """Make one."""
        return self.again(services.create_partner(actor=request.user, **self.read(PromotionPartnerIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Another tier or fee, or no partner any more."""
        partner, version = self.record(pk), self.shown_version(request)
        given = self.read(PromotionPartnerIn, partial=True)
        return self.again(services.update_partner(partner=partner, version=version, actor=request.user, **given))


class DealRegistrationOut(OutSerializer):
    """A partner's claim to a company."""

    amount = MoneyField(source="money", read_only=True, allow_null=True)

    class Meta:
        model = DealRegistration
        fields = [
            "id", "partner", "company", "website", "contact_name", "email", "phone", "amount", "note", "status",
            "reason", "protected_from", "protected_until", "account", "lead", "submitted_by", "decided_by",
            "decided_at", "converted_at", "created_at", "version",
        ]  # fmt: skip


class DealRegistrationIn(StrictSerializer):
    """A company that a partner brings."""

    partner = Seen(PromotionPartner)
    company = serializers.CharField(max_length=200)
    website = serializers.CharField(max_length=200, required=False, allow_blank=True)
    contact_name = serializers.CharField(max_length=120)
    email = serializers.CharField(max_length=254)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    amount = MoneyField(required=False, allow_null=True)
    note = serializers.CharField(max_length=4000, required=False, allow_blank=True)


class DealRegistrationViewSet(BulkMixin):
    """Claims to companies, each protected for 90 days."""

    resource = "deal-registrations"
    selector = staticmethod(registration_list)
    out = DealRegistrationOut
    create_in = DealRegistrationIn
    rights = {
        "create": "leads.add_dealregistration",
        "approve": "leads.decide_dealregistration",
        "reject": "leads.decide_dealregistration",
    }
    filterset_class = RegistrationFilter
    sort_fields = {"id": "id", "protected_until": "protected_until"}

    def create(self, request: Request) -> Response:
        """Register a company. Where another claim protects it, the answer is rejected with protected_until=<date>."""
        given = self.read(DealRegistrationIn)
        worth = given.pop("amount", None)
        if worth is not None:
            given |= {"amount": worth.amount, "currency": worth.currency}
        return self.again(services.register_deal(actor=request.user, **given), 201)

    @extend_schema(request=None, responses=DealRegistrationOut)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """It is theirs; its lead goes to whose turn it is."""
        row, version = self.record(pk), self.shown_version(request)
        return self.again(services.approve_registration(registration=row, version=version, actor=request.user))

    @extend_schema(request=ReasonIn, responses=DealRegistrationOut)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Not theirs; without a reason 422."""
        row, version = self.record(pk), self.shown_version(request)
        reason = self.read(ReasonIn).get("reason", "")
        return self.again(
            services.reject_registration(registration=row, version=version, actor=request.user, reason=reason)
        )
