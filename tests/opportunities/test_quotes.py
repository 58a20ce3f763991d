"""Drafting, sending and answering a quote."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine

from opportunities import services
from opportunities.models import Opportunity, Quote
from revops.catalog import services as catalog
from revops.core import clock
from revops.core.errors import DomainError, IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, OutboxEvent
from revops.core.organisation import organisation
from tests.builders import make_product
from tests.opportunities.quote_builders import make_deal, make_quote, make_sent_quote, submit, the_book


def row(product, quantity=1, **more):
    return {"product": product, "quantity": Decimal(quantity), **more}


def test_a_quote_copies_price_cost_and_tax_from_the_catalogue(alice):
    org = organisation()
    org.tax_percent = Decimal("8.25")
    org.save()
    book = the_book()
    product = make_product("Seat", price="19.99", cost="12.5", book=book)
    quote = services.create_quote(actor=alice, opportunity=make_deal(alice), lines=[row(product, 3)])
    line = quote.lines.get()
    assert (line.list_price, line.unit_price, line.unit_cost) == (Decimal("19.99"), Decimal("19.99"), Decimal("12.5"))
    assert (quote.net, quote.tax, quote.total) == (Decimal("59.97"), Decimal("4.95"), Decimal("64.92"))
    assert quote.margin == Fraction(Decimal("59.97") - Decimal("37.5")) / Fraction(Decimal("59.97"))
    assert quote.number == f"Q-{clock.today().year}-00001"
    catalog.set_price(book=book, product=product, list_price=Decimal(99), actor=None)
    catalog.set_cost(product=product, unit_cost=Decimal(90), currency="USD", valid_from=clock.today(), actor=None)
    again = services.update_quote(quote=quote, version=quote.version, actor=alice, lines=[row(product, 4)])
    assert again.lines.get().list_price == Decimal("19.99")
    assert again.lines.get().unit_cost == Decimal("12.5")
    assert again.net == Decimal("79.96")


def test_line_discounts_and_the_quotes_discount_end_in_the_lines_nets(alice):
    book = the_book()
    one, two = (make_product(price=price, cost=1, book=book) for price in ("49.99", "29.99"))
    quote = services.create_quote(
        actor=alice,
        opportunity=make_deal(alice),
        lines=[row(one, 2, discount_percent=Decimal("12.5")), row(two)],
        discount=Decimal("3.33"),
        shipping=Decimal(9),
    )
    lines = list(quote.lines.all())
    assert [line.discount for line in lines] == [Decimal("12.50"), Decimal(0)]
    assert sum(line.allocated_discount for line in lines) == Decimal("3.33")
    assert quote.net == sum(line.net for line in lines) == Decimal("114.14")
    assert quote.total == quote.net + quote.tax + 9


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"valid_from": timedelta(1)}, "not sold before"),
        ({"end_of_sale_on": timedelta(-1)}, "not sold after"),
        ({"lifecycle": "planned"}, "not for sale"),
    ],
)
def test_what_is_not_on_sale_is_not_quoted(alice, fields, says):
    values = {k: clock.today() + v if isinstance(v, timedelta) else v for k, v in fields.items()}
    product = make_product(price=5, cost=1, book=the_book(), **values)
    deal = make_deal(alice)
    with pytest.raises(InvalidInput, match=says) as refused:
        services.create_quote(actor=alice, opportunity=deal, lines=[row(product)])
    assert refused.value.errors[0].pointer == "lines.0.product"
    assert not Quote.objects.exists()


def test_a_product_without_a_price_or_a_cost_is_refused(alice):
    deal, book = make_deal(alice), the_book()
    for product, code in ((make_product(), "no_price"), (make_product(price=5, book=book), "no_cost")):
        with pytest.raises(DomainError) as refused:
            services.create_quote(actor=alice, opportunity=deal, lines=[row(product)])
        assert refused.value.code == code


def test_a_sent_quote_is_not_edited_but_revised(alice):
    sent = make_sent_quote(alice)
    with pytest.raises(IllegalState, match="Revise"):
        services.update_quote(quote=sent, version=sent.version, actor=alice, terms="Cheaper")
    new = services.revise_quote(quote=sent, version=sent.version, actor=alice)
    sent.refresh_from_db()
    assert (sent.status, new.status, new.supersedes) == ("superseded", "draft", sent)
    assert new.number != sent.number
    assert [line.net for line in new.lines.all()] == [line.net for line in sent.lines.all()]
    with pytest.raises(IllegalState):
        services.accept_quote(quote=sent, version=sent.version, actor=alice, accepted_by_name="Ann")


@pytest.mark.spec("DA-08")
def test_an_expired_quote_is_not_accepted_and_what_was_sent_is_frozen(alice):
    with time_machine.travel(datetime(2026, 11, 2, 12, tzinfo=UTC), tick=False):
        sent = make_sent_quote(alice, valid_until=clock.today())
        with pytest.raises(IllegalState):
            services.update_quote(quote=sent, version=sent.version, actor=alice, discount=Decimal(1))
        assert services.expire_quotes() == 0
    with time_machine.travel(datetime(2026, 11, 3, 12, tzinfo=UTC), tick=False):
        with pytest.raises(IllegalState, match="valid until") as refused:
            services.accept_quote(quote=sent, version=sent.version, actor=alice, accepted_by_name="Ann")
        assert refused.value.code == "quote_expired"
        assert services.expire_quotes() == 1
        assert services.expire_quotes() == 0
        sent.refresh_from_db()
        assert sent.status == Quote.Status.EXPIRED
        with pytest.raises(IllegalState, match="expired"):
            services.accept_quote(quote=sent, version=sent.version, actor=alice, accepted_by_name="Ann")
    assert Opportunity.objects.get().status == Opportunity.Status.OPEN
    assert not OutboxEvent.objects.filter(name="opportunities.QuoteAccepted").exists()


def test_acceptance_wins_the_deal_at_the_quotes_net_and_publishes_once(alice):
    sent = make_sent_quote(alice, net=5000, tax="8.25")
    done = services.accept_quote(quote=sent, version=sent.version, actor=alice, accepted_by_name="Ann Lee")
    deal = Opportunity.objects.get()
    assert (done.status, done.accepted_by_name) == ("accepted", "Ann Lee")
    assert (deal.status, deal.amount, deal.probability) == ("won", Decimal(5000), Decimal(100))
    assert OutboxEvent.objects.filter(name="opportunities.QuoteAccepted").count() == 1
    with pytest.raises(StaleCopy):
        services.accept_quote(quote=sent, version=sent.version, actor=alice, accepted_by_name="Ann Lee")


def test_acceptance_without_a_name_or_of_a_second_quote_changes_nothing(alice):
    deal = make_deal(alice)
    first, second = make_sent_quote(alice, deal=deal), make_sent_quote(alice, deal=deal)
    with pytest.raises(InvalidInput):
        services.accept_quote(quote=first, version=first.version, actor=alice, accepted_by_name=" ")
    assert Opportunity.objects.get().status == "open"
    services.accept_quote(quote=first, version=first.version, actor=alice, accepted_by_name="Ann")
    with pytest.raises(IllegalState, match="Another quote"):
        services.accept_quote(quote=second, version=second.version, actor=alice, accepted_by_name="Ann")
    second.refresh_from_db()
    assert second.status == "sent"


def test_a_rejected_quote_leaves_the_deal_open(alice):
    sent = make_sent_quote(alice)
    done = services.reject_quote(quote=sent, version=sent.version, actor=alice, reason="Too dear")
    assert (done.status, done.closed_reason) == ("rejected", "Too dear")
    assert Opportunity.objects.get().status == "open"
    assert services.revise_quote(quote=done, version=done.version, actor=alice).supersedes == done


def test_an_unapproved_quote_is_neither_sent_nor_accepted(alice):
    draft = make_quote(alice)
    for verb, more in ((services.send_quote, {}), (services.accept_quote, {"accepted_by_name": "Ann"})):
        with pytest.raises(IllegalState):
            verb(quote=draft, version=draft.version, actor=alice, **more)


def test_who_does_not_quote_is_refused_and_nothing_happens(alice, sam):
    draft = make_quote(alice)
    with pytest.raises(NotAllowed):
        services.create_quote(actor=sam, opportunity=draft.opportunity)
    for verb in (services.submit_quote, services.send_quote, services.reject_quote):
        with pytest.raises(NotAllowed):
            verb(quote=draft, version=draft.version, actor=sam)
    assert Quote.objects.get().status == "draft"


def test_a_stale_copy_changes_no_quote(alice):
    draft = make_quote(alice)
    services.update_quote(quote=draft, version=draft.version, actor=alice, terms="30 days net")
    for verb in (services.submit_quote, services.send_quote, services.reject_quote, services.update_quote):
        with pytest.raises(StaleCopy):
            verb(quote=draft, version=draft.version, actor=alice)


def test_an_edit_that_changes_nothing_raises_no_version(alice):
    draft = make_quote(alice)
    line = draft.lines.get()
    asked = row(line.product, line.quantity, unit_price=line.unit_price, discount_percent=line.discount_percent)
    same = services.update_quote(quote=draft, version=draft.version, actor=alice, terms="", lines=[asked])
    assert same.version == draft.version
    assert AuditEntry.objects.about(draft).filter(action="quote.updated").count() == 0


def test_an_outsider_sees_neither_the_quote_nor_a_trace_of_it(alice, charlie, bob):
    quote = make_quote(alice)
    assert not Quote.objects.visible_to(charlie).exists()
    assert Quote.objects.visible_to(bob).get() == quote
    assert submit(quote, alice).status == "approved"
