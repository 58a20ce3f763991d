"""Shipping goods, activating services and subscriptions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from orders.events import LineActivated, OrderFulfilled
from orders.models import Fulfillment, FulfillmentLine, Order, OrderLine
from orders.services import _access, _stages
from revops.core import audit, outbox
from revops.core.errors import DomainError, FieldError, IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import lock
from revops.users.models import User

KIND, STATUS = Fulfillment.Kind, Fulfillment.Status
OPEN = frozenset({Order.Status.BOOKED, Order.Status.IN_FULFILLMENT, Order.Status.PARTIALLY_FULFILLED})


@transaction.atomic
def fulfil_order(
    *,
    order: Order,
    lines: Sequence[Mapping[str, Any]],
    version: int | None,
    actor: User,
    carrier: str = "",
    tracking: str = "",
) -> Order:
    """Deliver `lines` ({"line": OrderLine, "quantity"}): goods are shipped, services and subscriptions activated.

    Never more than is left of a line (422). The order is partly fulfilled until nothing is left.
    """
    require(actor, "orders.fulfil_order", _("Your role does not deliver orders."))
    order = lock(order, version)
    if order.status not in OPEN:
        raise IllegalState(
            "illegal_state", _("This order is %(state)s.") % {"state": order.get_status_display().lower()}
        )
    parts = _parts(order, lines)
    done = []
    for kind in (KIND.SHIPMENT, KIND.ACTIVATION):
        mine = [(line, quantity) for line, quantity in parts if _stages.kind_of(line) == kind]
        if mine:
            done.append(_deliver(order, kind, mine, actor, carrier, tracking))
    _move_on(order)
    audit.record(
        "order.delivered",
        order,
        actor=actor,
        fulfillments=[row.pk for row in done],
        lines=[{"line": line.pk, "quantity": quantity} for line, quantity in parts],
    )
    if order.status == Order.Status.FULFILLED:
        outbox.publish(OrderFulfilled(order_id=order.pk))
    return order


def _parts(order: Order, asked: Sequence[Mapping[str, Any]]) -> list[tuple[OrderLine, Decimal]]:
    """The order's own lines with the quantities to deliver; every bound is checked before anything is written."""
    own = {
        line.pk: line for line in order.lines.select_related("product").order_by("pk").select_for_update(of=("self",))
    }
    if not asked:
        raise InvalidInput.of(lines=_("Choose what to deliver."))
    if len({row["line"].pk for row in asked}) != len(asked):
        raise InvalidInput.of(lines=_("Name each line once."))
    parts = []
    for index, row in enumerate(asked):
        line = own.get(row["line"].pk)
        if line is None:
            raise _refused(index, "line", _("This line belongs to another order."))
        quantity = _access.decimal_of(row["quantity"])
        if quantity is None or quantity <= 0 or quantity != quantity.quantize(Decimal("0.001")):
            raise _refused(index, "quantity", _("A quantity of more than 0, with at most three decimals."))
        if quantity > line.unfulfilled:
            left = f"{line.unfulfilled.normalize():f}"
            raise _refused(
                index, "quantity", _("%(name)s: %(left)s left to ship.") % {"name": line.description, "left": left}
            )
        parts.append((line, quantity))
    return parts


def _refused(index: int, field: str, message: str) -> DomainError:
    return InvalidInput("invalid", message, errors=[FieldError(f"lines.{index}.{field}", "invalid", message)])


def _deliver(
    order: Order, kind: str, parts: Sequence[tuple[OrderLine, Decimal]], actor: User, carrier: str, tracking: str
) -> Fulfillment:
    """One shipment or activation with its lines."""
    record = _stages.new_delivery(order, kind, actor)
    if kind == KIND.SHIPMENT:
        record.carrier, record.tracking = carrier.strip()[:80], tracking.strip()[:80]
    record.save(force_insert=True)
    FulfillmentLine.objects.bulk_create(
        FulfillmentLine(fulfillment=record, order_line=line, quantity=quantity) for line, quantity in parts
    )
    for line, quantity in parts:
        first = line.fulfilled == 0
        line.fulfilled += quantity
        line.save(update_fields=["fulfilled"])
        if kind == KIND.ACTIVATION and first:
            outbox.publish(LineActivated(order_line_id=line.pk))
    return record


def _move_on(order: Order) -> None:
    """Booked goes through in fulfilment; then partly fulfilled until nothing is left."""
    _stages.reach(order, left=any(line.unfulfilled > 0 for line in order.lines.all()))
    order.save(update_fields=["status", "version", "updated_at"])
