"""Every figure that is stored beside its rows says what its rows say; pages that show one figure agree on it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db.models import Sum

from forecasting.models.credits import Credit
from forecasting.selectors import metrics
from forecasting.selectors.forecast import forecast
from forecasting.services.periods import ensure_periods
from leads.models import Lead
from opportunities import services as deals
from opportunities.models import Opportunity, OpportunitySplit
from opportunities.selectors import board
from orders import services as orders
from orders.models import Invoice, Order, OrderSplit, Payment
from orders.selectors import account_balance
from revops.core import outbox
from revops.core.company import set_rate
from revops.core.money import allocate, money
from revops.core.organisation import month_of
from tests.builders import make_product
from tests.cast import Cast
from tests.forecasting.pay import make_comp_admin, make_plan, put_on_p1
from tests.leads.builders import make_lead
from tests.opportunities.builders import win
from tests.opportunities.quote_builders import make_deal, submit, the_book

TODAY = date(2026, 11, 19)
ZERO = Decimal(0)


@pytest.fixture(autouse=True)
def the_day() -> Any:
    with time_machine.travel("2026-11-19 10:00+00:00", tick=False) as traveller:
        yield traveller


def deliver() -> None:
    while outbox.deliver_due():
        pass


def shared(*parts: tuple[Any, str], overlay: Any = None) -> list[dict[str, Any]]:
    rows = [{"user": user, "percent": Decimal(percent)} for user, percent in parts]
    return rows + ([{"user": overlay, "percent": Decimal(12), "kind": "overlay"}] if overlay else [])


def sold(cast: Cast, currency: str, prices: list[str]) -> Order:
    """A deal in three shares and an overlay, quoted in odd amounts, accepted and booked."""
    deal = make_deal(cast.alice, currency=currency)
    parts = shared((cast.alice, "33.3333"), (cast.bob, "33.3333"), (cast.charlie, "33.3334"), overlay=cast.sam)
    deals.set_splits(opportunity=deal, splits=parts, version=deal.version, actor=cast.alice)
    book = the_book(currency)
    lines = [
        {
            "product": make_product(price=price, cost=1, book=book),
            "quantity": Decimal(3),
            "tax_percent": Decimal("8.25"),
        }
        for price in prices
    ]
    quote = deals.create_quote(
        actor=cast.alice, opportunity=deal, price_book=book, lines=lines, discount=Decimal(7), shipping=Decimal(5)
    )
    quote = submit(quote, cast.alice)
    quote = deals.send_quote(quote=quote, version=quote.version, actor=cast.alice)
    deals.accept_quote(quote=quote, version=quote.version, actor=cast.alice, accepted_by_name="Ann Lee")
    deliver()
    order = Order.objects.get(quote=quote)
    assert (order.net, order.tax, order.total) == (quote.net, quote.tax, quote.total)
    return order


def business(cast: Cast) -> None:
    """Sales in two currencies; one cancelled; bills paid, overpaid, credited in part and whole; one payment back."""
    admin = make_comp_admin()
    ensure_periods(year=2026)
    set_rate(source="EUR", target="USD", on=date(2026, 1, 1), rate=Decimal("1.10"), actor=None)
    put_on_p1(admin, cast.alice, cast.bob)
    make_plan(admin, cast.charlie, tiers=[(0, 3)])
    first, second = sold(cast, "USD", ["19.99", "0.05", "333.33"]), sold(cast, "EUR", ["71.07", "1000.01"])
    cancelled = sold(cast, "USD", ["500.01"])
    orders.cancel_order(order=cancelled, version=None, actor=cast.alice, reason="Changed their mind")
    deliver()
    for order, paid, credited in ((first, "700", "50.02"), (second, "3000", None)):
        bill = orders.draft_invoice(order=order, actor=cast.erin)
        bill = orders.issue_invoice(invoice=bill, version=bill.version, actor=cast.erin)
        payments = [
            orders.receive_payment(
                actor=cast.erin, account=order.account, amount=Decimal(paid), currency=order.currency, reference=name
            )
            for name in (f"A-{order.pk}", f"B-{order.pk}")
        ]
        for payment in payments[: 1 if credited else 2]:
            orders.allocate_payment(payment=payment, invoice=bill, amount=None, version=None, actor=cast.erin)
        amount = Decimal(credited) if credited else None
        orders.issue_credit_note(invoice=bill, version=None, actor=cast.erin, reason="Returned", amount=amount)
        orders.reverse_payment(payment=payments[0], version=None, actor=cast.erin, reason="Bounced")
    again = make_deal(cast.alice, name="Moved on")
    deals.update_opportunity(
        opportunity=again, version=None, actor=cast.alice, amount=Decimal("100.01"), owner=cast.bob
    )
    parts = shared((cast.alice, "66.6667"), (cast.bob, "33.3333"))
    deals.set_splits(opportunity=again, splits=parts, version=None, actor=cast.alice)
    deals.update_opportunity(opportunity=again, version=None, actor=cast.alice, currency="EUR")


@pytest.mark.spec("INV-03", "INV-06", "INV-21", "INV-23")
def test_after_all_that_each_figure_equals_its_rows(cast: Cast) -> None:
    business(cast)
    for deal in Opportunity.objects.prefetch_related("splits"):
        revenue = [row for row in deal.splits.order_by("pk") if row.kind == OpportunitySplit.Kind.REVENUE]
        assert [row.amount for row in revenue] == allocate(
            deal.amount or ZERO, [row.percent for row in revenue], deal.currency
        )
        for row in deal.splits.filter(kind=OpportunitySplit.Kind.OVERLAY):
            assert row.amount == money((deal.amount or ZERO) * row.percent / 100, deal.currency)
    assert Order.objects.count() == 3
    for order in Order.objects.all():
        shares = OrderSplit.objects.filter(order=order)
        assert sum(row.amount for row in shares if row.kind == OrderSplit.Kind.REVENUE) == order.net
        assert order.net == sum(row.net for row in order.lines.all())
        credited = {(row["payee"], row["s"]) for row in _credits(order)}
        live = order.status != Order.Status.CANCELLED
        assert credited == {(row.user_id, row.amount if live else ZERO) for row in shares}
    for bill in Invoice.objects.all():
        assert bill.total == sum(row.net + row.tax for row in bill.lines.all()) + bill.shipping == bill.order.total
        assert bill.paid == _sum(bill.allocations)
        assert bill.credited == _sum(bill.credit_notes)
        assert (bill.status == Invoice.Status.VOID) == (bill.credited == bill.total)
        (balance,) = account_balance(bill.account)
        assert balance.balance == bill.open_amount == sum(balance.buckets.values())
        received = Payment.objects.filter(account=bill.account)
        assert balance.unapplied == sum(row.unapplied for row in received)
    for payment in Payment.objects.all():
        assert payment.allocated == _sum(payment.allocations)


def _credits(order: Order) -> Any:
    return Credit.objects.filter(order=order).order_by().values("payee").annotate(s=Sum("amount"))


def _sum(rows: Any) -> Decimal:
    return rows.aggregate(s=Sum("amount", default=ZERO))["s"]


def test_the_board_the_forecast_and_the_dashboard_agree_on_what_was_won_and_what_is_likely(
    cast: Cast, the_day: Any
) -> None:
    ensure_periods(year=2026)
    set_rate(source="EUR", target="USD", on=date(2026, 1, 1), rate=Decimal("1.10"), actor=None)
    the_day.move_to("2026-11-03 10:00+00:00")
    deal = make_deal(cast.alice, currency="EUR", source="Fair")
    win(deal, cast.alice)
    set_rate(source="EUR", target="USD", on=date(2026, 11, 10), rate=Decimal("1.30"), actor=None)
    the_day.move_to("2026-11-19 10:00+00:00")
    for amount in ("0.99", "0.99", "0.99"):
        small = make_deal(cast.alice)
        deals.update_opportunity(opportunity=small, version=None, actor=cast.alice, amount=Decimal(amount))
    month = month_of(TODAY)
    won = metrics.total(metrics.won_rows(viewer=cast.dana, span=month, as_of=TODAY))
    assert won == Decimal("1100.00")
    rows = Opportunity.objects.visible_to(cast.dana)
    assert board.rail_totals(rows, month, TODAY, "USD")["won"].sum.amount == won
    lanes = board.lane_totals(rows.filter(status="open"), TODAY, "USD")
    line = forecast(viewer=cast.dana, span=month, as_of=TODAY).total
    assert sum(lane.weighted.amount for lane in lanes.values()) + won == line.weighted


def test_a_day_is_the_companys_in_every_figure(cast: Cast, the_day: Any, settings: Any) -> None:
    settings.COMPANY_TIME_ZONE = "America/Los_Angeles"
    the_day.move_to("2026-11-20 05:00+00:00")  # 21:00 of the 19th over there
    make_lead(cast.sam)
    assert dict(metrics.funnel(viewer=cast.dana, as_of=TODAY))["created"] == Lead.objects.count() == 1
    the_day.move_to("2026-11-20 20:00+00:00")
    assert dict(metrics.funnel(viewer=cast.dana, as_of=date(2026, 11, 18)))["created"] == 0
