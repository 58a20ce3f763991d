"""Attribution: for any touches each model sums to the won amount to the coin."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.selectors.attribution import MODELS, attribute, credited
from revops.core.money import digits

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)


@pytest.mark.spec("SD-07")
@given(amount=AMOUNTS, touches=st.integers(1, 60), currency=st.sampled_from(["USD", "JPY", "KWD"]))
def test_for_any_touches_each_model_sums_to_the_amount_to_the_coin(
    amount: Decimal, touches: int, currency: str
) -> None:
    exact = amount.quantize(Decimal(1).scaleb(-digits(currency)))
    for model in MODELS:
        shares = attribute(exact, currency, touches, model)
        assert len(shares) == touches
        assert sum(shares) == exact
        assert all(share >= 0 for share in shares)


@given(amount=AMOUNTS, campaigns=st.lists(st.sampled_from([None, 1, 2, 3]), min_size=1, max_size=20))
def test_shares_by_campaign_lose_nothing(amount: Decimal, campaigns: list[int | None]) -> None:
    for model in MODELS:
        by_campaign = credited(amount, "USD", campaigns, model)
        assert sum(by_campaign.values()) == amount
        assert set(by_campaign) == set(campaigns)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first", ["100.00", "0.00", "0.00", "0.00"]),
        ("last", ["0.00", "0.00", "0.00", "100.00"]),
        ("linear", ["25.00", "25.00", "25.00", "25.00"]),
        ("position", ["40.00", "10.00", "10.00", "40.00"]),
    ],
)
def test_four_touches_share_100_dollars(model: str, expected: list[str]) -> None:
    assert [str(share) for share in attribute(Decimal("100.00"), "USD", 4, model)] == expected


def test_one_touch_takes_all_two_share_alike_and_none_leaves_it_to_nobody() -> None:
    for model in MODELS:
        assert attribute(Decimal("10.00"), "USD", 1, model) == [Decimal("10.00")]
        assert attribute(Decimal("10.00"), "USD", 0, model) == []
    assert attribute(Decimal("10.01"), "USD", 2, "position") == [Decimal("5.01"), Decimal("5.00")]
    assert attribute(Decimal("10.00"), "USD", 3, "linear") == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
