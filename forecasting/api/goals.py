"""Goals over the API."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import Seen
from forecasting.filters.goals import GoalFilter
from forecasting.models.goals import Goal
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.goals import goal_list, standing_of
from forecasting.services import goals as services
from revops.catalog.models import Product
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.writes import BulkMixin
from revops.users.models import User

NUMBER: dict[str, Any] = {"max_digits": 18, "decimal_places": 3, "min_value": Decimal("0.001")}
SCORE: dict[str, Any] = {"max_digits": 5, "decimal_places": 2, "min_value": Decimal(0), "max_value": Decimal(100)}


class GoalOut(OutSerializer):
    """A goal and what counts for it."""

    period_label = serializers.CharField(source="period.label", read_only=True)

    class Meta:
        model = Goal
        fields = [
            "id", "metric", "name", "period", "period_label", "owner", "region", "product", "customer_type",
            "min_score", "target", "parent", "allow_variance", "created_at", "version",
        ]  # fmt: skip


class GoalDetailOut(GoalOut):
    """One goal, with where it is now and its parts."""

    reached = serializers.SerializerMethodField()
    percent = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()

    class Meta(GoalOut.Meta):
        fields = [*GoalOut.Meta.fields, "reached", "percent", "parts"]

    def get_reached(self, goal: Goal) -> str:
        """How many count now."""
        return str(standing_of(goal).value)

    def get_percent(self, goal: Goal) -> str:
        """Of the target, cut to one digit."""
        return str(standing_of(goal).percent)

    def get_parts(self, goal: Goal) -> list[int]:
        """Ids of its parts."""
        return list(goal.parts.order_by("pk").values_list("pk", flat=True))


class PartIn(StrictSerializer):
    """A part of a goal; what it leaves out it has from the whole."""

    owner = Seen(User, required=False)
    target = serializers.DecimalField(**NUMBER)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    region = serializers.CharField(max_length=80, required=False, allow_blank=True)
    product = Seen(Product, required=False, allow_null=True)
    customer_type = serializers.ChoiceField(choices=Goal.CustomerType.choices, required=False, allow_blank=True)
    min_score = serializers.DecimalField(**SCORE, required=False, allow_null=True)


class GoalChangeIn(PartIn):
    """What of a goal changes."""

    allow_variance = serializers.BooleanField(required=False)


class GoalIn(GoalChangeIn):
    """A goal, with its parts if they are known. `metric` is qualified_leads."""

    metric = serializers.ChoiceField(choices=Goal.Metric.choices, required=False)
    period = Seen(FiscalPeriod)
    owner = Seen(User)
    parts = PartIn(many=True, required=False)


class PartsIn(StrictSerializer):
    """The parts that stand from now on."""

    parts = PartIn(many=True)
    allow_variance = serializers.BooleanField(required=False)


class GoalViewSet(BulkMixin):
    """What is to be reached in a period, by whom; broken down into parts that add up."""

    resource = "goals"
    selector = staticmethod(goal_list)
    out = GoalOut
    detail_out = GoalDetailOut
    create_in, change_in = GoalIn, GoalChangeIn
    rights = {
        "create": "forecasting.add_goal",
        "partial_update": "forecasting.change_goal",
        "break_down": "forecasting.change_goal",
    }
    filterset_class = GoalFilter
    sort_fields = {"id": "id", "target": "target", "period": "period__first_on"}

    def create(self, request: Request) -> Response:
        """Set a goal. Parts that do not add up to it are 422 `children_sum`, unless `allow_variance`."""
        return self.again(services.create_goal(actor=request.user, **self.read(GoalIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a goal; sums must still be right."""
        goal, version = self.record(pk), self.shown_version(request)
        facts = self.read(GoalChangeIn, partial=True)
        return self.again(services.update_goal(goal=goal, version=version, actor=request.user, **facts))

    @extend_schema(request=PartsIn, responses=GoalDetailOut)
    @action(detail=True, methods=["post"], url_path="break-down")
    def break_down(self, request: Request, pk: str) -> Response:
        """Put these parts in the place of those that it has."""
        goal, version = self.record(pk), self.shown_version(request)
        return self.again(
            services.break_down_goal(goal=goal, version=version, actor=request.user, **self.read(PartsIn))
        )
