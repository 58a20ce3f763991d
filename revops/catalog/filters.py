"""Filters of the catalogue, shared by the HTML lists and the API."""

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from revops.catalog.models import PriceBook, PriceBookEntry, Product, ProductFamily
from revops.core.api.filters import StrictFilterSet
from revops.core.search import holds


class ProductFilter(StrictFilterSet):
    """By name or SKU, family, kind, life cycle."""

    q = django_filters.CharFilter(method="by_name", label=_("Search"))
    sku = django_filters.CharFilter(label=_("SKU"))
    family = django_filters.ModelChoiceFilter(queryset=ProductFamily.objects.all(), label=_("Family"))
    kind = django_filters.ChoiceFilter(choices=Product.Kind.choices, label=_("Kind"))
    lifecycle = django_filters.ChoiceFilter(choices=Product.Lifecycle.choices, label=_("Life cycle"))

    class Meta:
        model = Product
        fields: list[str] = []

    def by_name(self, queryset: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return queryset.filter(holds(value))


class PriceBookFilter(StrictFilterSet):
    """By currency, or valid on a day."""

    currency = django_filters.CharFilter(label=_("Currency"))
    valid_on = django_filters.DateFilter(field_name="during", lookup_expr="contains", label=_("Valid on"))

    class Meta:
        model = PriceBook
        fields: list[str] = []


class PriceFilter(StrictFilterSet):
    """By product."""

    product = django_filters.NumberFilter(field_name="product_id", label=_("Product"))

    class Meta:
        model = PriceBookEntry
        fields: list[str] = []
