"""Dashboard and My day: each figure equals the sum over the rows that its link opens, for each of the cast."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client

from accounts.services import create_account, plan_activity
from forecasting.models import FiscalPeriod
from forecasting.selectors import metrics
from forecasting.services.periods import ensure_periods
from forecasting.services.quotas import activate_quota, approve_quota, create_quota, propose_quota
from forecasting.views.dashboard import elapsed_share
from leads.setup import ensure_leads
from opportunities.setup import ensure_pipeline
from orders.services import book_order, create_order
from revops.core import clock
from revops.core.organisation import month_of
from tests.builders import make_price_book, make_product
from tests.cast import Cast
from tests.forecasting.test_forecast import deal
from tests.leads.builders import make_lead

TODAY = date(2026, 11, 19)
NOVEMBER = month_of(TODAY)


@pytest.fixture(autouse=True)
def the_day() -> Any:
    with time_machine.travel("2026-11-19 10:00+00:00", tick=False):
        yield


@pytest.fixture
def business(cast: Cast) -> Cast:
    """A month with something in it for three sellers of two teams."""
    ensure_pipeline()
    ensure_leads()
    ensure_periods(year=2026)
    book = make_price_book(is_default=True)
    product = make_product(price=100, cost=60, book=book)
    for number, seller in enumerate((cast.alice, cast.charlie, cast.bob)):
        deal(seller, "10000.10", stage="negotiate")
        deal(seller, "2000.20", close_on=None)
        deal(seller, "777.77", won=True)
        quota_of(cast, seller, 20_000)
        account = create_account(actor=seller, name=f"Buyer {number} Stores")
        lines = [{"product": product, "quantity": Decimal(33 + number), "unit_price": Decimal("100.01")}]
        order = create_order(
            actor=seller,
            account=account,
            lines=lines,
            channel="pos",
            splits=[
                {"user": seller, "percent": Decimal("66.6667")},
                {"user": cast.alice, "percent": Decimal("33.3333")},
            ]
            if seller != cast.alice
            else None,
        )
        book_order(order=order, version=order.version, actor=None)
    for _ in range(3):
        make_lead(cast.sam)
    return cast


def quota_of(cast: Cast, seller: Any, amount: int) -> None:
    period = FiscalPeriod.objects.get(kind="month", label="2026-11")
    quota = create_quota(actor=cast.olga, period=period, amount=Decimal(amount), user=seller)
    quota = propose_quota(quota=quota, version=quota.version, actor=cast.olga)
    quota = approve_quota(quota=quota, version=quota.version, actor=cast.dana)
    activate_quota(quota=quota, version=quota.version, actor=cast.dana)


def everybody(cast: Cast) -> list[Any]:
    return [cast.alice, cast.bob, cast.charlie, cast.dana, cast.erin, cast.sam, cast.olga]


def test_every_figure_of_the_dashboard_is_the_sum_of_the_rows_behind_its_link(business: Cast, client: Client) -> None:
    for viewer in everybody(business):
        client.force_login(viewer)
        page = client.get("/dashboard/?period=2026-11")
        assert page.status_code == 200
        won, pipeline, booked, _attained, _coverage = page.context["kpis"]
        for figure in (won, pipeline, booked):
            behind = client.get(figure.url)
            assert behind.context["strip"][0].value == figure.value, (viewer, figure.label)
            rows = behind.context["page"].rows
            assert sum((getattr(row, "counted", None) or row.base for row in rows), Decimal(0)) == figure.value.amount
        for row in page.context["pace"]["rows"]:
            assert client.get(row["url"]).context["strip"][0].value == row["booked"]
        for step in page.context["funnel"]["rows"]:
            assert client.get(step["url"]).context["count"] == step["count"], (viewer, step)
        spec = page.context["won_spec"]
        for value, url in zip(spec["series"][0]["values"], spec["urls"], strict=True):
            assert client.get(url).context["strip"][0].value.amount == Decimal(value)
        spec = page.context["quota_spec"]
        for value, url in zip(spec["series"][0]["values"], spec["urls"], strict=True):
            assert client.get(url).context["strip"][0].value.amount == Decimal(value)


def test_booked_shares_of_all_people_add_up_to_the_orders(business: Cast) -> None:
    orders = sum(metrics.booked_by_user(viewer=business.dana, span=NOVEMBER, as_of=TODAY).values())
    assert orders == Decimal("100.01") * (33 + 34 + 35)


def test_attainment_is_truncated_and_coverage_is_what_is_missing(business: Cast, client: Client) -> None:
    client.force_login(business.alice)
    figures = client.get("/dashboard/?period=2026-11").context["kpis"]
    own = metrics.booked_by_user(viewer=business.alice, span=NOVEMBER, as_of=TODAY)[business.alice.pk]
    assert figures[3].value == f"{int(own / 20_000 * 1000) / 10} %"
    pipeline, rest = metrics.coverage(
        viewer=business.alice, span=month_of(date(2026, 12, 1)), as_of=TODAY, quota=Decimal(15_000)
    )
    assert (pipeline, rest) == (Decimal("10000.10"), Decimal(15_000))


@pytest.mark.spec("F4")
def test_coverage_of_the_worked_case(cast: Cast) -> None:
    ensure_pipeline()
    deal(cast.alice, 120_000, won=True)
    deal(cast.alice, 340_000, stage="negotiate", close_on=date(2026, 11, 30))
    pipeline, rest = metrics.coverage(viewer=cast.alice, span=NOVEMBER, as_of=TODAY, quota=Decimal(270_000))
    assert (pipeline, rest) == (340_000, 150_000)
    assert round(pipeline / rest, 2) == Decimal("2.27")


def test_the_dashboard_costs_the_same_queries_with_more_deals(business: Cast, client: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(business.bob)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/dashboard/").status_code == 200
        return len(queries)

    cost()
    few = cost()
    for _ in range(8):
        deal(business.alice, 1000, stage="negotiate")
        make_lead(business.sam)
    assert cost() == few


def test_my_day_counts_the_very_rows_it_shows(business: Cast, client: Client) -> None:
    for hours in (-30, -1, 3):
        plan_activity(
            actor=business.alice, kind="call", subject=f"Call {hours}", due_at=clock.now() + timedelta(hours=hours)
        )
    client.force_login(business.alice)
    page = client.get("/my-day/")
    tallies = {tally.key: tally for tally in page.context["tallies"]}
    assert tallies["overdue"].count == 2
    for key, tally in tallies.items():
        shown = client.get(f"/my-day/?show={key}").context
        assert len(shown["queue"]) + shown["more"] == tally.count
    assert "Call 3" in page.content.decode()
    client.force_login(business.charlie)
    assert "Call 3" not in client.get("/my-day/").content.decode()
    assert client.get("/my-day/?show=moon").status_code == 400


def test_pages_ask_to_sign_in(client: Client, db: Any) -> None:
    for address in ("/my-day/", "/dashboard/", "/forecast/", "/forecast/rows/", "/dashboard/booked/"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert "login" in answer["Location"]


def test_the_expected_pace_counts_business_days(cast: Cast, calendar: Any) -> None:
    share = elapsed_share(NOVEMBER, TODAY)
    assert 0 < share < 1
    assert elapsed_share(NOVEMBER, date(2026, 12, 5)) == 1
    assert elapsed_share(NOVEMBER, date(2026, 10, 31)) == 0


def test_links_keep_the_day_of_the_page(business: Cast, client: Client) -> None:
    client.force_login(business.dana)
    page = client.get("/dashboard/?period=2026-11&as_of=2026-11-18")
    for figure in page.context["kpis"]:
        assert parse_qs(urlsplit(figure.url).query)["as_of"] == ["2026-11-18"]
