"""The engine: pure functions of the facts."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.engine import Counted, Terms, earn, earning, exact_earning, tier_of
from revops.core.money import allocate, cumround, money

P1 = Terms.of((0, 2), (270000, 4))
P1_MARGINAL = Terms.of((0, 2), (270000, 4), mode="marginal")
P2 = Terms.of((0, 10), (20000, 50), comparator="gte")
THREE = ((0, 3), (300000, 5), (500000, 7))


def lines(*amounts: str, day: int = 1) -> list[Counted]:
    return [
        Counted(number, date(2026, 10, day), f"O-{number:05d}", 1, Decimal(amount))
        for number, amount in enumerate(amounts, start=1)
    ]


@pytest.mark.parametrize(
    ("booked", "pay"),
    [("250000", "5000.00"), ("270000.00", "5400.00"), ("270000.01", "10800.00"), ("300000", "12000.00")],
)
def test_plan_p1_pays_two_per_cent_and_four_on_everything_once_the_month_exceeds_the_quota(booked, pay):
    assert earning(P1, Decimal(booked)) == Decimal(pay)


def test_exactly_at_the_quota_only_the_comparator_decides():
    reached = Terms.of((0, 2), (270000, 4), comparator="gte")
    assert earning(reached, Decimal("270000.00")) == Decimal("10800.00")
    assert tier_of(P1, Decimal("270000.00")) == 0
    assert tier_of(reached, Decimal("270000.00")) == 1


def test_one_cent_over_the_quota_is_exact_before_it_is_rounded():
    assert exact_earning(P1, Decimal("270000.01")) == Fraction("10800.0004")


@pytest.mark.parametrize(("booked", "pay"), [("300000", "6600.00"), ("270000.01", "5400.00")])
def test_marginal_pays_the_higher_rate_on_the_slice_above_only(booked, pay):
    assert earning(P1_MARGINAL, Decimal(booked)) == Decimal(pay)
    either = Terms.of((0, 2), (270000, 4), mode="marginal", comparator="gte")
    assert earning(either, Decimal(booked)) == Decimal(pay)


@pytest.mark.spec("C06", "C07", "C08", "C09")
@pytest.mark.parametrize(
    ("mrr", "pay"), [("19000", "1900.00"), ("19999.99", "2000.00"), ("20000.00", "10000.00"), ("21000", "10500.00")]
)
def test_plan_p2_pays_ten_per_cent_of_mrr_and_fifty_once_the_quota_is_hit(mrr, pay):
    assert earning(P2, Decimal(mrr)) == Decimal(pay)
    assert tier_of(P2, Decimal("19999.99")) == 0
    marginal = Terms.of((0, 10), (20000, 50), comparator="gte", mode="marginal")
    assert earning(marginal, Decimal(21000)) == Decimal("2500.00")


@pytest.mark.spec("C12")
def test_the_same_three_tiers_pay_very_differently_by_mode():
    assert earning(Terms.of(*THREE, mode="marginal"), Decimal(600000)) == Decimal("26000.00")
    assert earning(Terms.of(*THREE), Decimal(600000)) == Decimal("42000.00")


@pytest.mark.spec("C14")
def test_an_order_that_straddles_a_bound_is_paid_at_both_rates():
    result = earn(P1_MARGINAL, lines("260000", "30000"))
    straddling = result.shares[1]
    assert straddling.amount == Decimal("1000.00")
    assert [(part.amount, part.rate) for part in straddling.slices] == [
        (Fraction(10000), Fraction(2, 100)),
        (Fraction(20000), Fraction(4, 100)),
    ]


def test_splits_are_allocated_by_largest_remainder_and_negatives_mirror():
    assert allocate(Decimal("1234.57"), [60, 40]) == [Decimal("740.74"), Decimal("493.83")]
    thirds = [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert allocate(Decimal("100.00"), [1, 1, 1]) == thirds
    assert allocate(Decimal("0.05"), [50, 50]) == [Decimal("0.03"), Decimal("0.02")]
    assert allocate(Decimal("-100.00"), [1, 1, 1]) == [-part for part in thirds]


@pytest.mark.spec("C24")
def test_rounding_is_half_up_unless_the_plan_says_half_even_and_symmetric():
    two = Fraction(2, 100)
    assert money(Fraction("106.25") * two) == Decimal("2.13")
    assert money(Fraction("106.25") * two, rounding=ROUND_HALF_EVEN) == Decimal("2.12")
    assert money(Fraction("2.375")) == money(Fraction("2.375"), rounding=ROUND_HALF_EVEN) == Decimal("2.38")
    assert money(Fraction("-2.125")) == Decimal("-2.13")
    assert earning(Terms.of((0, 2), rounding=ROUND_HALF_EVEN), Decimal("106.25")) == Decimal("2.12")


@pytest.mark.spec("C25")
def test_the_cents_of_a_month_fall_on_its_lines_by_cumulative_rounding():
    result = earn(Terms.of((0, "2.5")), lines("33.33", "33.33", "33.34"))
    assert [share.amount for share in result.shares] == [Decimal("0.83"), Decimal("0.84"), Decimal("0.83")]
    assert result.amount == Decimal("2.50")


def test_lines_take_their_cents_by_credit_date_then_order_then_line():
    rows = [
        Counted(1, date(2026, 10, 9), "O-00002", 1, Decimal("33.34")),
        Counted(2, date(2026, 10, 9), "O-00001", 2, Decimal("33.33")),
        Counted(3, date(2026, 10, 9), "O-00001", 1, Decimal("33.33")),
    ]
    assert [share.line.key for share in earn(Terms.of((0, "2.5")), rows).shares] == [3, 2, 1]


def test_flat_ignores_every_bound():
    assert earning(Terms.of((0, 3), (10, 50), mode="flat"), Decimal(1000)) == Decimal("30.00")


cents = st.integers(min_value=0, max_value=60_000_000).map(lambda units: Decimal(units).scaleb(-2))
rates = st.lists(st.integers(min_value=0, max_value=40), min_size=1, max_size=4).map(sorted)


def _tables(rising, bounds, **options):
    return Terms.of(*zip([0, *sorted(bounds)][: len(rising)], rising, strict=False), **options)


bands = st.lists(st.integers(min_value=1, max_value=500_000), min_size=3, max_size=3, unique=True)


@pytest.mark.spec("INV-36")
@settings(max_examples=200, deadline=None)
@given(rates, bands, cents, cents)
def test_marginal_is_monotone_continuous_and_never_more_than_retro(rising, bounds, low, high):
    low, high = sorted((low, high))
    marginal, retro = _tables(rising, bounds, mode="marginal"), _tables(rising, bounds)
    either = _tables(rising, bounds, mode="marginal", comparator="gte")
    assert exact_earning(marginal, low) <= exact_earning(marginal, high)
    assert exact_earning(retro, low) <= exact_earning(retro, high)
    assert exact_earning(marginal, high) == exact_earning(either, high)
    assert exact_earning(marginal, high) <= exact_earning(retro, high)
    assert exact_earning(marginal, 0) == exact_earning(retro, 0) == 0
    step = exact_earning(marginal, high + Decimal("0.01")) - exact_earning(marginal, high)
    assert step <= Fraction(max(rising), 100) / 100


@settings(max_examples=100, deadline=None)
@given(rates, bands, cents)
def test_doubling_bounds_and_base_doubles_the_pay(rising, bounds, base):
    for mode in ("retro", "marginal"):
        once = _tables(rising, bounds, mode=mode)
        twice = _tables(rising, [bound * 2 for bound in bounds], mode=mode)
        assert exact_earning(twice, base * 2) == 2 * exact_earning(once, base)


@settings(max_examples=100, deadline=None)
@given(st.lists(cents, min_size=1, max_size=12), st.sampled_from(["retro", "marginal", "flat"]), st.randoms())
def test_the_engine_does_not_care_in_which_order_it_is_told(amounts, mode, random):
    terms = Terms.of((0, 2), (270000, 4), mode=mode)
    rows = lines(*[str(amount) for amount in amounts])
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = earn(terms, rows), earn(terms, shuffled)
    assert first == second
    assert first.amount == sum((share.amount for share in first.shares), Decimal(0)) == earning(terms, first.measured)
    assert [share.amount for share in first.shares] == cumround([share.exact for share in first.shares])
