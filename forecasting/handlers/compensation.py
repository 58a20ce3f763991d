"""Orders that are booked or cancelled change what people earn."""

from forecasting.services.calculation import calculate_order
from orders.events import OrderBooked, OrderCancelled
from orders.models import Order


def order_booked(event: OrderBooked) -> None:
    """Credit, measure, rate, deposit."""
    calculate_order(order=Order.objects.get(pk=event.order_id), source=f"orders.OrderBooked:{event.order_id}")


def order_cancelled(event: OrderCancelled) -> None:
    """What was credited is taken back, as if the order had never been."""
    calculate_order(order=Order.objects.get(pk=event.order_id), source=f"orders.OrderCancelled:{event.order_id}")
