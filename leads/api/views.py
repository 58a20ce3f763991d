"""Leads and handoffs."""

from datetime import date
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import ReasonIn
from accounts.api.views import duplicates_allowed
from leads import services
from leads.api.enrichment import EnrichMixin
from leads.api.serializers import (
    AnswersIn,
    AssignIn,
    DisqualifyIn,
    FunnelOut,
    HandoffIn,
    HandoffOut,
    LeadDetailOut,
    LeadIn,
    LeadOut,
    NewLeadIn,
    RejectIn,
    RoutingOut,
)
from leads.filters import HandoffFilter, LeadFilter
from leads.models import Lead
from leads.selectors.funnel import funnel, funnel_on
from leads.selectors.handoffs import handoff_list
from leads.selectors.leads import lead_facts, with_scores
from leads.selectors.routing import decide
from revops.core.api.merges import MergeMixin
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin, UpsertMixin
from revops.core.errors import BadRequest
from revops.core.scope import require
from revops.users.api.shares import SharesMixin


class LeadViewSet(EnrichMixin, SharesMixin, MergeMixin, BulkMixin, UpsertMixin):
    """Persons and companies who may buy."""

    resource = "leads"
    selector = staticmethod(lead_facts)
    out = LeadOut
    detail_out = LeadDetailOut
    create_in, change_in = NewLeadIn, LeadIn
    upsert = staticmethod(services.upsert_lead)
    duplicates = True
    rights = {
        "create": "leads.add_lead",
        "partial_update": "leads.change_lead",
        "start": "leads.change_lead",
        **dict.fromkeys(("answers", "qualify", "nurture", "disqualify", "reopen"), "leads.qualify_lead"),
        "route": "leads.route_lead",
        "routing": "leads.route_lead",
        "assign": "leads.assign_lead",
        "handoff": "leads.submit_handoff",
        **dict.fromkeys(("enrich", "financials"), "leads.change_lead"),
        "archive": "leads.change_lead",
        "restore": "leads.change_lead",
        "merge": "leads.merge_lead",
    }
    filterset_class = LeadFilter
    sort_fields = {
        "id": "id",
        "company": "company",
        "last_name": "last_name",
        "score": "score",
        "fit": "fit_score",
        "engagement": "engagement_score",
        "propensity": "propensity_score",
        "next_action_at": "next_due_at",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }

    def again(self, record: Any, status: int = 200) -> Response:
        """Who gives a lead away still sees the answer to that request."""
        return self._now(record, status)

    def _now(self, lead: Lead, status: int = 200) -> Response:
        rows = [lead] if self.in_bulk else with_scores(Lead._default_manager.filter(pk=lead.pk))
        return self.answer(rows[0], status)

    def create(self, request: Request) -> Response:
        """Make a lead. What looks like a record that exists is 409, unless X-Allow-Duplicate: true."""
        facts = self.read(NewLeadIn)
        lead = services.create_lead(actor=request.user, allow_duplicate=duplicates_allowed(request), **facts)
        return self._now(lead, 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some facts."""
        lead, version = self.record(pk), self.shown_version(request)
        facts = self.read(LeadIn, partial=True)
        return self._now(services.update_lead(lead=lead, version=version, actor=request.user, **facts))

    @extend_schema(request=AnswersIn, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def answers(self, request: Request, pk: str) -> Response:
        """Answer criteria; the score follows within seconds."""
        lead, version = self.record(pk), self.shown_version(request)
        facts = self.read(AnswersIn)
        evidence = facts.pop("evidence", {})
        changed = services.answer_criteria(
            lead=lead, version=version, actor=request.user, answers=facts, evidence=evidence
        )
        return self._now(changed)

    @extend_schema(request=None, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Somebody works on a new lead."""
        lead, version = self.record(pk), self.shown_version(request)
        return self._now(services.start_working(lead=lead, version=version, actor=request.user))

    @extend_schema(request=None, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def qualify(self, request: Request, pk: str) -> Response:
        """It passes the scorecard, or 422 says why not."""
        lead, version = self.record(pk), self.shown_version(request)
        return self._now(services.qualify_lead(lead=lead, version=version, actor=request.user))

    @extend_schema(request=None, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def nurture(self, request: Request, pk: str) -> Response:
        """Not now, perhaps later."""
        lead, version = self.record(pk), self.shown_version(request)
        return self._now(services.nurture_lead(lead=lead, version=version, actor=request.user))

    @extend_schema(request=DisqualifyIn, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def disqualify(self, request: Request, pk: str) -> Response:
        """It is no lead; without a reason 422."""
        lead, version = self.record(pk), self.shown_version(request)
        facts = self.read(DisqualifyIn)
        return self._now(services.disqualify_lead(lead=lead, version=version, actor=request.user, **facts))

    @extend_schema(request=None, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Work on a nurtured or disqualified lead again."""
        lead, version = self.record(pk), self.shown_version(request)
        return self._now(services.reopen_lead(lead=lead, version=version, actor=request.user))

    @extend_schema(request=None, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def route(self, request: Request, pk: str) -> Response:
        """Find an owner for a lead that nobody holds."""
        lead = self.record(pk)
        services.route_lead(lead=lead, actor=request.user)
        return self._now(lead)

    @extend_schema(
        parameters=[OpenApiParameter("on", OpenApiTypes.DATE, description="A day before today.")], responses=FunnelOut
    )
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def funnel(self, request: Request) -> Response:
        """How many leads stand in each state: now, or as they stood at the end of a day."""
        unknown = sorted(set(request.query_params) - {"on", "format"})
        if unknown:
            raise BadRequest("unknown_parameter", f"There is no parameter “{unknown[0]}” here.")
        on = _day(request.query_params.get("on", ""))
        rows = funnel(viewer=request.user) if on is None else funnel_on(viewer=request.user, on=on)
        return Response({"results": rows})

    @extend_schema(responses=RoutingOut)
    @action(detail=True, methods=["get"])
    def routing(self, request: Request, pk: str) -> Response:
        """Who would get it if nobody held it, with every step that is asked; changes nothing."""
        require(request.user, "leads.route_lead")
        decision = decide(self.record(pk))
        return Response(RoutingOut(decision).data)

    @extend_schema(request=AssignIn, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """Give it to somebody."""
        lead, version = self.record(pk), self.shown_version(request)
        to_user = self.read(AssignIn)["owner"]
        return self._now(services.assign_lead(lead=lead, to_user=to_user, version=version, actor=request.user))

    @extend_schema(request=ReasonIn, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of lists and searches."""
        lead, version = self.record(pk), self.shown_version(request)
        facts = self.read(ReasonIn)
        return self._now(services.archive_lead(lead=lead, version=version, actor=request.user, **facts))

    @extend_schema(request=None, responses=LeadDetailOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back."""
        lead, version = self.record(pk), self.shown_version(request)
        return self._now(services.restore_lead(lead=lead, version=version, actor=request.user))

    @extend_schema(request=HandoffIn, responses={201: HandoffOut})
    @action(detail=True, methods=["post"])
    def handoff(self, request: Request, pk: str) -> Response:
        """Offer a qualified lead to a seller; an incomplete package is 422 and names what is missing."""
        lead, version = self.record(pk), self.shown_version(request)
        handoff = services.submit_handoff(lead=lead, version=version, actor=request.user, **self.read(HandoffIn))
        headers = {"ETag": f'"{handoff.version}"', "Location": f"/api/v1/handoffs/{handoff.pk}"}
        return Response(HandoffOut(handoff).data, status=201, headers=headers)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequest("bad_day", "on is a day like 2026-11-30.") from error


class HandoffViewSet(ResourceViewSet):
    """Transfers from SDR to seller."""

    resource = "handoffs"
    rights = {"reject": "leads.decide_handoff", "withdraw": "leads.submit_handoff"}
    selector = staticmethod(handoff_list)
    out = HandoffOut
    filterset_class = HandoffFilter
    sort_fields = {"id": "id", "sla_due_at": "sla_due_at", "created_at": "created_at", "decided_at": "decided_at"}

    @extend_schema(request=RejectIn, responses=HandoffOut)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Not taken; without a reason 422. The lead goes back to working."""
        handoff, version = self.record(pk), self.shown_version(request)
        facts = self.read(RejectIn)
        return self.answer(services.reject_handoff(handoff=handoff, version=version, actor=request.user, **facts))

    @extend_schema(request=None, responses=HandoffOut)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Taken back by the sender."""
        handoff, version = self.record(pk), self.shown_version(request)
        return self.answer(services.withdraw_handoff(handoff=handoff, version=version, actor=request.user))
