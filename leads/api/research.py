"""Research over the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import Seen
from accounts.models import Account
from leads import services
from leads.filters import ResearchFilter
from leads.models import Lead, ResearchBrief, ResearchFinding
from leads.selectors.research import brief_list, research_on
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.writes import BulkMixin
from revops.users.models import User


class FindingOut(OutSerializer):
    """An answer with its source; `is_current` is false once a newer one of its topic stands."""

    class Meta:
        model = ResearchFinding
        fields = [
            "id", "topic", "value", "source", "confidence", "as_of", "expires_on", "is_current", "expired_at",
            "found_by", "created_at",
        ]  # fmt: skip


class ResearchBriefOut(OutSerializer):
    """A brief: how far it has come, and its findings."""

    completeness = serializers.SerializerMethodField()
    findings = FindingOut(many=True, read_only=True)

    class Meta:
        model = ResearchBrief
        fields = ["id", "lead", "account", "owner", "due_on", "completeness", "findings", "created_at", "version"]

    def get_completeness(self, brief: ResearchBrief) -> int:
        """Per cent of the five questions that findings answer which hold today."""
        return research_on(brief).percent


class ResearchBriefIn(StrictSerializer):
    """About a lead or an account."""

    lead = Seen(Lead, required=False)
    account = Seen(Account, required=False)
    owner = Seen(User, required=False)
    due_on = serializers.DateField(required=False, allow_null=True)


class ResearchBriefChangeIn(StrictSerializer):
    """Who, and until when."""

    owner = Seen(User, required=False, allow_null=True)
    due_on = serializers.DateField(required=False, allow_null=True)


class FindingIn(StrictSerializer):
    """An answer; without a source it is refused."""

    topic = serializers.ChoiceField(choices=ResearchFinding.Topic.choices)
    value = serializers.CharField(max_length=2000)
    source = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")  # type: ignore[assignment]
    confidence = serializers.ChoiceField(choices=ResearchFinding.Confidence.choices, required=False)
    as_of = serializers.DateField(required=False)
    expires_on = serializers.DateField(required=False, allow_null=True)


class ResearchBriefViewSet(BulkMixin):
    """What is found out about leads and accounts."""

    resource = "research-briefs"
    selector = staticmethod(brief_list)
    out = ResearchBriefOut
    create_in, change_in = ResearchBriefIn, ResearchBriefChangeIn
    rights = {"create": None, "partial_update": None, "findings": None}
    filterset_class = ResearchFilter
    sort_fields = {"id": "id", "due_on": "due_on"}

    def create(self, request: Request) -> Response:
        """Open a brief; each lead and account has one."""
        return self.again(services.open_brief(actor=request.user, **self.read(ResearchBriefIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Another owner, another day."""
        brief, version = self.record(pk), self.shown_version(request)
        facts = self.read(ResearchBriefChangeIn, partial=True)
        return self.again(services.update_brief(brief=brief, version=version, actor=request.user, **facts))

    @extend_schema(request=FindingIn, responses={201: ResearchBriefOut})
    @action(detail=True, methods=["post"])
    def findings(self, request: Request, pk: str) -> Response:
        """Add a finding; what stood for its topic stays as history."""
        brief = self.record(pk)
        services.add_finding(actor=request.user, lead=brief.lead, account=brief.account, **self.read(FindingIn))
        return self.again(brief, 201)
