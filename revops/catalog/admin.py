"""The catalogue in Django admin; every save calls a service."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from revops.catalog import services
from revops.catalog.models import BundleItem, PriceBook, PriceBookEntry, Product, ProductCost, ProductFamily
from revops.core.admin import ServiceAdmin, VersionedForm


@admin.register(ProductFamily)
class ProductFamilyAdmin(ServiceAdmin):
    list_display = ["name", "parent"]
    list_select_related = ["parent"]
    search_fields = ["name"]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_family(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_family(family=record, version=version, actor=actor, **values)


class BundleInline(admin.TabularInline):  # type: ignore[type-arg]
    model = BundleItem
    fk_name = "bundle"
    extra = 0


class ProductForm(VersionedForm):
    class Meta:
        model = Product
        fields = list(services.PRODUCT_FIELDS)


@admin.register(Product)
class ProductAdmin(ServiceAdmin):
    form = ProductForm
    list_display = ["name", "sku", "family", "kind", "lifecycle", "is_bundle"]
    list_filter = ["kind", "lifecycle", "family"]
    list_select_related = ["family"]
    search_fields = ["sku", "name"]
    inlines = [BundleInline]
    actions = ["launch", "retire"]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_product(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_product(product=record, version=version, actor=actor, **values)

    def save_rows(self, record: Any, formset: Any, actor: Any) -> None:
        if formset.has_changed():
            rows = [row for row in formset.cleaned_data if row and not row.get("DELETE")]
            items = [(row["component"], row["quantity"]) for row in rows]
            services.set_bundle(bundle=record, items=items, actor=actor)

    @admin.action(description=_("Open for sale"), permissions=["change"])
    def launch(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in queryset.filter(lifecycle=Product.Lifecycle.PLANNED):
            services.launch_product(product=product, actor=request.user)

    @admin.action(description=_("Retire"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in queryset.exclude(lifecycle=Product.Lifecycle.RETIRED):
            services.retire_product(product=product, actor=request.user)


class PriceInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PriceBookEntry
    fields = ["product", "list_price", "floor_price"]
    autocomplete_fields = ["product"]
    extra = 0
    can_delete = False


class PriceBookForm(VersionedForm):
    """A new book; once made, only its prices change."""

    first = forms.DateField(required=False)
    last = forms.DateField(required=False)

    class Meta:
        model = PriceBook
        fields = ["name", "currency", "is_default"]


@admin.register(PriceBook)
class PriceBookAdmin(ServiceAdmin):
    form = PriceBookForm
    list_display = ["name", "currency", "during", "is_default"]
    inlines = [PriceInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name", "currency", "is_default") if obj else ()

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_price_book(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return record

    def save_rows(self, record: Any, formset: Any, actor: Any) -> None:
        for form in formset.forms:
            row = form.cleaned_data
            if form.has_changed() and row.get("product"):
                services.set_price(
                    book=record,
                    product=row["product"],
                    list_price=row["list_price"],
                    floor_price=row.get("floor_price"),
                    actor=actor,
                )


@admin.register(ProductCost)
class ProductCostAdmin(ServiceAdmin):
    """A new cost is a new row; the same day again replaces it, and the audit says so."""

    list_display = ["product", "currency", "unit_cost", "valid_from"]
    list_select_related = ["product"]
    list_filter = ["currency"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.set_cost(actor=actor, **values)
