"""Two people at the same moment: one change of the version that both saw, and the other is told."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from opportunities import services
from opportunities.models import Opportunity
from revops.core.errors import StaleCopy
from tests.cast import make_cast
from tests.opportunities.builders import make_deal

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = calls[number]()
        except StaleCopy as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_moves_of_one_version_leave_one_row_of_history() -> None:
    cast = make_cast()
    deal = make_deal(cast.alice)
    results = at_once(
        *[
            lambda key=key: services.move_opportunity(opportunity=deal, stage=key, version=1, actor=cast.alice)
            for key in ("discover_needs", "develop_proposal")
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["Opportunity", "StaleCopy"]
    moved = next(result for result in results if isinstance(result, Opportunity))
    deal.refresh_from_db()
    assert deal.stage == moved.stage and deal.stage_history.count() == 2


@pytest.mark.spec("INV-03")
def test_two_splits_of_one_version_leave_one_whole_split() -> None:
    cast = make_cast()
    deal = make_deal(cast.alice, amount=1000)

    def shared(first: int) -> Callable[[], Any]:
        rows = [{"user": cast.alice, "percent": Decimal(first)}, {"user": cast.bob, "percent": Decimal(100 - first)}]
        return lambda: services.set_splits(opportunity=deal, splits=rows, version=1, actor=cast.alice)

    results = at_once(shared(60), shared(30), shared(10))
    assert sorted(type(result).__name__ for result in results) == ["Opportunity", "StaleCopy", "StaleCopy"]
    rows = list(deal.splits.all())
    assert sum(row.percent for row in rows) == 100 and sum(row.amount for row in rows) == 1000 and len(rows) == 2


def test_a_new_amount_and_a_new_split_at_the_same_moment_agree_in_the_end() -> None:
    cast = make_cast()
    deal = make_deal(cast.alice, amount=1000)
    rows = [{"user": cast.alice, "percent": Decimal(25)}, {"user": cast.bob, "percent": Decimal(75)}]
    at_once(
        lambda: services.set_splits(opportunity=deal, splits=rows, version=None, actor=cast.alice),
        lambda: services.update_opportunity(
            opportunity=deal, version=None, actor=cast.alice, amount=Decimal("3000.01")
        ),
    )
    deal.refresh_from_db()
    assert sum(row.amount for row in deal.splits.all()) == deal.amount == Decimal("3000.01")
