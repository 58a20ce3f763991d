"""The forecast: cumulative columns, shares, days gone by, currencies; and each figure against its rows."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, InternalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_account
from forecasting.models import PipelineSnapshot
from forecasting.selectors import forecast as selectors
from forecasting.selectors import metrics
from forecasting.services.snapshots import snapshot_pipeline
from forecasting.views.forecast import SHOWN
from opportunities.models import Opportunity, Stage
from opportunities.services import create_opportunity, move_opportunity, set_category, set_splits
from opportunities.setup import ensure_pipeline
from revops.core.errors import DomainError
from revops.core.models import ExchangeRate
from revops.core.organisation import Span, quarter_of
from tests.cast import Cast

TODAY = date(2026, 11, 19)
QUARTER = quarter_of(TODAY)


@pytest.fixture(autouse=True)
def the_day() -> Any:
    with time_machine.travel("2026-11-19 10:00+00:00", tick=False):
        yield


@pytest.fixture
def pipeline(db: Any) -> Any:
    return ensure_pipeline()


def deal(
    owner: Any,
    amount: int | str | None,
    *,
    stage: str = "engage",
    category: str | None = None,
    close_on: date | None = date(2026, 12, 10),
    currency: str = "USD",
    won: bool = False,
) -> Opportunity:
    serial = Opportunity.objects.count() + 1
    account = create_account(actor=owner, name=f"Company {serial} Works {serial * 7919}")
    made = create_opportunity(
        actor=owner,
        name=f"Deal {serial}",
        account=account,
        amount=None if amount is None else Decimal(amount),
        currency=currency,
        close_on=close_on,
        stage=stage,
    )
    if category:
        made = set_category(opportunity=made, category=category, version=made.version, actor=owner)
    if won:
        made = move_opportunity(
            opportunity=made, stage="closed_won", version=made.version, actor=owner, won_reason="Signed on paper."
        )
    return made


def line(viewer: Any, span: Span = QUARTER, as_of: date = TODAY) -> selectors.Line:
    return selectors.forecast(viewer=viewer, span=span, as_of=as_of).total


@pytest.mark.spec("F1", "F2", "INV-50")
def test_columns_are_cumulative_and_weighted_runs_over_stage_odds(cast: Cast, pipeline: Any) -> None:
    Stage.objects.filter(key="engage").update(probability=10)
    Stage.objects.filter(key="develop_proposal").update(probability=50)
    Stage.objects.filter(key="negotiate").update(probability=90)
    deal(cast.alice, 120_000, won=True)
    deal(cast.alice, 80_000, stage="negotiate")
    deal(cast.alice, 60_000, stage="develop_proposal")
    deal(cast.alice, 200_000)
    omitted = deal(cast.alice, 40_000)
    Opportunity.objects.filter(pk=omitted.pk).update(category="omitted")

    found = line(cast.alice)

    assert found.column(selectors.CLOSED) == 120_000
    assert found.column(selectors.COMMIT) == 200_000
    assert found.column(selectors.BEST) == 260_000
    assert found.column(selectors.PIPELINE) == 340_000
    assert found.weighted == 242_000
    assert found.sums[selectors.OMITTED] == 40_000


def test_a_deal_without_a_date_stands_under_no_date_and_in_no_period(cast: Cast, pipeline: Any) -> None:
    deal(cast.alice, 50_000, close_on=None)
    deal(cast.alice, 7_000, close_on=date(2026, 9, 1))

    found = line(cast.alice)

    assert found.column(selectors.NO_DATE) == 50_000
    assert found.column(selectors.OVERDUE) == 7_000
    assert found.column(selectors.PIPELINE) == 0
    assert metrics.open_total(viewer=cast.alice, as_of=TODAY) == (Decimal(57_000), 2)


@pytest.mark.spec("INV-54")
def test_shares_of_one_deal_add_up_to_it_across_teams(cast: Cast, pipeline: Any) -> None:
    made = deal(cast.alice, "1234.57", stage="negotiate")
    splits = [{"user": cast.alice, "percent": Decimal(60)}, {"user": cast.charlie, "percent": Decimal(40)}]
    set_splits(opportunity=made, splits=splits, version=made.version, actor=cast.alice)

    assert line(cast.alice).column(selectors.COMMIT) == Decimal("740.74")
    assert line(cast.charlie).column(selectors.COMMIT) == Decimal("493.83")
    table = selectors.forecast(viewer=cast.dana, span=QUARTER, as_of=TODAY)
    assert table.total.column(selectors.COMMIT) == Decimal("1234.57")
    assert {block.total.label: block.total.column(selectors.COMMIT) for block in table.teams} == {
        "West": Decimal("740.74"),
        "East": Decimal("493.83"),
    }


@pytest.mark.spec("INV-92")
def test_nobody_sees_figures_of_people_out_of_reach(cast: Cast, pipeline: Any) -> None:
    deal(cast.alice, 90_000, stage="negotiate")

    assert line(cast.bob).column(selectors.COMMIT) == 90_000
    for outsider in (cast.charlie, cast.clara, cast.erin, cast.sam):
        assert line(outsider).column(selectors.COMMIT) == 0


def test_a_day_gone_by_shows_the_deals_as_they_stood(cast: Cast, pipeline: Any) -> None:
    with time_machine.travel("2026-10-05 09:00+00:00", tick=False):
        made = deal(cast.alice, 30_000, stage="negotiate")
    made = move_opportunity(
        opportunity=made, stage="closed_won", version=made.version, actor=cast.alice, won_reason="Signed on paper."
    )

    assert line(cast.alice).column(selectors.CLOSED) == 30_000
    before = line(cast.alice, as_of=date(2026, 11, 18))
    assert before.column(selectors.CLOSED) == 0
    assert before.column(selectors.COMMIT) == 30_000
    assert line(cast.alice, as_of=date(2026, 10, 4)).column(selectors.COMMIT) == 0


@pytest.mark.spec("INV-04")
def test_other_currencies_are_converted_row_by_row_and_a_missing_rate_is_an_error(cast: Cast, pipeline: Any) -> None:
    deal(cast.alice, 100_000, stage="negotiate", currency="EUR")
    with pytest.raises(DomainError) as refused:
        line(cast.alice)
    assert refused.value.code == "missing_rate"

    ExchangeRate.objects.create(source="EUR", target="USD", on=date(2026, 1, 1), rate=Decimal("1.0850"))
    ExchangeRate.objects.create(source="EUR", target="USD", on=date(2026, 11, 19), rate=Decimal("1.1000"))
    assert line(cast.alice).column(selectors.COMMIT) == 110_000
    assert line(cast.alice, as_of=date(2026, 11, 19)).weighted == Decimal("82500")


def test_every_figure_of_the_table_is_the_sum_of_the_rows_behind_its_link(
    cast: Cast, pipeline: Any, client: Client
) -> None:
    for owner in (cast.alice, cast.charlie, cast.bob):
        deal(owner, "10000.10", stage="negotiate")
        deal(owner, "2000.20", stage="develop_proposal")
        deal(owner, "333.33", close_on=None)
        deal(owner, "777.77", won=True)
    for viewer in (cast.alice, cast.bob, cast.charlie, cast.dana, cast.erin, cast.sam, cast.olga):
        client.force_login(viewer)
        page = client.get("/forecast/?period=2026-Q4")
        assert page.status_code == 200
        rows = [row for block in page.context["blocks"] for row in (*block["people"], block["total"])]
        for row in [*rows, page.context["whole"]]:
            for figure in [*row["figures"], {"value": row["weighted"], "url": row["weighted_url"]}]:
                behind = client.get(figure["url"])
                assert behind.status_code == 200
                assert behind.context["strip"][0].value == figure["value"]
                shown = [one.counted for one in behind.context["page"].rows]
                assert sum(shown, Decimal(0)) == figure["value"].amount


def test_the_api_answers_the_table_of_the_page(cast: Cast, pipeline: Any, client: Client) -> None:
    deal(cast.alice, "10000.10", stage="negotiate")
    client.force_login(cast.bob)

    body = client.get("/api/v1/forecasts?period=2026-Q4").json()

    assert body["total"]["figures"]["commit"] == {"amount": "10000.10", "currency": "USD"}
    assert body["total"]["counts"] == {**dict.fromkeys(SHOWN, 0), "commit": 1, "best_case": 1, "pipeline": 1}
    assert body["teams"][0]["people"][0]["label"] == str(cast.alice)
    assert client.get("/api/v1/forecasts?period=2026-Q9").status_code == 400
    assert client.get("/api/v1/forecasts?perod=2026-Q4").status_code == 400


@pytest.mark.parametrize("query", ["period=soon", "as_of=tomorrow", "as_of=2099-01-01", "colour=red"])
def test_a_wrong_address_is_said_and_not_ignored(cast: Cast, pipeline: Any, client: Client, query: str) -> None:
    client.force_login(cast.alice)
    assert client.get(f"/forecast/?{query}").status_code == 400
    assert client.get(f"/dashboard/?{query}").status_code == 400


def test_the_table_costs_the_same_queries_with_more_deals(cast: Cast, pipeline: Any) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            selectors.forecast(viewer=cast.bob, span=QUARTER, as_of=TODAY)
        return len(queries)

    deal(cast.alice, 1000, stage="negotiate")
    cost()  # the team tree is read once and kept
    few = cost()
    for _ in range(12):
        deal(cast.alice, 1000, stage="negotiate")
    assert cost() == few


@pytest.mark.spec("INV-52")
def test_the_nightly_picture_is_taken_once_and_never_changes(cast: Cast, pipeline: Any) -> None:
    made = deal(cast.alice, 25_000, stage="negotiate")
    assert snapshot_pipeline() == 1
    assert snapshot_pipeline() == 0
    row = PipelineSnapshot.objects.get()
    assert (row.on, row.opportunity_id, row.amount, row.category) == (TODAY, made.pk, 25_000, "commit")
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        PipelineSnapshot.objects.update(amount=1)
    with time_machine.travel("2026-11-20 10:00+00:00", tick=False):
        assert snapshot_pipeline() == 1
    assert PipelineSnapshot.objects.count() == 2


def test_a_deal_that_closes_between_two_pictures_is_on_the_next_one(cast: Cast, pipeline: Any) -> None:
    made = deal(cast.alice, 25_000, stage="negotiate")
    snapshot_pipeline()
    move_opportunity(
        opportunity=made, stage="closed_won", version=made.version, actor=cast.alice, won_reason="Signed on paper."
    )
    tomorrow = TODAY + timedelta(days=1)
    with time_machine.travel("2026-11-20 23:00+00:00", tick=False):
        snapshot_pipeline()
    assert PipelineSnapshot.objects.get(on=tomorrow).status == "won"
    with time_machine.travel("2026-11-21 23:00+00:00", tick=False):
        assert snapshot_pipeline() == 0
