"""Documents with all their rows, for the API."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from orders.models import CreditNote, Invoice, Order, Payment
from orders.selectors.invoices import allocations_seen, credit_note_list, invoice_list, payment_list
from orders.selectors.orders import order_list


def orders(*, viewer: Any) -> QuerySet[Order]:
    """Orders with lines and splits."""
    return order_list(viewer=viewer).prefetch_related("lines", "splits")


def invoices(*, viewer: Any) -> QuerySet[Invoice]:
    """Invoices with lines."""
    return invoice_list(viewer=viewer).prefetch_related("lines")


def payments(*, viewer: Any) -> QuerySet[Payment]:
    """Payments with what they settle."""
    seen = Prefetch("allocations", allocations_seen(viewer=viewer))
    return payment_list(viewer=viewer).prefetch_related(seen)


def credit_notes(*, viewer: Any) -> QuerySet[CreditNote]:
    """Credit notes with lines."""
    return credit_note_list(viewer=viewer).prefetch_related("lines")
