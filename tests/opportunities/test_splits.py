"""Credit: always 100 % of revenue, in the service and in the database; money follows the percentages to the coin."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opportunities import services
from opportunities.models import Opportunity, OpportunitySplit
from revops.core.errors import IllegalState, InvalidInput, StaleCopy
from revops.users.models import User
from tests.opportunities.builders import make_deal, win

pytestmark = pytest.mark.django_db


def shares(deal: Opportunity) -> list[tuple[str, str, Decimal, Decimal]]:
    rows = deal.splits.select_related("user").order_by("pk")
    return [(row.user.username, row.kind, row.percent, row.amount) for row in rows]


@pytest.mark.spec("INV-03")
def test_a_split_shares_the_amount_and_an_overlay_counts_beside_it(alice: User, bob: User, sam: User) -> None:
    deal = make_deal(alice, amount=132_000)
    rows = [
        {"user": alice, "percent": Decimal(70)},
        {"user": bob, "percent": Decimal(30)},
        {"user": sam, "percent": Decimal(10), "kind": "overlay"},
    ]
    deal = services.set_splits(opportunity=deal, splits=rows, version=1, actor=alice)
    assert shares(deal) == [
        ("alice", "revenue", 70, 92_400),
        ("bob", "revenue", 30, 39_600),
        ("sam", "overlay", 10, 13_200),
    ]
    assert Opportunity.objects.visible_to(sam).filter(pk=deal.pk).exists()


@pytest.mark.spec("INV-03")
@pytest.mark.parametrize(
    "percents", [["99.9999"], ["50", "49"], ["60", "60"], [], ["100.0001"], ["33.33333", "66.66667"], ["100", "0"]]
)
def test_anything_but_exactly_100_percent_is_refused_and_nothing_happens(
    alice: User, bob: User, percents: list[str]
) -> None:
    deal = make_deal(alice)
    rows = [{"user": user, "percent": Decimal(p)} for user, p in zip((alice, bob), percents, strict=False)]
    with pytest.raises(InvalidInput):
        services.set_splits(opportunity=deal, splits=rows, version=1, actor=alice)
    assert shares(deal) == [("alice", "revenue", 100, 1000)]
    deal.refresh_from_db()
    assert deal.version == 1


def test_nobody_stands_twice_in_a_split(alice: User) -> None:
    rows = [{"user": alice, "percent": Decimal(50)}] * 2
    with pytest.raises(InvalidInput, match="once"):
        services.set_splits(opportunity=make_deal(alice), splits=rows, version=None, actor=alice)


@pytest.mark.spec("INV-03")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cents=st.integers(0, 10**9), first=st.integers(1, 999_999))
def test_parts_add_up_to_the_amount_to_the_coin_whatever_the_shares(
    alice: User, bob: User, cents: int, first: int
) -> None:
    deal = make_deal(alice, amount=Decimal(cents) / 100)
    percent = Decimal(first) / 10_000
    rows = [{"user": alice, "percent": percent}, {"user": bob, "percent": 100 - percent}]
    deal = services.set_splits(opportunity=deal, splits=rows, version=None, actor=alice)
    assert sum(row.amount for row in deal.splits.all()) == deal.amount


def test_another_amount_is_shared_out_again(alice: User, bob: User) -> None:
    deal = make_deal(alice, amount=100)
    third = Decimal("33.3333")
    rows = [{"user": alice, "percent": third}, {"user": bob, "percent": 100 - third}]
    services.set_splits(opportunity=deal, splits=rows, version=None, actor=alice)
    services.update_opportunity(opportunity=deal, version=None, actor=alice, amount=Decimal("1000.01"))
    assert [share[3] for share in shares(deal)] == [Decimal("333.34"), Decimal("666.67")]


def test_the_sole_split_follows_the_owner_and_an_agreed_one_stays(alice: User, bob: User, dana: User) -> None:
    deal = make_deal(alice)
    deal = services.update_opportunity(opportunity=deal, version=None, actor=alice, owner=bob)
    assert [share[0] for share in shares(deal)] == ["bob"]
    rows = [{"user": alice, "percent": Decimal(50)}, {"user": bob, "percent": Decimal(50)}]
    deal = services.set_splits(opportunity=deal, splits=rows, version=None, actor=bob)
    deal = services.update_opportunity(opportunity=deal, version=None, actor=bob, owner=dana)
    assert [share[0] for share in shares(deal)] == ["alice", "bob"]


def test_the_credit_of_a_closed_deal_and_a_stale_copy_stay_as_they_are(alice: User, bob: User) -> None:
    deal = make_deal(alice)
    rows = [{"user": bob, "percent": Decimal(100)}]
    with pytest.raises(StaleCopy):
        services.set_splits(opportunity=deal, splits=rows, version=9, actor=alice)
    with pytest.raises(IllegalState):
        services.set_splits(opportunity=win(deal, alice), splits=rows, version=None, actor=alice)
    assert [share[0] for share in shares(deal)] == ["alice"]


@pytest.mark.spec("INV-03")
@pytest.mark.parametrize("change", ["insert", "update", "delete"])
def test_the_database_itself_refuses_revenue_that_is_not_100_percent(alice: User, bob: User, change: str) -> None:
    deal = make_deal(alice)
    rows = [{"user": alice, "percent": Decimal(60)}, {"user": bob, "percent": Decimal(40)}]
    services.set_splits(opportunity=deal, splits=rows, version=None, actor=alice)
    with pytest.raises(IntegrityError, match="not 100"), transaction.atomic():
        _past_the_service(deal, change, bob)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert sum(share[2] for share in shares(deal)) == 100


def _past_the_service(deal: Opportunity, change: str, user: Any) -> None:
    theirs = OpportunitySplit.objects.filter(opportunity=deal, user=user)
    if change == "update":
        theirs.update(percent=41)
    elif change == "delete":
        theirs.delete()
    else:
        theirs.update(user=deal.owner, kind="overlay")
        OpportunitySplit.objects.create(opportunity=deal, user=user, percent=39)
