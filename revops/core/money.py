"""Money: a decimal amount beside an ISO currency. Rounding, splitting and summing as semantics.md 2.1 fixes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import gettext as _

from revops.core.errors import DomainError

Number = Decimal | Fraction | int


@lru_cache(maxsize=256)
def digits(currency: str) -> int:
    """Minor units of a currency (JPY 0, USD 2, KWD 3), from CLDR."""
    return get_currency_precision(currency)


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """ISO 4217 codes that some country uses today."""
    today = {
        row[0] for rows in get_global("territory_currencies").values() for row in rows if row[2] is None and row[3]
    }
    return frozenset(today)


def coin(currency: str) -> Decimal:
    """The smallest amount: Decimal('0.01') for USD."""
    return Decimal(1).scaleb(-digits(currency))


def money(value: Number, currency: str = "USD", *, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Round to the currency's minor unit, symmetric about zero (JC-18: HALF_UP; a plan may choose HALF_EVEN).

    Exact for Fractions: no division happens before the rounding.
    """
    scale = 10 ** digits(currency)
    exact = Fraction(value) * scale
    whole, rest = divmod(abs(exact.numerator), exact.denominator)
    twice = 2 * rest
    up = twice > exact.denominator or (
        twice == exact.denominator and (rounding == ROUND_HALF_UP or (rounding == ROUND_HALF_EVEN and whole % 2 == 1))
    )
    units = (whole + up) * (1 if exact >= 0 else -1)
    return Decimal(units).scaleb(-digits(currency))


def _units(total: Decimal, currency: str) -> int:
    scaled = Fraction(total) * 10 ** digits(currency)
    if scaled.denominator != 1:
        raise ValueError(f"{total} is finer than a {currency} coin")
    return int(scaled)


def allocate_units(total: int, weights: Sequence[Number]) -> list[int]:
    """Split whole units by weights, largest remainder, ties to the lowest position; negatives mirror positives."""
    if not weights or any(w < 0 for w in weights):
        raise ValueError("weights must be present and not negative")
    exact = [Fraction(w) for w in weights]
    whole = sum(exact)
    if whole == 0:
        exact, whole = [Fraction(1)] * len(exact), Fraction(len(exact))
    shares = [abs(total) * w / whole for w in exact]
    parts = [int(share) for share in shares]
    missing = abs(total) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
    for i in by_remainder[:missing]:
        parts[i] += 1
    return parts if total >= 0 else [-p for p in parts]


def allocate(total: Decimal, weights: Sequence[Number], currency: str = "USD") -> list[Decimal]:
    """A simultaneous split: parts add up to `total` to the coin (largest remainder)."""
    scale = -digits(currency)
    return [Decimal(u).scaleb(scale) for u in allocate_units(_units(total, currency), weights)]


def cumround(parts: Iterable[Number], currency: str = "USD", *, rounding: str = ROUND_HALF_UP) -> list[Decimal]:
    """A sequence of partial postings: posting i = money(sum to i) - money(sum to i-1).

    Appending never changes earlier ones.
    """
    posted: list[Decimal] = []
    exact, before = Fraction(0), Decimal(0)
    for part in parts:
        exact += Fraction(part)
        after = money(exact, currency, rounding=rounding)
        posted.append(after - before)
        before = after
    return posted


@dataclass(frozen=True, order=False)
class Money:
    """An amount with its currency. Arithmetic across currencies is an error (INV-04)."""

    amount: Decimal
    currency: str

    def _same(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise DomainError(
                "mixed_currencies",
                _("%(one)s and %(other)s cannot be added.") % {"one": self.currency, "other": other.currency},
            )

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Number) -> "Money":
        return Money(money(Fraction(self.amount) * Fraction(factor), self.currency), self.currency)

    def rounded(self) -> "Money":
        return Money(money(self.amount, self.currency), self.currency)

    def format(self, locale: str = "en") -> str:
        """As the locale writes it: $1,234.50."""
        return format_currency(self.amount, self.currency, locale=locale)

    def as_json(self) -> dict[str, str]:
        """The API's shape: {"amount": "132000.00", "currency": "USD"}."""
        return {"amount": str(money(self.amount, self.currency)), "currency": self.currency}


def truncated_percent(num: Number, den: Number, places: int = 1) -> Decimal | None:
    """num/den as a percentage, truncated and never rounded up (269,999.99 of 270,000 is 99.9). None when den is 0."""
    if den == 0:
        return None
    scaled = Fraction(num) * 100 * 10**places / Fraction(den)
    units = abs(scaled.numerator) // scaled.denominator
    return Decimal(units if scaled >= 0 else -units).scaleb(-places)
