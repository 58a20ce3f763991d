"""Target markets over the API."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import Seen
from accounts.models import Account
from leads import services
from leads.api.settings import texts
from leads.filters import MarketFilter
from leads.models import TargetMarket
from leads.selectors.markets import market_list, preview
from revops.catalog.models import Product
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.money import currencies
from revops.core.views.counting import COUNT_LIMIT, bounded_count

AMOUNT: dict[str, Any] = {
    "max_digits": 19, "decimal_places": 3, "min_value": Decimal(0), "required": False, "allow_null": True,
}  # fmt: skip
COUNT: dict[str, Any] = {"min_value": 0, "max_value": 2_000_000_000, "required": False, "allow_null": True}


class TargetMarketOut(OutSerializer):
    """One version of a market. Amounts are in its currency."""

    class Meta:
        model = TargetMarket
        fields = [
            "id", "name", "number", "status", "product", "description", "industries", "regions", "employees_min",
            "employees_max", "revenue_min", "revenue_max", "currency", "technologies", "triggers",
            "excluded_industries", "excluded_regions", "excluded_domains", "tam_accounts", "tam_value", "sam", "som",
            "activated_at", "activated_by", "retired_at", "created_at", "version",
        ]  # fmt: skip


class TargetMarketIn(StrictSerializer):
    """Whom it holds, whom never, how large it is. What is left empty asks nothing."""

    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=400, required=False, allow_blank=True)
    product = Seen(Product, required=False, allow_null=True)
    industries, regions, technologies, triggers = texts(80), texts(80), texts(80), texts(80)
    employees_min = serializers.IntegerField(**COUNT)
    employees_max = serializers.IntegerField(**COUNT)
    revenue_min = serializers.DecimalField(**AMOUNT)
    revenue_max = serializers.DecimalField(**AMOUNT)
    currency = serializers.ChoiceField(choices=sorted(currencies()), required=False)
    excluded_industries, excluded_regions, excluded_domains = texts(80), texts(80), texts(120)
    tam_accounts = serializers.IntegerField(**COUNT)
    tam_value = serializers.DecimalField(**AMOUNT)
    sam = serializers.DecimalField(**AMOUNT)
    som = serializers.DecimalField(**AMOUNT)


class AccountInMarket(serializers.ModelSerializer):  # type: ignore[type-arg]
    """An account that matches."""

    class Meta:
        model = Account
        fields = ["id", "name", "industry", "employees", "country"]


class MarketPreviewOut(serializers.Serializer):  # type: ignore[type-arg]
    """Who is in it, as far as the caller sees; a count of more than 10,000 is capped."""

    accounts = serializers.IntegerField()
    leads = serializers.IntegerField()
    capped = serializers.BooleanField()
    sample = AccountInMarket(many=True)


class MarketActivatedOut(TargetMarketOut):
    """In force; `job` computes the fit of the open leads."""

    job = serializers.UUIDField()

    class Meta(TargetMarketOut.Meta):
        fields = [*TargetMarketOut.Meta.fields, "job"]


class TargetMarketViewSet(ResourceViewSet):
    """Whom we want to sell to, version by version."""

    resource = "target-markets"
    selector = staticmethod(market_list)
    out = TargetMarketOut
    create_in = change_in = TargetMarketIn
    rights = {
        "create": "leads.add_targetmarket",
        "partial_update": "leads.change_targetmarket",
        "preview": "leads.view_targetmarket",
        "activate": "leads.change_targetmarket",
        "retire": "leads.change_targetmarket",
        "revise": "leads.add_targetmarket",
    }
    filterset_class = MarketFilter
    sort_fields = {"id": "id", "name": "name", "number": "number", "activated_at": "activated_at"}

    def create(self, request: Request) -> Response:
        """The first draft of a market."""
        return self.again(services.create_market(actor=request.user, **self.read(TargetMarketIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a draft; a version in force is 409, except for its size."""
        market, version = self.record(pk), self.shown_version(request)
        facts = self.read(TargetMarketIn, partial=True)
        return self.again(services.update_market(market=market, version=version, actor=request.user, **facts))

    @extend_schema(request=None, responses=MarketPreviewOut)
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, pk: str) -> Response:
        """Who is in it today. Nothing is written."""
        found = preview(market=self.record(pk), viewer=request.user)
        accounts, leads = bounded_count(found.accounts), bounded_count(found.leads)
        shown = {
            "accounts": min(accounts, COUNT_LIMIT),
            "leads": min(leads, COUNT_LIMIT),
            "capped": max(accounts, leads) > COUNT_LIMIT,
            "sample": found.sample(),
        }
        return Response(MarketPreviewOut(shown).data)

    @extend_schema(request=None, responses=MarketActivatedOut)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """Put it in force; the version that stood is retired, and a job scores every open lead once."""
        market, version = self.record(pk), self.shown_version(request)
        market, job = services.activate_market(market=market, version=version, actor=request.user)
        answer = self.again(market)
        answer.data["job"] = str(job.pk)
        return answer

    @extend_schema(request=None, responses=TargetMarketOut)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Out of force."""
        market, version = self.record(pk), self.shown_version(request)
        return self.again(services.retire_market(market=market, version=version, actor=request.user))

    @extend_schema(request=None, responses={201: TargetMarketOut})
    @action(detail=True, methods=["post"])
    def revise(self, request: Request, pk: str) -> Response:
        """The next version, as a draft with the same criteria."""
        return self.again(services.revise_market(market=self.record(pk), actor=request.user), 201)
