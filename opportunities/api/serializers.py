"""Shapes of opportunities and pipelines."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from accounts.models import Account, Contact
from opportunities.api.quote_serializers import SeenField, amount_field
from opportunities.models import Category, LossReason, Opportunity, OpportunitySplit, Pipeline, Stage
from opportunities.selectors.opportunities import loss_reasons
from revops.catalog.models import Product
from revops.core.api.serializers import MoneyField, OutSerializer, StrictSerializer
from revops.core.custom.api import CustomIn, CustomOut
from revops.core.money import Money
from revops.users.models import User


class AccountBrief(serializers.ModelSerializer):  # type: ignore[type-arg]
    """The company, in short."""

    class Meta:
        model = Account
        fields = ["id", "name", "domain"]


class PersonBrief(serializers.ModelSerializer):  # type: ignore[type-arg]
    """A colleague, in short."""

    name = serializers.CharField(source="get_full_name", read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "name", "email"]


class StageOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """A step of a pipeline; `requires` names the fields that must be set to enter it."""

    class Meta:
        model = Stage
        fields = ["id", "key", "label", "position", "kind", "probability", "category", "requires", "quiet_days"]


class LossReasonOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """Why deals are lost."""

    class Meta:
        model = LossReason
        fields = ["id", "label"]


class PipelineOut(OutSerializer):
    """An ordered set of stages, with the reasons for which deals are lost."""

    stages = StageOut(many=True, read_only=True)
    loss_reasons = serializers.SerializerMethodField()

    class Meta:
        model = Pipeline
        fields = ["id", "name", "is_default", "stages", "loss_reasons"]

    def get_loss_reasons(self, _pipeline: Pipeline) -> list[dict[str, Any]]:
        """Those in use; the same for every pipeline."""
        kept = vars(self.root)  # one query an answer, not one a pipeline
        if "_loss_reasons" not in kept:
            rows = loss_reasons()
            kept["_loss_reasons"] = list(LossReasonOut(rows, many=True).data)
        return kept["_loss_reasons"]


class SplitOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """A person's share; `amount` is in the deal's currency."""

    class Meta:
        model = OpportunitySplit
        fields = ["user", "kind", "percent", "amount"]


class OpportunityOut(OutSerializer):
    """A potential order. `stage` is the key of a stage of its pipeline."""

    amount = amount_field("amount")
    stage = serializers.SlugRelatedField(slug_field="key", read_only=True)  # type: ignore[var-annotated]
    splits = SplitOut(many=True, read_only=True)
    next_action_at = serializers.DateTimeField(source="next_due_at", read_only=True, allow_null=True)

    custom = CustomOut()

    class Meta:
        model = Opportunity
        fields = [
            "id", "number", "name", "account", "contact", "lead", "owner", "pipeline", "stage", "status", "kind",
            "amount", "product", "opened_on", "close_on", "closed_on", "external_system", "external_id",
            "probability", "category",
            "category_overridden", "source", "loss_reason", "won_reason", "splits", "next_action_at", "imported",
            "archived_at", "custom", "created_at", "updated_at", "version",
        ]  # fmt: skip
        expandable = {"account": AccountBrief, "owner": PersonBrief, "stage": StageOut}

    def get_amount(self, deal: Opportunity) -> dict[str, str] | None:
        """Null while it is unknown."""
        return deal.amount_money.as_json() if deal.amount_money else None


class FactsIn(StrictSerializer):
    """Facts that a deal may carry; its stage never changes by PATCH."""

    name = serializers.CharField(max_length=200, required=False)
    account = SeenField(Account, required=False, allow_null=True)
    contact = SeenField(Contact, required=False, allow_null=True)
    owner = SeenField(User, required=False)
    amount = MoneyField(required=False, allow_null=True)
    close_on = serializers.DateField(required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=Opportunity.Kind.choices, required=False)
    product = SeenField(Product, required=False, allow_null=True)
    source = serializers.CharField(max_length=60, required=False, allow_blank=True)  # type: ignore[assignment]
    custom = CustomIn()


class OpportunityIn(FactsIn):
    """A new deal."""

    name = serializers.CharField(max_length=200)
    stage = serializers.SlugField(max_length=40, required=False)


class AdvanceIn(FactsIn):
    """The stage to move to, and what its entry still needs."""

    stage = serializers.SlugField(max_length=40)


class CloseIn(FactsIn):
    """Won or lost. Lost needs `loss_reason`; won by hand needs `won_reason` and an account."""

    outcome = serializers.ChoiceField(choices=["won", "lost"])
    loss_reason = serializers.PrimaryKeyRelatedField(queryset=loss_reasons(), required=False)
    won_reason = serializers.CharField(max_length=400, required=False)


class ReopenIn(StrictSerializer):
    """Why a closed deal is worked on again."""

    reason = serializers.CharField(max_length=400, required=False, allow_blank=True)


class SplitIn(StrictSerializer):
    """One person's share; `user` is an id."""

    user = serializers.IntegerField(min_value=1, max_value=2**53)
    percent = serializers.DecimalField(max_digits=9, decimal_places=6, min_value=Decimal(0), max_value=Decimal(100))
    kind = serializers.ChoiceField(choices=OpportunitySplit.Kind.choices, default=OpportunitySplit.Kind.REVENUE)


class SplitsIn(StrictSerializer):
    """The whole split; revenue adds up to exactly 100."""

    splits = SplitIn(many=True, max_length=50)  # type: ignore[call-arg]


class CategoryIn(StrictSerializer):
    """A forecast category by hand; null follows the stage again."""

    category = serializers.ChoiceField(
        choices=[Category.PIPELINE, Category.BEST_CASE, Category.COMMIT], allow_null=True
    )


class VersionIn(StrictSerializer):
    """Nothing to send."""


def facts(data: dict[str, Any]) -> dict[str, Any]:
    """The services' field names: money as amount and currency."""
    if "amount" not in data:
        return data
    value: Money | None = data["amount"]
    plain = {**data, "amount": value.amount if value else None}
    return plain if value is None else {**plain, "currency": value.currency}
