"""Set-based writer of imported products: families are made on the way, list prices go into the default book."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from revops.catalog.models import PriceBook, PriceBookEntry, Product, ProductFamily
from revops.catalog.selectors import default_book
from revops.catalog.services.products import create_family, set_price
from revops.core import clock
from revops.integrations.models import ImportRow
from revops.integrations.writing import undo_rows, write_rows

EXTRAS = frozenset({"list_price"})
# A price that the import set; later prices are somebody's work.
OWN = frozenset({"catalog.pricebookentry"})


@transaction.atomic
def import_products(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Create and update products, families and list prices."""
    _families(rows, actor)
    write_rows(Product, rows, actor=actor, noun="product", extras=EXTRAS)
    priced = [row for row in rows if "list_price" in row.values and row.record_id is not None]
    products = Product.objects.in_bulk([row.record_id for row in priced])
    books: dict[str, PriceBook] = {}
    new = []
    for row in priced:
        currency, price = _price(row.values["list_price"])
        book = books.setdefault(currency, default_book(currency, clock.today()))
        if row.verdict == ImportRow.Verdict.CREATE:
            new.append(PriceBookEntry(book=book, product=products[row.record_id], list_price=price))
        else:
            set_price(book=book, product=products[row.record_id], list_price=price, actor=actor)
    PriceBookEntry.objects.bulk_create(new, batch_size=1000)


def _price(text: str) -> tuple[str, Decimal]:
    currency, _blank, amount = text.partition(" ")
    return currency, Decimal(amount)


def _families(rows: Iterable[ImportRow], actor: Any) -> None:
    """family_name -> family_id; what is made for it is remembered for the undo."""
    known = {family.name.casefold(): family.pk for family in ProductFamily.objects.all()}
    for row in rows:
        for change in row.changes:
            if change["field"] == "list_price" and row.verdict == ImportRow.Verdict.UPDATE:
                row.before["list_price"] = change["before"]
        name = row.values.pop("family_name", "")
        if not name:
            continue
        if name.casefold() not in known:
            known[name.casefold()] = create_family(actor=actor, name=name).pk
            row.before["family_made"] = known[name.casefold()]
        row.values["family_id"] = known[name.casefold()]


@transaction.atomic
def undo_products(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete products that nothing uses, with their first price and empty families; restore the updated ones."""

    def restore(pairs: Sequence[tuple[ImportRow, Any]]) -> None:
        for row, product in pairs:
            if row.before.get("list_price"):
                currency, price = _price(row.before["list_price"])
                book = default_book(currency, clock.today())
                set_price(book=book, product=product, list_price=price, actor=actor)

    def clear(products: Sequence[Any]) -> None:
        PriceBookEntry.objects.filter(product__in=products).delete()

    kept = undo_rows(
        Product, rows, actor=actor, noun="product", own_models=OWN, extras=EXTRAS, restore=restore, clear=clear
    )
    made = [row.before["family_made"] for row in rows if "family_made" in row.before]
    ProductFamily.objects.filter(pk__in=made, products__isnull=True).delete()
    return kept
