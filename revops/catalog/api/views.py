"""Products and price books."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.catalog import selectors, services
from revops.catalog.api.book_serializers import FamilyIn, FamilyRow, PriceBookIn, PriceIn
from revops.catalog.api.serializers import PriceBookOut, PriceOut, ProductIn, ProductOut, ProductPatch
from revops.catalog.filters import PriceBookFilter, PriceFilter, ProductFilter
from revops.catalog.models import PriceBook, PriceBookEntry
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin, UpsertMixin
from revops.core.errors import InvalidInput


class ProductViewSet(BulkMixin, UpsertMixin):
    """What we sell."""

    resource = "products"
    selector = staticmethod(selectors.product_list)
    out = ProductOut
    create_in, change_in = ProductIn, ProductPatch
    upsert = staticmethod(services.upsert_product)
    rights = {
        "create": "catalog.add_product",
        **dict.fromkeys(("partial_update", "launch", "retire"), "catalog.change_product"),
    }
    filterset_class = ProductFilter
    sort_fields = {"id": "id", "name": "name", "sku": "sku"}
    default_sort = "name"

    def create(self, request: Request) -> Response:
        """Add a product."""
        product = services.create_product(actor=request.user, **self.read(ProductIn))
        return self.again(product, 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a product; its life cycle has verbs of its own."""
        product, version = self.record(pk), self.shown_version(request)
        given = self.read(ProductPatch)
        return self.again(services.update_product(product=product, version=version, actor=request.user, **given))

    @extend_schema(request=None, responses=ProductOut)
    @action(detail=True, methods=["post"])
    def launch(self, request: Request, pk: str) -> Response:
        """Open a planned product for sale."""
        product, version = self.record(pk), self.shown_version(request)
        services.launch_product(product=product, version=version, actor=request.user)
        return self.again(product)

    @extend_schema(request=None, responses=ProductOut)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Take a product off sale."""
        product, version = self.record(pk), self.shown_version(request)
        services.retire_product(product=product, version=version, actor=request.user)
        return self.again(product)


class PriceBookViewSet(BulkMixin):
    """Price books."""

    resource = "price-books"
    selector = staticmethod(selectors.price_book_list)
    out = PriceBookOut
    create_in = PriceBookIn
    rights = {"create": "catalog.add_pricebook"}
    filterset_class = PriceBookFilter
    sort_fields = {"id": "id", "name": "name"}
    default_sort = "name"

    def create(self, request: Request) -> Response:
        """Add a book; both days of its validity are included."""
        given = self.read(PriceBookIn)
        days = {"first": given.pop("valid_from", None), "last": given.pop("valid_to", None)}
        return self.again(services.create_price_book(actor=request.user, **days, **given), 201)


class PriceViewSet(ResourceViewSet):
    """The prices of one book: /price-books/{book}/prices."""

    resource = "price-books"
    meta_key = "prices"
    out = PriceOut
    create_in = PriceIn
    rights = {"create": "catalog.change_pricebook"}
    filterset_class = PriceFilter
    sort_fields = {"id": "id", "product": "product__name"}
    default_sort = "id"

    def get_queryset(self) -> QuerySet[PriceBookEntry]:
        if getattr(self, "swagger_fake_view", False):
            return PriceBookEntry.objects.none()
        return selectors.price_list(viewer=self.request.user, book=int(self.kwargs["book"]))

    def create(self, request: Request, book: str) -> Response:
        """Set a product's price in the book: the first, or another one. Issued documents keep theirs."""
        home = get_object_or_404(selectors.price_book_list(viewer=request.user), pk=book)
        given = self.read(PriceIn)
        prices = {name: _in_money_of(home, given.get(name), name) for name in ("list_price", "floor_price")}
        entry = services.set_price(
            book=home, product=given["product"], version=self.shown_version(request), actor=request.user, **prices
        )
        return self.again(entry, 201)


def _in_money_of(book: PriceBook, price: Any, name: str) -> Any:
    if price is None:
        return None
    if price.currency != book.currency:
        raise InvalidInput.of(**{name: f"This book is in {book.currency}."})
    return price.amount


class FamilyViewSet(BulkMixin):
    """Groups of products that are reported together, in two levels."""

    resource = "product-families"
    selector = staticmethod(selectors.family_list)
    out = FamilyRow
    create_in = change_in = FamilyIn
    rights = {"create": "catalog.add_productfamily", "partial_update": "catalog.change_productfamily"}
    sort_fields = {"id": "id", "name": "name"}
    default_sort = "name"

    def create(self, request: Request) -> Response:
        """Add a family."""
        return self.again(services.create_family(actor=request.user, **self.read(FamilyIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Another name, or another place."""
        family, version = self.record(pk), self.shown_version(request)
        given = self.read(FamilyIn, partial=True)
        return self.again(services.update_family(family=family, version=version, actor=request.user, **given))
