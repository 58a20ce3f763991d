"""Sales by month, product, region, segment …: one definition for page, API and the rows behind each figure.

A sale is a booked order that the viewer sees, whole: shared credit counts once. Margin is net less the costs as they
stood at the booking. Everything is in the base currency, each line by itself at the rate of the booking's day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Case, Count, DecimalField, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, NullIf, Round, TruncMonth

from orders.models import Order, OrderLine
from revops.core.money import currencies, digits
from revops.core.rates import base_amount, refuse_missing

REVENUE, UNITS, MARGIN = "revenue", "units", "margin"
MEASURES = {REVENUE: "base", UNITS: "quantity", MARGIN: "margin"}
_AMOUNT: DecimalField[Any, Any] = DecimalField(max_digits=19, decimal_places=3)


def _text(*paths: str) -> Any:
    """The first of these that says something, else ""."""
    return Coalesce(*(NullIf(F(path), Value("")) for path in paths), Value(""))


# What a figure is split by: the key that filters its rows, and the label that people read.
DIMENSIONS: dict[str, tuple[Any, Any]] = {
    "month": (TruncMonth("order__booked_on"), TruncMonth("order__booked_on")),
    "product": (F("product_id"), F("product__name")),
    "family": (_text("product__family__name"), _text("product__family__name")),
    "category": (
        _text("product__family__parent__name", "product__family__name"),
        _text("product__family__parent__name", "product__family__name"),
    ),
    "region": (_text("order__region", "order__account__territory__name"),) * 2,
    # Of what an account was merged into, first: its sales stay under the old name.
    "segment": (_text("order__account__merged_into__segment", "order__account__segment"),) * 2,
    "industry": (_text("order__account__merged_into__industry", "order__account__industry"),) * 2,
    "kind": (F("order__account__kind"),) * 2,
    "channel": (F("order__channel"),) * 2,
}


@dataclass(frozen=True)
class Group:
    """One row of the table: its keys in the order of `by`, its value, and how many lines stand behind it."""

    keys: tuple[Any, ...]
    labels: tuple[Any, ...]
    value: Decimal
    lines: int


@dataclass(frozen=True)
class Sales:
    """The table and its total; the groups add up to it."""

    measure: str
    by: tuple[str, ...]
    groups: list[Group]
    total: Decimal
    lines: int


def sold_lines(*, viewer: Any, first: date, last: date, where: dict[str, Any] | None = None) -> QuerySet[OrderLine]:
    """Lines of the orders booked on these days; `where` holds keys of dimensions. `base`, `spent`, `margin` in base."""
    orders = Order.objects.visible_to(viewer).booked().filter(booked_on__range=(first, last))
    rows = OrderLine.objects.filter(order__in=orders.values("pk"))
    for name, key in (where or {}).items():
        rows = rows.annotate(**{f"by_{name}": DIMENSIONS[name][0]}).filter(**{f"by_{name}": key})
    places: Any = _digits("order__currency")
    cost = Round(F("quantity") * F("unit_cost"), precision=places)
    rows = rows.annotate(
        line_cost=Case(When(Q(quantity=0), then=Value(Decimal(0))), default=cost, output_field=_AMOUNT),
        base=base_amount("net", "order__currency", "order__booked_on"),
    )
    rows = rows.annotate(spent=base_amount("line_cost", "order__currency", "order__booked_on"))
    return rows.annotate(margin=F("base") - F("spent"))


def _digits(path: str) -> Case:
    """SQL: how many digits after the point the coin of a currency has."""
    odd: dict[int, list[str]] = {}
    for code in currencies():
        if digits(code) != 2:
            odd.setdefault(digits(code), []).append(code)
    cases = [When(**{f"{path}__in": codes}, then=Value(places)) for places, codes in sorted(odd.items())]
    return Case(*cases, default=Value(2))


def total(rows: QuerySet[OrderLine], measure: str) -> Decimal:
    """What these lines add up to. Raises DomainError "missing_rate"."""
    found = rows.order_by().aggregate(sum=Sum(MEASURES[measure]), gaps=_gaps())
    refuse_missing(found["gaps"])
    return found["sum"] or Decimal(0)


def _gaps() -> Count:
    return Count("pk", filter=Q(base__isnull=True) | Q(spent__isnull=True))


def sales(*, viewer: Any, first: date, last: date, measure: str, by: Sequence[str]) -> Sales:
    """The measure over these days, split by one or two dimensions: months in their order, else the largest first.

    One query, however many orders there are.
    """
    rows = sold_lines(viewer=viewer, first=first, last=last).order_by()
    keys = {f"key_{name}": DIMENSIONS[name][0] for name in by}
    labels = {f"label_{name}": DIMENSIONS[name][1] for name in by}
    found = rows.annotate(**keys, **labels).values(*keys, *labels)
    found = found.annotate(value=Sum(MEASURES[measure]), rows=Count("pk"), gaps=_gaps())
    groups = []
    for row in found:
        refuse_missing(row["gaps"])
        key, label = tuple(row[name] for name in keys), tuple(row[name] for name in labels)
        groups.append(Group(key, label, row["value"], row["rows"]))
    groups.sort(key=lambda group: (*(_month(name, key) for name, key in zip(by, group.keys, strict=True)),
                                   -group.value, str(group.labels)))  # fmt: skip
    whole = sum((group.value for group in groups), Decimal(0))
    return Sales(measure, tuple(by), groups, whole, sum(group.lines for group in groups))


def a_year_before(first: date, last: date) -> tuple[date, date]:
    """The same days of the year before, whole months kept whole."""
    year = relativedelta(years=1)
    end = last - year
    if (last + timedelta(days=1)).day == 1:
        end = last + timedelta(days=1) - year - timedelta(days=1)
    return first - year, end


def _month(name: str, key: Any) -> Any:
    return key if name == "month" else date.min
