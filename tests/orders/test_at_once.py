"""Two people at the same moment: one sale, one bill, and a refusal that says why."""

import threading

import pytest

from opportunities import services as deals
from orders import services
from orders.models import Invoice, Order
from revops.core import outbox
from revops.core.errors import DomainError, IllegalState
from tests.cast import make_cast
from tests.core.threads import together
from tests.opportunities.builders import win
from tests.opportunities.quote_builders import make_deal, make_sent_quote
from tests.orders.builders import line, make_order


def accept(quote, actor):
    return deals.accept_quote(quote=quote, version=quote.version, actor=actor, accepted_by_name="Ann Lee")


def booked(deal):
    return Order.objects.booked().filter(opportunity=deal).count()


def won_by_hand_and_quoted(cast):
    """A deal won without a quote: a draft order waits, and a quote that was sent may still be accepted."""
    deal = make_deal(cast.alice, source="Fair")
    quote = make_sent_quote(cast.alice, deal=deal)
    win(deal, cast.alice)
    while outbox.deliver_due():
        pass
    draft = Order.objects.get(opportunity=deal, status="draft")
    services.update_order(order=draft, version=None, actor=cast.alice, lines=[line()])
    return deal, quote, Order.objects.get(pk=draft.pk)


@pytest.mark.spec("INV-09")
def test_a_deal_whose_quote_was_accepted_is_not_booked_a_second_time_by_hand(cast):
    deal, quote, draft = won_by_hand_and_quoted(cast)
    accept(quote, cast.alice)
    with pytest.raises(IllegalState) as refused:
        services.book_order(order=draft, version=None, actor=cast.erin)
    assert refused.value.code == "quote_accepted"
    while outbox.deliver_due():
        pass
    assert booked(deal) == 1
    assert Order.objects.get(pk=draft.pk).quote == quote


@pytest.mark.spec("INV-09")
def test_accepting_and_booking_by_hand_at_once_makes_one_sale(transactional_db):
    cast = make_cast()
    for _ in range(4):
        deal, quote, draft = won_by_hand_and_quoted(cast)
        answers = together(
            lambda quote=quote: accept(quote, cast.alice),
            lambda draft=draft: services.book_order(order=draft, version=None, actor=cast.erin),
        )
        assert sum(isinstance(answer, IllegalState) for answer in answers) == 1, answers
        while outbox.deliver_due():
            pass
        assert booked(deal) == 1


def test_an_order_is_cancelled_or_its_invoice_issued_and_the_loser_is_told(transactional_db, monkeypatch):
    cast = make_cast()
    order = make_order(cast.alice, [line()])
    draft = services.draft_invoice(order=order, actor=cast.erin)
    issuing, real = threading.Event(), services.invoices.next_number

    def slowly(**kwargs):
        number = real(**kwargs)
        issuing.set()
        threading.Event().wait(0.6)
        return number

    def cancel():
        issuing.wait(5)
        return services.cancel_order(order=order, version=None, actor=cast.alice)

    monkeypatch.setattr(services.invoices, "next_number", slowly)
    issued, cancelled = together(
        lambda: services.issue_invoice(invoice=draft, version=draft.version, actor=cast.erin), cancel
    )
    assert isinstance(issued, Invoice)
    assert isinstance(cancelled, IllegalState)
    assert cancelled.code == "billed"


def test_an_invoice_whose_order_was_cancelled_meanwhile_is_gone_not_broken(transactional_db):
    cast = make_cast()
    order = make_order(cast.alice, [line()])
    draft = services.draft_invoice(order=order, actor=cast.erin)
    services.cancel_order(order=order, version=None, actor=cast.alice)
    with pytest.raises(DomainError) as refused:
        services.issue_invoice(invoice=draft, version=draft.version, actor=cast.erin)
    assert (refused.value.code, refused.value.status) == ("gone", 409)
    with pytest.raises(DomainError):
        services.discard_invoice(invoice=draft, version=draft.version, actor=cast.erin)


def test_a_deal_has_one_draft_order_and_a_second_is_refused_not_broken(transactional_db):
    cast = make_cast()
    deal = make_deal(cast.alice)

    def draft():
        return services.create_order(
            actor=cast.alice, account=deal.account, lines=[line()], opportunity=deal, channel="pos"
        )

    answers = together(draft, draft, draft)
    assert sum(isinstance(answer, Order) for answer in answers) == 1
    assert {answer.code for answer in answers if not isinstance(answer, Order)} == {"draft_waits"}
