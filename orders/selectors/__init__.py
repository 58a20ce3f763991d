"""Reads of orders and billing that have a shape."""

from orders.selectors import full  # noqa: F401
from orders.selectors.balance import BUCKETS, Balance, account_balance, ageing, bucket_of
from orders.selectors.invoices import credit_note_list, invoice_list, payment_list
from orders.selectors.orders import fulfillment_list, has_booked_order, order_list, trace

__all__ = [
    "BUCKETS",
    "Balance",
    "account_balance",
    "ageing",
    "bucket_of",
    "credit_note_list",
    "fulfillment_list",
    "has_booked_order",
    "invoice_list",
    "order_list",
    "payment_list",
    "trace",
]
