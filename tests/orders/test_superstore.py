"""Four years of retail sales: to the cent, the same rows as by hand, once however often it is loaded."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Model, Sum
from django.test import Client

from accounts.models import Account
from forecasting.selectors import sales as selectors
from orders import services, superstore
from orders.models import Fulfillment, FulfillmentLine, Invoice, InvoiceLine, Order, OrderLine, OrderSplit
from orders.services._stages import noon
from orders.services.imports import Sale
from revops.catalog.models import Product, ProductFamily
from revops.core import clock
from revops.core.errors import NotAllowed
from revops.core.models import AuditEntry, Delivery, NumberSeries, OutboxEvent
from revops.core.organisation import default_entity
from revops.users.models import User

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "superstore"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="needs ../shared/data/superstore"),
    pytest.mark.timeout(300),
]
CENT = Decimal("0.01")


def file_rows() -> Iterator[dict[str, str]]:
    with (FOLDER / "superstore.csv").open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def expected(key: Any) -> dict[Any, tuple[Decimal, Decimal, Decimal]]:
    """{key of a row: (sales, profit, pieces)}, reckoned from the file alone."""
    found: dict[Any, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for row in file_rows():
        net, cost = cents(Decimal(row["Sales"])), cents(Decimal(row["Sales"]) - Decimal(row["Profit"]))
        parts = (net, net - cost, Decimal(row["Quantity"]))
        found[key(row)] = [a + b for a, b in zip(found[key(row)], parts, strict=True)]
    return {name: (sums[0], sums[1], sums[2]) for name, sums in found.items()}


def loaded() -> str:
    out = StringIO()
    call_command("load_superstore", str(FOLDER), actor="olga", stdout=out)
    return out.getvalue()


TABLES = (Account, Product, ProductFamily, Order, OrderLine, OrderSplit, Fulfillment, FulfillmentLine, Invoice,
          InvoiceLine, AuditEntry, OutboxEvent, Delivery)  # fmt: skip


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in TABLES}


def test_the_whole_history_arrives_to_the_cent_and_only_once(olga: User) -> None:
    said = loaded()
    assert "10,194 lines, 5,111 orders" in said
    assert "CA-2021-121465, CA-2022-130494 name 4 customer ids for Harry Olson" in said
    assert "merged into HO-15231" in said
    assert "32 product ids carry two names" in said
    assert "11 times an order holds a product twice" in said
    assert "CA-2019-131807, CA-2022-131807 name two places" in said
    assert "sales 2,326,534.52, profit 292,294.28, quantity 38,654" in said
    orders = Order.objects.filter(external_system="superstore")
    assert orders.count() == 5111
    assert set(orders.values_list("channel", "status", "version")) == {("pos", "fulfilled", 4)}
    assert_customers_are_persons()
    assert_documents_are_what_the_file_says()
    assert_the_figures_are_the_file_s(olga)
    before = counts()
    again = loaded()
    assert "customers: 0 created" in again and "orders: 0 booked" in again and "invoices: 0 issued" in again
    assert counts() == before, "twice adds nothing"


def assert_customers_are_persons() -> None:
    people = Account.objects.filter(external_system="superstore")
    assert people.count() == 804 - 3
    assert set(people.values_list("kind", flat=True)) == {"person"}
    assert set(people.values_list("segment", flat=True)) == {"Consumer", "Corporate", "Home Office"}
    harry = people.get(external_id="HO-15231")
    assert set(harry.orders.values_list("external_id", flat=True)) == {"CA-2021-121465", "CA-2022-130494"}
    entry = AuditEntry.objects.about(harry).get(action="account.ids_merged")  # type: ignore[attr-defined]
    assert entry.facts["ids"] == ["HO-15231", "HO-15232", "HO-15233", "HO-15234"]
    assert people.get(external_id="HO-15230").name == harry.name, "the same name alone merges nobody"


def assert_documents_are_what_the_file_says() -> None:
    by_order = expected(lambda row: row["Order ID"])
    stored = Order.objects.filter(external_system="superstore").values_list("external_id", "net", "cost", "total")
    assert {number: (net, net - cost) for number, net, cost, _total in stored} == {
        number: (net, profit) for number, (net, profit, _pieces) in by_order.items()
    }
    lines = OrderLine.objects.filter(order__external_system="superstore")
    assert lines.count() == 10194
    assert lines.aggregate(n=Sum("net"), q=Sum("quantity"), f=Sum("fulfilled")) == {
        "n": Decimal("2326534.52"), "q": Decimal(38654), "f": Decimal(38654),
    }  # fmt: skip
    first = Order.objects.get(external_id="US-2019-103800")
    assert (str(first.booked_on), first.ship_mode, first.region) == ("2019-01-03", "Standard Class", "Central")
    assert first.ship_to == "77095 Houston, Texas, United States"
    shipment, invoice = first.fulfillments.get(), first.invoices.get()
    assert (str(clock.business_day(shipment.completed_at)), str(invoice.issued_on)) == ("2019-01-07", "2019-01-07")
    assert shipment.completed_at is not None and first.lines.get().unit_price == Decimal("10.28")
    for year, last in NumberSeries.objects.filter(kind="invoice").values_list("year", "last"):
        numbers = Invoice.objects.filter(year=year).order_by("sequence").values_list("sequence", "issued_on")
        assert [number for number, _day in numbers] == list(range(1, last + 1)), "no gap (INV-20)"
        assert [day for _number, day in numbers] == sorted(day for _number, day in numbers)


def assert_the_figures_are_the_file_s(viewer: User) -> None:
    """By month, region, segment and category, as page and API read them; the API's answer as well."""
    keys = {
        "month": lambda row: superstore.day_of(row["Order Date"]).replace(day=1),
        "region": lambda row: row["Region"],
        "segment": lambda row: row["Segment"],
        "category": lambda row: row["Category"],
        "family": lambda row: row["Sub-Category"],
    }
    days = {"first": date(2019, 1, 1), "last": date(2022, 12, 31)}
    for name, key in keys.items():
        wanted = expected(key)
        for place, measure in enumerate(("revenue", "margin", "units")):
            found = selectors.sales(viewer=viewer, measure=measure, by=(name,), **days)
            assert {group.keys[0]: group.value for group in found.groups} == {
                group: values[place] for group, values in wanted.items()
            }, (name, measure)
            assert found.total == (Decimal("2326534.52"), Decimal("292294.28"), Decimal(38654))[place]
    client = Client()
    client.force_login(viewer)
    body = client.get("/api/v1/analytics/sales?by=region,segment&measure=margin&from=2019-01-01&to=2022-12-31").json()
    both = expected(lambda row: (row["Region"], row["Segment"]))
    assert {(g["keys"]["region"], g["keys"]["segment"]): Decimal(g["value"]) for g in body["groups"]} == {
        group: values[1] for group, values in both.items()
    }
    assert Decimal(body["total"]) == Decimal("292294.28")


