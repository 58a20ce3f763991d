"""Plans, statements and the ledger. Reach opens none of them; what is not the caller's to see is 404."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from forecasting import services
from forecasting.filters.compensation import LedgerFilter, PlanFilter, StatementFilter
from forecasting.models.compensation import Component, CompPlan, PlanVersion, Tier
from forecasting.models.ledger import LedgerEntry
from forecasting.models.periods import FiscalPeriod
from forecasting.models.statements import Statement, StatementLine
from forecasting.selectors.explain import explain
from forecasting.selectors.plans import ledger_list, plan_list
from forecasting.selectors.statements import sheet_of_statement, statement_list
from revops.core.api.serializers import MoneyField, OutSerializer, StrictSerializer
from revops.core.api.views import ApiView, ResourceViewSet, job_accepted
from revops.core.errors import InvalidInput
from revops.core.money import Money


def money_of(name: str) -> Any:
    """A column of a record with its own currency, as {"amount", "currency"}."""

    class Amount(MoneyField):
        def to_representation(self, value: Any) -> dict[str, str]:
            return Money(getattr(value, name), value.currency).as_json()

    return Amount(source="*", read_only=True)


class TierOut(serializers.Serializer):  # type: ignore[type-arg]
    """From which value on which rate holds."""

    rate = serializers.CharField(read_only=True)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of the language, so it cannot stand as an attribute."""
        return {"from": serializers.CharField(source="bound", read_only=True), **super().get_fields()}

    def to_representation(self, instance: Tier) -> dict[str, Any]:
        """Without the zeros of the column."""
        return {"from": f"{instance.bound.normalize():f}", "rate": f"{instance.rate.normalize():f}"}


class ComponentOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    tiers = TierOut(many=True, read_only=True)

    class Meta:
        model = Component
        fields = ["id", "name", "metric", "mode", "comparator", "tiers"]


class PlanVersionOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    first_on = serializers.DateField(source="during.lower", read_only=True)
    ends_before = serializers.DateField(source="during.upper", read_only=True, allow_null=True)
    components = ComponentOut(many=True, read_only=True)

    class Meta:
        model = PlanVersion
        fields = [
            "id",
            "number",
            "status",
            "first_on",
            "ends_before",
            "currency",
            "rounding",
            "hold_days",
            "clawback_days",
            "components",
        ]


class PlanOut(OutSerializer):
    versions = PlanVersionOut(many=True, read_only=True)

    class Meta:
        model = CompPlan
        fields = ["id", "code", "name", "description", "versions"]


class PlanViewSet(ResourceViewSet):
    """Plans with their editions and tiers, for those who are on them or administer them."""

    resource = "comp-plans"
    needs_tag = True
    selector = staticmethod(plan_list)
    out = PlanOut
    filterset_class = PlanFilter
    sort_fields: ClassVar[dict[str, str]] = {"id": "id", "code": "code"}
    default_sort = "code"


class LineOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """An order line behind the figure, with its sentence."""

    order_value = serializers.SerializerMethodField()
    credited = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField()
    explanation = serializers.SerializerMethodField()

    class Meta:
        model = StatementLine
        fields = [
            "position",
            "order_number",
            "line_number",
            "description",
            "account_name",
            "booked_on",
            "order_value",
            "percent",
            "fx_rate",
            "credited",
            "component",
            "tier",
            "rate",
            "slices",
            "shared_with",
            "amount",
            "state",
            "origin_label",
            "explanation",
        ]

    @property
    def _currency(self) -> str:
        return self.context["sheet"].currency

    def get_order_value(self, line: StatementLine) -> dict[str, str]:
        return Money(line.order_value, line.order_currency).as_json()

    def get_credited(self, line: StatementLine) -> dict[str, str]:
        return Money(line.credited, self._currency).as_json()

    def get_amount(self, line: StatementLine) -> dict[str, str]:
        return Money(line.amount, self._currency).as_json()

    def get_explanation(self, line: StatementLine) -> str:
        return explain(self.context["sheet"], line, own=self.context["own"])


