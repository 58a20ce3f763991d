"""The scorecard's versions, the rule card's, and the learned models."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Activity
from leads import services
from leads.api.settings import SettingViewSet, rights_of
from leads.filters import ScoringModelFilter, SettingFilter
from leads.models import EngagementRule, RuleCard, ScoreGroup, ScoringModel
from leads.selectors.engagement import card_list, engagement_rule_list, every_group, group_list
from leads.selectors.learning import model_list, reasons_in_words
from leads.selectors.learning_words import label_in
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import JobStarted, ResourceViewSet, job_accepted


class ModelFieldOut(serializers.Serializer):  # type: ignore[type-arg]
    """A field that a model looks at, or does not, and why."""

    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField()


def _measure(name: str) -> Any:
    """One figure of the judgement."""
    return serializers.DecimalField(
        source=f"metrics.{name}", max_digits=8, decimal_places=4, default=None, allow_null=True, read_only=True
    )


class ScoringModelOut(OutSerializer):
    """A learned version and how it was judged."""

    auc = _measure("auc")
    brier = _measure("brier")
    calibration_error = _measure("calibration_error")
    why = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    class Meta:
        model = ScoringModel
        fields = [
            "id", "number", "algorithm", "status", "auc", "brier", "calibration_error", "why", "warnings",
            "trained_at", "published_at", "retired_at", "version",
        ]  # fmt: skip

    def get_why(self, model: ScoringModel) -> list[str]:
        """Why it stands where it stands."""
        return reasons_in_words(model)

    def get_warnings(self, model: ScoringModel) -> list[str]:
        """Fields that know the outcome all by themselves."""
        return [label_in(model, row["name"]) for row in model.leaks]


class ScoringModelDetailOut(ScoringModelOut):
    """One version, with all that it was judged by."""

    looks_at = serializers.SerializerMethodField()
    leaves_out = serializers.SerializerMethodField()

    class Meta(ScoringModelOut.Meta):
        fields = [*ScoringModelOut.Meta.fields, "metrics", "looks_at", "leaves_out"]

    @extend_schema(responses=ModelFieldOut(many=True))
    def get_looks_at(self, model: ScoringModel) -> list[dict[str, Any]]:
        """Its fields."""
        return [{"label": label_in(model, row["name"]), "kind": row["kind"]} for row in model.fields]

    @extend_schema(responses=ModelFieldOut(many=True))
    def get_leaves_out(self, model: ScoringModel) -> list[dict[str, Any]]:
        """Fields that stay out, and why."""
        return [{"label": label_in(model, row["name"]), "kind": row["why"]} for row in model.refused]


class ScoringModelViewSet(ResourceViewSet):
    """Learned models: trained, judged, published, taken back."""

    resource = "scoring-models"
    selector = staticmethod(model_list)
    out = ScoringModelOut
    detail_out = ScoringModelDetailOut
    rights = dict.fromkeys(("train", "publish", "revert", "retire"), "leads.publish_scoringmodel")
    filterset_class = ScoringModelFilter
    sort_fields = {"id": "id", "number": "number"}

    @extend_schema(request=None, responses={202: JobStarted})
    @action(detail=False, methods=["post"])
    def train(self, request: Request) -> Response:
        """Learn from past leads: 202 with the job's address."""
        return job_accepted(services.start_training(actor=request.user))

    @extend_schema(request=None, responses=ScoringModelDetailOut)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """Put a version in use: 409 when it did not pass, or is no better than the one in use."""
        model, version = self.record(pk), self.shown_version(request)
        return self.again(services.publish_model(model=model, version=version, actor=request.user))

    @extend_schema(request=None, responses=ScoringModelDetailOut)
    @action(detail=True, methods=["post"])
    def revert(self, request: Request, pk: str) -> Response:
        """Take the version in use back: the answer is the earlier one, in use again."""
        model, version = self.record(pk), self.shown_version(request)
        return self.again(services.revert_model(model=model, version=version, actor=request.user))

    @extend_schema(request=None, responses=ScoringModelDetailOut)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Stop using a version, or put a candidate away."""
        model, version = self.record(pk), self.shown_version(request)
        return self.again(services.retire_model(model=model, version=version, actor=request.user))


class RuleCardOut(OutSerializer):
    """One version of all rules, their groups and the grade's bands."""

    class Meta:
        model = RuleCard
        fields = ["id", "number", "fit_share", "a_from", "b_from", "c_from", "rules", "is_active", "created_at"]


class RuleCardViewSet(ResourceViewSet):
    """Versions of the rule card; a changed rule or bound makes the next one."""

    resource = "rule-cards"
    selector = staticmethod(card_list)
    out = RuleCardOut
    filterset_class = SettingFilter
    sort_fields = {"id": "id", "number": "number"}


class ScoreGroupOut(OutSerializer):
    """Rules that together give at most so many points."""

    class Meta:
        model = ScoreGroup
        fields = ["id", "name", "side", "cap", "version"]


class ScoreGroupIn(StrictSerializer):
    """A group and its limit."""

    name = serializers.CharField(max_length=80)
    side = serializers.ChoiceField(choices=ScoreGroup.Side.choices)
    cap = serializers.IntegerField(min_value=1, max_value=100)


class ScoreGroupViewSet(SettingViewSet):
    """Groups of rules, each with its limit."""

    resource = "score-groups"
    selector = staticmethod(group_list)
    out = ScoreGroupOut
    create_in = change_in = ScoreGroupIn
    makes = ScoreGroup
    rights = rights_of("scoregroup")
    sort_fields = {"id": "id", "name": "name"}


class EngagementRuleOut(OutSerializer):
    """Points for what happens with a lead."""

    class Meta:
        model = EngagementRule
        fields = [
            "id", "name", "event", "contains", "points", "group", "decay", "half_life_days", "percent_per_month",
            "is_active", "version",
        ]  # fmt: skip


class EngagementRuleIn(StrictSerializer):
    """Points each time that something happens; they may halve in so many days, or fall evenly."""

    name = serializers.CharField(max_length=120)
    event = serializers.ChoiceField(choices=Activity.Kind.choices)
    contains = serializers.CharField(max_length=80, required=False, allow_blank=True)
    points = serializers.IntegerField(min_value=-100, max_value=100)
    group = serializers.PrimaryKeyRelatedField(queryset=every_group(), required=False, allow_null=True)
    decay = serializers.ChoiceField(choices=EngagementRule.Decay.choices, required=False)
    half_life_days = serializers.IntegerField(min_value=1, max_value=3650, required=False, allow_null=True)
    percent_per_month = serializers.IntegerField(min_value=1, max_value=100, required=False, allow_null=True)
    is_active = serializers.BooleanField(required=False)


class EngagementRuleViewSet(SettingViewSet):
    """Rules that make the engagement score."""

    resource = "engagement-rules"
    selector = staticmethod(engagement_rule_list)
    out = EngagementRuleOut
    create_in = change_in = EngagementRuleIn
    makes = EngagementRule
    rights = rights_of("engagementrule")
    sort_fields = {"id": "id", "points": "points"}
