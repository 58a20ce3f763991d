"""Deals, pipelines, and the two doors through which a lead becomes a deal."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.hanging import ActivitiesMixin
from leads.models import Handoff, Lead
from opportunities import services
from opportunities.api.serializers import (
    AdvanceIn,
    CategoryIn,
    CloseIn,
    FactsIn,
    OpportunityIn,
    OpportunityOut,
    PipelineOut,
    ReopenIn,
    SplitsIn,
    VersionIn,
    facts,
)
from opportunities.filters import OpportunityFilter
from opportunities.models import Opportunity
from opportunities.selectors.opportunities import every_stage, opportunity_list, pipeline_list
from revops.core.api.views import ApiView, ResourceViewSet
from revops.core.api.writes import BulkMixin, UpsertMixin
from revops.users.api.shares import SharesMixin
from revops.users.models import User


def with_splits(*, viewer: Any) -> QuerySet[Opportunity]:
    """Deals with who shares their credit."""
    return opportunity_list(viewer=viewer).prefetch_related("splits")


class OpportunityViewSet(ActivitiesMixin, SharesMixin, BulkMixin, UpsertMixin):
    """Deals that we pursue."""

    resource = "opportunities"
    selector = staticmethod(with_splits)
    filterset_class = OpportunityFilter
    out = OpportunityOut
    create_in, change_in = OpportunityIn, FactsIn
    upsert = staticmethod(services.upsert_opportunity)
    rights = {
        "create": "opportunities.add_opportunity",
        **dict.fromkeys(
            ("partial_update", "advance", "close", "reopen", "splits", "category", "archive", "restore"),
            "opportunities.change_opportunity",
        ),
        "activities": "opportunities.view_opportunity",
    }
    sort_fields = {
        "id": "id",
        "name": "name",
        "amount": "amount",
        "close_on": "close_on",
        "closed_on": "closed_on",
        "stage": "stage__position",
        "created_at": "created_at",
    }

    def create(self, request: Request) -> Response:
        """Open a deal; its owner (the caller, unless named) has the whole credit."""
        data = facts(self.read(OpportunityIn))
        return self.again(services.create_opportunity(actor=request.user, **data), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change facts; the stage changes by `advance` and `close` only."""
        deal, data = self.record(pk), facts(self.read(FactsIn))
        version = self.shown_version(request)
        return self.again(services.update_opportunity(opportunity=deal, version=version, actor=request.user, **data))

    @extend_schema(request=AdvanceIn, responses=OpportunityOut)
    @action(detail=True, methods=["post"])
    def advance(self, request: Request, pk: str) -> Response:
        """Move to another stage; 422 names what its entry still needs, and the same call may bring it."""
        deal = self.record(pk)
        return self._move(request, deal, facts(self.read(AdvanceIn)))

    @extend_schema(request=CloseIn, responses=OpportunityOut)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Win or lose."""
        deal, data = self.record(pk), facts(self.read(CloseIn))
        kind = data.pop("outcome")
        stage = deal.pipeline.stages.filter(kind=kind).order_by("position").first()
        return self._move(request, deal, {**data, "stage": stage})

    @staticmethod
    def required_at() -> dict[str, list[str]]:
        """Which stages a field is needed for; of pipelines beside the default one as "pipeline: stage"."""
        needed: dict[str, list[str]] = {}
        for stage in every_stage():
            name = stage.key if stage.pipeline.is_default else f"{stage.pipeline}: {stage.key}"
            for field in stage.requires:
                needed.setdefault(field, []).append(name)
        return needed

    def facts(self, given: dict[str, Any]) -> dict[str, Any]:
        """Money as amount and currency."""
        return facts(given)

    def _move(self, request: Request, deal: Opportunity, data: dict[str, Any]) -> Response:
        version = self.shown_version(request)
        return self.again(services.move_opportunity(opportunity=deal, version=version, actor=request.user, **data))

    @extend_schema(request=ReopenIn, responses=OpportunityOut)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Bring a closed deal back to negotiation; 409 once its order is booked."""
        deal, data = self.record(pk), self.read(ReopenIn)
        version = self.shown_version(request)
        return self.again(services.reopen_opportunity(opportunity=deal, version=version, actor=request.user, **data))

    @extend_schema(request=ReopenIn, responses=OpportunityOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of lists, board and forecast; 409 for a deal that was won."""
        deal, data = self.record(pk), self.read(ReopenIn)
        version = self.shown_version(request)
        return self.again(services.archive_opportunity(opportunity=deal, version=version, actor=request.user, **data))

    @extend_schema(request=None, responses=OpportunityOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back."""
        deal, version = self.record(pk), self.shown_version(request)
        return self.again(services.restore_opportunity(opportunity=deal, version=version, actor=request.user))

    @extend_schema(request=SplitsIn, responses=OpportunityOut)
    @action(detail=True, methods=["post"])
    def splits(self, request: Request, pk: str) -> Response:
        """Replace the credit split."""
        deal, rows = self.record(pk), self.read(SplitsIn)["splits"]
        people = User.objects.visible_to(request.user).in_bulk([row["user"] for row in rows])
        splits = [{**row, "user": people.get(row["user"])} for row in rows]
        version = self.shown_version(request)
        return self.again(services.set_splits(opportunity=deal, splits=splits, version=version, actor=request.user))

    @extend_schema(request=CategoryIn, responses=OpportunityOut)
    @action(detail=True, methods=["post"])
    def category(self, request: Request, pk: str) -> Response:
        """Override the forecast category, or follow the stage again."""
        deal, data = self.record(pk), self.read(CategoryIn)
        version = self.shown_version(request)
        return self.again(services.set_category(opportunity=deal, version=version, actor=request.user, **data))


class PipelineViewSet(ResourceViewSet):
    """Pipelines with their stages."""

    resource = "pipelines"
    selector = staticmethod(pipeline_list)
    out = PipelineOut
    sort_fields = {"id": "id", "name": "name"}
    default_sort = "id"


class Conversion(ApiView):
    """Answers with the deal that a lead became."""

    serializer_class = OpportunityOut
    lookup_value_regex = r"\d{1,18}"

    def made(self, request: Request, deal: Opportunity) -> Response:
        """Lead, account, contact and deal have one answer, however often it is asked."""
        row = get_object_or_404(with_splits(viewer=request.user), pk=deal.pk)
        body = OpportunityOut(row, context=self.get_serializer_context()).data
        return Response(body, headers={"ETag": f'"{row.version}"', "Location": f"/api/v1/opportunities/{row.pk}"})

    def nothing_sent(self, request: Request) -> None:
        VersionIn(data=request.data or {}).is_valid(raise_exception=True)


class HandoffAcceptance(Conversion):
    """POST /handoffs/{id}/accept."""

    resource = "handoffs"
    rights = {"accept": "leads.decide_handoff"}

    @extend_schema(request=None, responses=OpportunityOut)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Take over a lead: account, contact and opportunity come into being once."""
        self.nothing_sent(request)
        handoff = get_object_or_404(Handoff.objects.visible_to(request.user), pk=pk)
        deal = services.accept_handoff(handoff=handoff, version=self.shown_version(request), actor=request.user)
        return self.made(request, deal)


class LeadConversion(Conversion):
    """POST /leads/{id}/convert."""

    resource = "leads"
    rights = {"convert": "opportunities.add_opportunity"}

    @extend_schema(request=None, responses=OpportunityOut)
    @action(detail=True, methods=["post"])
    def convert(self, request: Request, pk: str) -> Response:
        """A rep makes a deal of a qualified lead of his own."""
        self.nothing_sent(request)
        lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
        deal = services.convert_lead(lead=lead, version=self.shown_version(request), actor=request.user)
        return self.made(request, deal)
