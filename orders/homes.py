"""Custom fields of orders: their states, and the service that changes values."""

from django.utils.translation import gettext_lazy as _

from orders import services
from orders.models import Order
from revops.core.custom.definitions import Home, homes, steps_of


def register_homes() -> None:
    """Called once, when the app is ready."""
    homes.register(
        Home(
            Order,
            _("Orders"),
            steps_of(Order.Status, (Order.Status.CANCELLED,)),
            order=60,
            permission="orders.change_order",
            change=lambda record, **to: services.note_on_order(order=record, **to),
        )
    )
