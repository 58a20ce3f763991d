"""When somebody leaves: orders that are not through get another contact. Credit stays with who earned it."""

from typing import Any

from django.db import transaction

from orders.models import Order
from revops.users.services import hand_rows


@transaction.atomic
def hand_over_orders(*, user: Any, to: Any, actor: Any) -> int:
    """The next open orders of `user`; says how many went."""
    return len(hand_rows(rows=Order.objects.under_way(), user=user, to=to, actor=actor, action="order.handed_over"))
