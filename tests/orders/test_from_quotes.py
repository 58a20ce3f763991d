"""From acceptance to the order: once, whatever happens in between."""

import threading
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from opportunities import services as deals
from opportunities.events import OpportunityMoved, QuoteAccepted
from opportunities.models import Opportunity, Quote
from orders import handlers, services
from orders.models import Order
from revops.core import outbox
from revops.core.errors import IllegalState
from revops.core.models import Delivery, OutboxEvent
from tests.cast import make_cast
from tests.opportunities.quote_builders import make_deal, make_sent_quote
from tests.orders.builders import line, make_order


def accept(quote, actor):
    return deals.accept_quote(quote=quote, version=quote.version, actor=actor, accepted_by_name="Ann Lee")


def deliver():
    while outbox.deliver_due():
        pass
    ours = Delivery.objects.filter(handler__startswith="orders.handlers")
    assert not ours.exclude(state=Delivery.State.DONE).exists()


def test_an_accepted_quote_becomes_a_booked_order_with_its_prices_costs_taxes_and_credit(alice, bob):
    deal = make_deal(alice)
    shares = [{"user": alice, "percent": Decimal(70)}, {"user": bob, "percent": Decimal(30)}]
    deals.set_splits(opportunity=deal, splits=shares, version=deal.version, actor=alice)
    quote = accept(make_sent_quote(alice, net="5000.01", tax="8.25", deal=deal, discount=Decimal("0.01")), alice)
    assert not Order.objects.exists()
    deliver()
    order = Order.objects.get()
    for name in ("net", "tax", "shipping", "total", "cost", "currency", "terms"):
        assert getattr(order, name) == getattr(quote, name), name
    assert (order.status, order.quote, order.opportunity, order.owner) == ("booked", quote, deal, alice)
    ours, theirs = order.lines.get(), quote.lines.get()
    assert (ours.net, ours.tax, ours.unit_cost) == (theirs.net, theirs.tax, theirs.unit_cost)
    assert ours.discount == theirs.discount + theirs.allocated_discount
    assert {row.user: row.amount for row in order.splits.all()} == {alice: Decimal(3500), bob: Decimal(1500)}


@pytest.mark.spec("INV-09")
def test_the_event_delivered_twice_books_one_order(alice):
    quote = accept(make_sent_quote(alice), alice)
    deliver()
    event = QuoteAccepted(quote_id=quote.pk, opportunity_id=quote.opportunity_id)
    handlers.book_accepted_quote(event)
    handlers.book_accepted_quote(event)
    assert Order.objects.count() == 1
    assert OutboxEvent.objects.filter(name="orders.OrderBooked").count() == 1
    other = make_order(alice, book=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=other.pk).update(quote=quote)


@pytest.mark.spec("INV-09")
def test_the_event_handled_by_eight_workers_at_once_books_one_order(transactional_db):
    cast = make_cast()
    quote = accept(make_sent_quote(cast.alice), cast.alice)
    problems = []
    start = threading.Barrier(8)

    def work():
        try:
            start.wait(10)
            handlers.book_accepted_quote(QuoteAccepted(quote_id=quote.pk, opportunity_id=quote.opportunity_id))
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not problems
    assert Order.objects.count() == 1
    assert OutboxEvent.objects.filter(name="orders.OrderBooked").count() == 1


def test_acceptance_by_two_people_at_once_is_one_acceptance(transactional_db):
    cast = make_cast()
    quote = make_sent_quote(cast.alice)
    results = []
    start = threading.Barrier(2)

    def work(actor):
        try:
            start.wait(10)
            results.append(accept(quote, actor).status)
        except Exception as error:
            results.append(type(error).__name__)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(who,)) for who in (cast.alice, cast.bob)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(results) == ["StaleCopy", "accepted"]
    assert OutboxEvent.objects.filter(name="opportunities.QuoteAccepted").count() == 1


def test_nothing_of_an_acceptance_stays_when_its_transaction_fails(alice):
    quote = make_sent_quote(alice)
    with pytest.raises(RuntimeError), transaction.atomic():
        accept(quote, alice)
        raise RuntimeError
    assert Quote.objects.get().status == Quote.Status.SENT
    assert Opportunity.objects.get().status == Opportunity.Status.OPEN
    assert not OutboxEvent.objects.filter(name="opportunities.QuoteAccepted").exists()


def test_a_deal_won_by_hand_waits_with_one_draft_order_that_the_quote_takes_over(alice):
    deal = make_deal(alice)
    quote = make_sent_quote(alice, deal=deal)
    deals.move_opportunity(
        opportunity=deal,
        stage="closed_won",
        version=None,
        actor=alice,
        won_reason="Signed on paper",
        amount=Decimal(900),
    )
    deliver()
    draft = Order.objects.get()
    assert (draft.status, draft.quote) == (Order.Status.DRAFT, None)
    for row in OutboxEvent.objects.filter(name="opportunities.OpportunityMoved"):
        handlers.draft_order_when_won_by_hand(OpportunityMoved(**row.payload))
    assert Order.objects.count() == 1
    accept(quote, alice)
    deliver()
    order = Order.objects.get()
    assert (order.pk, order.number, order.status, order.quote) == (draft.pk, draft.number, "booked", quote)


def test_imported_history_gets_no_order(alice):
    deal = make_deal(alice)
    Opportunity.objects.filter(pk=deal.pk).update(imported=True)
    deals.move_opportunity(opportunity=deal, stage="closed_won", version=None, actor=alice, won_reason="Long ago")
    deliver()
    assert not Order.objects.exists()


def test_a_deal_with_a_booked_order_is_neither_reopened_nor_won_again(alice):
    quote = accept(make_sent_quote(alice), alice)
    deliver()
    deal = quote.opportunity
    with pytest.raises(IllegalState, match="booked"):
        deals.reopen_opportunity(opportunity=deal, version=None, actor=alice)
    assert Opportunity.objects.get().status == "won"


def test_a_second_quote_is_not_accepted_over_an_order_that_was_booked_without_one(alice, olga):
    deal = make_deal(alice)
    quote = make_sent_quote(alice, deal=deal)
    order = services.create_order(actor=alice, account=deal.account, lines=[line()], opportunity=deal, owner=alice)
    services.book_order(order=order, version=order.version, actor=olga)
    with pytest.raises(IllegalState, match="booked"):
        accept(quote, alice)
    assert Quote.objects.get().status == "sent"
