"""What the API takes and shows of leads, handoffs, scorecards and routing rules."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.serializers import OwnerOut, Seen
from leads.api.enrichment import FinancialsShown
from leads.api.licences import ContactableShown
from leads.models import DisqualifyReason, Handoff, Lead, RoutingRule, Scorecard
from leads.selectors.learning_words import score_reasons
from leads.selectors.scoring import CRITERIA
from leads.selectors.settings import active_reasons
from revops.catalog.models import Product
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.custom.api import CustomIn, CustomOut
from revops.users.models import User


class LeadOut(OutSerializer):
    """A lead with both scores."""

    name = serializers.CharField(read_only=True)
    score = serializers.DecimalField(max_digits=5, decimal_places=2, read_only=True, allow_null=True, default=None)
    fit = serializers.IntegerField(source="fit_score", read_only=True, allow_null=True, default=None)
    engagement = serializers.IntegerField(source="engagement_score", read_only=True, allow_null=True, default=None)
    grade = serializers.CharField(read_only=True, allow_null=True, default=None)
    propensity = serializers.DecimalField(
        source="propensity_score", max_digits=5, decimal_places=2, read_only=True, allow_null=True, default=None
    )
    disqualify_reason = serializers.CharField(
        source="disqualify_reason.label", read_only=True, default=None, allow_null=True
    )

    next_action_at = serializers.DateTimeField(source="next_due_at", read_only=True, allow_null=True)

    custom = CustomOut()

    class Meta:
        model = Lead
        fields = [
            "id", "name", "first_name", "last_name", "company", "title", "email", "phone", "website", "domain",
            "industry", "employees", "country", "region", "source", "product", "status", "owner", "queue",
            "do_not_route", "competition", "next_step", "next_action_at", "score", "fit",
            "engagement", "grade", "propensity", "disqualify_reason",
            "rejection_note", "account", "contact", "external_system",
            "external_id", "qualified_at", "converted_at", "archived_at", "custom",
            "created_at", "updated_at",
            "version",
        ]  # fmt: skip
        expandable = {"owner": OwnerOut}


class LeadDetailOut(ContactableShown, FinancialsShown, LeadOut):
    """One lead, with its answers and the reasons of its scores."""

    answers = serializers.SerializerMethodField()
    score_reasons = serializers.SerializerMethodField()

    class Meta(LeadOut.Meta):
        fields = [*LeadOut.Meta.fields, "answers", "score_reasons", "financials", "contactable"]

    def get_score_reasons(self, lead: Lead) -> dict[str, list[str]]:
        """fit, engagement and propensity: sentences with their weight, the strongest first."""
        return score_reasons(lead)

    @extend_schema_field(
        serializers.DictField(child=serializers.DictField(child=serializers.CharField(allow_blank=True)))
    )
    def get_answers(self, lead: Lead) -> dict[str, dict[str, str]]:
        """Criterion -> value and evidence."""
        return {row.criterion: {"value": str(row.value), "evidence": row.evidence} for row in lead.answers.all()}


class LeadIn(StrictSerializer):
    """A lead to make or change."""

    last_name = serializers.CharField(max_length=80)
    company = serializers.CharField(max_length=200)
    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    title = serializers.CharField(max_length=120, required=False, allow_blank=True)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    website = serializers.CharField(max_length=200, required=False, allow_blank=True)
    industry = serializers.CharField(max_length=80, required=False, allow_blank=True)
    employees = serializers.IntegerField(min_value=0, max_value=100_000_000, required=False, allow_null=True)
    country = serializers.CharField(max_length=80, required=False, allow_blank=True)
    region = serializers.CharField(max_length=80, required=False, allow_blank=True)
    product = Seen(Product, required=False, allow_null=True)
    source = serializers.CharField(max_length=60, required=False, allow_blank=True)  # type: ignore[assignment]
    competition = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    next_step = serializers.CharField(max_length=200, required=False, allow_blank=True)
    do_not_route = serializers.BooleanField(required=False)
    custom = CustomIn()


class NewLeadIn(LeadIn):
    """A new lead: it is the caller's, unless `owner` or `route` says otherwise."""

    owner = Seen(User, required=False)
    route = serializers.BooleanField(required=False, help_text="Give it to whose turn it is.")
    external_system = serializers.CharField(max_length=40, required=False, allow_blank=True)
    external_id = serializers.CharField(max_length=120, required=False, allow_blank=True)


def _answer() -> Any:
    return serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False, allow_null=True
    )


class AnswersIn(StrictSerializer):
    """Answers of 0 to 100 (null clears one), and the evidence of each."""

    needs = _answer()
    finances = _answer()
    reputation = _answer()
    budget = _answer()
    authority = _answer()
    evidence = serializers.DictField(
        child=serializers.CharField(max_length=400, allow_blank=True), required=False, help_text=", ".join(CRITERIA)
    )


class DisqualifyIn(StrictSerializer):
    """Why it is no lead: the reason's id."""

    reason = serializers.PrimaryKeyRelatedField(
        queryset=active_reasons(), required=False, allow_null=True, default=None
    )
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class HandoffIn(StrictSerializer):
    """To whom, and a word to them."""

    to_user = Seen(User)
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class RejectIn(StrictSerializer):
    """Why it is not taken."""

    reason = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class AssignIn(StrictSerializer):
    """To whom."""

    owner = Seen(User)


class HandoffOut(OutSerializer):
    """A handoff with its package as it was sent."""

    class Meta:
        model = Handoff
        fields = [
            "id", "lead", "from_user", "to_user", "status", "package", "sla_due_at", "expires_at", "escalated_at",
            "decided_at", "decided_by", "reason", "created_at", "version",
        ]  # fmt: skip
        expandable = {"from_user": OwnerOut, "to_user": OwnerOut, "lead": LeadOut}


class ScorecardOut(OutSerializer):
    """A version of the scorecard."""

    class Meta:
        model = Scorecard
        fields = [
            "id", "number", "needs_weight", "finances_weight", "reputation_weight", "budget_weight",
            "authority_weight", "threshold", "is_active", "created_at",
        ]  # fmt: skip


class RoutingRuleOut(OutSerializer):
    """Which leads go to which pool."""

    pool_name = serializers.CharField(source="pool.name", read_only=True)

    class Meta:
        model = RoutingRule
        fields = [
            "id",
            "name",
            "priority",
            "sources",
            "industries",
            "countries",
            "pool",
            "pool_name",
            "is_active",
            "version",
        ]


class DisqualifyReasonOut(OutSerializer):
    """A reason to choose."""

    class Meta:
        model = DisqualifyReason
        fields = ["id", "label", "is_active", "version"]


class RoutingStepOut(serializers.Serializer):  # type: ignore[type-arg]
    """One question of the router."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    outcome = serializers.ChoiceField(choices=["takes", "passes"])
    why = serializers.CharField()


class RoutingOut(serializers.Serializer):  # type: ignore[type-arg]
    """Who would get a lead, and every step that says why."""

    user = serializers.IntegerField(source="user.pk", default=None, allow_null=True)
    queue = serializers.IntegerField(source="queue.pk", default=None, allow_null=True)
    pool = serializers.IntegerField(source="pool.pk", default=None, allow_null=True)
    reason = serializers.CharField()
    steps = RoutingStepOut(many=True)


class FunnelStateOut(serializers.Serializer):  # type: ignore[type-arg]
    """How many leads stand in a state."""

    status = serializers.ChoiceField(choices=Lead.Status.choices)
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField()


class FunnelOut(serializers.Serializer):  # type: ignore[type-arg]
    """The states in the order of the way."""

    results = FunnelStateOut(many=True)
