"""The Superstore retail data: customers and products by the import pipeline, then booked, delivered, billed sales."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from accounts.models import Account
from orders import services
from orders.models import Order
from orders.services.imports import Sale
from revops.catalog import services as catalog
from revops.catalog.models import Product, ProductFamily
from revops.core import jobs
from revops.core.money import money
from revops.integrations import services as imports
from revops.integrations.models import ImportRun

SYSTEM = "superstore"
FILE = "superstore.csv"
CHUNK = 500
FINE = Decimal("0.000001")
MAPPINGS = {
    "accounts": ("external_id", "name", "kind", "segment"),
    "products": ("external_id", "sku", "name", "family"),
}
Row = Mapping[str, str]


@dataclass
class Book:
    """The file, read: orders with their lines in the file's order, whose they are, and what is to be said about it."""

    orders: dict[str, list[Row]]
    customer_of: dict[str, str]
    merged: dict[str, tuple[list[str], list[str]]]
    products: dict[str, Row]
    remarks: list[str]

    @property
    def rows(self) -> Iterator[Row]:
        for lines in self.orders.values():
            yield from lines


def read(path: Path) -> Book:
    """Read the file. An order under several customer ids is one customer's when one name stands on it; else it is
    left out.
    """
    orders: dict[str, list[Row]] = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            orders[row["Order ID"]].append(row)
    remarks: list[str] = []
    for number in [number for number, lines in orders.items() if len({row["Customer Name"] for row in lines}) > 1]:
        remarks.append(_("%(order)s names several customers: left out.") % {"order": number})
        del orders[number]
    merged = _merged(orders)
    remarks += [
        _("%(orders)s name %(n)d customer ids for %(name)s (%(ids)s): merged into %(id)s.")
        % {
            "orders": ", ".join(where),
            "n": len(ids),
            "name": orders[where[0]][0]["Customer Name"],
            "ids": ", ".join(ids),
            "id": ids[0],
        }
        for ids, where in merged.values()
    ]
    alias = {key: ids[0] for ids, _where in merged.values() for key in ids}
    customer_of = {
        number: alias.get(lines[0]["Customer ID"], lines[0]["Customer ID"]) for number, lines in orders.items()
    }
    products = {row["Product ID"]: row for lines in orders.values() for row in lines}
    return Book(dict(orders), customer_of, merged, products, remarks + _odd(orders))


def _merged(orders: Mapping[str, Sequence[Row]]) -> dict[str, tuple[list[str], list[str]]]:
    """{id that is kept: (all ids of that person, the orders that say so)}."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for number, lines in orders.items():
        ids = sorted({row["Customer ID"] for row in lines})
        if len(ids) > 1:
            both = found.setdefault(ids[0], (ids, []))
            both[1].append(number)
    return found


def _odd(orders: Mapping[str, Sequence[Row]]) -> list[str]:
    """What is unusual and how it was taken."""
    names = defaultdict(set)
    for lines in orders.values():
        for row in lines:
            names[row["Product ID"]].add(row["Product Name"])
    two = sum(len(found) > 1 for found in names.values())
    twice = sum(len(lines) - len({row["Product ID"] for row in lines}) for lines in orders.values())
    places = [number for number, lines in orders.items() if len({_place(row) for row in lines}) > 1]
    said = [
        (two, _("%(n)d product ids carry two names: a line keeps its own, the product the last one.") % {"n": two}),
        (twice, _("%(n)d times an order holds a product twice: both lines are kept.") % {"n": twice}),
        (len(places), _("%(orders)s name two places: shipped to the first.") % {"orders": ", ".join(places)}),
    ]
    return [text for count, text in said if count]


def _place(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("City", "Postal Code", "State/Province", "Country/Region", "Region"))


def day_of(text: str) -> date:
    """03/01/19 is 3 January 2019."""
    day, month, year = text.split("/")
    return date(2000 + int(year), int(month), int(day))


# Customers and products -------------------------------------------------------------------


def load_customers(book: Book, actor: Any) -> ImportRun | None:
    """The customers that are not here yet, as accounts of kind person."""
    names = {book.customer_of[number]: lines[0] for number, lines in book.orders.items()}
    known = set(Account.objects.filter(external_system=SYSTEM).values_list("external_id", flat=True))
    rows = [
        (key, row["Customer Name"], Account.Kind.PERSON.value, row["Segment"])
        for key, row in sorted(names.items())
        if key not in known
    ]
    run = _import("accounts", rows, actor)
    for kept, (ids, where) in book.merged.items():
        if kept not in names:
            continue
        account = Account.objects.get(external_system=SYSTEM, external_id=kept)
        services.note_merged_ids(account=account, system=SYSTEM, keys=ids, orders=where, actor=actor)
    return run


def load_products(book: Book, actor: Any) -> ImportRun | None:
    """The products that are not here yet; a sub-category is a family that is part of its category's."""
    for sub, category in sorted({(row["Sub-Category"], row["Category"]) for row in book.products.values()}):
        whole = _family(category, None, actor)
        _family(sub, whole, actor)
    known = set(Product.objects.filter(external_system=SYSTEM).values_list("external_id", flat=True))
    rows = [
        (key, key, row["Product Name"], row["Sub-Category"])
        for key, row in sorted(book.products.items())
        if key not in known
    ]
    return _import("products", rows, actor)


