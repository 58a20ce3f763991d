"""Draft, book, cancel: what is copied when a sale is closed, and what can no longer change."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from django.db import DatabaseError, transaction

from opportunities.selectors.pricing import price_lines
from orders import services
from orders.models import Order, OrderLine, OrderSplit
from revops.catalog import services as catalog
from revops.core.errors import DomainError, IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, OutboxEvent
from tests.builders import make_product
from tests.orders.builders import line, make_account, make_order

TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC).date()


def priced(*lines, **more):
    return price_lines(lines, currency=more.pop("currency", "USD"), on=TODAY, **more)


@pytest.mark.spec("B4", "INV-06")
def test_tax_is_rounded_a_line_and_then_summed(db):
    product = make_product()
    result = priced(line(product, 3, "19.99", tax="8.25"))
    assert (result.net, result.tax, result.total) == (Decimal("59.97"), Decimal("4.95"), Decimal("64.92"))


@pytest.mark.spec("B5", "INV-06")
def test_the_discount_of_the_whole_is_allocated_to_the_lines_to_the_coin(db):
    product = make_product()
    result = priced(
        line(product, 1, "19.99"), line(product, 1, "49.99"), line(product, 1, "29.99"), discount=Decimal(10)
    )
    assert [row.allocated_discount for row in result.lines] == [Decimal("2.00"), Decimal("5.00"), Decimal("3.00")]
    assert result.net == Decimal("89.97")


@pytest.mark.spec("INV-06")
def test_an_order_total_is_its_lines_their_taxes_and_the_shipping(alice):
    lines = [line(quantity=3, price="19.99", tax="8.25"), line(price="100", tax="8.25", discount_percent=Decimal(10))]
    order = make_order(alice, lines, shipping=Decimal("12.50"), discount=Decimal("7.77"))
    rows = list(order.lines.all())
    assert order.total == sum(row.net for row in rows) + sum(row.tax for row in rows) + Decimal("12.50")
    assert sum(row.discount for row in rows) == Decimal("7.77") + Decimal(10)
    for row in rows:
        assert row.net == row.quantity * row.unit_price - row.discount


def test_booking_stamps_the_companys_day_and_tells_the_world(alice, settings):
    settings.COMPANY_TIME_ZONE = "America/New_York"
    order = make_order(alice, book=False)
    with time_machine.travel(datetime(2026, 12, 1, 2, 30, tzinfo=UTC), tick=False):
        order = services.book_order(order=order, version=order.version, actor=alice)
    assert str(order.booked_on) == "2026-11-30"
    assert OutboxEvent.objects.filter(name="orders.OrderBooked", payload={"order_id": order.pk}).count() == 1
    assert AuditEntry.objects.about(order).filter(action="order.booked", actor=alice).count() == 1


@pytest.mark.spec("DA-09")
def test_revenue_is_the_sum_of_nets_and_later_costs_do_not_restate_the_margin(alice):
    product = make_product(cost="60", cost_from=TODAY.replace(year=2020))
    asked = {"product": product, "quantity": 2, "unit_price": Decimal(100)}
    order = make_order(alice, [asked, {**asked, "quantity": 1}])
    assert order.net == Decimal(300) == sum(row.net for row in order.lines.all())
    assert order.margin == Fraction(120, 300)
    catalog.set_cost(product=product, unit_cost=Decimal(90), currency="USD", valid_from=TODAY, actor=None)
    order.refresh_from_db()
    assert order.margin == Fraction(120, 300)
    assert {row.unit_cost for row in order.lines.all()} == {Decimal(60)}


@pytest.mark.spec("INV-03")
def test_revenue_shares_add_up_to_100_or_nothing_is_booked(alice, bob, sam):
    account = make_account(alice)
    with pytest.raises(InvalidInput, match="99.9"):
        make_order(alice, account=account, splits=[{"user": alice, "percent": Decimal("99.9")}])
    assert not Order.objects.exists()
    thirds = [{"user": who, "percent": Decimal(share)} for who, share in ((alice, "33.3334"), (bob, "66.6666"))]
    overlay = {"user": sam, "percent": Decimal(50), "kind": "overlay"}
    order = make_order(alice, [line(price="100.01"), line(price="0.05")], splits=[*thirds, overlay])
    parts = {row.user: row.amount for row in order.splits.filter(kind="revenue")}
    assert sum(parts.values()) == order.net
    assert order.splits.get(kind="overlay").amount == Decimal("50.04")


@pytest.mark.spec("INV-03")
def test_the_database_refuses_shares_that_do_not_add_up(transactional_db):
    from revops.users.services import sync_roles
    from tests.builders import make_user

    sync_roles()
    owner = make_user()
    order = make_order(owner, book=False)
    with pytest.raises(DatabaseError, match="add up"), transaction.atomic():
        OrderSplit.objects.filter(order=order).update(percent=Decimal(90))


def test_a_sales_order_needs_its_accepted_quote_and_a_shop_order_does_not(alice, olga):
    draft = make_order(alice, channel="crm", book=False)
    with pytest.raises(DomainError, match="accepted quote") as refused:
        services.book_order(order=draft, version=draft.version, actor=alice)
    assert refused.value.code == "quote_required"
    assert Order.objects.get().status == Order.Status.DRAFT
    assert services.book_order(order=draft, version=draft.version, actor=olga).status == Order.Status.BOOKED
    for channel in ("pos", "online", "partner"):
        assert make_order(alice, channel=channel).status == Order.Status.BOOKED


def test_an_order_without_lines_is_not_booked(alice):
    draft = make_order(alice, [], book=False)
    with pytest.raises(MissingFields):
        services.book_order(order=draft, version=draft.version, actor=alice)


def test_a_stale_copy_neither_books_nor_cancels(alice):
    draft = make_order(alice, book=False)
    services.update_order(order=draft, version=draft.version, actor=alice, terms="By ship")
    for verb in (services.book_order, services.cancel_order):
        with pytest.raises(StaleCopy):
            verb(order=draft, version=draft.version, actor=alice)
    assert Order.objects.get().status == Order.Status.DRAFT


def test_who_may_not_book_orders_makes_none(sam, alice):
    draft = make_order(alice, book=False)
    with pytest.raises(NotAllowed):
        services.book_order(order=draft, version=draft.version, actor=sam)
    with pytest.raises(NotAllowed):
        services.create_order(actor=sam, account=draft.account, lines=[line()])
    assert Order.objects.count() == 1


def test_a_draft_is_repriced_and_what_was_booked_stays_as_it_is(alice):
    draft = make_order(alice, book=False)
    draft = services.update_order(order=draft, version=draft.version, actor=alice, lines=[line(price=250, quantity=2)])
    assert draft.net == Decimal(500)
    booked = services.book_order(order=draft, version=draft.version, actor=alice)
    with pytest.raises(IllegalState):
        services.update_order(order=booked, version=booked.version, actor=alice, lines=[line()])
    with pytest.raises(DatabaseError, match="stays as it is"), transaction.atomic():
        Order.objects.filter(pk=booked.pk).update(net=1, total=1)
    with pytest.raises(DatabaseError, match="booked order"), transaction.atomic():
        OrderLine.objects.filter(order=booked).update(unit_cost=1)
    with pytest.raises(DatabaseError, match="booked order"), transaction.atomic():
        OrderLine.objects.filter(order=booked).delete()
    with pytest.raises(DatabaseError, match="credit of a booked order"), transaction.atomic():
        OrderSplit.objects.filter(order=booked).update(user=None, percent=50)


def test_cancelling_tells_the_world_and_ends_the_order(alice):
    order = make_order(alice)
    order = services.cancel_order(order=order, version=order.version, actor=alice, reason="Changed their mind")
    assert order.status == Order.Status.CANCELLED
    assert OutboxEvent.objects.filter(name="orders.OrderCancelled").count() == 1
    with pytest.raises(IllegalState):
        services.book_order(order=order, version=order.version, actor=alice)


def test_a_billed_order_is_not_cancelled(alice, erin):
    order = make_order(alice)
    invoice = services.draft_invoice(order=order, actor=erin)
    services.issue_invoice(invoice=invoice, version=invoice.version, actor=erin)
    with pytest.raises(IllegalState, match="Credit"):
        services.cancel_order(order=order, version=order.version, actor=alice)
    assert Order.objects.get().status == Order.Status.BOOKED


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 0}, "lines.0.quantity"),
        ({"quantity": "-1"}, "lines.0.quantity"),
        ({"quantity": "1.0001"}, "lines.0.quantity"),
        ({"unit_price": "-5"}, "lines.0.unit_price"),
        ({"unit_price": "1e20"}, "lines.0.unit_price"),
        ({"discount_percent": "101"}, "lines.0.discount_percent"),
        ({"tax_percent": "NaN"}, "lines.0.tax_percent"),
    ],
)
def test_a_bad_number_names_its_line_and_field(alice, change, field):
    account = make_account(alice)
    with pytest.raises(InvalidInput) as refused:
        make_order(alice, [{**line(), **{k: Decimal(v) for k, v in change.items()}}], account=account)
    assert refused.value.errors[0].pointer == field
    assert not Order.objects.exists()


def test_prices_keep_the_coins_of_their_currency(alice):
    product = make_product()
    yen = priced(line(product, 3, "19.99", tax="10"), currency="JPY")
    assert (yen.net, yen.tax) == (Decimal(60), Decimal(6))
    with pytest.raises(InvalidInput, match="finer coin"):
        priced(line(product), currency="JPY", discount=Decimal("0.5"))
    with pytest.raises(InvalidInput, match="currency"):
        make_order(alice, currency="XXZ")
