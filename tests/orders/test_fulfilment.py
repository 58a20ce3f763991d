"""Shipping and activating: never more than was sold."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders import services
from orders.models import Fulfillment, Order, OrderLine
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import OutboxEvent
from tests.builders import make_product
from tests.orders.builders import line, make_order


@pytest.fixture
def order(alice):
    """Two goods and one service."""
    service = make_product("Onboarding", kind="service")
    return make_order(alice, [line(make_product("Gateway"), 3), line(make_product("Cable"), 5), line(service)])


def deliver(order, actor, *parts, **more):
    lines = [{"line": row, "quantity": Decimal(quantity)} for row, quantity in parts]
    return services.fulfil_order(order=order, lines=lines, version=order.version, actor=actor, **more)


@pytest.mark.spec("PS-01")
def test_shipping_one_of_three_lines_leaves_the_order_partly_fulfilled(order, olga):
    gateway, cable, onboarding = order.lines.all()
    order = deliver(order, olga, (gateway, 3), carrier="Post", tracking="X1")
    assert order.status == Order.Status.PARTIALLY_FULFILLED
    shipment = Fulfillment.objects.get()
    assert (shipment.kind, shipment.status, shipment.tracking) == ("shipment", "shipped", "X1")
    order = deliver(order, olga, (cable, 2))
    assert order.status == Order.Status.PARTIALLY_FULFILLED
    order = deliver(order, olga, (cable, 3), (onboarding, 1))
    assert order.status == Order.Status.FULFILLED
    assert OutboxEvent.objects.filter(name="orders.OrderFulfilled").count() == 1
    assert services.close_order(order=order, version=order.version, actor=olga).status == Order.Status.CLOSED


def test_an_activated_service_is_announced_once(order, olga):
    onboarding = order.lines.get(product__kind="service")
    deliver(order, olga, (onboarding, 1))
    event = OutboxEvent.objects.get(name="orders.LineActivated")
    assert event.payload == {"order_line_id": onboarding.pk}
    assert Fulfillment.objects.get().status == "activated"


@pytest.mark.spec("PS-01")
def test_more_than_was_ordered_is_refused_with_what_is_left(order, olga):
    gateway = order.lines.first()
    with pytest.raises(InvalidInput, match="3 left to ship") as refused:
        deliver(order, olga, (gateway, 4))
    assert (refused.value.status, refused.value.errors[0].pointer) == (422, "lines.0.quantity")
    assert not Fulfillment.objects.exists()
    order = deliver(order, olga, (gateway, "2.5"))
    with pytest.raises(InvalidInput, match="0.5 left to ship"):
        deliver(order, olga, (gateway, 1))
    with pytest.raises(IntegrityError, match="order_line_fulfilled_bound"), transaction.atomic():
        OrderLine.objects.filter(pk=gateway.pk).update(fulfilled=4)


def test_what_is_refused_delivers_nothing(order, olga, alice, sam):
    gateway = order.lines.first()
    other = make_order(alice).lines.get()
    for parts in ([], [(gateway, 0)], [(gateway, -1)], [(other, 1)], [(gateway, 1), (gateway, 1)]):
        with pytest.raises(InvalidInput):
            deliver(order, olga, *parts)
    with pytest.raises(NotAllowed):
        deliver(order, sam, (gateway, 1))
    with pytest.raises(StaleCopy):
        services.fulfil_order(order=order, lines=[], version=order.version - 1, actor=olga)
    draft = make_order(alice, book=False)
    with pytest.raises(IllegalState):
        deliver(draft, olga, (draft.lines.get(), 1))
    assert not Fulfillment.objects.exists()


def test_what_was_delivered_is_not_cancelled(order, olga):
    order = deliver(order, olga, (order.lines.first(), 1))
    with pytest.raises(IllegalState):
        services.cancel_order(order=order, version=order.version, actor=olga)
