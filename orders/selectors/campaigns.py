"""What was sold during a campaign against the same number of days before it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Count,
    DateField,
    DecimalField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, Least

from leads.models import Campaign
from orders.models import Order, OrderLine
from revops.core import clock
from revops.core.money import Money, truncated_percent
from revops.core.organisation import organisation
from revops.core.rates import base_amount, refuse_missing

NUMBER: DecimalField[Any, Any] = DecimalField(max_digits=21, decimal_places=3)
MEASURES = ("units", "revenue", "discount")


@dataclass(frozen=True)
class Sold:
    """Units, revenue and what was given away on the price, in the base currency."""

    first: date
    last: date
    units: Decimal
    revenue: Money
    discount: Money

    def plain(self, measure: str) -> Decimal:
        value = getattr(self, measure)
        return value.amount if isinstance(value, Money) else Decimal(value)


@dataclass(frozen=True)
class Results:
    """During against before."""

    during: Sold
    before: Sold

    def change(self, measure: str) -> Decimal | None:
        """In per cent; None where there was nothing before."""
        earlier = self.before.plain(measure)
        return truncated_percent(self.during.plain(measure) - earlier, earlier)


def with_results(rows: QuerySet[Campaign], *, viewer: Any) -> QuerySet[Campaign]:
    """Campaigns that began, with the sales of their days and of as many days before: one statement for all of them.

    Booked lines of a campaign's products (of all products when it names none), by the order's credit date, without
    cancelled orders, among what the viewer sees. While it runs its days end today.
    """
    begun = rows.exclude(status=Campaign.Status.PLANNED).filter(starts_on__lte=clock.today())
    rows = begun.annotate(last_day=Least(F("ends_on"), Value(clock.today())))
    length = _minus(F("last_day"), F("starts_on"), output_field=IntegerField())
    rows = rows.annotate(
        day_before=_minus(F("starts_on"), Value(1), output_field=DateField()),
        first_before=_minus(F("starts_on"), length, Value(1), output_field=DateField()),
    )
    for name, first, last in (("during", "starts_on", "last_day"), ("before", "first_before", "day_before")):
        lines = _lines(viewer).filter(order__booked_on__gte=OuterRef(first), order__booked_on__lte=OuterRef(last))
        sums = {
            f"units_{name}": Sum("quantity"),
            f"revenue_{name}": Sum(base_amount("net", "order__currency", "order__booked_on")),
            f"discount_{name}": Sum(base_amount("discount", "order__currency", "order__booked_on")),
        }
        rows = rows.annotate(**{key: _one(lines, what) for key, what in sums.items()})
        worth = lines.annotate(worth=base_amount("net", "order__currency", "order__booked_on"))
        rows = rows.annotate(**{f"missing_{name}": _one(worth.filter(worth=None), Count("pk"))})
    return rows


def _minus(*parts: Any, output_field: Any) -> Func:
    return Func(*parts, arg_joiner=" - ", template="(%(expressions)s)", output_field=output_field)


def _lines(viewer: Any) -> QuerySet[OrderLine]:
    of_it = Campaign.products.through._default_manager.filter(campaign=OuterRef(OuterRef("pk")))
    mine = Exists(of_it.filter(product=OuterRef("product"))) | ~Exists(of_it)
    return OrderLine.objects.filter(mine, order__in=Order.objects.visible_to(viewer).booked().values("pk"))


def _one(lines: QuerySet[OrderLine], what: Any) -> Coalesce:
    """One figure of the lines of one campaign; 0 where there is none."""
    grouped = lines.order_by().annotate(all=Value(1)).values("all").annotate(figure=what).values("figure")
    return Coalesce(Subquery(grouped, output_field=NUMBER), Value(Decimal(0), output_field=NUMBER))


def results_in(row: Any) -> Results:
    """The results of a campaign that `with_results` brought. Raises missing_rate."""
    refuse_missing(int(row.missing_during + row.missing_before))
    base = organisation().base_currency
    days = {"during": (row.starts_on, row.last_day), "before": (row.first_before, row.day_before)}
    found = {
        name: Sold(
            *days[name],
            getattr(row, f"units_{name}"),
            Money(getattr(row, f"revenue_{name}"), base),
            Money(getattr(row, f"discount_{name}"), base),
        )
        for name in days
    }
    return Results(**found)


def results_of(campaign: Campaign, *, viewer: Any) -> Results | None:
    """The results of one campaign; None before it begins."""
    row = with_results(Campaign.objects.filter(Q(pk=campaign.pk)), viewer=viewer).first()
    return results_in(row) if row is not None else None
