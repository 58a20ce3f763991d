"""Orders by the id that another system gives them: a shop's, a till's."""

from typing import Any

from django.db import transaction

from orders.models import Order
from orders.services.orders import create_order, update_order
from revops.core import upserts
from revops.users.models import User

# Whose order it is, and in which money, stays.
FIXED = ("account", "opportunity", "currency")


@transaction.atomic
def upsert_order(
    *, system: str, external_id: str, actor: User, version: int | None = None, **fields: Any
) -> tuple[Order, bool]:
    """Create or change the draft that `system` knows as `external_id`; says whether it was created.

    A booked order is a snapshot: it refuses every change.
    """

    def create() -> Order:
        return create_order(actor=actor, reference=(system, external_id), **fields)

    def change(order: Order) -> Order:
        facts = upserts.refuse_moved(order, dict(fields), *FIXED)
        return update_order(order=order, version=version, actor=actor, **facts)

    return upserts.upsert(
        model=Order, system=system, external_id=external_id, version=version, actor=actor, create=create, change=change
    )
