"""Sales by month, product, region, segment …, and the lines behind each figure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from forecasting.selectors import sales as selectors
from orders.models import Order
from revops.core import clock
from revops.core.errors import BadRequest
from revops.core.money import Money, truncated_percent
from revops.core.organisation import organisation, year_of
from revops.core.views.lists import Column, Figure, ListPage

MEASURES = {
    selectors.REVENUE: gettext_lazy("Revenue"),
    selectors.UNITS: gettext_lazy("Units"),
    selectors.MARGIN: gettext_lazy("Margin"),
}
DIMENSIONS = {
    "month": gettext_lazy("Month"),
    "product": gettext_lazy("Product"),
    "family": gettext_lazy("Family"),
    "category": gettext_lazy("Category"),
    "region": gettext_lazy("Region"),
    "segment": gettext_lazy("Segment"),
    "industry": gettext_lazy("Industry"),
    "kind": gettext_lazy("Kind of customer"),
    "channel": gettext_lazy("Channel"),
}
ROWS_SHOWN, BARS_SHOWN, MOST_DIMENSIONS = 100, 24, 2


@dataclass(frozen=True)
class AskedSales:
    """What an address asks: a measure, one or two dimensions, the days."""

    measure: str
    by: tuple[str, ...]
    first: date
    last: date

    @property
    def days(self) -> dict[str, str]:
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def asked_sales(params: Any, known: frozenset[str] = frozenset()) -> AskedSales:
    """Read measure, by, from, to; anything else than these and `known` is refused."""
    unknown = sorted(set(params) - {"measure", "by", "from", "to"} - known)
    if unknown:
        raise BadRequest("unknown_filter", _("There is no filter “%(name)s” here.") % {"name": unknown[0][:60]})
    measure = params.get("measure") or selectors.REVENUE
    by = tuple(dict.fromkeys((params.get("by") or "month").split(",")))
    if measure not in MEASURES:
        raise BadRequest("bad_filter", _("measure is one of %(names)s.") % {"names": ", ".join(MEASURES)})
    if len(by) > MOST_DIMENSIONS or any(name not in DIMENSIONS for name in by):
        raise BadRequest("bad_filter", _("by is one or two of %(names)s.") % {"names": ", ".join(DIMENSIONS)})
    year = year_of(clock.today(), organisation().fiscal_year_starts_in)
    first, last = _day(params, "from", year.first), _day(params, "to", year.last)
    if last < first:
        raise BadRequest("bad_filter", _("The last day is before the first."))
    return AskedSales(measure, by, first, last)


def _day(params: Any, name: str, default: date) -> date:
    raw = params.get(name)
    if not raw:
        return default
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        day = date.min
    if not date(1970, 1, 1) <= day <= date(2200, 12, 31):
        raise BadRequest("bad_filter", _("“%(name)s” is a day such as 2026-11-19.") % {"name": name})
    return day


def key_text(name: str, key: Any) -> str:
    """A key as an address and the API write it: a month as 2026-11."""
    return f"{key:%Y-%m}" if name == "month" else str(key)


def label_text(name: str, label: Any) -> str:
    """A key as people read it."""
    if name == "month":
        return date_format(label, "M Y")
    choices = {"channel": Order.Channel, "kind": Account.Kind}.get(name)
    if choices is not None and label in choices.values:
        return str(choices(label).label)  # type: ignore[operator]
    return str(label) or _("Not given")


def rows_url(ask: AskedSales, where: dict[str, Any]) -> str:
    """The address of exactly the lines behind a figure; an empty key is asked for as "-"."""
    keys = {name: key_text(name, key) or "-" for name, key in where.items()}
    return f"{reverse('sales-rows')}?{urlencode({**ask.days, 'measure': ask.measure, **keys})}"


def amount(measure: str, value: Decimal, base: str) -> Any:
    """Money in the base currency, or a number of units."""
    return value if measure == selectors.UNITS else Money(value, base)


@login_required
@permission_required("orders.view_order", raise_exception=True)
def sales_page(request: HttpRequest) -> HttpResponse:
    """One measure by one or two dimensions, with the chart, the table and the same days a year before."""
    ask = asked_sales(request.GET)
    table = selectors.sales(viewer=request.user, first=ask.first, last=ask.last, measure=ask.measure, by=ask.by)
    base = organisation().base_currency
    rows = [_row(ask, group, table.total, base) for group in table.groups[:ROWS_SHOWN]]
    rest = table.groups[ROWS_SHOWN:]
    context = {
        "title": _("Sales"),
        "crumbs": [(_("Reports"), reverse("dashboard")), (_("Sales"), "")],
        "nav_key": "reports",
        "ask": ask,
        "heads": [DIMENSIONS[name] for name in ask.by],
        "head": MEASURES[ask.measure],
        "rows": rows,
        "total": amount(ask.measure, table.total, base),
        "total_url": rows_url(ask, {}),
        "lines": table.lines,
        "rest": {"count": len(rest), "value": amount(ask.measure, sum((g.value for g in rest), Decimal(0)), base)},
        "kpis": _kpis(request, ask, table, base),
        "measures": [(key, label, key == ask.measure) for key, label in MEASURES.items()],
        "dimensions": [(key, label, key == ask.by[0]) for key, label in DIMENSIONS.items()],
        "second": [(key, label, key in ask.by[1:]) for key, label in DIMENSIONS.items()],
        "chart_title": _finding(ask, table),
        "chart": _chart(ask, table, base) if len(ask.by) == 1 else None,
    }
    return render(request, "forecasting/sales.html", context)


def _row(ask: AskedSales, group: selectors.Group, whole: Decimal, base: str) -> dict[str, Any]:
    return {
        "labels": [label_text(name, label) for name, label in zip(ask.by, group.labels, strict=True)],
        "value": amount(ask.measure, group.value, base),
        "lines": group.lines,
        "share": truncated_percent(group.value, whole) if whole > 0 and group.value >= 0 else None,
        "url": rows_url(ask, dict(zip(ask.by, group.keys, strict=True))),
    }


def _kpis(request: HttpRequest, ask: AskedSales, table: selectors.Sales, base: str) -> list[Figure]:
    first, last = selectors.a_year_before(ask.first, ask.last)
    before = AskedSales(ask.measure, ask.by, first, last)
    was = selectors.total(selectors.sold_lines(viewer=request.user, first=first, last=last), ask.measure)
    grown = truncated_percent(table.total - was, was) if was > 0 else None
    note = _("nothing to compare with") if grown is None else _("%(percent)s %% since then") % {"percent": f"{grown:+}"}
    return [
        Figure(MEASURES[ask.measure], amount(ask.measure, table.total, base), rows_url(ask, {}), _period(ask)),
        Figure(_("A year before"), amount(ask.measure, was, base), rows_url(before, {}), note),
        Figure(_("Order lines"), table.lines, rows_url(ask, {}), _("whole orders that you may see")),
    ]


def _period(ask: AskedSales) -> str:
    return f"{date_format(ask.first, 'j M Y')} – {date_format(ask.last, 'j M Y')}"


def _finding(ask: AskedSales, table: selectors.Sales) -> str:
    if not table.groups:
        return _("No sales on these days")
    best = max(table.groups, key=lambda group: group.value)
    name = ", ".join(label_text(name, label) for name, label in zip(ask.by, best.labels, strict=True))
    return _("%(name)s is the largest of %(n)d") % {"name": name, "n": len(table.groups)}


def _chart(ask: AskedSales, table: selectors.Sales, base: str) -> dict[str, Any]:
    shown_groups = table.groups[-BARS_SHOWN:] if ask.by == ("month",) else table.groups[:BARS_SHOWN]
    labels = [label_text(ask.by[0], group.labels[0])[:40] for group in shown_groups]
    return {
        "spec": {
            "kind": "bar",
            "labels": labels,
            "unit": "" if ask.measure == selectors.UNITS else base,
            "series": [
                {
                    "name": str(MEASURES[ask.measure]),
                    "values": [str(group.value) for group in shown_groups],
                    "color": 1,
                }
            ],
            "urls": [rows_url(ask, dict(zip(ask.by, group.keys, strict=True))) for group in shown_groups],
        },
        "unit": _("units") if ask.measure == selectors.UNITS else base,
        "cut": len(table.groups) > len(shown_groups),
        "count": len(shown_groups),
    }


class SalesFilter(django_filters.FilterSet):
    """The parameters of the rows page; the selector reads them, so that figure and rows cannot differ."""

    measure = django_filters.ChoiceFilter(
        method="as_asked", label=gettext_lazy("Measure"), choices=list(MEASURES.items())
    )
    month = django_filters.CharFilter(method="as_asked", label=DIMENSIONS["month"])
    product = django_filters.NumberFilter(method="as_asked", label=DIMENSIONS["product"])
    family = django_filters.CharFilter(method="as_asked", label=DIMENSIONS["family"])
    category = django_filters.CharFilter(method="as_asked", label=DIMENSIONS["category"])
    region = django_filters.CharFilter(method="as_asked", label=DIMENSIONS["region"])
    segment = django_filters.CharFilter(method="as_asked", label=DIMENSIONS["segment"])
    industry = django_filters.CharFilter(method="as_asked", label=DIMENSIONS["industry"])
    kind = django_filters.ChoiceFilter(method="as_asked", label=DIMENSIONS["kind"], choices=Account.Kind.choices)
    channel = django_filters.ChoiceFilter(method="as_asked", label=DIMENSIONS["channel"], choices=Order.Channel.choices)

    def as_asked(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset


# "from" is no name that a class can give a field.
SalesFilter.base_filters.update(
    {
        "from": django_filters.DateFilter(method="as_asked", label=gettext_lazy("Booked from")),
        "to": django_filters.DateFilter(method="as_asked", label=gettext_lazy("Booked to")),
    }
)


class SalesRows(ListPage):
    """The order lines that one figure adds up."""

    nav_key = "reports"
    title = gettext_lazy("Sales, line by line")
    noun = gettext_lazy("lines")
    permission = "orders.view_order"
    filters = SalesFilter
    order = "-booked"
    file_name = "sales"
    columns = (
        Column("order", gettext_lazy("Order"), "order.number", sub="description", sort="order__number"),
        Column("account", gettext_lazy("Account"), "order.account"),
        Column("booked", gettext_lazy("Booked"), "order.booked_on", kind="date", sort="order__booked_on"),
        Column("product", gettext_lazy("Product"), "product.name", hidden=True),
        Column("region", gettext_lazy("Region"), "order.region", hidden=True),
        Column("segment", gettext_lazy("Segment"), "order.account.segment", hidden=True),
        Column("quantity", gettext_lazy("Units"), "quantity", kind="number", sort="quantity"),
        Column("net", gettext_lazy("Revenue"), lambda row: Money(row.base, row.base_currency), "money", sort="base"),
        Column("margin", gettext_lazy("Margin"), lambda row: Money(row.margin, row.base_currency), "money",
               sort="margin"),
    )  # fmt: skip

    def _ask(self) -> tuple[AskedSales, dict[str, Any]]:
        params = self.request.GET
        ask = asked_sales({name: params[name] for name in ("measure", "from", "to") if name in params})
        return ask, {name: self._key(name, params[name]) for name in DIMENSIONS if params.get(name)}

    def _key(self, name: str, raw: str) -> Any:
        if name == "month":
            return _day({"month": f"{raw}-01"}, "month", date.min)
        if name == "product":
            if not (raw.isascii() and raw.isdigit() and len(raw) < 18):
                raise BadRequest("bad_filter", _("“%(name)s” is a number.") % {"name": name})
            return int(raw)
        if "\x00" in raw:
            raise BadRequest("bad_filter", _("This search text holds a character that no record can hold."))
        return "" if raw == "-" else raw

    def rows(self) -> QuerySet[Any]:
        ask, where = self._ask()
        rows = selectors.sold_lines(viewer=self.request.user, first=ask.first, last=ask.last, where=where)
        rows = rows.annotate(base_currency=Value(organisation().base_currency))
        return rows.select_related("order__account", "product")

    def strip(self, rows: QuerySet[Any]) -> list[Figure]:
        ask, _where = self._ask()
        value = amount(ask.measure, selectors.total(rows, ask.measure), organisation().base_currency)
        return [Figure(_("Sum of these rows"), value, note=str(MEASURES[ask.measure]))]

    def crumbs(self) -> list[tuple[Any, str]]:
        ask, _where = self._ask()
        back = f"{reverse('sales')}?{urlencode({**ask.days, 'measure': ask.measure})}"
        return [(_("Reports"), reverse("dashboard")), (_("Sales"), back), (self.title, "")]

    def row_url(self, row: Any) -> str:
        return reverse("order-detail", args=[row.order_id])
