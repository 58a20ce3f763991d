"""The order: a closed sale. Prices, costs, taxes and splits are copied onto it when it is booked."""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from opportunities.models import Opportunity, Quote
from revops.catalog.models import Product
from revops.core.history import tracked
from revops.core.models import (
    BaseModel,
    CustomData,
    ExternalRef,
    LegalEntity,
    Stamped,
    currency_field,
    money_field,
    percent_field,
    price_field,
    search_field,
    search_indexes,
    unique_external_ref,
)
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet, reach_ids
from revops.users.holders import held_by_working_people


class OrderQuerySet(ScopedQuerySet["Order"]):
    def visible_to(self, user: Any) -> Self:
        """The owner's reach, a split, the deal behind it; finance and operations see all (permission)."""
        ids = reach_ids(user)
        if ids is None or (ids and user.has_perm("orders.view_all_orders")):
            return self.all()
        if not ids:
            return self.filter(NOBODY)
        shared = OrderSplit.objects.filter(order=OuterRef("pk"), user_id__in=ids)
        deal = Opportunity.objects.filter(pk=OuterRef("opportunity_id")).visible_to(user)
        return self.filter(Q(owner_id__in=ids) | Q(Exists(shared)) | Q(Exists(deal)))

    def under_way(self) -> Self:
        """Somebody still has to look after these."""
        return self.filter(status__in=Order.UNDER_WAY)

    def booked(self) -> Self:
        """Sales: booked and not cancelled."""
        return self.filter(booked_on__isnull=False).exclude(status=Order.Status.CANCELLED)


