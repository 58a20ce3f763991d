"""What something costs and what we ask for it, on a day."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from revops.catalog.models import PriceBook, PriceBookEntry, Product, ProductCost, ProductFamily
from revops.core.errors import DomainError


def product_list(*, viewer: Any) -> QuerySet[Product]:
    """Products as the list page and the API show them."""
    return Product.objects.visible_to(viewer).select_related("family")


def price_book_list(*, viewer: Any) -> QuerySet[PriceBook]:
    """Price books as the list page and the API show them."""
    return PriceBook.objects.visible_to(viewer)


def family_list(*, viewer: Any) -> QuerySet[ProductFamily]:
    """Families, for filters and forms."""
    return ProductFamily.objects.visible_to(viewer)


def default_book(currency: str, on: date) -> PriceBook:
    """The default price book of a currency on a day. Raises DomainError "no_price_book"."""
    book = PriceBook.objects.filter(is_default=True, currency=currency, during__contains=on).first()
    if book is None:
        raise DomainError(
            "no_price_book",
            _("There is no price book in %(currency)s on %(on)s.") % {"currency": currency, "on": on.isoformat()},
        )
    return book


def price_of(product: Product, book: PriceBook) -> PriceBookEntry:
    """The product's price in a book. Raises DomainError "no_price"."""
    entry = PriceBookEntry.objects.select_related("product", "book").filter(product=product, book=book).first()
    if entry is None:
        raise DomainError(
            "no_price", _("“%(product)s” has no price in “%(book)s”.") % {"product": product, "book": book}
        )
    return entry


def cost_of(product: Product, currency: str, on: date) -> Decimal:
    """What one unit costs us on a day: the newest row on or before it. Raises DomainError "no_cost"."""
    rows = ProductCost.objects.filter(product=product, currency=currency, valid_from__lte=on)
    cost = rows.order_by("-valid_from").values_list("unit_cost", flat=True).first()
    if cost is None:
        raise DomainError(
            "no_cost",
            _("No cost of “%(product)s” in %(currency)s is known on %(on)s.")
            % {"product": product, "currency": currency, "on": on.isoformat()},
        )
    return cost


def prices_of(product: Product) -> QuerySet[PriceBookEntry]:
    """A product's prices in all books."""
    return PriceBookEntry.objects.filter(product=product).select_related("book").order_by("book__name")


def price_list(*, viewer: Any, book: int | None = None) -> QuerySet[PriceBookEntry]:
    """Prices with product and book; of one book if it is named."""
    rows = PriceBookEntry.objects.filter(book__in=PriceBook.objects.visible_to(viewer))
    rows = rows.select_related("product", "book")
    return rows if book is None else rows.filter(book_id=book)


def costs_of(product: Product) -> QuerySet[ProductCost]:
    """What one unit cost us over time, newest first."""
    return ProductCost.objects.filter(product=product).order_by("currency", "-valid_from")
