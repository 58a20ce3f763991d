"""Invoices, credit notes and payments as lists, records and the API show them."""

from typing import Any

from django.db.models import DecimalField, F, QuerySet
from django.db.models.functions import Cast

from accounts.models import Account
from orders.models import CreditNote, Invoice, InvoiceLine, Order, OrderLine, Payment, PaymentAllocation

AMOUNT: DecimalField[Any, Any] = DecimalField(max_digits=19, decimal_places=3)


def invoice_list(*, viewer: Any) -> QuerySet[Invoice]:
    """Invoices with what is open on them."""
    rows = Invoice.objects.visible_to(viewer).select_related("account", "order", "entity")
    return rows.annotate(open_sum=Cast(F("total") - F("credited") - F("paid"), AMOUNT))


def payment_list(*, viewer: Any) -> QuerySet[Payment]:
    """Payments with what no invoice has taken."""
    rows = Payment.objects.visible_to(viewer).select_related("account", "created_by")
    return rows.annotate(left=Cast(F("amount") - F("allocated"), AMOUNT))


def credit_note_list(*, viewer: Any) -> QuerySet[CreditNote]:
    """Credit notes with their invoices."""
    return CreditNote.objects.visible_to(viewer).select_related("account", "invoice")


def allocations_seen(*, viewer: Any) -> QuerySet[PaymentAllocation]:
    """What payments settle, as far as the viewer sees the invoices: a payment is the account's, a bill its order's."""
    return PaymentAllocation.objects.filter(invoice__in=Invoice.objects.visible_to(viewer).values("pk")).order_by("pk")


def payers(*, viewer: Any) -> QuerySet[Account]:
    """Accounts whose money the viewer may book: finance books anybody's."""
    whole = viewer.has_perm("orders.view_all_billing")
    return Account.objects.filter(merged_into__isnull=True) if whole else Account.objects.visible_to(viewer)


def unbilled(order: Order) -> list[OrderLine]:
    """The order's lines that stand on no living invoice."""
    billed = InvoiceLine.objects.filter(invoice__order=order).exclude(invoice__status=Invoice.Status.VOID)
    return list(order.lines.exclude(pk__in=billed.values("order_line_id")).order_by("position"))