@tracked()
class Order(BaseModel, CustomData, ExternalRef):
    """Revenue, margin and commission come from here. total = net + tax + shipping (INV-06)."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        BOOKED = "booked", _("Booked")
        IN_FULFILLMENT = "in_fulfillment", _("In fulfilment")
        PARTIALLY_FULFILLED = "partially_fulfilled", _("Partly fulfilled")
        FULFILLED = "fulfilled", _("Fulfilled")
        CLOSED = "closed", _("Closed")
        CANCELLED = "cancelled", _("Cancelled")

    class Channel(models.TextChoices):
        CRM = "crm", _("Sales")
        POS = "pos", _("Point of sale")
        ONLINE = "online", _("Online")
        PARTNER = "partner", _("Partner")

    UNDER_WAY = (Status.DRAFT, Status.BOOKED, Status.IN_FULFILLMENT, Status.PARTIALLY_FULFILLED)

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.BOOKED, Status.CANCELLED}),
        Status.BOOKED: frozenset({Status.IN_FULFILLMENT, Status.CANCELLED}),
        Status.IN_FULFILLMENT: frozenset({Status.PARTIALLY_FULFILLED, Status.FULFILLED, Status.CANCELLED}),
        Status.PARTIALLY_FULFILLED: frozenset({Status.FULFILLED}),
        Status.FULFILLED: frozenset({Status.CLOSED}),
        Status.CLOSED: frozenset(),
        Status.CANCELLED: frozenset(),
    }

    number = models.CharField(max_length=30, unique=True)
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="orders")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="orders")
    opportunity = models.ForeignKey(Opportunity, null=True, blank=True, on_delete=models.PROTECT, related_name="orders")
    quote = models.OneToOneField(Quote, null=True, blank=True, on_delete=models.PROTECT, related_name="order")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="orders",
        help_text=_("The customer's single point of contact."),
    )
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.CRM)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT)
    currency = currency_field()
    net = money_field(default=0)
    tax = money_field(default=0)
    shipping = money_field(default=0)
    total = money_field(default=0)
    cost = money_field(default=0)
    terms = models.TextField(blank=True, default="")
    ship_mode = models.CharField(max_length=40, blank=True, default="", help_text=_("As agreed: standard, same day."))
    ship_city = models.CharField(max_length=80, blank=True, default="")
    ship_postal_code = models.CharField(max_length=20, blank=True, default="")
    ship_state = models.CharField(max_length=80, blank=True, default="")
    ship_country = models.CharField(max_length=80, blank=True, default="")
    region = models.CharField(max_length=80, blank=True, default="", help_text=_("Where it was sold, for reports."))
    booked_at = models.DateTimeField(null=True, blank=True)
    booked_on = models.DateField(null=True, blank=True, help_text=_("The credit date."))

    search = search_field("number")

    objects = OrderQuerySet.as_manager()

    class Meta:
        permissions = [
            ("view_all_orders", "Can see every order"),
            ("book_order", "Can book and cancel orders"),
            ("book_without_quote", "Can book a sales order without an accepted quote"),
            ("fulfil_order", "Can ship and activate order lines"),
        ]
        constraints = [
            unique_external_ref("order_external_ref_unique"),
            models.CheckConstraint(condition=Q(total=F("net") + F("tax") + F("shipping")), name="order_total_adds_up"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"]) | Q(booked_at__isnull=False, booked_on__isnull=False),
                name="order_booked_has_date",
            ),
            models.UniqueConstraint(
                fields=["opportunity"], condition=Q(status="draft"), name="order_one_draft_per_opportunity"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="order_by_owner"),
            models.Index(fields=["account", "-id"], name="order_by_account"),
            models.Index(fields=["booked_on", "id"], name="order_by_booked"),
            models.Index(fields=["status", "-id"], name="order_by_status"),
            *search_indexes("order"),
        ]
        triggers = [
            *held_by_working_people(
                "order_holder", "{r}.status IN ('draft', 'booked', 'in_fulfillment', 'partially_fulfilled')"
            ),
            pgtrigger.Trigger(
                name="order_snapshot_is_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.status <> 'draft' AND (NEW.net, NEW.tax, NEW.shipping, NEW.total, NEW.cost, NEW.currency,
                        NEW.account_id, NEW.booked_at, NEW.booked_on) IS DISTINCT FROM (OLD.net, OLD.tax, OLD.shipping,
                        OLD.total, OLD.cost, OLD.currency, OLD.account_id, OLD.booked_at, OLD.booked_on) THEN
                        RAISE EXCEPTION 'order % is no draft: what was booked stays as it is', OLD.number
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("order-detail", args=[self.pk])

    @property
    def ship_to(self) -> str:
        """Where it goes, on one line."""
        town = f"{self.ship_postal_code} {self.ship_city}".strip()
        return ", ".join(part for part in (town, self.ship_state, self.ship_country) if part)

    @property
    def net_money(self) -> Money:
        return Money(self.net, self.currency)

    @property
    def tax_money(self) -> Money:
        return Money(self.tax, self.currency)

    @property
    def shipping_money(self) -> Money:
        return Money(self.shipping, self.currency)

    @property
    def total_money(self) -> Money:
        return Money(self.total, self.currency)

    @property
    def margin(self) -> Fraction | None:
        """(net − cost) / net at the costs of the booking; None when nothing is charged."""
        return Fraction(self.net - self.cost) / Fraction(self.net) if self.net else None


class OrderLine(models.Model):
    """One product as sold. `fulfilled` never exceeds `quantity`."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="order_lines")
    description = models.CharField(max_length=200)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit_price = price_field()
    discount = money_field(default=0, help_text=_("Line discount and its share of the order's discount."))
    net = money_field()
    tax_percent = percent_field(default=0)
    tax = money_field(default=0)
    unit_cost = price_field(default=0)
    recurring_months = models.PositiveSmallIntegerField(null=True, blank=True)
    fulfilled = models.DecimalField(max_digits=12, decimal_places=3, default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_position_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(fulfilled__gte=0) & Q(fulfilled__lte=F("quantity")),
                name="order_line_fulfilled_bound",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="order_line_snapshot_is_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                declare=[("state", "varchar")],
                func="""
                    SELECT status INTO state FROM orders_order WHERE id = OLD.order_id;
                    IF state IS NOT NULL AND state <> 'draft' AND (TG_OP = 'DELETE' OR
                        (NEW.order_id, NEW.product_id, NEW.quantity, NEW.unit_price, NEW.discount, NEW.net, NEW.tax,
                        NEW.tax_percent, NEW.unit_cost) IS DISTINCT FROM (OLD.order_id, OLD.product_id, OLD.quantity,
                        OLD.unit_price, OLD.discount, OLD.net, OLD.tax, OLD.tax_percent, OLD.unit_cost)) THEN
                        RAISE EXCEPTION 'line % belongs to a booked order', OLD.id USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def unfulfilled(self) -> Decimal:
        """How much is left to ship or activate."""
        return self.quantity - self.fulfilled


class OrderSplit(Stamped):
    """Who closed it: frozen from the opportunity when booked. Revenue splits add up to 100 % (INV-03).

    `amount` is the person's part of the order's net: the sum over lines of `allocate(line.net, percents)`, splits in
    the order of their ids (an overlay's is the sum of money(line.net x percent)). Booking writes it.
    """

    class Kind(models.TextChoices):
        REVENUE = "revenue", _("Revenue")
        OVERLAY = "overlay", _("Overlay")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="splits")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="order_splits")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.REVENUE)
    percent = percent_field()
    amount = money_field(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "user", "kind"], name="order_split_once"),
            models.CheckConstraint(condition=Q(percent__gte=0), name="order_split_not_negative"),
        ]
        indexes = [models.Index(fields=["user", "order"], name="order_split_by_user")]
        triggers = [
            pgtrigger.Trigger(
                name="order_splits_sum_to_100",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                timing=pgtrigger.Deferred,
                declare=[("total", "numeric"), ("ord", "bigint")],
                func="""
                    ord := COALESCE(NEW.order_id, OLD.order_id);
                    SELECT SUM(percent) INTO total FROM orders_ordersplit WHERE order_id = ord AND kind = 'revenue';
                    IF total IS NOT NULL AND total <> 100 THEN
                        RAISE EXCEPTION 'revenue splits of order % add up to %, not 100', ord, total
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="order_splits_are_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                declare=[("state", "varchar")],
                func="""
                    SELECT status INTO state FROM orders_order WHERE id = OLD.order_id;
                    IF state IS NOT NULL AND state <> 'draft' THEN
                        RAISE EXCEPTION 'the credit of a booked order stays as it is'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.percent} %"


class Fulfillment(BaseModel):
    """One shipment or activation."""

    class Kind(models.TextChoices):
        SHIPMENT = "shipment", _("Shipment")
        ACTIVATION = "activation", _("Activation")

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RELEASED = "released", _("Released")
        SHIPPED = "shipped", _("Shipped")
        ACTIVATED = "activated", _("Activated")
        DELIVERED = "delivered", _("Delivered")

    TRANSITIONS = {
        Status.PLANNED: frozenset({Status.RELEASED}),
        Status.RELEASED: frozenset({Status.SHIPPED, Status.ACTIVATED}),
        Status.SHIPPED: frozenset({Status.DELIVERED}),
        Status.ACTIVATED: frozenset({Status.DELIVERED}),
        Status.DELIVERED: frozenset(),
    }

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fulfillments")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    carrier = models.CharField(max_length=80, blank=True, default="")
    tracking = models.CharField(max_length=80, blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    completed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} of {self.order}"


class FulfillmentLine(models.Model):
    """How much of an order line."""

    fulfillment = models.ForeignKey(Fulfillment, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="fulfillment_lines")
    quantity = models.DecimalField(max_digits=12, decimal_places=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fulfillment", "order_line"], name="fulfillment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="fulfillment_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_line}"
