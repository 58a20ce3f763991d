"""Shapes of quotes, approvals and approval rules."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from opportunities.models import ApprovalRequest, ApprovalRule, ApprovalStep, Opportunity, Quote, QuoteLine
from revops.catalog.models import PriceBook, Product
from revops.core.api.serializers import MoneyField, MoneyMethodField, OutSerializer, StrictSerializer
from revops.core.custom.api import CustomIn, CustomOut
from revops.core.money import Money
from revops.users import roles

QUANTITY: dict[str, Any] = {"max_digits": 12, "decimal_places": 3, "min_value": Decimal("0.001")}
PRICE: dict[str, Any] = {"max_digits": 18, "decimal_places": 6, "min_value": Decimal(0)}
PERCENT: dict[str, Any] = {"max_digits": 9, "decimal_places": 6, "min_value": Decimal(0), "max_value": Decimal(100)}


class SeenField(serializers.PrimaryKeyRelatedField):
    """An id of a record that the caller may see; any other is refused like one that does not exist."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(queryset=model.objects.none(), **kwargs)

    def get_queryset(self) -> Any:
        request = self.context.get("request")
        return self.model.objects.visible_to(request.user) if request else self.model.objects.none()


def amount_field(name: str) -> MoneyMethodField:
    """A stored amount with its document's currency."""
    return MoneyMethodField(method_name=f"get_{name}")


def as_money(record: Any, name: str, currency: str) -> dict[str, str]:
    return Money(getattr(record, name), currency).as_json()


class AmountsMixin:
    """get_net, get_tax … for documents that hold amounts beside one currency."""

    def get_net(self, row: Any) -> dict[str, str]:
        return as_money(row, "net", row.currency)

    def get_tax(self, row: Any) -> dict[str, str]:
        return as_money(row, "tax", row.currency)

    def get_shipping(self, row: Any) -> dict[str, str]:
        return as_money(row, "shipping", row.currency)

    def get_total(self, row: Any) -> dict[str, str]:
        return as_money(row, "total", row.currency)

    def get_discount(self, row: Any) -> dict[str, str]:
        return as_money(row, "discount", row.currency)


class LineIn(StrictSerializer):
    """One line; what it leaves out comes from the price book and the organisation's tax."""

    product = SeenField(Product)
    quantity = serializers.DecimalField(**QUANTITY)
    unit_price = serializers.DecimalField(required=False, allow_null=True, **PRICE)
    discount_percent = serializers.DecimalField(required=False, **PERCENT)
    tax_percent = serializers.DecimalField(required=False, allow_null=True, **PERCENT)
    description = serializers.CharField(max_length=200, required=False)


class QuotePatch(StrictSerializer):
    """What may be changed of a quote that was not sent."""

    lines = LineIn(many=True, required=False)
    price_book = SeenField(PriceBook, required=False)
    valid_until = serializers.DateField(required=False)
    discount = MoneyField(required=False)
    shipping = MoneyField(required=False)
    terms = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    custom = CustomIn()


class QuoteIn(QuotePatch):
    """A new draft."""

    opportunity = SeenField(Opportunity)
    custom = CustomIn(default=dict)


class AcceptIn(StrictSerializer):
    """Who said yes for the customer."""

    accepted_by_name = serializers.CharField(max_length=120)


class ReasonIn(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=400, required=False, allow_blank=True)


class NoteIn(StrictSerializer):
    """An approver's note."""

    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class QuoteLineOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """One line as agreed; amounts are in the quote's currency."""

    class Meta:
        model = QuoteLine
        fields = [
            "id", "position", "product", "description", "quantity", "list_price", "unit_price", "discount_percent",
            "discount", "allocated_discount", "net", "tax_percent", "tax", "recurring_months",
        ]  # fmt: skip


class QuoteOut(AmountsMixin, OutSerializer):
    """A priced offer. `margin_percent` is rounded down to one decimal."""

    net, tax, shipping = amount_field("net"), amount_field("tax"), amount_field("shipping")
    total, discount = amount_field("total"), amount_field("discount")
    margin_percent = serializers.SerializerMethodField()
    lines = QuoteLineOut(many=True, read_only=True)

    custom = CustomOut()

    class Meta:
        model = Quote
        fields = [
            "id", "number", "opportunity", "status", "supersedes", "price_book", "currency", "valid_until", "terms",
            "discount", "shipping", "net", "tax", "total", "margin_percent", "lines", "approved_at", "sent_at",
            "accepted_at", "accepted_by_name", "closed_reason", "custom", "created_at", "updated_at",
        ]  # fmt: skip

    def get_margin_percent(self, quote: Quote) -> str | None:
        """Null when nothing is charged."""
        shown = quote.margin_percent
        return None if shown is None else str(shown)


class StepOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """One approver's turn."""

    class Meta:
        model = ApprovalStep
        fields = ["position", "role", "approver", "status", "decided_by", "decided_at", "note"]


class ApprovalOut(OutSerializer):
    """One submission of one quote with its steps."""

    steps = StepOut(many=True, read_only=True)

    class Meta:
        model = ApprovalRequest
        fields = ["id", "quote", "rule", "status", "submitted_by", "snapshot", "steps", "created_at"]


class RuleOut(OutSerializer):
    """Fires when every condition that is set holds: amount at or above, margin strictly below."""

    min_amount = amount_field("min_amount")

    class Meta:
        model = ApprovalRule
        fields = ["id", "name", "priority", "min_amount", "margin_below", "approvers", "is_active"]

    def get_min_amount(self, rule: ApprovalRule) -> dict[str, str] | None:
        return None if rule.min_amount is None else Money(rule.min_amount, rule.currency).as_json()


class RulePatch(StrictSerializer):
    """What may be changed of a rule."""

    name = serializers.CharField(max_length=120, required=False)
    priority = serializers.IntegerField(min_value=0, max_value=32_000, required=False)
    min_amount = MoneyField(required=False, allow_null=True)
    margin_below = serializers.DecimalField(
        max_digits=9,
        decimal_places=6,
        min_value=Decimal(-100),
        max_value=Decimal(100),
        required=False,
        allow_null=True,
    )
    approvers = serializers.ListField(
        child=serializers.ChoiceField(choices=["manager", *roles.ROLES]), min_length=1, max_length=10, required=False
    )
    is_active = serializers.BooleanField(required=False)


class RuleIn(RulePatch):
    """A new rule."""

    name = serializers.CharField(max_length=120)
    approvers = serializers.ListField(
        child=serializers.ChoiceField(choices=["manager", *roles.ROLES]), min_length=1, max_length=10
    )
