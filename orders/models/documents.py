"""Documents on this room's records."""

from django.db import models

from accounts.models import DocumentLink, linked_once
from orders.models.order import Order


class OrderDocument(DocumentLink):
    """A document of an order."""

    record = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="document_links")

    class Meta:
        constraints = [linked_once("order_document_once")]
