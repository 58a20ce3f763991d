"""The organisation's settings, its fiscal calendar and its exchange rates."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from revops.core.errors import BadRequest, MissingRate
from revops.core.first_use import first_use
from revops.core.memo import once
from revops.core.models import ExchangeRate, LegalEntity, Organisation
from revops.core.money import Money, money


class Span(NamedTuple):
    """Both days inclusive."""

    first: date
    last: date
    label: str

    @property
    def name(self) -> str:
        """As people say it: November 2026, Q4 2026, 2026."""
        if self.label.count("-") == 0:
            return self.label
        year, part = self.label.split("-")
        return f"{part} {year}" if part.startswith("Q") else date_format(self.first, "F Y")


class Converted(NamedTuple):
    """A converted amount with what it came from (INV-04)."""

    money: Money
    rate: Decimal
    on: date
    source: str


def organisation() -> Organisation:
    """The one organisation, read once a request; made on first use."""
    found: Organisation = once("organisation", _organisation)
    return found


def _organisation() -> Organisation:
    found = Organisation.objects.order_by("pk").first()
    if found is not None:
        return found
    with first_use("organisation"):
        return Organisation.objects.order_by("pk").first() or Organisation.objects.create(name="Our company")


def default_entity() -> LegalEntity:
    """The legal entity that issues unless another is named; made on first use."""
    entities = LegalEntity.objects.filter(is_default=True)
    found = entities.first()
    if found is not None:
        return found
    org = organisation()
    with first_use("default entity"):
        return entities.first() or LegalEntity.objects.create(
            name=org.name, code="MAIN", currency=org.base_currency, is_default=True
        )


def month_of(day: date) -> Span:
    """The calendar month of a day, labelled "2026-11"."""
    first = day.replace(day=1)
    return Span(first, first + relativedelta(months=1) - timedelta(days=1), f"{first:%Y-%m}")


def quarter_of(day: date, starts_in: int = 1) -> Span:
    """The fiscal quarter of a day; a fiscal year is named after the calendar year in which it ends."""
    offset = (day.month - starts_in) % 12
    first = day.replace(day=1) - relativedelta(months=offset % 3)
    year_first = day.replace(day=1) - relativedelta(months=offset)
    year = (year_first + relativedelta(months=11)).year
    return Span(first, first + relativedelta(months=3) - timedelta(days=1), f"{year}-Q{offset // 3 + 1}")


def year_of(day: date, starts_in: int = 1) -> Span:
    """The fiscal year of a day."""
    first = day.replace(day=1) - relativedelta(months=(day.month - starts_in) % 12)
    last = first + relativedelta(years=1) - timedelta(days=1)
    return Span(first, last, f"{last.year}")


def span_of(label: str, starts_in: int = 1) -> Span:
    """The period that a label names: "2026-11", "2026-Q4" or "2026" (fiscal). Raises BadRequest."""
    found = re.fullmatch(r"(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", label, re.ASCII)
    if found is None or not 1900 <= int(found[1]) <= 2200:
        raise BadRequest("unknown_period", _("A period is a month (2026-11), a quarter (2026-Q4) or a year (2026)."))
    year, quarter, month = int(found[1]), found[2], found[3]
    if month:
        return month_of(date(year, int(month), 1))
    first = date(year, starts_in, 1) if starts_in == 1 else date(year - 1, starts_in, 1)
    if quarter:
        return quarter_of(first + relativedelta(months=3 * (int(quarter) - 1)), starts_in)
    return year_of(first, starts_in)


def rate(source: str, target: str, on: date) -> ExchangeRate:
    """The rate in force on a day: the newest row on or before it. Raises MissingRate."""
    found = ExchangeRate.objects.filter(source=source, target=target, on__lte=on).order_by("-on").first()
    if found is None:
        raise MissingRate(source, target, on)
    return found


def convert(value: Money, target: str, on: date) -> Converted:
    """Convert at the rate in force on `on`, rounded to the target's coin. Raises MissingRate."""
    if value.currency == target:
        return Converted(value, Decimal(1), on, "same currency")
    found = rate(value.currency, target, on)
    return Converted(Money(money(value.amount * found.rate, target), target), found.rate, found.on, found.provider)
