"""Products and price books, to look at; they are kept in Django admin and by the API."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from revops.catalog import selectors
from revops.catalog.filters import PriceBookFilter, PriceFilter, ProductFilter
from revops.catalog.models import PriceBook, PriceBookEntry, Product
from revops.core.registries import panels_for
from revops.core.views.lists import Action, Column, Empty, Figure, ListPage

TONES = {Product.Lifecycle.PLANNED: "accent", Product.Lifecycle.ACTIVE: "ok", Product.Lifecycle.RETIRED: ""}


def _segment(current: str) -> list[dict[str, Any]]:
    return [
        {"label": _("Products"), "url": reverse("product-list"), "icon": "box", "current": current == "products"},
        {"label": _("Price books"), "url": reverse("price-book-list"), "icon": "tag", "current": current == "books"},
    ]


class ProductList(ListPage):
    """Everything with a SKU."""

    title, nav_key, noun, file_name = _("Products"), "products", _("products"), "products"
    filters = ProductFilter
    custom = Product
    order = "name"
    columns = (
        Column("name", _("Product"), sub="sku", sort="name"),
        Column("family", _("Family")),
        Column("kind", _("Kind"), "get_kind_display"),
        Column(
            "lifecycle", _("State"), lambda product: (product.get_lifecycle_display(), TONES[product.lifecycle]), "pill"
        ),
        Column("sku", _("SKU"), sort="sku", hidden=True),
        Column("end_of_sale_on", _("End of sale"), kind="date"),
    )
    empty = Empty(_("No products yet"), _("A product is something with a SKU and a price."), "box")

    def rows(self) -> QuerySet[Product]:
        return selectors.product_list(viewer=self.request.user)

    def views(self) -> list[dict[str, Any]]:
        return _segment("products")

    def actions(self) -> list[Action]:
        if not self.request.user.has_perm("catalog.add_product") or not self.request.user.is_staff:
            return []
        return [Action(_("New product"), reverse("admin:catalog_product_add"), "plus", primary=True)]


class PriceBookList(ListPage):
    """Price books with their currency and days."""

    title, nav_key, noun, file_name = _("Price books"), "products", _("price books"), "price-books"
    filters = PriceBookFilter
    search_fields = ("name",)
    order = "name"
    columns = (
        Column("name", _("Price book"), sort="name"),
        Column("currency", _("Currency"), sort="currency"),
        Column("first", _("Valid from"), kind="date"),
        Column("last", _("Valid to"), kind="date"),
        Column("is_default", _("Default"), lambda book: (_("Default"), "ok") if book.is_default else None, "pill"),
    )
    empty = Empty(_("No price books yet"), _("A price book holds list prices in one currency."), "tag")

    def rows(self) -> QuerySet[PriceBook]:
        return selectors.price_book_list(viewer=self.request.user)

    def views(self) -> list[dict[str, Any]]:
        return _segment("books")


class PriceList(ListPage):
    """All prices of one book."""

    nav_key, noun, file_name = "products", _("prices"), "prices"
    filters = PriceFilter
    search_fields = ("product__name", "product__sku")
    order = "product"
    columns = (
        Column("product", _("Product"), sub="product.sku", sort="product__name"),
        Column("price", _("List price"), kind="money", sort="list_price"),
        Column("floor", _("Floor price"), kind="money"),
    )

    @cached_property
    def book(self) -> PriceBook:
        return get_object_or_404(PriceBook.objects.visible_to(self.request.user), pk=self.kwargs["pk"])

    @property
    def title(self) -> str:  # type: ignore[override]
        return str(self.book)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Price books"), reverse("price-book-list")), (self.title, "")]

    def rows(self) -> QuerySet[PriceBookEntry]:
        return selectors.price_list(viewer=self.request.user, book=self.book.pk)

    def row_url(self, row: PriceBookEntry) -> str:
        return row.product.get_absolute_url()


@login_required
def product(request: HttpRequest, pk: int) -> HttpResponse:
    """One product: facts, prices, what it holds; costs for those who may see them."""
    record = get_object_or_404(selectors.product_list(viewer=request.user), pk=pk)
    sees_costs = request.user.has_perm("catalog.view_productcost")
    context = {
        "title": record.name,
        "record": record,
        "record_icon": "box",
        "crumbs": [(_("Products"), reverse("product-list")), (record.name, "")],
        "nav_key": "products",
        "keyfacts": _facts(record),
        "prices": selectors.prices_of(record),
        "parts": record.bundle_items.select_related("component"),
        "costs": selectors.costs_of(record) if sees_costs else None,
        "tone": TONES[Product.Lifecycle(record.lifecycle)],
        "panels": panels_for("catalog.product", record, request.user),  # type: ignore[arg-type]
    }
    return render(request, "catalog/product.html", context)


def _facts(record: Product) -> list[Figure]:
    facts = [Figure(_("SKU"), record.sku), Figure(_("Kind"), record.get_kind_display())]
    if record.family:
        facts.append(Figure(_("Family"), str(record.family)))
    if record.recurring_months:
        facts.append(Figure(_("One price pays for"), _("%(n)s months") % {"n": record.recurring_months}))
    return facts + [Figure(label, _day(on)) for label, on in _days(record) if on]


def _days(record: Product) -> list[tuple[Any, date | None]]:
    return [(_("Sold from"), record.valid_from), (_("End of sale"), record.end_of_sale_on)]


def _day(on: date | None) -> str:
    return f"{on:%Y-%m-%d}" if on else ""
