"""The worker dies between acceptance and order; the next one books exactly one."""

from decimal import Decimal

import pytest
from django.db import connection, transaction

from forecasting.models import Credit
from opportunities.models import Opportunity, Quote
from opportunities.services import set_splits
from orders.models import Order
from revops.core.models import Delivery
from revops.core.tasks import relay
from tests.e2e.conftest import eventually
from tests.e2e.product import Product
from tests.e2e.trade import Caller, Trade, open_for_business
from tests.opportunities.quote_builders import make_deal, make_sent_quote


@pytest.fixture
def trade(quiet: None) -> Trade:
    return open_for_business()


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def others_at_work() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        return bool(cursor.fetchone()[0])


def all_delivered() -> bool:
    return not Delivery.objects.exclude(state=Delivery.State.DONE).exists()


@pytest.mark.spec("INV-09", "INV-93")
def test_a_worker_killed_between_acceptance_and_order_leaves_one_order_and_one_set_of_credits(
    trade: Trade, product: Product
) -> None:
    alice, bob = trade.cast.alice, trade.cast.bob
    deal = make_deal(alice, name="Depot gateways")
    shares = [{"user": alice, "percent": Decimal(60)}, {"user": bob, "percent": Decimal(40)}]
    set_splits(opportunity=deal, splits=shares, version=None, actor=alice)
    quote = make_sent_quote(alice, net=10_000, deal=Opportunity.objects.get(pk=deal.pk))
    eventually(all_delivered, what="the events before the acceptance were not delivered")
    product.kill_worker()
    try:
        caller = Caller(product.url, alice)
        accepted = caller.verb(f"/quotes/{quote.pk}", "accept", {"accepted_by_name": "Ingrid Halvorsen"})
        assert accepted.body["status"] == "accepted"
        assert caller.get(f"/opportunities/{deal.pk}")["stage"] == "closed_won"
        with transaction.atomic():
            # Whoever books must wait here, so that the blow falls in the middle of the booking.
            Quote.objects.select_for_update().get(pk=quote.pk)
            Opportunity.objects.select_for_update().get(pk=deal.pk)
            product.start_worker()
            eventually(waits_for_a_lock, what="no worker tried to book")
            product.kill_worker()
        eventually(lambda: not others_at_work(), what="the dead worker's transaction did not end")
        assert not Order.objects.exists()
    finally:
        if "worker" not in product.processes:
            product.start_worker()
    eventually(lambda: Order.objects.exists() and all_delivered(), what="the order was not booked")
    for _ in range(3):
        relay.apply_async()
    order = Order.objects.get()
    assert order.quote_id == quote.pk and order.status == Order.Status.BOOKED and order.net == 10_000
    credited = sorted(Credit.objects.filter(order=order, reverses=None).values_list("payee__username", "amount"))
    assert credited == [("alice", Decimal(6000)), ("bob", Decimal(4000))]
