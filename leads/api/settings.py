"""What explains a lead's score and whose turn it is: scorecards, fit rules, routing, queues, reasons."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import Seen
from leads import services
from leads.api.serializers import DisqualifyReasonOut, RoutingRuleOut, ScorecardOut
from leads.filters import SettingFilter
from leads.models import DisqualifyReason, FitRule, LeadQueue, PoolMember, RoutingPool, RoutingRule
from leads.selectors.engagement import every_group
from leads.selectors.scoring import CRITERIA
from leads.selectors.settings import (
    every_pool,
    fit_rule_list,
    pool_list,
    queue_list,
    reason_list,
    rule_list,
    scorecard_list,
)
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin
from revops.users.models import User

WEIGHT: dict[str, Any] = {"max_digits": 9, "decimal_places": 6, "min_value": Decimal(0), "max_value": Decimal(100)}


def texts(longest: int) -> serializers.ListField:
    """A list of words; empty stands for any."""
    return serializers.ListField(child=serializers.CharField(max_length=longest), required=False, max_length=200)


class ScorecardIn(StrictSerializer):
    """The next version: five weights that add up to 100, and the threshold."""

    needs_weight = serializers.DecimalField(**WEIGHT)
    finances_weight = serializers.DecimalField(**WEIGHT)
    reputation_weight = serializers.DecimalField(**WEIGHT)
    budget_weight = serializers.DecimalField(**WEIGHT)
    authority_weight = serializers.DecimalField(**WEIGHT)
    threshold = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100))


class ScorecardViewSet(ResourceViewSet):
    """Versions of the scorecard; a new one takes over at once."""

    resource = "scorecards"
    selector = staticmethod(scorecard_list)
    out = ScorecardOut
    create_in = ScorecardIn
    rights = {"create": "leads.add_scorecard"}
    filterset_class = SettingFilter
    sort_fields = {"id": "id", "number": "number"}

    def create(self, request: Request) -> Response:
        """Make the next version; scores of earlier ones keep theirs."""
        given = self.read(ScorecardIn)
        weights = {name: given[f"{name}_weight"] for name in CRITERIA}
        card = services.create_scorecard(actor=request.user, weights=weights, threshold=given["threshold"])
        return self.again(card, 201)


class SettingViewSet(BulkMixin):
    """A setting that a RevOps administrator makes and changes; every change is in the log."""

    filterset_class = SettingFilter
    makes: ClassVar[type[Any]]

    def create(self, request: Request) -> Response:
        """Make one."""
        record = self.makes(**self.read(self.create_in or StrictSerializer))
        return self.again(services.create_setting(record=record, actor=request.user), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some of it."""
        record, version = self.record(pk), self.shown_version(request)
        given = self.read(self.change_in or StrictSerializer, partial=True)
        return self.again(services.edit_setting(record=record, version=version, actor=request.user, **given))


def rights_of(model: str) -> Mapping[str, str]:
    """Of the two writes."""
    return {"create": f"leads.add_{model}", "partial_update": f"leads.change_{model}"}


class FitRuleOut(OutSerializer):
    """Points for what a lead is."""

    class Meta:
        model = FitRule
        fields = ["id", "name", "field", "values", "at_least", "at_most", "points", "group", "is_active", "version"]


class FitRuleIn(StrictSerializer):
    """Points for a value among `values`, or for employees within bounds."""

    name = serializers.CharField(max_length=120)
    field = serializers.ChoiceField(choices=FitRule.Field.choices)
    values = texts(80)
    at_least = serializers.IntegerField(min_value=0, max_value=2_000_000_000, required=False, allow_null=True)
    at_most = serializers.IntegerField(min_value=0, max_value=2_000_000_000, required=False, allow_null=True)
    points = serializers.IntegerField(min_value=-100, max_value=100)
    group = serializers.PrimaryKeyRelatedField(queryset=every_group(), required=False, allow_null=True)
    is_active = serializers.BooleanField(required=False)


class FitRuleViewSet(SettingViewSet):
    """Rules that make the fit score."""

    resource = "fit-rules"
    selector = staticmethod(fit_rule_list)
    out = FitRuleOut
    create_in = change_in = FitRuleIn
    makes = FitRule
    rights = rights_of("fitrule")
    sort_fields = {"id": "id", "points": "points"}


class RoutingRuleIn(StrictSerializer):
    """Which leads go to which pool; an empty list is any."""

    name = serializers.CharField(max_length=80)
    priority = serializers.IntegerField(min_value=0, max_value=32_000, required=False)
    sources, industries, countries = texts(60), texts(80), texts(80)
    pool = serializers.PrimaryKeyRelatedField(queryset=every_pool())
    is_active = serializers.BooleanField(required=False)


class RoutingRuleViewSet(SettingViewSet):
    """Rules that choose the pool of a lead; the lowest priority wins."""

    resource = "routing-rules"
    selector = staticmethod(rule_list)
    out = RoutingRuleOut
    create_in = change_in = RoutingRuleIn
    makes = RoutingRule
    rights = rights_of("routingrule")
    sort_fields = {"id": "id", "priority": "priority"}


class MemberOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """Somebody who takes leads in turn."""

    class Meta:
        model = PoolMember
        fields = ["user", "weight", "monthly_capacity"]


class RoutingPoolOut(OutSerializer):
    """People who take leads in turn."""

    members = MemberOut(many=True, read_only=True)

    class Meta:
        model = RoutingPool
        fields = ["id", "name", "is_default", "answer_minutes", "working_hours", "members", "version"]


class RoutingPoolIn(StrictSerializer):
    """A pool; its members are set in the administration."""

    name = serializers.CharField(max_length=80)
    is_default = serializers.BooleanField(required=False)
    answer_minutes = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    working_hours = serializers.BooleanField(required=False)


class RoutingPoolViewSet(SettingViewSet):
    """Pools of people who take leads in turn."""

    resource = "routing-pools"
    selector = staticmethod(pool_list)
    out = RoutingPoolOut
    create_in = change_in = RoutingPoolIn
    makes = RoutingPool
    rights = rights_of("routingpool")
    sort_fields = {"id": "id", "name": "name"}


class LeadQueueOut(OutSerializer):
    """Where leads wait that nobody owns."""

    class Meta:
        model = LeadQueue
        fields = ["id", "name", "owner", "is_fallback", "is_manual", "version"]


class LeadQueueIn(StrictSerializer):
    """A queue and who looks after it."""

    name = serializers.CharField(max_length=80)
    owner = Seen(User)
    is_fallback = serializers.BooleanField(required=False)
    is_manual = serializers.BooleanField(required=False)


class LeadQueueViewSet(SettingViewSet):
    """Queues of leads that nobody owns."""

    resource = "lead-queues"
    selector = staticmethod(queue_list)
    out = LeadQueueOut
    create_in = change_in = LeadQueueIn
    makes = LeadQueue
    rights = rights_of("leadqueue")
    sort_fields = {"id": "id", "name": "name"}


class DisqualifyReasonIn(StrictSerializer):
    """A reason to choose."""

    label = serializers.CharField(max_length=80)  # type: ignore[assignment]
    is_active = serializers.BooleanField(required=False)


class DisqualifyReasonViewSet(SettingViewSet):
    """Reasons to choose from when a lead is none."""

    resource = "disqualify-reasons"
    selector = staticmethod(reason_list)
    out = DisqualifyReasonOut
    create_in = change_in = DisqualifyReasonIn
    makes = DisqualifyReason
    rights = rights_of("disqualifyreason")
    sort_fields = {"id": "id"}
    default_sort = "id"
