"""Figures as a language writes them. Babel knows how; a page has hundreds of them, so each pattern is read once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError
from babel.numbers import (
    NumberPattern,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    parse_pattern,
)
from django.utils.translation import to_locale

MINUS = "−"
Write = Callable[[Decimal], str]


@lru_cache(maxsize=64)
def locale_of(language: str) -> str:
    """A language as Babel names it; English where Babel does not know it."""
    name = to_locale(language)
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return "en"
    return name


@lru_cache(maxsize=512)
def number(locale: str, places: int) -> Write:
    """Bare numbers at a fixed precision."""
    return _writer(parse_pattern("#,##0" + _digits(places)), locale, "")


@lru_cache(maxsize=512)
def currency(locale: str, code: str, places: int) -> Write:
    """Amounts of a currency at a fixed precision, whatever its coin is."""
    standard = Locale.parse(locale).currency_formats["standard"].pattern
    pattern = parse_pattern(re.sub(r"0(\.0+)?", "0" + _digits(places), standard))
    return _writer(pattern, locale, code)


def _digits(places: int) -> str:
    return "." + "0" * places if places else ""


@dataclass(frozen=True, slots=True)
class _Thousands:
    """Digits in threes, as most languages have them."""

    places: int
    signs: dict[int, str]
    before: tuple[str, str]  # of amounts from nought on, and below
    after: tuple[str, str]

    def __call__(self, value: Decimal) -> str:
        below = value.is_signed()
        digits = f"{abs(value):,.{self.places}f}".translate(self.signs)
        return f"{self.before[below]}{digits}{self.after[below]}"


def _writer(pattern: NumberPattern, locale: str, code: str) -> Write:
    if pattern.grouping != (3, 3):

        def babels(value: Decimal) -> str:
            text = pattern.apply(value, locale, currency=code or None, currency_digits=False)
            return _spaced(text).replace("-", MINUS)

        return babels
    symbol = get_currency_symbol(code, locale) if code else ""
    before = (_before(pattern.prefix[0], symbol), _before(pattern.prefix[1], symbol))
    after = (_affix(pattern.suffix[0], symbol), _affix(pattern.suffix[1], symbol))
    signs = {ord(","): get_group_symbol(locale), ord("."): get_decimal_symbol(locale)}
    return _Thousands(pattern.frac_prec[1], signs, before, after)


def _affix(text: str, symbol: str) -> str:
    """What stands before or after the digits, as it is written."""
    return re.sub(r"'([^']*)'", lambda quoted: quoted[1] or "'", text.replace("¤", symbol)).replace("-", MINUS)


def _before(text: str, symbol: str) -> str:
    return _spaced(f"{_affix(text, symbol)}0")[:-1]


def _spaced(text: str) -> str:
    """A code is a word and wants its space: KWD 1.500, as CLDR has it and Babel leaves out."""
    return re.sub(r"([A-Z])(?=\d)", "\\1\xa0", text)
