"""From booked orders to the statement: page and API, each order line behind the figure."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from forecasting.models import Credit, LedgerEntry, Statement
from forecasting.services import acknowledge_statement, prepare_statement, publish_statement
from revops.core.errors import IllegalState, NotAllowed, StaleCopy
from tests.builders import make_user
from tests.forecasting.pay import at, earned, make_comp_admin, make_plan, month, publish, put_on_p1, sell

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with at():
        yield


@pytest.fixture
def petra(cast):
    return make_comp_admin()


def page_of(client, user, statement):
    client.force_login(user)
    response = client.get(reverse("statement-detail", args=[statement.pk]))
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def api_of(user, statement):
    api = APIClient()
    api.force_authenticate(user)
    response = api.get(f"/api/v1/comp/statements/{statement.pk}")
    assert response.status_code == 200, response.content
    return response.json()


def check_everywhere(client, payee, statement, pay, lines):
    """The figure on the page, in the API, in the ledger; each order line behind it, and their sum."""
    pay = Decimal(pay)
    html, body = page_of(client, payee, statement), api_of(payee, statement)
    assert f'id="commission">${pay:,.2f}<' in html
    assert Decimal(body["earned"]["amount"]) == pay == earned(payee, statement.period)
    shown = [
        (row["order_number"], Decimal(row["order_value"]["amount"]), Decimal(row["amount"]["amount"]))
        for row in body["lines"]
    ]
    assert shown == [(order.number, Decimal(value), Decimal(amount)) for order, value, amount in lines]
    assert sum(amount for _number, _value, amount in shown) == pay
    for row in body["lines"]:
        assert f"{row['order_number']}.{row['line_number']}" in html
        assert row["account_name"] in html
        assert f"{Decimal(row['amount']['amount']):,.2f}" in html
    return html, body


@pytest.mark.spec("C01", "SG-01")
def test_below_the_quota_every_dollar_earns_two_per_cent(client, cast, petra):
    put_on_p1(petra, cast.alice)
    first = sell(cast.alice, "150000", account="Castlebrook Foods")
    second = sell(cast.alice, "60000", "40000", on=date(2026, 10, 20))
    html, body = check_everywhere(
        client,
        cast.alice,
        publish(cast.alice, petra),
        "5000.00",
        [(first, "150000", "3000"), (second, "60000", "1200"), (second, "40000", "800")],
    )
    assert Decimal(body["measured"]["amount"]) == 250000
    assert {row["rate"] for row in body["lines"]} == {"2.000000"}
    assert "October has not passed $270,000, so 2 % applies to every dollar" in html


@pytest.mark.spec("C02", "SG-01")
def test_exactly_at_the_quota_is_not_over_it(client, cast, petra):
    put_on_p1(petra, cast.alice)
    first, second = sell(cast.alice, "170000.00"), sell(cast.alice, "100000.00", on=date(2026, 10, 31))
    html, body = check_everywhere(
        client,
        cast.alice,
        publish(cast.alice, petra),
        "5400.00",
        [(first, "170000", "3400"), (second, "100000", "2000")],
    )
    assert body["attainment"] == "100.0"
    assert "not over $270,000.00, so the rate is 2 %" in html


def test_the_other_comparator_pays_four_per_cent_exactly_at_the_quota(client, cast, petra):
    make_plan(petra, cast.alice, tiers=[(0, 2), (270000, 4)], comparator="gte")
    order = sell(cast.alice, "270000.00")
    statement = publish(cast.alice, petra)
    _html, body = check_everywhere(client, cast.alice, statement, "10800.00", [(order, "270000", "10800")])
    assert [row["tier"] for row in body["lines"]] == [2]


@pytest.mark.spec("C03", "SG-01")
def test_one_cent_over_the_quota_re_rates_the_whole_month(client, cast, petra):
    put_on_p1(petra, cast.alice)
    first, second = sell(cast.alice, "200000.00"), sell(cast.alice, "70000.01", on=date(2026, 10, 31))
    html, body = check_everywhere(
        client,
        cast.alice,
        publish(cast.alice, petra),
        "10800.00",
        [(first, "200000", "8000"), (second, "70000.01", "2800")],
    )
    assert {row["tier"] for row in body["lines"]} == {2}
    assert "rounded to the cent" in body["lines"][1]["explanation"]
    assert "October passed the quota, so 4 % applies to every dollar" in html


@pytest.mark.spec("C04", "SG-01")
def test_over_the_quota_four_per_cent_applies_to_the_whole_month(client, cast, petra):
    put_on_p1(petra, cast.alice)
    first, second = sell(cast.alice, "270000"), sell(cast.alice, "30000", on=date(2026, 10, 14))
    html, body = check_everywhere(
        client,
        cast.alice,
        publish(cast.alice, petra),
        "12000.00",
        [(first, "270000", "10800"), (second, "30000", "1200")],
    )
    assert body["attainment"] == "111.1"
    assert "111.1 %" in html
    assert "30,000.00 × 4 % = $1,200.00" in html
    assert Decimal(body["held"]["amount"]) == 12000
    assert Decimal(body["payable"]["amount"]) == 0


@pytest.mark.spec("C05")
@pytest.mark.parametrize(("booked", "pay"), [("300000", "6600.00"), ("270000.01", "5400.00")])
def test_a_marginal_plan_pays_the_higher_rate_on_the_part_above_only(client, cast, petra, booked, pay):
    make_plan(petra, cast.alice, tiers=[(0, 2), (270000, 4)], mode="marginal")
    order = sell(cast.alice, booked)
    html, body = check_everywhere(client, cast.alice, publish(cast.alice, petra), pay, [(order, booked, pay)])
    above = Decimal(booked) - 270000
    assert [(Decimal(part), tier, rate) for part, tier, rate in body["lines"][0]["slices"]] == [
        (Decimal(270000), 1, "2"),
        (above, 2, "4"),
    ]
    assert f"270,000.00 × 2 % + {above:,.2f} × 4 %" in html


@pytest.mark.spec("C15", "INV-40", "SG-01")
def test_an_order_shared_sixty_to_forty_credits_both_and_each_month_finds_its_tier(client, cast, petra):
    ben = make_user("ben", first_name="Ben", last_name="Ortiz", team=cast.west)
    put_on_p1(petra, cast.alice, ben)
    own, other = sell(cast.alice, "250000"), sell(ben, "100000")
    shared = sell(
        cast.alice,
        "50000",
        account="Bluewater Marine",
        splits=[(cast.alice, 60), (ben, 40)],
        on=date(2026, 10, 14),
    )
    mine, his = publish(cast.alice, petra), publish(ben, petra)
    html, body = check_everywhere(
        client, cast.alice, mine, "11200.00", [(own, "250000", "10000"), (shared, "50000", "1200")]
    )
    line = body["lines"][1]
    assert (line["percent"], line["credited"]["amount"]) == ("60.000000", "30000.00")
    assert line["shared_with"] == [["Ben Ortiz", "40"]]
    assert "You hold 60 % of it and Ben Ortiz 40 %, so you are credited $30,000.00." in html
    _html, body = check_everywhere(client, ben, his, "2400.00", [(other, "100000", "2000"), (shared, "50000", "400")])
    assert Decimal(body["measured"]["amount"]) == 120000
    credits = Credit.objects.filter(order=shared)
    assert sorted(credits.values_list("amount", flat=True)) == [Decimal(20000), Decimal(30000)]


@pytest.mark.spec("C15", "INV-40")
@pytest.mark.parametrize(
    ("net", "shares", "parts"),
    [
        ("1234.57", [60, 40], ["740.74", "493.83"]),
        ("100.00", ["33.3334", "33.3333", "33.3333"], ["33.34", "33.33", "33.33"]),
        ("0.05", [50, 50], ["0.03", "0.02"]),
    ],
)
def test_credits_of_a_line_add_up_to_it_to_the_cent_and_taking_back_mirrors_them(cast, petra, net, shares, parts):
    from orders import services as orders
    from revops.core import outbox

    people = [cast.alice, cast.sam, cast.bob][: len(shares)]
    put_on_p1(petra, *people)
    order = sell(cast.alice, net, splits=list(zip(people, shares, strict=True)))
    rows = Credit.objects.filter(order=order).order_by("pk")
    assert [row.amount for row in rows] == [Decimal(part) for part in parts]
    assert {row.kind for row in rows} == {"split"}
    orders.cancel_order(order=order, version=order.version, actor=cast.alice)
    outbox.deliver_due()
    back = Credit.objects.filter(order=order, kind="reversal").order_by("pk")
    assert [row.amount for row in back] == [-Decimal(part) for part in parts]
    assert all(earned(person, month()) == 0 for person in people)


@pytest.mark.spec("C29")
def test_a_late_order_of_a_closed_month_posts_the_difference_to_the_open_month(client, cast, petra):
    from forecasting.models import FiscalPeriod
    from forecasting.services import close_reviewed_period, review_period

    put_on_p1(petra, cast.alice)
    october, november = month("2026-10"), month("2026-11")
    for earlier in FiscalPeriod.objects.months().filter(first_on__lt=october.first_on).order_by("first_on"):
        step = review_period(period=earlier, version=earlier.version, actor=petra)
        close_reviewed_period(period=step, version=step.version, actor=petra)
    early = sell(cast.alice, "265000")
    october = review_period(period=october, version=october.version, actor=petra)
    october = close_reviewed_period(period=october, version=october.version, actor=petra)
    told = Statement.objects.get(payee=cast.alice, period=october)
    frozen = (told.input_hash, told.earned, list(told.lines.values_list("amount", flat=True)))
    assert told.earned == Decimal("5300.00")

    late = sell(cast.alice, "10000", on=date(2026, 10, 30))

    moved = LedgerEntry.objects.earned().filter(payee=cast.alice, origin_period=october, posting_period=november)
    assert sum(moved.values_list("amount", flat=True)) == Decimal("5700.00")
    assert earned(cast.alice, october) == Decimal("11000.00")
    told.refresh_from_db()
    assert frozen == (told.input_hash, told.earned, list(told.lines.values_list("amount", flat=True)))
    client.force_login(cast.alice)
    html = client.get(reverse("statement-me")).content.decode()
    assert "Preview" in html
    assert "5,700.00" in html
    for order, amount in ((early, "5,300.00"), (late, "400.00")):
        assert f"{order.number}.1" in html
        assert amount in html
    assert "From October 2026" in html
    statement = publish(cast.alice, petra, "2026-11")
    body = api_of(cast.alice, statement)
    assert (body["earned"]["amount"], body["corrections"]["amount"]) == ("0.00", "5700.00")


def test_a_cancellation_while_held_is_posted_against_the_hold(client, cast, petra):
    from orders import services as orders
    from revops.core import outbox

    put_on_p1(petra, cast.alice)
    sell(cast.alice, "250000")
    second = sell(cast.alice, "50000", on=date(2026, 10, 20))
    assert earned(cast.alice, month()) == Decimal("12000.00")
    orders.cancel_order(order=second, version=second.version, actor=cast.alice)
    outbox.deliver_due()
    back = LedgerEntry.objects.filter(payee=cast.alice, kind="clawback")
    assert sum(row.amount for row in back.filter(account="expense")) == Decimal("-7000.00")
    assert sum(row.amount for row in back.filter(account="held")) == Decimal("7000.00")
    assert not back.filter(account="payable").exists()
    assert all(row.reverses_id for row in back)
    body = api_of(cast.alice, publish(cast.alice, petra))
    assert body["earned"]["amount"] == "5000.00"
    assert [(row["amount"]["amount"], row["state"]) for row in body["lines"]] == [
        ("5000.00", "held"),
        ("0.00", "reversed"),
    ]


def test_nothing_is_paid_before_the_plan_is_signed_and_everything_after(cast, petra):
    from forecasting.models import PlanAssignment
    from forecasting.services import calculate_commissions, sign_assignment

    put_on_p1(petra, cast.alice, sign=False)
    sell(cast.alice, "300000")
    assert not LedgerEntry.objects.exists()
    offered = PlanAssignment.objects.get(user=cast.alice)
    with pytest.raises(NotAllowed):
        sign_assignment(assignment=offered, version=offered.version, actor=petra)
    sign_assignment(assignment=offered, version=offered.version, actor=cast.alice)
    calculate_commissions(period=month(), actor=petra)
    assert earned(cast.alice, month()) == Decimal("12000.00")


def test_an_order_booked_before_its_seller_had_a_plan_is_credited_once_the_plan_covers_it(cast, petra):
    from forecasting.services import calculate_commissions

    order = sell(cast.alice, "100000")
    assert Credit.objects.get(order=order).assignment is None
    put_on_p1(petra, cast.alice)
    calculate_commissions(period=month(), actor=petra)
    assert earned(cast.alice, month()) == Decimal("2000.00")
    assert Credit.objects.live().get(order=order).assignment is not None
    assert sum(Credit.objects.filter(order=order).values_list("amount", flat=True)) == 100000


def test_an_order_in_another_currency_is_converted_once_at_the_rate_of_its_day(cast, petra):
    from revops.core.models import ExchangeRate

    ExchangeRate.objects.create(source="EUR", target="USD", on=date(2026, 10, 1), rate=Decimal("1.0850"))
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "100000", currency="EUR")
    credit = Credit.objects.get()
    assert (credit.amount, credit.plan_amount, credit.fx_rate) == (Decimal(100000), Decimal(108500), Decimal("1.085"))
    assert earned(cast.alice, month()) == Decimal("2170.00")


def test_recurring_revenue_is_measured_by_the_month(cast, petra):
    from datetime import UTC, datetime

    from orders import services as orders
    from revops.core import outbox
    from tests.builders import make_product
    from tests.orders.builders import line, make_account

    make_plan(petra, cast.alice, tiers=[(0, 10), (20000, 50)], comparator="gte", metric="mrr")

    yearly = make_product(kind="subscription", recurring_months=12)
    lines = [line(yearly, price=Decimal(240000)), line(price=Decimal(9000))]
    order = orders.create_order(actor=cast.alice, account=make_account(cast.alice), lines=lines, channel="pos")
    booked_at = datetime(2026, 10, 5, 12, tzinfo=UTC)
    orders.book_order(order=order, version=order.version, actor=cast.alice, booked_at=booked_at)
    outbox.deliver_due()
    assert earned(cast.alice, month()) == Decimal("10000.00")


def test_what_was_held_long_enough_is_released_once(cast, petra):
    from forecasting.services import release_holds

    put_on_p1(petra, cast.alice)
    sell(cast.alice, "100000", on=date(2026, 10, 13))
    sell(cast.alice, "50000", on=date(2026, 11, 13))
    assert release_holds() == 1
    assert release_holds() == 0
    payable = LedgerEntry.objects.filter(account="payable")
    assert [(row.amount, row.kind, row.posting_period.label) for row in payable] == [
        (Decimal("-2000.000"), "release", "2026-11")
    ]


# The life of a statement ------------------------------------------------------------------


def test_a_statement_is_not_prepared_while_its_month_still_changes(cast, petra):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "100000")
    with pytest.raises(IllegalState):
        prepare_statement(payee=cast.alice, period=month(), actor=petra)
    assert not Statement.objects.exists()


def test_only_compensation_administrators_publish(cast, petra):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "100000")
    told = publish(cast.alice, petra)
    draft = prepare_statement(payee=cast.alice, period=told.period, actor=petra)
    for person in (cast.alice, cast.bob, cast.dana, cast.erin, cast.olga):
        with pytest.raises(NotAllowed):
            publish_statement(statement=draft, version=draft.version, actor=person)
    draft.refresh_from_db()
    assert (draft.status, draft.edition) == ("draft", 2)


def test_the_payee_acknowledges_once_and_nobody_else_does(client, cast, petra):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "100000")
    told = publish(cast.alice, petra)
    with pytest.raises(NotAllowed):
        acknowledge_statement(statement=told, version=told.version, actor=cast.bob)
    client.force_login(cast.alice)
    answer = client.post(reverse("statement-acknowledge", args=[told.pk]), {"version": told.version})
    assert answer.status_code == 302
    with pytest.raises(StaleCopy):
        acknowledge_statement(statement=told, version=told.version, actor=cast.alice)
    told.refresh_from_db()
    assert told.status == "acknowledged"
    with pytest.raises(IllegalState):
        acknowledge_statement(statement=told, version=told.version, actor=cast.alice)


def test_the_api_wants_the_tag_and_refuses_a_stale_one(cast, petra):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "100000")
    told = publish(cast.alice, petra)
    api = APIClient()
    api.force_authenticate(cast.alice)
    url = f"/api/v1/comp/statements/{told.pk}/acknowledge"
    assert api.post(url).status_code == 428
    assert api.post(url, HTTP_IF_MATCH='"77"').status_code == 412
    tag = api.get(f"/api/v1/comp/statements/{told.pk}")["ETag"]
    answer = api.post(url, HTTP_IF_MATCH=tag)
    assert (answer.status_code, answer.json()["status"]) == (200, "acknowledged")
    assert len(answer.json()["lines"]) == 1


# What a page costs ------------------------------------------------------------------------


def queries_of(client, url):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_a_statement_and_the_list_cost_the_same_with_many_rows_as_with_few(client, cast, petra):
    from orders.models import Order

    put_on_p1(petra, cast.alice, cast.bob)
    for day in (3, 4):
        sell(cast.alice, "1000", on=date(2026, 11, day), splits=[(cast.alice, 60), (cast.bob, 40)])
    client.force_login(cast.bob)
    urls = [reverse("statement-me"), reverse("statement-list"), "/api/v1/comp/ledger", "/api/v1/comp/plans"]
    few = [queries_of(client, url) for url in urls]
    for day in range(5, 10):
        sell(cast.alice, "1000", "500", on=date(2026, 11, day), splits=[(cast.alice, 60), (cast.bob, 40)])
    assert [queries_of(client, url) for url in urls] == few
    assert Order.objects.count() == 7
    first = publish(cast.bob, petra, "2026-11")
    urls = [reverse("statement-detail", args=[first.pk]), reverse("statement-list"), "/api/v1/comp/statements"]
    few = [queries_of(client, url) for url in urls]
    publish(cast.alice, petra, "2026-11")
    for _number in range(3):
        again = prepare_statement(payee=cast.alice, period=first.period, actor=petra)
        publish_statement(statement=again, version=again.version, actor=petra)
    assert [queries_of(client, url) for url in urls] == few