def _family(name: str, whole: ProductFamily | None, actor: Any) -> ProductFamily:
    found = ProductFamily.objects.filter(name__iexact=name).first()
    if found is None:
        return catalog.create_family(actor=actor, name=name, parent=whole)
    if whole is not None and found.parent_id is None and found.pk != whole.pk:
        return catalog.update_family(family=found, actor=actor, parent=whole)
    return found


def _import(kind: str, rows: Sequence[tuple[str, ...]], actor: Any) -> ImportRun | None:
    """Upload, map, check, commit, as on the screens."""
    if not rows:
        return None
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(MAPPINGS[kind])
    writer.writerows(rows)
    upload = ContentFile(text.getvalue().encode(), name=f"superstore-{kind}.csv")
    run = imports.create_run(actor=actor, kind=kind, upload=upload, system=SYSTEM)
    mapping = {str(place): key for place, key in enumerate(MAPPINGS[kind])}
    run = imports.map_run(run=run, version=run.version, actor=actor, mapping=mapping, system=SYSTEM)
    run = imports.check_run(run=run, version=run.version, actor=actor)
    jobs.run(str(imports.start_commit(run=run, version=run.version, actor=actor).pk))
    run.refresh_from_db()
    return run


# Sales ------------------------------------------------------------------------------------


def sales_of(book: Book, numbers: Sequence[str], owner: Any) -> list[Sale]:
    """These orders as the services take them."""
    keys = {book.customer_of[number] for number in numbers}
    accounts = {row.external_id: row for row in Account.objects.filter(external_system=SYSTEM, external_id__in=keys)}
    skus = {row["Product ID"] for number in numbers for row in book.orders[number]}
    products = {row.external_id: row for row in Product.objects.filter(external_system=SYSTEM, external_id__in=skus)}
    return [
        Sale(
            reference=(SYSTEM, number),
            account=accounts[book.customer_of[number]],
            owner=owner,
            booked_on=day_of(book.orders[number][0]["Order Date"]),
            lines=[line_of(row, products[row["Product ID"]]) for row in book.orders[number]],
            ship_to=ship_to(book.orders[number][0]),
        )
        for number in numbers
    ]


def ship_to(row: Row) -> dict[str, str]:
    """How and where an order went."""
    city, postal_code, state, country, region = _place(row)
    return {
        "ship_mode": row["Ship Mode"],
        "ship_city": city,
        "ship_postal_code": postal_code,
        "ship_state": state,
        "ship_country": country,
        "region": region,
    }


def line_of(row: Row, product: Product) -> dict[str, Any]:
    """A line whose net and cost are the file's, rounded half-up to cents, at the price before the discount.

    The file has neither the list price nor the discount's amount: both follow from Sales, Quantity and Discount. Where
    their roundings miss the net by a cent, the discount takes it up.
    """
    sales, quantity = Decimal(row["Sales"]), Decimal(row["Quantity"])
    net, cost = money(sales), money(sales - Decimal(row["Profit"]))
    price = _fine(sales / (1 - Decimal(row["Discount"])) / quantity)
    gross = money(quantity * price)
    percent = _fine((gross - net) * 100 / gross)
    if percent < 0 or not Decimal(row["Discount"]):
        price, percent = _fine(net / quantity), Decimal(0)
    return {
        "product": product,
        "description": row["Product Name"],
        "quantity": quantity,
        "unit_price": price,
        "discount_percent": percent,
        "tax_percent": Decimal(0),
        "unit_cost": _fine(cost / quantity),
    }


def _fine(value: Decimal) -> Decimal:
    return value.quantize(FINE, ROUND_HALF_UP)


def load_orders(book: Book, actor: Any) -> Iterator[int]:
    """Book what is not here yet, a chunk a transaction, oldest first: a killed run goes on where it stopped."""
    known = set(Order.objects.filter(external_system=SYSTEM).values_list("external_id", flat=True))
    days = {number: day_of(lines[0]["Order Date"]) for number, lines in book.orders.items() if number not in known}
    numbers = sorted(days, key=lambda number: (days[number], number))
    for start in range(0, len(numbers), CHUNK):
        sales = sales_of(book, numbers[start : start + CHUNK], actor)
        yield len(services.import_sales(sales=sales, actor=actor))


def load_deliveries(book: Book, actor: Any) -> Iterator[int]:
    """Deliver and bill what is booked and not delivered yet, in the order of the ship dates."""
    booked = Order.objects.filter(external_system=SYSTEM, status=Order.Status.BOOKED)
    days = {
        pk: day_of(book.orders[number][0]["Ship Date"])
        for pk, number in booked.values_list("pk", "external_id")
        if number in book.orders
    }
    keys = sorted(days, key=lambda pk: (days[pk], pk))
    for start in range(0, len(keys), CHUNK):
        shipped = {pk: days[pk] for pk in keys[start : start + CHUNK]}
        yield len(services.import_deliveries(shipped=shipped, actor=actor))


def totals(book: Book) -> Counter[str]:
    """What the file adds up to: sales and profit in cents line by line, and pieces."""
    found: Counter[Any] = Counter()
    for row in book.rows:
        net, cost = money(Decimal(row["Sales"])), money(Decimal(row["Sales"]) - Decimal(row["Profit"]))
        found.update({"net": net, "cost": cost, "quantity": Decimal(row["Quantity"])})  # type: ignore[dict-item]
    return found
