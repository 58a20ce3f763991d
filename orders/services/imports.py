"""Set-based writers of sales that were closed elsewhere: booked, delivered, billed as the single-row services do it.

They act on the days of the sale (`clock.at`), as the demo's history does: dates, numbers, log and events come out as if
the sale had been entered then. A test sends the same sales both ways and compares the rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Account
from opportunities.selectors.pricing import price_lines
from orders.events import InvoiceIssued, LineActivated, OrderBooked, OrderFulfilled
from orders.models import Fulfillment, FulfillmentLine, Invoice, InvoiceLine, Order, OrderLine, OrderSplit
from orders.services import _rows
from orders.services._stages import STAMPED, bill_lines, kind_of, new_delivery, noon, reach, stamp
from revops.core import audit, clock, outbox
from revops.core.errors import MissingFields
from revops.core.models import AuditEntry, LegalEntity
from revops.core.numbers import next_numbers, printed
from revops.core.organisation import default_entity
from revops.core.scope import require
from revops.core.status import advance
from revops.users.models import User

BATCH = 500
MAY = "integrations.import_records"


@dataclass(frozen=True)
class Sale:
    """One sale; `lines` and `ship_to` as `create_order` takes them."""

    reference: tuple[str, str]
    account: Account
    owner: User
    booked_on: date
    lines: Sequence[Mapping[str, Any]]
    channel: str = Order.Channel.POS
    currency: str = "USD"
    ship_to: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def import_sales(*, sales: Sequence[Sale], actor: User) -> list[Order]:
    """Book sales in the order of their days. Those that are here already (same reference) stay as they are."""
    require(actor, MAY)
    known = _known(sales)
    fresh = sorted((sale for sale in sales if sale.reference not in known), key=lambda sale: sale.booked_on)
    entity = default_entity()
    numbers = _numbers("order", "O", entity, [sale.booked_on.year for sale in fresh])
    orders, lines, splits = [], [], []
    for sale, number in zip(fresh, numbers, strict=True):
        with clock.at(noon(sale.booked_on)):
            order, its_lines, its_splits = _draft(sale, number, entity)
        orders.append(order)
        lines += its_lines
        splits += its_splits
    Order.objects.bulk_create(orders, batch_size=BATCH)
    OrderLine.objects.bulk_create(lines, batch_size=BATCH)
    OrderSplit.objects.bulk_create(splits, batch_size=BATCH)
    entries = [_said(order, "order.created", actor, ("total", "currency", "channel"), at=order.created_at)
               for order in orders]  # fmt: skip
    for order, sale in zip(orders, fresh, strict=True):
        advance(order, Order.Status.BOOKED, Order.TRANSITIONS)
        order.booked_at, order.booked_on = noon(sale.booked_on), sale.booked_on
        order.updated_at = clock.now()
        entries.append(_said(order, "order.booked", actor, ("booked_on", "total"), at=order.booked_at))
    _write(orders, "status", "booked_at", "booked_on", "version", "updated_at")
    AuditEntry.objects.bulk_create(entries, batch_size=BATCH)
    outbox.publish_all([OrderBooked(order_id=order.pk) for order in orders])
    return orders


def _known(sales: Sequence[Sale]) -> set[tuple[str, str]]:
    keys = [sale.reference[1] for sale in sales]
    rows = Order.objects.filter(external_id__in=keys)
    return set(rows.values_list("external_system", "external_id"))


def _numbers(kind: str, prefix: str, entity: LegalEntity, years: Sequence[int]) -> list[str]:
    """Printed numbers, one for each document, in the order of `years`."""
    given = {
        year: iter(next_numbers(entity=entity, kind=kind, year=year, count=years.count(year)))
        for year in sorted(set(years))
    }
    return [printed(prefix, entity, year, next(given[year])) for year in years]


def _draft(sale: Sale, number: str, entity: LegalEntity) -> tuple[Order, list[OrderLine], list[OrderSplit]]:
    """Unsaved: the order, its lines, and its credit as booking writes it."""
    if not sale.lines:
        raise MissingFields(_("An order needs at least one line."), ["lines"])
    priced = price_lines(sale.lines, currency=_rows.currency_of(sale.currency), on=sale.booked_on)
    system, key = sale.reference
    order = Order(
        number=number,
        entity=entity,
        account=sale.account,
        owner=sale.owner,
        channel=sale.channel,
        external_system=system,
        external_id=key,
        **sale.ship_to,
        **_rows.totals_of(priced),
    )
    lines = _rows.lines_of(order, priced)
    splits = _rows.splits_of(order, [{"user": sale.owner, "percent": 100}])
    _rows.share_out(splits, [line.net for line in lines], order.currency)
    return order, lines, splits


def _said(
    record: Any, action: str, actor: User, names: Iterable[str] = (), *, at: datetime, **facts: Any
) -> AuditEntry:
    with clock.at(at):
        return audit.entry(action, record, actor=actor, **{name: getattr(record, name) for name in names}, **facts)


@transaction.atomic
def import_deliveries(*, shipped: Mapping[int, date], actor: User) -> list[Invoice]:
    """Deliver and bill these booked orders whole ({order id: its day}), in the order of the days."""
    require(actor, MAY)
    rows = Order.objects.select_for_update(of=("self",)).filter(pk__in=list(shipped), status=Order.Status.BOOKED)
    orders = sorted(rows.select_related("entity", "account").order_by("pk"), key=lambda order: shipped[order.pk])
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).select_related("product").order_by("order_id", "pk"):
        lines[line.order_id].append(line)
    _deliver(orders, lines, shipped, actor)
    return _bill(orders, lines, shipped, actor)


def _deliver(
    orders: Sequence[Order], lines: Mapping[int, list[OrderLine]], shipped: Mapping[int, date], actor: User
) -> None:
    """One shipment and one activation at most for each order."""
    parts: list[tuple[Order, Fulfillment, list[OrderLine]]] = []
    for order in orders:
        with clock.at(noon(shipped[order.pk])):
            for kind in Fulfillment.Kind.values:
                mine = [line for line in lines[order.pk] if kind_of(line) == kind]
                if mine:
                    parts.append((order, new_delivery(order, kind, actor), mine))
        reach(order, left=False)
        order.updated_at = clock.now()
    Fulfillment.objects.bulk_create([record for _order, record, _mine in parts], batch_size=BATCH)
    FulfillmentLine.objects.bulk_create(
        (
            FulfillmentLine(fulfillment=record, order_line=line, quantity=line.quantity)
            for _order, record, mine in parts
            for line in mine
        ),
        batch_size=BATCH,
    )
    OrderLine.objects.filter(order__in=orders).update(fulfilled=F("quantity"))
    _write(orders, "status", "version", "updated_at")
    done = defaultdict(list)
    for order, record, _mine in parts:
        done[order.pk].append(record.pk)
    AuditEntry.objects.bulk_create(
        (
            _said(
                order, "order.delivered", actor, at=noon(shipped[order.pk]), fulfillments=done[order.pk],
                lines=[{"line": line.pk, "quantity": line.quantity} for line in lines[order.pk]],
            )
            for order in orders
        ),
        batch_size=BATCH,
    )  # fmt: skip
    runs = [line for _order, record, mine in parts if record.kind == Fulfillment.Kind.ACTIVATION for line in mine]
    outbox.publish_all([LineActivated(order_line_id=line.pk) for line in runs])
    outbox.publish_all([OrderFulfilled(order_id=order.pk) for order in orders])


def _bill(
    orders: Sequence[Order], lines: Mapping[int, list[OrderLine]], shipped: Mapping[int, date], actor: User
) -> list[Invoice]:
    """One invoice over each whole order, numbered and issued on the day of its delivery. What costs nothing is none."""
    billed = [order for order in orders if order.total > 0]
    invoices = []
    for order in billed:
        with clock.at(noon(shipped[order.pk])):
            invoices.append(
                Invoice(
                    entity=order.entity, account=order.account, order=order, currency=order.currency, net=order.net,
                    tax=order.tax, shipping=order.shipping, total=order.total,
                )
            )  # fmt: skip
    Invoice.objects.bulk_create(invoices, batch_size=BATCH)
    InvoiceLine.objects.bulk_create(
        (row for invoice in invoices for row in bill_lines(invoice, lines[invoice.order_id])), batch_size=BATCH
    )
    entries = [
        _said(row, "invoice.drafted", actor, ("order", "total"), at=row.created_at) for row in invoices
    ]  # fmt: skip
    for invoice, sequence in zip(invoices, _sequences(invoices, shipped), strict=True):
        stamp(invoice, shipped[invoice.order_id], sequence)
        invoice.updated_at = clock.now()
        entries.append(_said(invoice, "invoice.issued", actor, ("number", "total"), at=invoice.created_at))
    _write(invoices, *STAMPED, "version", "updated_at")
    AuditEntry.objects.bulk_create(entries, batch_size=BATCH)
    outbox.publish_all([InvoiceIssued(invoice_id=invoice.pk) for invoice in invoices])
    return invoices


def _sequences(invoices: Sequence[Invoice], shipped: Mapping[int, date]) -> list[int]:
    """The next numbers of each entity and year, in this order."""
    series = [(invoice.entity, shipped[invoice.order_id].year) for invoice in invoices]
    given = {
        (entity, year): iter(next_numbers(entity=entity, kind="invoice", year=year, count=series.count((entity, year))))
        for entity, year in sorted(set(series), key=lambda pair: (pair[0].pk, pair[1]))
    }
    return [next(given[pair]) for pair in series]


def _write(records: Sequence[Any], *names: str) -> None:
    """These columns of these rows in one statement: bulk_update spends half of the load on building its CASEs."""
    if not records:
        return
    meta = records[0]._meta
    fields = [meta.get_field(name) for name in ("id", *names)]
    arrays = ", ".join(f"unnest(%s::{field.cast_db_type(connection)}[]) AS {field.column}" for field in fields)
    sets = ", ".join(f"{field.column} = new.{field.column}" for field in fields[1:])
    sql = f"UPDATE {meta.db_table} AS old SET {sets} FROM (SELECT {arrays}) AS new WHERE old.id = new.id"  # noqa: S608  the model's names
    with connection.cursor() as cursor:
        cursor.execute(sql, [[getattr(record, field.attname) for record in records] for field in fields])


@transaction.atomic
def note_merged_ids(*, account: Account, system: str, keys: Sequence[str], orders: Sequence[str], actor: User) -> None:
    """Say once, in the account's log, that another system knows it under several ids."""
    require(actor, MAY)
    said = AuditEntry.objects.about(account).filter(action="account.ids_merged")  # type: ignore[attr-defined]
    if not said.exists():
        audit.record("account.ids_merged", account, actor=actor, system=system, ids=list(keys), orders=list(orders))
