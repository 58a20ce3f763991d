"""Activities on this room's records."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ActivityLink
from orders.models.order import Order


class OrderActivity(ActivityLink):
    """An activity on an order's timeline."""

    record = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="activity_links")

    class Meta:
        verbose_name_plural = _("order activities")
