"""Money: rounding, splitting and summing, exactly as the figures of the specification."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from revops.core.errors import DomainError
from revops.core.money import (
    Money,
    allocate,
    allocate_units,
    coin,
    cumround,
    currencies,
    digits,
    money,
    truncated_percent,
)

D = Decimal
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])
exact = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**6)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12)


def whole_coins(currency):
    return st.integers(-(10**14), 10**14).map(lambda units: D(units).scaleb(-digits(currency)))


# Figures -----------------------------------------------------------------------------------


@pytest.mark.spec("C15")
@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        ("50000.00", [60, 40], ["30000.00", "20000.00"]),
        ("1234.57", [60, 40], ["740.74", "493.83"]),
        ("100.00", [1, 1, 1], ["33.34", "33.33", "33.33"]),
        ("0.05", [50, 50], ["0.03", "0.02"]),
        ("-100.00", [1, 1, 1], ["-33.34", "-33.33", "-33.33"]),
        ("-1234.57", [60, 40], ["-740.74", "-493.83"]),
    ],
)
def test_a_split_gives_the_parts_of_c15(total, weights, parts):
    assert allocate(D(total), weights) == [D(part) for part in parts]


@pytest.mark.spec("C24")
@pytest.mark.parametrize(
    ("value", "half_up", "half_even"),
    [("2.125", "2.13", "2.12"), ("2.375", "2.38", "2.38"), ("-2.125", "-2.13", "-2.12")],
)
def test_halves_are_rounded_as_in_c24(value, half_up, half_even):
    assert money(D(value)) == D(half_up)
    assert money(D(value), rounding=ROUND_HALF_EVEN) == D(half_even)


@pytest.mark.spec("C25")
def test_the_lines_of_c25_add_up_to_the_coin():
    lines = [D("33.33"), D("33.33"), D("33.34")]
    posted = cumround(line * D("0.025") for line in lines)
    assert posted == [D("0.83"), D("0.84"), D("0.83")]
    assert sum(posted) == D("2.50") != sum(money(line * D("0.025")) for line in lines)


@pytest.mark.spec("B3")
def test_the_twelve_months_of_b3():
    posted = cumround([Fraction(1000, 12)] * 12)
    assert posted[:5] == [D("83.33"), D("83.34"), D("83.33"), D("83.33"), D("83.34")]
    assert sum(posted) == D("1000.00")


@pytest.mark.spec("S2")
def test_the_units_of_s2():
    assert allocate_units(18_000, [7_001, 6_999, 6_000]) == [6_301, 6_299, 5_400]


def test_a_coin_is_the_currencys():
    assert [coin(code) for code in ("JPY", "USD", "KWD")] == [D(1), D("0.01"), D("0.001")]
    assert money(D("10.5"), "JPY") == D(11)
    assert {"USD", "EUR", "JPY"} <= currencies() and "XXX" not in currencies() and "DEM" not in currencies()


def test_what_is_finer_than_a_coin_cannot_be_split():
    with pytest.raises(ValueError, match="finer"):
        allocate(D("0.001"), [1, 1])


@pytest.mark.parametrize("bad", [[], [1, -1]])
def test_weights_must_be_present_and_not_negative(bad):
    with pytest.raises(ValueError, match="weights"):
        allocate(D("1.00"), bad)


def test_weights_of_nothing_share_equally():
    assert allocate(D("1.00"), [0, 0]) == [D("0.50"), D("0.50")]


def test_a_percentage_is_cut_and_never_rounded_up():
    assert truncated_percent(D("269999.99"), D(270000)) == D("99.9")
    assert truncated_percent(D(270000), D(270000)) == D("100.0")
    assert truncated_percent(D("-0.99"), D(100)) == D("-0.9")
    assert truncated_percent(D(1), D(0)) is None


# Properties --------------------------------------------------------------------------------


@pytest.mark.spec("INV-01")
@given(st.data(), CURRENCIES, weights)
def test_a_split_adds_up_each_part_is_within_a_coin_and_negatives_mirror(data, currency, weights):
    total = data.draw(whole_coins(currency))
    parts = allocate(total, weights, currency)
    assert sum(parts) == total
    assert allocate(-total, weights, currency) == [-part for part in parts]
    shares = weights if sum(weights) else [1] * len(weights)
    for part, weight in zip(parts, shares, strict=True):
        assert abs(Fraction(part) - Fraction(total) * weight / sum(shares)) < Fraction(coin(currency))


@pytest.mark.spec("INV-01")
@given(st.integers(-(10**9), 10**9), st.integers(1, 1000), st.integers(2, 9), st.randoms(use_true_random=False))
def test_permuting_equal_weights_moves_a_part_by_at_most_one_unit(total, weight, count, random):
    weights = [weight] * count + [weight * 3]
    before = allocate_units(total, weights)
    order = list(range(count))
    random.shuffle(order)
    after = allocate_units(total, [weights[i] for i in order] + [weights[-1]])
    assert all(abs(before[i] - after[order.index(i)]) <= 1 for i in range(count))


@pytest.mark.spec("INV-02")
@given(st.lists(exact, max_size=20), exact, CURRENCIES)
def test_postings_add_up_to_the_rounded_sum_and_appending_changes_none(parts, one_more, currency):
    posted = cumround(parts, currency)
    assert sum(posted, D(0)) == money(sum(parts, Fraction(0)), currency)
    assert cumround([*parts, one_more], currency)[: len(posted)] == posted


@pytest.mark.spec("INV-04")
@given(st.data(), CURRENCIES, CURRENCIES)
def test_nothing_is_added_across_currencies(data, first, second):
    assume(first != second)
    a, b = Money(data.draw(whole_coins(first)), first), Money(data.draw(whole_coins(second)), second)
    for act in (lambda: a + b, lambda: a - b):
        with pytest.raises(DomainError) as refusal:
            act()
        assert refusal.value.code == "mixed_currencies"
    assert (a + a) - a == a


@pytest.mark.spec("INV-05")
@given(exact, CURRENCIES, st.sampled_from(["ROUND_HALF_UP", ROUND_HALF_EVEN]))
def test_rounding_is_symmetric_about_zero_and_within_half_a_coin(value, currency, rounding):
    rounded = money(value, currency, rounding=rounding)
    assert money(-value, currency, rounding=rounding) == -rounded
    assert abs(Fraction(rounded) - value) <= Fraction(coin(currency)) / 2
    assert money(rounded, currency, rounding=rounding) == rounded
