"""Amounts of many rows in the base currency, converted in SQL at the dated rate; a missing rate is an error."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Round
from django.db.models.lookups import Exact, GreaterThanOrEqual
from django.utils.translation import ngettext

from revops.core.errors import DomainError
from revops.core.memo import once
from revops.core.models import ExchangeRate
from revops.core.money import digits
from revops.core.organisation import organisation

FEW = 60
_AMOUNT: DecimalField[Any, Any] = DecimalField(max_digits=19, decimal_places=3)
_RATE: DecimalField[Any, Any] = DecimalField(max_digits=18, decimal_places=10)


def base_amount(amount: str, currency: str, on: date | str) -> Case:
    """SQL: `amount` (field path) in the base currency, rounded to its coin, each row by itself.

    `on` is a date, or the path of a date field or annotation: the rate in force on that day. NULL without a rate.
    """
    base = organisation().base_currency
    return Case(
        When(Exact(F(currency), Value(base)), then=F(amount)),
        default=Round(F(amount) * _rate(currency, on, base), precision=digits(base)),
        output_field=_AMOUNT,
    )


def _rate(currency: str, on: date | str, base: str) -> Any:
    """The newest rate up to the day. A few rates are written into the statement, newest first: a look-up for each of a
    million rows would take longer than the sum itself.
    """
    known = once(f"rates:{base}", lambda: _newest_rates(base))
    if len(known) > FEW:
        day = Value(on) if isinstance(on, date) else OuterRef(on)
        newest = ExchangeRate.objects.filter(source=OuterRef(currency), target=base, on__lte=day).order_by("-on")
        return Subquery(newest.values("rate")[:1])
    choices = []
    for source, since, rate in known:
        if isinstance(on, date) and since > on:
            continue
        its = Q(Exact(F(currency), Value(source)))
        if not isinstance(on, date):
            its &= Q(GreaterThanOrEqual(F(on), Value(since)))
        choices.append(When(its, then=Value(rate, output_field=_RATE)))
    return Case(*choices, default=Value(None, output_field=_RATE), output_field=_RATE)


def _newest_rates(base: str) -> list[tuple[str, date, Decimal]]:
    rates = ExchangeRate.objects.filter(target=base).order_by("-on")
    return list(rates.values_list("source", "on", "rate")[: FEW + 1])


def base_sum(rows: QuerySet[Any], amount: str, currency: str, on: date | str) -> Decimal:
    """The sum of `rows` in the base currency. Raises DomainError "missing_rate" if a row's currency has no rate."""
    found = rows.annotate(_base=base_amount(amount, currency, on)).aggregate(
        total=Sum("_base"), missing=Count("pk", filter=Q(_base__isnull=True) & Q(**{f"{amount}__isnull": False}))
    )
    refuse_missing(found["missing"])
    return found["total"] or Decimal(0)


def refuse_missing(rows_without_rate: int) -> None:
    """Raise when some rows could not be converted: a total that leaves rows out is no total."""
    if rows_without_rate:
        raise DomainError(
            "missing_rate",
            ngettext(
                "%(n)s row is in a currency without an exchange rate to %(base)s on its day. "
                "Ask your administrator to enter it.",
                "%(n)s rows are in a currency without an exchange rate to %(base)s on their day. "
                "Ask your administrator to enter it.",
                rows_without_rate,
            )
            % {"n": rows_without_rate, "base": organisation().base_currency},
        )
