"""What we sell."""

from datetime import date, timedelta
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from revops.core.models import (
    BaseModel,
    CustomData,
    ExternalRef,
    Stamped,
    currency_field,
    price_field,
    search_field,
    search_indexes,
    unique_external_ref,
)
from revops.core.money import Money
from revops.core.scope import NOBODY


class CatalogQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Every colleague reads the catalogue."""
        return self.all() if user.is_authenticated and user.is_active else self.filter(NOBODY)


class ProductQuerySet(CatalogQuerySet):
    def sellable(self, on: Any) -> Self:
        """Launched, and not past its end of sale."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=on),
            Q(end_of_sale_on__isnull=True) | Q(end_of_sale_on__gte=on),
            lifecycle=Product.Lifecycle.ACTIVE,
        )


class ProductFamily(BaseModel):
    """A group of products that are reported together; a family may be part of a larger one (two levels)."""

    name = models.CharField(max_length=80, unique=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("product families")
        constraints = [models.CheckConstraint(condition=~Q(parent=F("id")), name="product_family_not_its_own_parent")]

    def __str__(self) -> str:
        return self.name


class Product(BaseModel, CustomData, ExternalRef):
    """Something with a SKU.

    `recurring_months` is the length of the period that one unit price pays for; empty is one-time.
    """

    class Kind(models.TextChoices):
        GOODS = "goods", _("Goods")
        SERVICE = "service", _("Service")
        SUBSCRIPTION = "subscription", _("Subscription")

    class Lifecycle(models.TextChoices):
        PLANNED = "planned", _("Planned")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    TRANSITIONS = {
        Lifecycle.PLANNED: frozenset({Lifecycle.ACTIVE, Lifecycle.RETIRED}),
        Lifecycle.ACTIVE: frozenset({Lifecycle.RETIRED}),
        Lifecycle.RETIRED: frozenset(),
    }

    sku = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=160)
    description = models.TextField(blank=True, default="")
    family = models.ForeignKey(ProductFamily, null=True, blank=True, on_delete=models.PROTECT, related_name="products")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.GOODS)
    lifecycle = models.CharField(max_length=8, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    recurring_months = models.PositiveSmallIntegerField(null=True, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    end_of_sale_on = models.DateField(null=True, blank=True)
    is_bundle = models.BooleanField(default=False)

    search = search_field("name", "sku")

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            unique_external_ref("product_external_ref_unique"),
            models.CheckConstraint(
                condition=Q(kind="subscription", recurring_months__gt=0) | ~Q(kind="subscription"),
                name="product_subscription_has_period",
            ),
        ]
        indexes = search_indexes("product")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("product-detail", args=[self.pk])


class PriceBook(BaseModel):
    """Prices in one currency, valid during these days."""

    name = models.CharField(max_length=80, unique=True)
    currency = currency_field()
    during = DateRangeField()
    is_default = models.BooleanField(default=False)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="price_book_one_default_per_currency_and_day",
                expressions=[("currency", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(is_default=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("price-book-detail", args=[self.pk])

    @property
    def first(self) -> date | None:
        """The first day of validity; None is open."""
        return self.during.lower

    @property
    def last(self) -> date | None:
        """The last day of validity, included; None is open."""
        return self.during.upper - timedelta(days=1) if self.during.upper else None


class PriceBookEntry(BaseModel):
    """A product's list price in a book; `floor_price` is the lowest a quote may ask without the deal desk."""

    book = models.ForeignKey(PriceBook, on_delete=models.CASCADE, related_name="entries")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices")
    list_price = price_field()
    floor_price = price_field(null=True, blank=True)

    class Meta:
        verbose_name_plural = _("price book entries")
        constraints = [
            models.UniqueConstraint(fields=["book", "product"], name="price_book_entry_once"),
            models.CheckConstraint(condition=Q(list_price__gte=0), name="price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.list_price}"

    @property
    def price(self) -> Money:
        """The list price with the book's currency."""
        return Money(self.list_price, self.book.currency)

    @property
    def floor(self) -> Money | None:
        """The lowest price without the deal desk."""
        return Money(self.floor_price, self.book.currency) if self.floor_price is not None else None


class ProductCost(Stamped):
    """The cost of sale of one unit from a day on."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="costs")
    currency = currency_field()
    unit_cost = price_field()
    valid_from = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "currency", "valid_from"], name="product_cost_once_a_day"),
            models.CheckConstraint(condition=Q(unit_cost__gte=0), name="product_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.unit_cost}"


class BundleItem(models.Model):
    """`quantity` of `component` in one `bundle`."""

    bundle = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="bundle_items")
    component = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.DecimalField(max_digits=12, decimal_places=3, default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bundle", "component"], name="bundle_item_once"),
            models.CheckConstraint(condition=~Q(bundle=F("component")), name="bundle_not_in_itself"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="bundle_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.component}"
