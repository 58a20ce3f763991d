"""Reads of orders and billing that have a shape."""

from orders.selectors import full
from orders.selectors.balance import BUCKETS, Balance, account_balance, ageing, bucket_of, bucket_span
from orders.selectors.invoices import allocations_seen, credit_note_list, invoice_list, payers, payment_list, unbilled
from orders.selectors.orders import fulfillment_list, has_booked_order, net_by_currency, order_list, trace

__all__ = [
    "BUCKETS",
    "Balance",
    "account_balance",
    "allocations_seen",
    "ageing",
    "bucket_of",
    "bucket_span",
    "credit_note_list",
    "fulfillment_list",
    "full",
    "has_booked_order",
    "invoice_list",
    "net_by_currency",
    "order_list",
    "payers",
    "payment_list",
    "trace",
    "unbilled",
]
