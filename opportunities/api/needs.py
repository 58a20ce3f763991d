"""Needs analyses and their needs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import OwnerOut, Seen
from accounts.models import Contact
from leads.models import Lead
from opportunities import services
from opportunities.filters_needs import AnalysisFilter, NeedFilter
from opportunities.models import Need, NeedsAnalysis, Opportunity
from opportunities.selectors.needs import analysis_list, need_list
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin


class NeedOut(OutSerializer):
    """A need and who wrote it down."""

    class Meta:
        model = Need
        fields = [
            "id", "analysis", "kind", "level", "origin", "statement", "priority", "stated_by", "created_by",
            "created_at", "version",
        ]  # fmt: skip
        expandable = {"created_by": OwnerOut}


class NeedIn(StrictSerializer):
    """A need in the customer's words."""

    statement = serializers.CharField(max_length=400)
    kind = serializers.ChoiceField(choices=Need.Kind.choices, required=False)
    level = serializers.ChoiceField(choices=Need.Level.choices, required=False)
    origin = serializers.ChoiceField(choices=Need.Origin.choices, required=False)
    priority = serializers.IntegerField(min_value=1, max_value=5, required=False)
    stated_by = Seen(Contact, required=False, allow_null=True)


class NewNeedIn(NeedIn):
    """A need and the analysis that it belongs to."""

    analysis = Seen(NeedsAnalysis)


class NeedViewSet(BulkMixin):
    """Needs, wherever they were captured."""

    resource = "needs"
    selector = staticmethod(need_list)
    out = NeedOut
    create_in, change_in = NewNeedIn, NeedIn
    filterset_class = NeedFilter
    rights = {"create": None, "partial_update": None, "remove": None}
    sort_fields = {"id": "id", "priority": "priority", "created_at": "created_at"}

    def create(self, request: Request) -> Response:
        """Write a need down."""
        return self.again(services.add_need(actor=request.user, **self.read(NewNeedIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Put it right."""
        need, version = self.record(pk), self.shown_version(request)
        given = self.read(NeedIn, partial=True)
        return self.again(services.change_need(need=need, version=version, actor=request.user, **given))

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take it back while the analysis is worked on."""
        need, version = self.record(pk), self.shown_version(request)
        services.remove_need(need=need, version=version, actor=request.user)
        return Response(status=204)


class NeedsAnalysisOut(OutSerializer):
    """An analysis and the ids of its needs."""

    needs: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = NeedsAnalysis
        fields = [
            "id", "lead", "opportunity", "status", "needs", "created_by", "validated_at", "baselined_at",
            "created_at", "version",
        ]  # fmt: skip


class NeedsAnalysisIn(StrictSerializer):
    """Of a lead, or of an opportunity."""

    lead = Seen(Lead, required=False)
    opportunity = Seen(Opportunity, required=False)


class NeedsAnalysisViewSet(ResourceViewSet):
    """What buyers need: captured on a lead, carried on with on its opportunity."""

    resource = "needs-analyses"
    selector = staticmethod(analysis_list)
    out = NeedsAnalysisOut
    create_in = NeedsAnalysisIn
    filterset_class = AnalysisFilter
    rights = {"create": None, "validate": None, "baseline": None}
    sort_fields = {"id": "id", "created_at": "created_at"}

    def create(self, request: Request) -> Response:
        """The analysis that is being worked on, begun if there is none."""
        return self.again(services.open_analysis(actor=request.user, **self.read(NeedsAnalysisIn)), 201)

    @extend_schema(request=None, responses=NeedsAnalysisOut)
    @action(detail=True, methods=["post"])
    def validate(self, request: Request, pk: str) -> Response:
        """The customer agrees."""
        analysis, version = self.record(pk), self.shown_version(request)
        return self.again(services.validate_analysis(analysis=analysis, version=version, actor=request.user))

    @extend_schema(request=None, responses=NeedsAnalysisOut)
    @action(detail=True, methods=["post"])
    def baseline(self, request: Request, pk: str) -> Response:
        """Keep what was validated."""
        analysis, version = self.record(pk), self.shown_version(request)
        return self.again(services.baseline_analysis(analysis=analysis, version=version, actor=request.user))
