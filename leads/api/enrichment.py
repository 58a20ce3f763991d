"""Finances of leads and their enrichment over the API."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from leads import services
from leads.filters import EnrichmentRunFilter, SettingFilter
from leads.models import EnrichmentProvider, EnrichmentRun, Lead, LeadFinancials
from leads.selectors.enrichment import financials_of, provider_list, run_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.money import currencies


class FinancialsOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """What is known of a lead's finances; `typed` names what a person entered."""

    class Meta:
        model = LeadFinancials
        fields = ["revenue", "currency", "employees", "credit_rating", "source", "as_of", "typed", "version"]


class FinancialsShown(serializers.Serializer):  # type: ignore[type-arg]
    """Adds the finances to a lead."""

    financials = serializers.SerializerMethodField()

    @extend_schema_field(FinancialsOut(allow_null=True))
    def get_financials(self, lead: Lead) -> Any:
        """Revenue, employees, credit rating, with source and day; null when nothing is known."""
        found = financials_of(lead)
        return FinancialsOut(found).data if found else None


class FinancialsIn(StrictSerializer):
    """Finances as a person found them, and where."""

    revenue = serializers.DecimalField(
        max_digits=17, decimal_places=2, min_value=Decimal(0), required=False, allow_null=True
    )
    currency = serializers.ChoiceField(choices=sorted(currencies()), required=False)
    employees = serializers.IntegerField(min_value=0, max_value=100_000_000, required=False, allow_null=True)
    credit_rating = serializers.CharField(max_length=20, required=False, allow_blank=True)
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]
    as_of = serializers.DateField(required=False)


class EnrichmentRunOut(OutSerializer):
    """A question to a provider and what came of it."""

    provider_name = serializers.CharField(source="provider.name", read_only=True)

    class Meta:
        model = EnrichmentRun
        fields = [
            "id", "lead", "provider", "provider_name", "day", "status", "attempts", "next_try_at", "payload", "written",
            "error", "finished_at", "asked_by", "created_at",
        ]  # fmt: skip


class EnrichMixin(ResourceViewSet):
    """Verbs of a lead: look it up, and enter its finances."""

    @extend_schema(request=None, responses={202: EnrichmentRunOut(many=True)})
    @action(detail=True, methods=["post"], pagination_class=None)
    def enrich(self, request: Request, pk: str) -> Response:
        """Ask every active provider, once a day each: 202 with the runs. 409 when none is set up."""
        runs = services.ask_enrichment(lead=self.record(pk), actor=request.user)
        return Response(EnrichmentRunOut(runs, many=True).data, status=202)

    @extend_schema(request=FinancialsIn, responses=FinancialsOut)
    @action(detail=True, methods=["put"])
    def financials(self, request: Request, pk: str) -> Response:
        """Set the finances by hand: enrichment leaves what is not empty alone. If-Match is the finances' version."""
        version = self.shown_version(request)
        row = services.set_financials(
            lead=self.record(pk), version=version, actor=request.user, **self.read(FinancialsIn)
        )
        return Response(FinancialsOut(row).data, headers={"ETag": f'"{row.version}"'})


class EnrichmentRunViewSet(ResourceViewSet):
    """What providers were asked about leads in sight."""

    resource = "enrichment-runs"
    selector = staticmethod(run_list)
    out = EnrichmentRunOut
    filterset_class = EnrichmentRunFilter
    sort_fields = {"id": "id", "created_at": "created_at"}


class EnrichmentProviderOut(OutSerializer):
    """A provider. Its secret is never shown."""

    class Meta:
        model = EnrichmentProvider
        fields = [
            "id", "name", "kind", "url", "header", "mapping", "is_active", "timeout_seconds", "rate_per_minute",
            "breaker_after", "breaker_minutes", "failures", "open_until", "version",
        ]  # fmt: skip


def _small(most: int) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=most, required=False)


class EnrichmentProviderIn(StrictSerializer):
    """A provider; `secret` goes into the header as it is and is kept sealed."""

    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=500)
    header = serializers.CharField(max_length=60, required=False, allow_blank=True)
    secret = serializers.CharField(max_length=500, required=False, allow_blank=True, write_only=True)
    is_active = serializers.BooleanField(required=False)
    timeout_seconds, rate_per_minute = _small(60), _small(6000)
    breaker_after, breaker_minutes = _small(100), _small(1440)
    mapping = serializers.DictField(
        child=serializers.CharField(max_length=120), required=False, help_text="Our fact: its place in the answer."
    )


class EnrichmentProviderViewSet(ResourceViewSet):
    """Who is asked about leads."""

    resource = "enrichment-providers"
    selector = staticmethod(provider_list)
    out = EnrichmentProviderOut
    create_in = change_in = EnrichmentProviderIn
    rights = {"create": "leads.add_enrichmentprovider", "partial_update": "leads.change_enrichmentprovider"}
    filterset_class = SettingFilter
    sort_fields = {"id": "id", "name": "name"}

    def create(self, request: Request) -> Response:
        """Set one up."""
        return self.again(services.create_provider(actor=request.user, **self.read(EnrichmentProviderIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some of it; its breaker closes."""
        provider, version = self.record(pk), self.shown_version(request)
        facts = self.read(EnrichmentProviderIn, partial=True)
        return self.again(services.update_provider(provider=provider, version=version, actor=request.user, **facts))
