"""What webhooks may tell of this room."""

from django.utils.translation import gettext_lazy as _

from orders import events
from orders.models import Invoice, Order
from revops.integrations.offers import Offer, offers


def register() -> None:
    """Each event with the record that decides who may hear of it."""
    for offer in (
        Offer(events.OrderBooked, _("An order is booked"), Order, "order_id"),
        Offer(events.OrderCancelled, _("An order is cancelled"), Order, "order_id"),
        Offer(events.OrderFulfilled, _("An order is fulfilled"), Order, "order_id"),
        Offer(events.LineActivated, _("A service or subscription runs"), Order, "order_line_id", lookup="lines"),
        Offer(events.InvoiceIssued, _("An invoice is issued"), Invoice, "invoice_id"),
        Offer(events.InvoicePaid, _("An invoice is paid"), Invoice, "invoice_id"),
    ):
        offers.register(offer)
