"""Every write of orders and billing."""

from orders.services.booking import book_order, book_order_from_quote, draft_order_for_won_deal
from orders.services.credit_notes import issue_credit_note
from orders.services.fulfilment import fulfil_order
from orders.services.imports import import_deliveries, import_sales, note_merged_ids
from orders.services.invoices import discard_invoice, draft_invoice, issue_invoice
from orders.services.leaving import hand_over_orders
from orders.services.orders import cancel_order, close_order, create_order, note_on_order, update_order
from orders.services.payments import allocate_payment, receive_payment, reverse_payment
from orders.services.upserts import upsert_order

__all__ = [
    "note_on_order",
    "allocate_payment",
    "book_order",
    "book_order_from_quote",
    "cancel_order",
    "close_order",
    "create_order",
    "discard_invoice",
    "draft_invoice",
    "draft_order_for_won_deal",
    "fulfil_order",
    "hand_over_orders",
    "import_deliveries",
    "import_sales",
    "issue_credit_note",
    "issue_invoice",
    "note_merged_ids",
    "receive_payment",
    "reverse_payment",
    "update_order",
    "upsert_order",
]
