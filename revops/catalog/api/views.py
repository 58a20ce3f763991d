"""Products and price books."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.catalog import selectors, services
from revops.catalog.api.serializers import PriceBookOut, PriceOut, ProductIn, ProductOut, ProductPatch
from revops.catalog.filters import PriceBookFilter, PriceFilter, ProductFilter
from revops.catalog.models import PriceBookEntry
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin, UpsertMixin


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


class PriceBookViewSet(ResourceViewSet):
    """Price books."""

    resource = "price-books"
    selector = staticmethod(selectors.price_book_list)
    out = PriceBookOut
    filterset_class = PriceBookFilter
    sort_fields = {"id": "id", "name": "name"}
    default_sort = "name"


class PriceViewSet(ResourceViewSet):
    """The prices of one book: /price-books/{book}/prices."""

    resource = "price-books"
    meta_key = "prices"
    out = PriceOut
    filterset_class = PriceFilter
    sort_fields = {"id": "id", "product": "product__name"}
    default_sort = "id"

    def get_queryset(self) -> QuerySet[PriceBookEntry]:
        if getattr(self, "swagger_fake_view", False):
            return PriceBookEntry.objects.none()
        return selectors.price_list(viewer=self.request.user, book=int(self.kwargs["book"]))
