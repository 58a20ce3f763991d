"""Shapes of orders, fulfilments, invoices, payments and credit notes."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from accounts.api.serializers import AccountOut, OwnerOut
from accounts.models import Account
from opportunities.api.quote_serializers import AmountsMixin, LineIn, SeenField, amount_field, as_money
from opportunities.models import Opportunity
from orders.models import (
    CreditNote,
    CreditNoteLine,
    Fulfillment,
    FulfillmentLine,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    OrderSplit,
    Payment,
    PaymentAllocation,
)
from orders.selectors.invoices import payers
from revops.core.api.serializers import MoneyField, OutSerializer, StrictSerializer
from revops.core.custom.api import CustomIn, CustomOut
from revops.core.money import currencies
from revops.users.models import User

QUANTITY: dict[str, Any] = {"max_digits": 12, "decimal_places": 3, "min_value": Decimal("0.001")}


class SplitIn(StrictSerializer):
    """Somebody's share."""

    user = SeenField(User)
    percent = serializers.DecimalField(max_digits=7, decimal_places=4, min_value=Decimal(0), max_value=Decimal(100))
    kind = serializers.ChoiceField(choices=OrderSplit.Kind.choices, required=False)


class OrderPatch(StrictSerializer):
    """What may be changed of a draft."""

    lines = LineIn(many=True, required=False)
    splits = SplitIn(many=True, required=False)
    owner = SeenField(User, required=False)
    terms = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    channel = serializers.ChoiceField(choices=Order.Channel.choices, required=False)
    ship_mode = serializers.CharField(max_length=40, required=False, allow_blank=True)
    ship_city = serializers.CharField(max_length=80, required=False, allow_blank=True)
    ship_postal_code = serializers.CharField(max_length=20, required=False, allow_blank=True)
    ship_state = serializers.CharField(max_length=80, required=False, allow_blank=True)
    ship_country = serializers.CharField(max_length=80, required=False, allow_blank=True)
    region = serializers.CharField(max_length=80, required=False, allow_blank=True)
    discount = MoneyField(required=False)
    shipping = MoneyField(required=False)
    custom = CustomIn()


class OrderIn(OrderPatch):
    """A draft order without a quote: shop, online, partner; or sales, for those who may."""

    account = SeenField(Account)
    opportunity = SeenField(Opportunity, required=False)
    currency = serializers.ChoiceField(choices=sorted(currencies()), default="USD")
    custom = CustomIn(default=dict)


class CancelIn(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=400, required=False, allow_blank=True)


class DeliveredIn(StrictSerializer):
    """How much of a line."""

    line = serializers.IntegerField(min_value=1)
    quantity = serializers.DecimalField(**QUANTITY)


class FulfillmentIn(StrictSerializer):
    """A shipment or activation."""

    lines = DeliveredIn(many=True, allow_empty=False)
    carrier = serializers.CharField(max_length=80, required=False, allow_blank=True)
    tracking = serializers.CharField(max_length=80, required=False, allow_blank=True)


class OrderLineOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """One line as sold; amounts are in the order's currency."""

    class Meta:
        model = OrderLine
        fields = [
            "id", "position", "product", "description", "quantity", "unit_price", "discount", "net", "tax_percent",
            "tax", "recurring_months", "fulfilled",
        ]  # fmt: skip


class OrderSplitOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """Who closed it; `amount` is the share of the order's net."""

    class Meta:
        model = OrderSplit
        fields = ["user", "kind", "percent", "amount"]


class OrderOut(AmountsMixin, OutSerializer):
    """A closed sale, or its draft. `booked_on` is the credit date."""

    net, tax, shipping, total = (amount_field(name) for name in ("net", "tax", "shipping", "total"))
    lines = OrderLineOut(many=True, read_only=True)
    splits = OrderSplitOut(many=True, read_only=True)

    custom = CustomOut()

    class Meta:
        model = Order
        fields = [
            "id", "number", "account", "opportunity", "quote", "owner", "channel", "status", "currency", "net", "tax",
            "shipping", "total", "terms", "ship_mode", "ship_city", "ship_postal_code", "ship_state", "ship_country",
            "region", "booked_at", "booked_on", "lines", "splits", "custom", "created_at", "updated_at",
        ]  # fmt: skip
        expandable = {"account": AccountOut, "owner": OwnerOut}


class TraceStepOut(serializers.Serializer):  # type: ignore[type-arg]
    """One milestone and the seconds since the one before it."""

    key = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.IntegerField(allow_null=True)


class TraceOut(serializers.Serializer):  # type: ignore[type-arg]
    """From quote to cash."""

    steps = TraceStepOut(many=True)


class FulfillmentLineOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """How much of an order line."""

    class Meta:
        model = FulfillmentLine
        fields = ["order_line", "quantity"]


class FulfillmentOut(OutSerializer):
    """One shipment or activation."""

    lines = FulfillmentLineOut(many=True, read_only=True)

    class Meta:
        model = Fulfillment
        fields = ["id", "order", "kind", "status", "carrier", "tracking", "lines", "completed_at"]


class InvoiceIn(StrictSerializer):
    """A draft over what was not billed yet, or over some lines of it."""

    order = SeenField(Order)
    lines = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, max_length=200)


class InvoiceLineOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """A line as billed."""

    class Meta:
        model = InvoiceLine
        fields = ["id", "order_line", "position", "description", "quantity", "unit_price", "net", "tax_percent", "tax"]


class InvoiceOut(AmountsMixin, OutSerializer):
    """A bill. A draft has no number."""

    net, tax, shipping, total = (amount_field(name) for name in ("net", "tax", "shipping", "total"))
    paid, credited, open = (amount_field(name) for name in ("paid", "credited", "open"))
    lines = InvoiceLineOut(many=True, read_only=True)

    class Meta:
        model = Invoice
        fields = [
            "id", "number", "account", "order", "status", "currency", "net", "tax", "shipping", "total", "paid",
            "credited", "open", "issued_on", "due_on", "lines", "created_at", "updated_at",
        ]  # fmt: skip

    def get_paid(self, row: Invoice) -> dict[str, str]:
        return as_money(row, "paid", row.currency)

    def get_credited(self, row: Invoice) -> dict[str, str]:
        return as_money(row, "credited", row.currency)

    def get_open(self, row: Invoice) -> dict[str, str]:
        return row.open_money.as_json()


class PayerField(SeenField):
    """An account whose money the caller may book."""

    def get_queryset(self) -> Any:
        request = self.context.get("request")
        return payers(viewer=request.user) if request else super().get_queryset()


class PaymentIn(StrictSerializer):
    """Money that came in; the bank's reference makes it once."""

    account = PayerField(Account)
    amount = MoneyField()
    reference = serializers.CharField(max_length=80)
    received_on = serializers.DateField(required=False)


class AllocateIn(StrictSerializer):
    """So much of an invoice; without an amount as much as fits."""

    invoice = SeenField(Invoice)
    amount = MoneyField(required=False)


class ReverseIn(StrictSerializer):
    """Why the bank took it back."""

    reason = serializers.CharField(max_length=200)


class AllocationOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """What a payment settles."""

    class Meta:
        model = PaymentAllocation
        fields = ["invoice", "amount"]


class PaymentOut(OutSerializer):
    """Money received; `unapplied` is what no invoice has taken."""

    amount, allocated, unapplied = (amount_field(name) for name in ("amount", "allocated", "unapplied"))
    allocations = AllocationOut(many=True, read_only=True)

    class Meta:
        model = Payment
        fields = [
            "id", "account", "reference", "status", "amount", "allocated", "unapplied", "received_on", "allocations",
            "created_at",
        ]  # fmt: skip

    def get_amount(self, row: Payment) -> dict[str, str]:
        return as_money(row, "amount", row.currency)

    def get_allocated(self, row: Payment) -> dict[str, str]:
        return as_money(row, "allocated", row.currency)

    def get_unapplied(self, row: Payment) -> dict[str, str]:
        return row.unapplied_money.as_json()


class CreditedIn(StrictSerializer):
    """How much of an invoice line, tax included."""

    line = serializers.IntegerField(min_value=1)
    amount = serializers.DecimalField(max_digits=18, decimal_places=3, min_value=Decimal("0.001"))


class CreditNoteIn(StrictSerializer):
    """Takes back an amount of an invoice; without amount and lines all that is left."""

    reason = serializers.CharField(max_length=200)
    amount = MoneyField(required=False)
    lines = CreditedIn(many=True, required=False)


class CreditLineOut(serializers.ModelSerializer):  # type: ignore[type-arg]
    """A credited line."""

    class Meta:
        model = CreditNoteLine
        fields = ["invoice_line", "amount"]


class CreditNoteOut(OutSerializer):
    """What was taken back."""

    amount = amount_field("amount")
    lines = CreditLineOut(many=True, read_only=True)

    class Meta:
        model = CreditNote
        fields = ["id", "number", "invoice", "account", "status", "amount", "reason", "issued_on", "lines"]

    def get_amount(self, row: CreditNote) -> dict[str, Any]:
        return row.amount_money.as_json()
