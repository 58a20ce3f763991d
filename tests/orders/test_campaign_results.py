"""Results of campaigns: units, revenue and discount during against before, and campaigns beside one another."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads import services as leads
from leads.models import Campaign
from orders import services
from orders.selectors.campaigns import results_of
from revops.core import clock
from tests.builders import make_price_book, make_product
from tests.cast import Cast
from tests.leads.test_campaigns import make_campaign
from tests.orders.builders import make_account


def sell(actor: Any, account: Any, product: Any, quantity: int, on: date, discount: int = 0) -> Any:
    line = {"product": product, "quantity": Decimal(quantity), "discount_percent": Decimal(discount)}
    order = services.create_order(actor=actor, account=account, lines=[line], channel="pos")
    at = min(clock.start_of(on) + timedelta(hours=12), clock.now())  # in the morning noon is to come
    return services.book_order(order=order, version=order.version, actor=None, booked_at=at)


def live(actor: Any, **fields: Any) -> Campaign:
    campaign = make_campaign(actor, **fields)
    return leads.launch_campaign(campaign=campaign, version=campaign.version, actor=actor)


@pytest.mark.spec("RO-10", "DA-10")
def test_units_revenue_and_discount_during_stand_against_as_many_days_before(cast: Cast, client: Client) -> None:
    book = make_price_book(is_default=True)
    product, other = make_product(price=100, cost=60, book=book), make_product(price=10, cost=6, book=book)
    account = make_account(cast.alice)
    today = clock.today()
    start, end = today - timedelta(days=9), today - timedelta(days=5)
    campaign = live(cast.bob, starts_on=start, ends_on=end, products=[product])
    sell(cast.alice, account, product, 23, end, discount=10)
    sell(cast.alice, account, other, 500, end)  # not of the campaign
    sell(cast.alice, account, product, 99, end + timedelta(days=1))  # after it
    sell(cast.alice, account, product, 20, start - timedelta(days=1))
    sell(cast.alice, account, product, 77, start - timedelta(days=6))  # longer ago than it lasts
    gone = sell(cast.alice, account, product, 5, start)
    services.cancel_order(order=gone, version=gone.version, actor=cast.bob, reason="Wrong")
    found = results_of(campaign, viewer=cast.bob)
    assert found is not None
    assert (found.during.units, found.before.units, found.change("units")) == (23, 20, Decimal("15.0"))
    assert (found.during.revenue.amount, found.before.revenue.amount) == (Decimal(2070), Decimal(2000))
    assert (found.during.discount.amount, found.before.discount.amount) == (Decimal(230), Decimal(0))
    assert (found.before.first, found.before.last) == (start - timedelta(days=5), start - timedelta(days=1))
    assert found.change("discount") is None
    # Beside an earlier one, on a page of its own and by the same figures.
    live(
        cast.bob,
        name="Summer",
        starts_on=start - timedelta(days=1),
        ends_on=start - timedelta(days=1),
        products=[product],
    )
    client.force_login(cast.bob)
    page = client.get(reverse("campaign-results-list")).content.decode()
    for words in ("Summer", "Autumn mailing", "2,070", "2,000", "15"):
        assert words in page, words
    panel = client.get(reverse("campaign-results", args=[campaign.pk]), {"panel": "1"}).content.decode()
    assert "$2,070" in panel and "15.0 %" in panel


def test_a_planned_one_has_no_results_and_a_running_one_counts_until_today(cast: Cast) -> None:
    book = make_price_book(is_default=True)
    product = make_product(price=100, cost=60, book=book)
    today = clock.today()
    campaign = make_campaign(cast.bob, starts_on=today - timedelta(days=1), ends_on=today + timedelta(days=30))
    assert results_of(campaign, viewer=cast.bob) is None
    campaign = leads.launch_campaign(campaign=campaign, version=campaign.version, actor=cast.bob)
    account = make_account(cast.alice)
    sell(cast.alice, account, product, 3, today)
    sell(cast.alice, account, product, 2, today - timedelta(days=3))
    found = results_of(campaign, viewer=cast.bob)
    assert found is not None
    assert (found.during.units, found.during.last) == (3, today)
    assert (found.before.units, found.before.first) == (2, today - timedelta(days=3))
    hidden = results_of(campaign, viewer=cast.charlie)
    assert hidden is not None and hidden.during.units == 0  # among what one may see


def test_results_are_for_those_who_hold_the_right_and_cost_the_same_for_many(
    cast: Cast, client: Client, django_assert_max_num_queries: Any
) -> None:
    campaign = live(cast.bob)
    client.force_login(cast.alice)
    for name, args in (("campaign-results", [campaign.pk]), ("campaign-results-list", [])):
        assert client.get(reverse(name, args=args)).status_code == 403
    client.force_login(cast.bob)
    client.get(reverse("campaign-results-list"))  # what is remembered between requests is remembered
    counts = []
    for _more in range(2):
        with django_assert_max_num_queries(60) as seen:
            assert client.get(reverse("campaign-results-list")).status_code == 200
        counts.append(len(seen))
        for _number in range(5):
            live(cast.bob)
    assert counts[0] == counts[1]
