"""What a month of credits earns: pure functions of the facts, exact until the one rounding at the end.

No clock, no database, no order of arrival: the same credits give the same cents in any sequence and any batch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from revops.core.money import cumround, money

FLAT: Final = "flat"
RETRO: Final = "retro"
MARGINAL: Final = "marginal"
GT: Final = "gt"
GTE: Final = "gte"


@dataclass(frozen=True)
class Band:
    """From `bound` on, `rate` (a ratio: 2 % is 1/50)."""

    bound: Fraction
    rate: Fraction


@dataclass(frozen=True)
class Terms:
    """How a component pays. `bands` rise from a bound of 0."""

    bands: tuple[Band, ...]
    mode: str = RETRO
    comparator: str = GT
    currency: str = "USD"
    rounding: str = ROUND_HALF_UP

    @classmethod
    def of(cls, *bands: tuple[Decimal | int | str, Decimal | int | str], **options: str) -> "Terms":
        """From (bound, per cent) pairs: Terms.of((0, 2), (270000, 4))."""
        rows = sorted((Fraction(str(bound)), Fraction(str(percent)) / 100) for bound, percent in bands)
        return cls(tuple(Band(bound, rate) for bound, rate in rows), **options)


@dataclass(frozen=True)
class Counted:
    """What one order line counts for the payee, in the plan's currency."""

    key: int
    credit_on: date
    order_number: str
    line_number: int
    amount: Decimal

    @property
    def place(self) -> tuple[date, str, int, int]:
        """The order in which lines take their cents."""
        return (self.credit_on, self.order_number, self.line_number, self.key)


@dataclass(frozen=True)
class Slice:
    """A part of a line that lies in one band."""

    amount: Fraction
    tier: int
    rate: Fraction


@dataclass(frozen=True)
class Share:
    """One line's part of the month's earning; the amounts of all lines add up to it. `exact` is before rounding."""

    line: Counted
    slices: tuple[Slice, ...]
    exact: Fraction
    amount: Decimal


@dataclass(frozen=True)
class Earning:
    """A component's month. `tier` counts from 0; for MARGINAL it is the band that the last dollar reached."""

    measured: Decimal
    tier: int
    amount: Decimal
    shares: tuple[Share, ...]


def tier_of(terms: Terms, measured: Decimal | Fraction) -> int:
    """The highest band whose bound is exceeded (GT) or reached (GTE); band 0 always matches."""
    value, found = Fraction(measured), 0
    for number, band in enumerate(terms.bands):
        if number and (value > band.bound or (terms.comparator == GTE and value == band.bound)):
            found = number
    return found


def _tops(terms: Terms) -> list[Fraction | None]:
    return [*(band.bound for band in terms.bands[1:]), None]


def _between(terms: Terms, low: Fraction, high: Fraction) -> list[Slice]:
    """The bands that (low, high] runs through; what lies below 0 belongs to the first."""
    slices = []
    for number, (band, top) in enumerate(zip(terms.bands, _tops(terms), strict=True)):
        start = low if number == 0 else max(low, band.bound)
        end = high if top is None else min(high, top)
        if end > start:
            slices.append(Slice(end - start, number, band.rate))
    return slices


def slices_of(terms: Terms, before: Fraction, amount: Fraction, total: Fraction) -> list[Slice]:
    """How a line of `amount`, which comes after `before` in a month of `total`, is rated."""
    if terms.mode == MARGINAL:
        low, high = sorted((before, before + amount))
        sign = 1 if amount >= 0 else -1
        return [Slice(sign * part.amount, part.tier, part.rate) for part in _between(terms, low, high)]
    tier = 0 if terms.mode == FLAT else tier_of(terms, total)
    return [Slice(amount, tier, terms.bands[tier].rate)]


def exact_earning(terms: Terms, measured: Decimal | Fraction) -> Fraction:
    """The unrounded earning of a month."""
    total = Fraction(measured)
    return sum((part.amount * part.rate for part in slices_of(terms, Fraction(0), total, total)), Fraction(0))


def earning(terms: Terms, measured: Decimal | Fraction) -> Decimal:
    """The earning of a month, rounded once."""
    return money(exact_earning(terms, measured), terms.currency, rounding=terms.rounding)


def earn(terms: Terms, lines: Iterable[Counted]) -> Earning:
    """The earning of a month with each line's part of it, by cumulative rounding in the order of `place`."""
    ordered = sorted((line for line in lines if line.amount), key=lambda line: line.place)
    total = sum((Fraction(line.amount) for line in ordered), Fraction(0))
    rated: list[tuple[Counted, tuple[Slice, ...], Fraction]] = []
    before = Fraction(0)
    for line in ordered:
        amount = Fraction(line.amount)
        slices = tuple(slices_of(terms, before, amount, total))
        rated.append((line, slices, sum((part.amount * part.rate for part in slices), Fraction(0))))
        before += amount
    posted = cumround([exact for _line, _slices, exact in rated], terms.currency, rounding=terms.rounding)
    shares = tuple(Share(*row, amount) for row, amount in zip(rated, posted, strict=True))
    measured = sum((line.amount for line in ordered), Decimal(0))
    return Earning(measured, _reached(terms, total), sum(posted, Decimal(0)), shares)


def _reached(terms: Terms, total: Fraction) -> int:
    if terms.mode == FLAT:
        return 0
    if terms.mode == RETRO:
        return tier_of(terms, total)
    parts: Sequence[Slice] = _between(terms, Fraction(0), total)
    return parts[-1].tier if parts else 0