def everything_but(model: type[Model], *left_out: str) -> list[tuple[Any, ...]]:
    """All rows without keys and without when the database touched them."""
    skip = {"updated_at", *left_out}
    names = [field.attname for field in model._meta.fields if not field.primary_key and field.attname not in skip]
    return sorted(model._default_manager.values_list(*names), key=str)


def rows_left() -> dict[str, Any]:
    """What a load leaves in every table, with keys replaced by numbers that mean the same."""
    number = dict(Order.objects.values_list("pk", "external_id"))
    line = {row.pk: (number[row.order_id], row.position) for row in OrderLine.objects.all()}
    invoice = dict(Invoice.objects.values_list("pk", "number"))
    shipment = {row.pk: number[row.order_id] for row in Fulfillment.objects.all()}
    plain = {
        "orders": everything_but(Order),
        "series": everything_but(NumberSeries),
        "invoices": everything_but(Invoice, "order_id"),
        "shipments": sorted((number[row.order_id], row.kind, row.status, row.version, row.created_by_id, row.created_at,
                             row.completed_at) for row in Fulfillment.objects.all()),
        "lines": sorted((line[row.pk], row.product_id, row.description, row.quantity, row.unit_price, row.discount,
                         row.net, row.tax, row.tax_percent, row.unit_cost, row.fulfilled)
                        for row in OrderLine.objects.all()),
        "splits": sorted((number[row.order_id], row.user_id, row.kind, row.percent, row.amount, row.created_at)
                         for row in OrderSplit.objects.all()),
        "delivered": sorted((shipment[row.fulfillment_id], line[row.order_line_id], row.quantity)
                            for row in FulfillmentLine.objects.all()),
        "billed": sorted((invoice[row.invoice_id], line[row.order_line_id], row.position, row.description, row.quantity,
                          row.unit_price, row.net, row.tax_percent, row.tax) for row in InvoiceLine.objects.all()),
        "events": sorted((row.name, str({**row.payload, "order_id": number.get(row.payload.get("order_id")),
                                         "invoice_id": invoice.get(row.payload.get("invoice_id"))}))
                         for row in OutboxEvent.objects.all()),
        "deliveries": sorted(Delivery.objects.values_list("event__name", "handler", "state")),
    }  # fmt: skip
    whose = {"orders.order": number, "orders.invoice": invoice}
    plain["log"] = sorted(
        (row.action, str(whose[row.model][int(row.object_id)]), row.at, row.actor_id, str(row.before), str(row.after),
         sorted(row.facts), row.label.rstrip("0123456789"))
        for row in AuditEntry.objects.filter(model__in=whose)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, status, net, version, booked_on FROM orders_orderevent")
        plain["history"] = sorted((number[row[0]], *map(str, row[1:])) for row in cursor.fetchall())
    return plain


def one_by_one(sales: list[Sale], shipped: dict[str, Any], actor: User) -> None:
    """The same sales by the services that the screens call."""
    for sale in sales:
        with clock.at(noon(sale.booked_on)):
            order = services.create_order(
                actor=actor, account=sale.account, owner=sale.owner, channel=sale.channel, lines=sale.lines,
                reference=sale.reference, **sale.ship_to,
            )  # fmt: skip
            services.book_order(order=order, version=None, actor=actor, booked_at=noon(sale.booked_on))
    for order in sorted(Order.objects.all(), key=lambda one: (shipped[one.external_id], one.pk)):
        with clock.at(noon(shipped[order.external_id])):
            lines = [{"line": line, "quantity": line.quantity} for line in order.lines.order_by("pk")]
            services.fulfil_order(order=order, lines=lines, version=None, actor=actor)
            draft = services.draft_invoice(order=order, actor=actor)
            services.issue_invoice(invoice=draft, version=draft.version, actor=actor)


class Undo(Exception):
    """Takes a first way back before the second is tried."""


def test_one_by_one_and_set_based_leave_the_same_rows(olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(is_superuser=True)
    boss = User.objects.get(pk=olga.pk)
    book = superstore.read(FOLDER / "superstore.csv")
    odd = ["CA-2021-121465", "US-2019-150119", "CA-2019-131807"]
    plain = sorted(number for number in book.orders if number not in odd)[::180]
    book.orders = {number: book.orders[number] for number in (*odd, *plain)}
    book.products = {row["Product ID"]: row for row in book.rows}
    superstore.load_customers(book, boss)
    superstore.load_products(book, boss)
    shipped = {number: superstore.day_of(lines[0]["Ship Date"]) for number, lines in book.orders.items()}
    sales = sorted(
        superstore.sales_of(book, list(book.orders), boss), key=lambda sale: (sale.booked_on, sale.reference)
    )
    default_entity()
    left: dict[str, Any] = {}
    try:
        with transaction.atomic():
            one_by_one(sales, shipped, boss)
            left = rows_left()
            raise Undo
    except Undo:
        pass
    assert sum(superstore.load_orders(book, boss)) == len(sales)
    assert sum(superstore.load_deliveries(book, boss)) == len(sales)
    found = rows_left()
    for name, rows in left.items():
        assert found[name] == rows, name
    assert len(left["orders"]) == len(sales) > 25 and len(left["log"]) == 5 * len(sales)


def test_a_load_that_was_killed_goes_on_where_it_stopped(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(superstore, "CHUNK", 10)
    book = superstore.read(FOLDER / "superstore.csv")
    book.orders = {number: book.orders[number] for number in sorted(book.orders)[:40]}
    book.products = {row["Product ID"]: row for row in book.rows}
    superstore.load_customers(book, olga)
    superstore.load_products(book, olga)
    next(superstore.load_orders(book, olga))
    assert Order.objects.count() == 10
    with pytest.raises(Undo), transaction.atomic():
        for _chunk in superstore.load_orders(book, olga):
            raise Undo
    assert Order.objects.count() == 10, "a chunk is there whole or not at all"
    assert sum(superstore.load_orders(book, olga)) == 30
    assert next(superstore.load_deliveries(book, olga)) == 10
    assert sum(superstore.load_deliveries(book, olga)) == 30
    assert Order.objects.filter(status="fulfilled").count() == Invoice.objects.count() == 40
    assert list(superstore.load_orders(book, olga)) == list(superstore.load_deliveries(book, olga)) == []


def test_an_order_that_names_two_customers_is_left_out_with_a_word(tmp_path: Path) -> None:
    rows = list(file_rows())[:3]
    rows[2] = rows[2] | {"Customer ID": "XX-1", "Customer Name": "Somebody Else"}
    path = tmp_path / "superstore.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    book = superstore.read(path)
    assert list(book.orders) == ["US-2019-103800"]
    assert "US-2019-112326 names several customers: left out." in book.remarks


def test_only_who_may_import_loads_and_a_wrong_folder_is_named(alice: User, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        services.import_sales(sales=[], actor=alice)
    with pytest.raises(NotAllowed):
        services.import_deliveries(shipped={}, actor=alice)
    with pytest.raises(CommandError, match=r"has no superstore\.csv"):
        call_command("load_superstore", str(tmp_path))
    with pytest.raises(CommandError, match="Nobody may import"):
        call_command("load_superstore", str(FOLDER), actor="nobody")
