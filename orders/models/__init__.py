"""Orders, fulfilment, invoices, payments."""

from orders.models.activities import OrderActivity
from orders.models.billing import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Payment, PaymentAllocation
from orders.models.documents import OrderDocument
from orders.models.order import Fulfillment, FulfillmentLine, Order, OrderLine, OrderSplit

__all__ = [
    "CreditNote",
    "CreditNoteLine",
    "Fulfillment",
    "FulfillmentLine",
    "Invoice",
    "InvoiceLine",
    "Order",
    "OrderActivity",
    "OrderDocument",
    "OrderLine",
    "OrderSplit",
    "Payment",
    "PaymentAllocation",
]
