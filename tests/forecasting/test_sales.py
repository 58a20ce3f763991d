"""Sales by month, product, region, segment …: page, API and rows agree, and every dimension adds up to the whole."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_account, create_territory, update_account
from forecasting.selectors import sales as selectors
from forecasting.views.sales import DIMENSIONS
from orders.services import book_order, cancel_order, create_order
from revops.catalog import services as catalog
from revops.core.company import set_rate
from revops.core.errors import DomainError
from tests.builders import make_product
from tests.cast import Cast
from tests.orders.builders import line, make_order

pytestmark = pytest.mark.django_db
YEAR = {"first": date(2026, 1, 1), "last": date(2026, 12, 31)}
DAYS = "from=2026-01-01&to=2026-12-31"


@pytest.fixture(autouse=True)
def the_day() -> Any:
    with time_machine.travel("2026-11-19 10:00+00:00", tick=False):
        yield


def day(month: int) -> datetime:
    return datetime(2026, month, 10, 12, tzinfo=ZoneInfo("UTC"))


@pytest.fixture
def sold(cast: Cast) -> Cast:
    """Three sellers, two products in two families, two regions, three months; one order is shared, one cancelled."""
    whole = catalog.create_family(actor=None, name="Furniture")
    chairs = catalog.create_family(actor=None, name="Chairs", parent=whole)
    products = [make_product(), make_product()]
    catalog.update_product(product=products[0], actor=None, family=chairs)
    catalog.update_product(product=products[1], actor=None, family=whole)
    for number, seller in enumerate((cast.alice, cast.charlie, cast.bob)):
        account = create_account(actor=seller, name=f"Buyer {number} Stores", industry="retail")
        update_account(account=account, version=None, actor=seller, segment=("Consumer", "", "Corporate")[number])
        for month in (1, 2, 11):
            shares = [
                {"user": seller, "percent": Decimal("66.6667")},
                {"user": cast.dana, "percent": Decimal("33.3333")},
            ]
            order = create_order(
                actor=seller, account=account, channel=("pos", "online", "partner")[number],
                lines=[line(products[0], 3, "33.335", cost="20.005"), line(products[1], month, 10, cost=12)],
                splits=shares if month == 2 else None, region=("East", "", "West")[number],
            )  # fmt: skip
            book_order(order=order, version=order.version, actor=seller, booked_at=day(month))
    gone = make_order(cast.alice, [line(products[0], 1, 5000)])
    cancel_order(order=gone, version=gone.version, actor=cast.alice)
    make_order(cast.alice, [line(products[0], 1, 7000)], book=False)
    return cast


def table(viewer: Any, measure: str = "revenue", *by: str) -> selectors.Sales:
    return selectors.sales(viewer=viewer, measure=measure, by=by or ("month",), **YEAR)


def test_every_dimension_adds_up_to_the_same_whole_for_each_of_the_cast(sold: Cast) -> None:
    expected = {
        "revenue": 3 * (3 * Decimal("100.01") + 140),
        "units": Decimal(3 * (9 + 14)),
        "margin": 3 * (3 * (Decimal("100.01") - Decimal("60.02")) - 28),
    }
    for measure, value in expected.items():
        for name in DIMENSIONS:
            assert table(sold.dana, measure, name).total == value, (measure, name)
        assert table(sold.dana, measure, "month", "region").total == value
    assert table(sold.alice).total == table(sold.charlie).total == expected["revenue"] / 3
    assert table(sold.bob).total == 2 * expected["revenue"] / 3, "his own and his team's"


def test_the_dimensions_say_where_and_to_whom(sold: Cast) -> None:
    def found(name: str) -> dict[Any, Decimal]:
        return {group.keys[0]: group.value for group in table(sold.dana, "units", name).groups}

    assert found("month") == {date(2026, 1, 1): 12, date(2026, 2, 1): 15, date(2026, 11, 1): 42}
    assert found("region") == {"East": 23, "": 23, "West": 23}
    assert found("segment") == {"Consumer": 23, "": 23, "Corporate": 23}
    assert found("category") == {"Furniture": 69}
    assert found("family") == {"Chairs": 27, "Furniture": 42}
    assert found("channel") == {"pos": 23, "online": 23, "partner": 23}


def test_the_same_sales_through_three_channels_are_worth_the_same(sold: Cast) -> None:
    values = {group.keys[0]: group.value for group in table(sold.dana, "revenue", "channel").groups}
    assert len(values) == 3 and len(set(values.values())) == 1


def test_an_account_s_territory_stands_in_for_a_region(sold: Cast) -> None:
    account = create_account(actor=sold.alice, name="Northern Stores")
    update_account(
        account=account, version=None, actor=sold.alice, territory=create_territory(actor=None, name="North")
    )
    make_order(sold.alice, [line(quantity=4)], account=account)
    assert {group.keys[0]: group.value for group in table(sold.dana, "units", "region").groups}["North"] == 4


def test_another_currency_counts_at_the_rate_of_the_booking_and_a_missing_rate_is_said(sold: Cast) -> None:
    before = table(sold.dana, "margin").total
    make_order(sold.alice, [line(quantity=3, price=100, cost="33.333")], currency="JPY")
    with pytest.raises(DomainError, match="exchange rate"):
        table(sold.dana)
    set_rate(source="JPY", target="USD", on=date(2026, 11, 1), rate=Decimal("0.01"), actor=None)
    assert table(sold.dana, "margin").total == before + Decimal("2.00"), "300 yen less 100 yen of cost, in whole yen"


def test_each_figure_of_the_page_is_the_sum_of_the_rows_behind_its_link(sold: Cast, client: Client) -> None:
    for viewer in (sold.alice, sold.bob, sold.dana, sold.erin):
        client.force_login(viewer)
        for by in ("month", "product", "region", "segment"):
            for measure in ("revenue", "units", "margin"):
                page = client.get(f"/analytics/sales/?{DAYS}&by={by}&measure={measure}")
                assert page.status_code == 200
                pairs = [(row["url"], row["value"]) for row in page.context["rows"]]
                pairs += [(figure.url, figure.value) for figure in page.context["kpis"][:2]]
                for url, value in pairs:
                    behind = client.get(url)
                    assert behind.context["strip"][0].value == value, (viewer, url)


def test_a_year_before_stands_beside(sold: Cast, client: Client) -> None:
    client.force_login(sold.dana)
    page = client.get("/analytics/sales/?from=2027-02-01&to=2027-02-28&measure=units")
    assert [figure.value for figure in page.context["kpis"][:2]] == [0, 15]
    assert selectors.a_year_before(date(2024, 2, 1), date(2024, 2, 29)) == (date(2023, 2, 1), date(2023, 2, 28))
    assert selectors.a_year_before(date(2025, 2, 1), date(2025, 2, 28)) == (date(2024, 2, 1), date(2024, 2, 29))


def test_the_api_says_what_the_page_shows(sold: Cast, client: Client) -> None:
    client.force_login(sold.dana)
    body = client.get(f"/api/v1/analytics/sales?{DAYS}&by=month,region&measure=margin").json()
    assert body["currency"] == "USD" and body["by"] == ["month", "region"]
    assert sum(Decimal(group["value"]) for group in body["groups"]) == Decimal(body["total"]) == table(
        sold.dana, "margin"
    ).total  # fmt: skip
    assert {"month": "2026-02", "region": "West"} in [group["keys"] for group in body["groups"]]
    for wrong in (
        "by=colour",
        "by=month,region,segment",
        "measure=luck",
        "from=x",
        "from=2026-02-01&to=2026-01-01",
        "a=1",
    ):
        assert client.get(f"/api/v1/analytics/sales?{wrong}").status_code == 400, wrong
        assert client.get(f"/analytics/sales/?{wrong}").status_code == 400, wrong


def test_who_may_not_see_orders_sees_no_sales(sold: Cast, client: Client) -> None:
    assert client.get("/api/v1/analytics/sales").status_code in (401, 403)
    assert client.get("/analytics/sales/").status_code == 302
    for group in sold.charlie.groups.all():
        group.permissions.remove(Permission.objects.get(codename="view_order", content_type__app_label="orders"))
    client.force_login(sold.charlie)
    for path in ("/api/v1/analytics/sales", "/analytics/sales/", "/analytics/sales/rows/"):
        assert client.get(path).status_code == 403, path


def test_the_page_costs_the_same_queries_with_more_sales(sold: Cast, client: Client) -> None:
    client.force_login(sold.dana)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/analytics/sales/?{DAYS}&by=product").status_code == 200
        return len(queries)

    cost()
    before = cost()
    for number in range(6):
        make_order(sold.alice, [line(make_product(), number + 1)])
    assert cost() == before
