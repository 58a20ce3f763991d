"""What people are told about orders."""

from orders.models import Invoice, Order
from revops.core.registries import point_at


def register() -> None:
    """Called once, when the app is ready."""
    point_at(Order, Invoice)
