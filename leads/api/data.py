"""Research partners, competitors, sources, market facts and data quality over the API."""

from decimal import Decimal

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import Seen
from leads import services
from leads.api.settings import SettingViewSet, rights_of, texts
from leads.filters import (
    CompetitorFilter,
    DataSourceFilter,
    MarketFactFilter,
    QualityFilter,
    ResearchPartnerFilter,
)
from leads.models import (
    Competitor,
    DataQualityIssue,
    DataSource,
    MarketFact,
    PartnerDelivery,
    ResearchPartner,
)
from leads.selectors.data import competitor_list, fact_list, source_list
from leads.selectors.partners import deliveries_of, partner_list
from leads.selectors.quality import BY_KEY, RULES, issue_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.money import currencies


class ResearchPartnerOut(OutSerializer):
    """A research partner and its agreement."""

    class Meta:
        model = ResearchPartner
        fields = [
            "id", "name", "kind", "agreement", "cost_per_record", "currency", "licence_expires_on", "is_active",
            "created_at", "version",
        ]  # fmt: skip


class ResearchPartnerIn(StrictSerializer):
    """Who sells us records, at what price, until when."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=ResearchPartner.Kind.choices, required=False)
    agreement = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    cost_per_record = serializers.DecimalField(max_digits=12, decimal_places=4, min_value=Decimal(0), required=False)
    currency = serializers.ChoiceField(choices=sorted(currencies()), required=False)
    licence_expires_on = serializers.DateField(required=False, allow_null=True)
    is_active = serializers.BooleanField(required=False)


class DeliveryIn(StrictSerializer):
    """A partner's file: CSV with a head."""

    file = serializers.FileField(allow_empty_file=True)


class DeliveryOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """What came of a file; `cost` stands once every row has its end."""

    class Meta:
        model = PartnerDelivery
        fields = [
            "id", "file_name", "file_hash", "rows_total", "rows_created", "rows_matched", "rows_rejected", "cost",
            "currency", "job", "finished_at", "created_at",
        ]  # fmt: skip


class ResearchPartnerViewSet(SettingViewSet):
    """Firms that sell us records."""

    resource = "research-partners"
    selector = staticmethod(partner_list)
    out = ResearchPartnerOut
    create_in = change_in = ResearchPartnerIn
    makes = ResearchPartner
    rights = {**rights_of("researchpartner"), "deliveries": "leads.change_researchpartner"}
    filterset_class = ResearchPartnerFilter
    sort_fields = {"id": "id", "name": "name"}
    costs = {**SettingViewSet.costs, "deliveries": "upload"}

    @extend_schema(request={"multipart/form-data": DeliveryIn}, responses={200: DeliveryOut, 202: DeliveryOut})
    @action(detail=True, methods=["post"], pagination_class=None)
    def deliveries(self, request: Request, pk: str) -> Response:
        """Take a file in: 202 with the job's key. The same file again is 200 and takes nothing in."""
        partner = self.record(pk)
        upload = self.read(DeliveryIn)["file"]
        delivery, made = services.receive_delivery(partner=partner, upload=upload, actor=request.user)
        return Response(DeliveryOut(delivery).data, status=202 if made else 200)

    @extend_schema(responses=DeliveryOut(many=True))
    @deliveries.mapping.get
    def delivered(self, request: Request, pk: str) -> Response:
        """The last 200 files, newest first."""
        return Response(DeliveryOut(deliveries_of(self.record(pk))[:200], many=True).data)


class CompetitorOut(OutSerializer):
    """A competitor."""

    class Meta:
        model = Competitor
        fields = ["id", "name", "website", "strengths", "weaknesses", "products", "is_active", "version"]


class CompetitorIn(StrictSerializer):
    """Who else sells to our market."""

    name = serializers.CharField(max_length=120)
    website = serializers.CharField(max_length=200, required=False, allow_blank=True)
    strengths = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    weaknesses = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    products = texts(120)
    is_active = serializers.BooleanField(required=False)


class CompetitorViewSet(SettingViewSet):
    """Who else sells to our market."""

    resource = "competitors"
    selector = staticmethod(competitor_list)
    out = CompetitorOut
    create_in = change_in = CompetitorIn
    makes = Competitor
    rights = rights_of("competitor")
    filterset_class = CompetitorFilter
    sort_fields = {"id": "id", "name": "name"}


class DataSourceOut(OutSerializer):
    """A source of facts."""

    class Meta:
        model = DataSource
        fields = ["id", "name", "kind", "url", "description", "is_active", "version"]


class DataSourceIn(StrictSerializer):
    """Where facts come from."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=DataSource.Kind.choices, required=False)
    url = serializers.CharField(max_length=300, required=False, allow_blank=True)
    description = serializers.CharField(max_length=400, required=False, allow_blank=True)
    is_active = serializers.BooleanField(required=False)


class DataSourceViewSet(SettingViewSet):
    """Registers, studies and services that facts come from."""

    resource = "data-sources"
    selector = staticmethod(source_list)
    out = DataSourceOut
    create_in = change_in = DataSourceIn
    makes = DataSource
    rights = rights_of("datasource")
    filterset_class = DataSourceFilter
    sort_fields = {"id": "id", "name": "name"}


class MarketFactOut(OutSerializer):
    """A figure with where and when it was read."""

    class Meta:
        model = MarketFact
        fields = ["id", "metric", "value", "unit", "geography", "as_of", "source", "competitor", "version"]


class MarketFactIn(StrictSerializer):
    """A figure about a market, or about a competitor in it."""

    metric = serializers.CharField(max_length=80)
    value = serializers.DecimalField(max_digits=24, decimal_places=6)
    unit = serializers.CharField(max_length=20)
    geography = serializers.CharField(max_length=80)
    as_of = serializers.DateField()
    source = Seen(DataSource)  # type: ignore[assignment]
    competitor = Seen(Competitor, required=False, allow_null=True)


class MarketFactViewSet(SettingViewSet):
    """Figures about markets and competitors."""

    resource = "market-facts"
    selector = staticmethod(fact_list)
    out = MarketFactOut
    create_in = change_in = MarketFactIn
    makes = MarketFact
    rights = rights_of("marketfact")
    filterset_class = MarketFactFilter
    sort_fields = {"id": "id", "as_of": "as_of", "metric": "metric"}


class QualityIssueOut(OutSerializer):
    """Something wrong with a record."""

    rule_label = serializers.SerializerMethodField()

    class Meta:
        model = DataQualityIssue
        fields = ["id", "rule", "rule_label", "severity", "lead", "account", "contact", "found_at"]

    def get_rule_label(self, issue: DataQualityIssue) -> str:
        """What is wrong, in words."""
        return str(BY_KEY[issue.rule].label)


class ScanOut(serializers.Serializer):  # type: ignore[type-arg]
    """What a scan changed."""

    opened = serializers.IntegerField()
    closed = serializers.IntegerField()


class QualityIssueViewSet(ResourceViewSet):
    """Open issues of records in sight; one that was mended is none any more."""

    resource = "data-quality-issues"
    selector = staticmethod(issue_list)
    out = QualityIssueOut
    filterset_class = QualityFilter
    sort_fields = {"id": "id", "found_at": "found_at"}
    rights = {"scan": "leads.scan_quality"}

    @extend_schema(request=None, responses=ScanOut)
    @action(detail=False, methods=["post"])
    def scan(self, request: Request) -> Response:
        """Look through all records now."""
        found = [services.scan_quality(rule_key=rule.key, actor=request.user) for rule in RULES]
        return Response({"opened": sum(pair[0] for pair in found), "closed": sum(pair[1] for pair in found)})