class StatementOut(OutSerializer):
    """One statement, with every line behind it."""

    lines = serializers.SerializerMethodField()
    payee_name = serializers.CharField(source="payee", read_only=True)
    period_label = serializers.CharField(source="period.label", read_only=True)
    measured = money_of("measured")
    earned = money_of("earned")
    corrections = money_of("corrections")
    held = money_of("held")
    released = money_of("released")
    payable = money_of("payable")

    class Meta:
        model = Statement
        fields = [
            "id",
            "payee",
            "payee_name",
            "period",
            "period_label",
            "edition",
            "status",
            "plan_version",
            "plan_label",
            "currency",
            "measured",
            "quota",
            "attainment",
            "earned",
            "corrections",
            "held",
            "released",
            "payable",
            "terms",
            "run_label",
            "input_hash",
            "published_at",
            "acknowledged_at",
            "version",
            "lines",
        ]

    @extend_schema_field(LineOut(many=True))
    def get_lines(self, statement: Statement) -> list[dict[str, Any]]:
        sheet = sheet_of_statement(statement)
        own = statement.payee_id == self.context["request"].user.pk
        return list(LineOut(sheet.lines, many=True, context={"sheet": sheet, "own": own}).data)


class StatementViewSet(ResourceViewSet):
    """Statements. A list gives the figures, a single one its lines too."""

    resource = "comp-statements"
    selector = staticmethod(statement_list)
    out = StatementOut
    needs_tag = True
    rights = {"publish": None, "acknowledge": None}
    filterset_class = StatementFilter
    sort_fields: ClassVar[dict[str, str]] = {"id": "id", "period": "period__first_on"}

    def _shape(self, request: Request) -> dict[str, set[str] | None]:
        """Lines come with a single statement only: a list costs the same with a thousand rows as with one."""
        shape = super()._shape(request)
        if self.action == "list":
            shape["only"] = (shape["only"] or set(self.out().fields)) - {"lines"}
        return shape

    @extend_schema(request=None, responses=StatementOut)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """From now on the payee sees it, and nobody changes it."""
        statement = self.record(pk)
        version = self.shown_version(request, required=True)
        return self.again(services.publish_statement(statement=statement, version=version, actor=request.user))

    @extend_schema(request=None, responses=StatementOut)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """The payee agrees."""
        statement = self.record(pk)
        version = self.shown_version(request, required=True)
        return self.again(services.acknowledge_statement(statement=statement, version=version, actor=request.user))


class LedgerOut(OutSerializer):
    amount = money_of("amount")
    origin_period = serializers.CharField(source="origin_period.label", read_only=True)
    posting_period = serializers.CharField(source="posting_period.label", read_only=True)
    order_number = serializers.CharField(source="source_line.order.number", read_only=True)
    line_number = serializers.IntegerField(source="source_line.position", read_only=True)
    component = serializers.CharField(source="component.name", read_only=True)

    class Meta:
        model = LedgerEntry
        fields = [
            "id",
            "group",
            "payee",
            "component",
            "origin_period",
            "posting_period",
            "order_number",
            "line_number",
            "kind",
            "account",
            "amount",
            "reverses",
            "created_at",
        ]


class LedgerViewSet(ResourceViewSet):
    """The append-only ledger: debit positive, credit negative."""

    resource = "comp-ledger"
    selector = staticmethod(ledger_list)
    out = LedgerOut
    filterset_class = LedgerFilter


class CalculateIn(StrictSerializer):
    period = serializers.RegexField(r"^\d{4}-\d{2}$", help_text="The month: 2026-11.")


class CalculationOut(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField()
    state = serializers.CharField()


class CalculateViewSet(ApiView):
    """Calculation on demand, by a worker."""

    resource = "comp-calculate"
    rights = {"create": None}
    costs = {"create": "bulk"}
    serializer_class = CalculateIn

    @extend_schema(request=CalculateIn, responses={202: CalculationOut})
    def create(self, request: Request) -> Response:
        """202 with the job; calculated again it posts nothing."""
        form = CalculateIn(data=request.data)
        form.is_valid(raise_exception=True)
        months = FiscalPeriod.objects.visible_to(request.user).months()
        period = months.filter(label=form.validated_data["period"]).first()
        if period is None:
            raise InvalidInput.of(period="There is no such month.")
        return job_accepted(services.start_calculation(period=period, actor=request.user))
