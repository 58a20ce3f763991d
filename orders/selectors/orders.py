"""Orders as lists, records and the API show them, and their way from quote to cash."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Max, QuerySet, Sum
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from opportunities.models import Opportunity
from orders.models import Fulfillment, Invoice, Order
from revops.core import clock
from revops.core.money import Money


def order_list(*, viewer: Any) -> QuerySet[Order]:
    """Orders with whose and for whom."""
    return Order.objects.visible_to(viewer).select_related("account", "owner", "opportunity", "quote")


def fulfillment_list(*, viewer: Any) -> QuerySet[Fulfillment]:
    """Shipments and activations of the orders that the viewer sees."""
    orders = Order.objects.visible_to(viewer).values("pk")
    return Fulfillment.objects.filter(order__in=orders).select_related("order").prefetch_related("lines__order_line")


def has_booked_order(opportunity: Opportunity) -> bool:
    """Whether a sale of this deal is booked (and not cancelled)."""
    return Order.objects.booked().filter(opportunity=opportunity).exists()


@dataclass(frozen=True)
class TraceStep:
    """One milestone; `took` is the time since the one before it that is known."""

    key: str
    label: StrOrPromise
    at: datetime | None
    took: timedelta | None


LABELS: dict[str, StrOrPromise] = {
    "quoted_at": gettext_lazy("Quoted"),
    "approved_at": gettext_lazy("Approved"),
    "accepted_at": gettext_lazy("Accepted"),
    "booked_at": gettext_lazy("Booked"),
    "fulfilled_at": gettext_lazy("Fulfilled"),
    "invoiced_at": gettext_lazy("Invoiced"),
    "paid_at": gettext_lazy("Paid"),
}
DELIVERED = frozenset({Order.Status.FULFILLED, Order.Status.CLOSED})


def trace(order: Order) -> list[TraceStep]:
    """From quote to cash: seven instants (None while they have not come) and the time between them."""
    quote = order.quote
    instants = {
        "quoted_at": quote.created_at if quote else None,
        "approved_at": quote.approved_at if quote else None,
        "accepted_at": quote.accepted_at if quote else None,
        "booked_at": order.booked_at,
        "fulfilled_at": _fulfilled_at(order),
        **_billed(order),
    }
    steps, before = [], None
    for key, at in instants.items():
        steps.append(TraceStep(key, LABELS[key], at, at - before if at and before else None))
        before = at or before
    return steps


def _fulfilled_at(order: Order) -> datetime | None:
    if order.status not in DELIVERED:
        return None
    return order.fulfillments.aggregate(last=Max("completed_at"))["last"]


def _billed(order: Order) -> dict[str, datetime | None]:
    """Invoices and payments carry days; they count from the start of the company's day."""
    invoices = [row for row in order.invoices.all() if row.status not in (Invoice.Status.DRAFT, Invoice.Status.VOID)]
    issued = [row.issued_on for row in invoices if row.issued_on]
    paid = bool(invoices) and all(row.status == Invoice.Status.PAID for row in invoices)
    last = order.invoices.aggregate(last=Max("allocations__payment__received_on"))["last"] if paid else None
    return {"invoiced_at": _start_of(min(issued)) if issued else None, "paid_at": _start_of(last) if last else None}


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.company_zone())


def net_by_currency(orders: QuerySet[Order]) -> list[Money]:
    """The net of these orders, one sum a currency; nothing is added up over currencies."""
    rows = orders.order_by().values("currency").annotate(sum=Sum("net")).order_by("currency")
    return [Money(row["sum"], row["currency"]) for row in rows]
