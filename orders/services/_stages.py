"""Deliveries and bills on their way, unsaved: what single-row and set-based writers do in the same words."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from orders.models import Fulfillment, Invoice, InvoiceLine, Order, OrderLine
from revops.catalog.models import Product
from revops.core import clock
from revops.core.numbers import printed
from revops.core.status import advance
from revops.users.models import User

KIND, STATUS = Fulfillment.Kind, Fulfillment.Status
DUE_AFTER = timedelta(days=30)
STAMPED = ("status", "number", "year", "sequence", "issued_on", "due_on")


def noon(day: date) -> datetime:
    """The instant of something of which only the day is known."""
    return clock.start_of(day) + timedelta(hours=12)


def kind_of(line: OrderLine) -> str:
    return KIND.SHIPMENT if line.product.kind == Product.Kind.GOODS else KIND.ACTIVATION


def new_delivery(order: Order, kind: str, actor: User) -> Fulfillment:
    """An unsaved shipment or activation of this moment, through its states."""
    record = Fulfillment(order=order, kind=kind, created_by=actor, completed_at=clock.now())
    advance(record, STATUS.RELEASED, Fulfillment.TRANSITIONS)
    advance(record, STATUS.SHIPPED if kind == KIND.SHIPMENT else STATUS.ACTIVATED, Fulfillment.TRANSITIONS)
    return record


def reach(order: Order, *, left: bool) -> None:
    """The order's state once something was delivered, unsaved; `left`: not everything was."""
    target = Order.Status.PARTIALLY_FULFILLED if left else Order.Status.FULFILLED
    if order.status == Order.Status.BOOKED:
        advance(order, Order.Status.IN_FULFILLMENT, Order.TRANSITIONS)
    if order.status == target:
        order.version += 1
    else:
        advance(order, target, Order.TRANSITIONS)


def bill_lines(invoice: Invoice, lines: Sequence[OrderLine]) -> list[InvoiceLine]:
    """The invoice's lines: the order's, as they are billed."""
    return [
        InvoiceLine(
            invoice=invoice,
            order_line=line,
            position=position,
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            net=line.net,
            tax_percent=line.tax_percent,
            tax=line.tax,
        )
        for position, line in enumerate(lines, start=1)
    ]


def stamp(invoice: Invoice, day: date, sequence: int) -> None:
    """Issued on that day under this number; unsaved."""
    advance(invoice, Invoice.Status.ISSUED, Invoice.TRANSITIONS)
    invoice.issued_on, invoice.due_on, invoice.year = day, day + DUE_AFTER, day.year
    invoice.sequence, invoice.number = sequence, printed("INV", invoice.entity, day.year, sequence)
