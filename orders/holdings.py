"""What somebody holds in this room who leaves."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from orders import services
from orders.models import Order
from revops.core.registries import Holding, hand_over


def register() -> None:
    """Called once, when the app is ready."""
    hand_over.register(
        Holding(
            "orders",
            _("Open orders"),
            lambda user: Order.objects.under_way().filter(owner=user),
            services.hand_over_orders,
            order=45,
            url=lambda user: f"{reverse('order-list')}?owner={user.pk}",
        )
    )
