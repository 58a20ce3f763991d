"""Facts that strangers tell: only what can be stored is taken, the rest is left out without a word."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from leads.models import LeadFinancials, Signal
from revops.core import clock
from revops.core.money import currencies

# Fields of the lead itself that may be filled, with their length.
OWN = {"industry": 80, "country": 80, "region": 80, "website": 200, "phone": 40, "employees": 0}
SIGNALS = {"technologies": Signal.Kind.TECHNOLOGY, "triggers": Signal.Kind.TRIGGER}
MOST_REVENUE = Decimal(10) ** 15
MOST_PEOPLE = 100_000_000
MOST_WORDS = 50


def _amount(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal(-1)
    except InvalidOperation:
        return None
    return number.quantize(Decimal("0.01")) if number.is_finite() and 0 <= number < MOST_REVENUE else None


def _people(value: Any) -> int | None:
    number = _amount(value)
    return int(number) if number is not None and number <= MOST_PEOPLE else None


def _text(longest: int) -> Callable[[Any], str | None]:
    def read(value: Any) -> str | None:
        text = str(value).replace("\x00", "").strip() if isinstance(value, str | int) else ""
        return text[:longest] or None

    return read


def _currency(value: Any) -> str | None:
    return value if isinstance(value, str) and value in currencies() else None


def _day(value: Any) -> date | None:
    try:
        day = date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
    return day if date(1970, 1, 1) <= day <= clock.today() else None


def _words(value: Any) -> list[str] | None:
    given = value if isinstance(value, list) else [value]
    found = [text for text in map(_text(80), given) if text]
    return found[:MOST_WORDS] or None


READERS: dict[str, Callable[[Any], Any]] = {
    "revenue": _amount,
    "currency": _currency,
    "credit_rating": _text(20),
    "as_of": _day,
    "technologies": _words,
    "triggers": _words,
    **{name: _text(longest) for name, longest in OWN.items() if longest},
    "employees": _people,
}


def cleaned(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What of a provider's answer can be stored; a revenue in an unknown currency is none."""
    found = {name: READERS[name](value) for name, value in facts.items() if name in READERS}
    good = {name: value for name, value in found.items() if value is not None}
    if facts.get("currency") and "currency" not in good:
        good.pop("revenue", None)
    return good


def placed(row: LeadFinancials) -> dict[str, Any]:
    """A row's facts as they stand."""
    return {name: getattr(row, name) for name in (*LeadFinancials.FACTS, "source", "as_of")}
