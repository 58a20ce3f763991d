"""Deal teams: who works on a deal beside its owner, from when until when, with what overlay."""

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import OwnerOut, Seen
from opportunities import services
from opportunities.models import Opportunity, OpportunityTeamMember
from opportunities.selectors.team import team_list
from revops.core.api.filters import StrictFilterSet
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.users.models import User

CHANGE = "opportunities.change_opportunity"


class TeamMemberOut(OutSerializer):
    """A place on a deal team."""

    overlay_pct = serializers.DecimalField(max_digits=9, decimal_places=4, read_only=True)

    class Meta:
        model = OpportunityTeamMember
        fields = ["id", "opportunity", "user", "role", "joined_at", "left_at", "overlay_pct"]
        expandable = {"user": OwnerOut}


class TeamMemberIn(StrictSerializer):
    """Who joins which deal, as what."""

    opportunity = Seen(Opportunity)
    user = Seen(User)
    role = serializers.CharField(max_length=40)


class OverlayIn(StrictSerializer):
    """Credit beside the 100 % of the revenue; 0 takes it away."""

    percent = serializers.DecimalField(max_digits=9, decimal_places=4, min_value=0, max_value=100)


class TeamFilter(StrictFilterSet):
    """The team of a deal, or the deals of a person."""

    opportunity = filters.NumberFilter(field_name="opportunity_id")
    user = filters.NumberFilter(field_name="user_id")
    current = filters.BooleanFilter(field_name="left_at", lookup_expr="isnull")


class TeamMemberViewSet(ResourceViewSet):
    """Places on deal teams."""

    resource = "opportunity-team-members"
    selector = staticmethod(team_list)
    out = TeamMemberOut
    create_in = TeamMemberIn
    filterset_class = TeamFilter
    rights = {"create": CHANGE, "end": CHANGE, "overlay": CHANGE}
    sort_fields = {"id": "id", "joined_at": "joined_at"}

    def create(self, request: Request) -> Response:
        """Put somebody on a deal's team."""
        return self.again(services.add_team_member(actor=request.user, **self.read(TeamMemberIn)), 201)

    @extend_schema(request=None, responses=TeamMemberOut)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """Their part is over; that they were there stays written."""
        return self.again(services.end_membership(member=self.record(pk), actor=request.user))

    @extend_schema(request=OverlayIn, responses=TeamMemberOut)
    @action(detail=True, methods=["post"])
    def overlay(self, request: Request, pk: str) -> Response:
        """Set their overlay."""
        member, percent = self.record(pk), self.read(OverlayIn)["percent"]
        return self.again(services.set_overlay(member=member, percent=percent, version=None, actor=request.user))
