"""The quote: a priced offer with terms. What it says is copied onto it and never read back from today's catalogue."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from opportunities.models.opportunity import Opportunity
from revops.catalog.models import PriceBook, Product
from revops.core.history import tracked
from revops.core.models import (
    BaseModel,
    CustomData,
    currency_field,
    money_field,
    percent_field,
    price_field,
    search_field,
    search_indexes,
)
from revops.core.money import Money, truncated_percent
from revops.core.scope import NOBODY, ScopedQuerySet, reach_ids


class QuoteQuerySet(ScopedQuerySet["Quote"]):
    def visible_to(self, user: Any) -> Self:
        """A quote is seen with its deal; who must approve it sees it too."""
        ids = reach_ids(user)
        if ids is None:
            return self.all()
        if not ids:
            return self.filter(NOBODY)
        turn = Q(approvals__steps__role__in=user.groups.values("name")) | Q(approvals__steps__approver=user)
        deal = Opportunity.objects.filter(pk=OuterRef("opportunity_id")).visible_to(user)
        return self.filter(Q(Exists(deal)) | Q(Exists(Quote.objects.filter(turn, pk=OuterRef("pk")))))

    def past_validity(self, on: date) -> Self:
        """Sent, and nobody accepted in time."""
        return self.filter(status=Quote.Status.SENT, valid_until__lt=on)


@tracked()
class Quote(BaseModel, CustomData):
    """Totals are those of the lines; frozen on send. One quote of a deal is accepted at most."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_APPROVAL = "in_approval", _("In approval")
        APPROVED = "approved", _("Approved")
        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        EXPIRED = "expired", _("Expired")
        SUPERSEDED = "superseded", _("Superseded")

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.IN_APPROVAL, Status.APPROVED}),
        Status.IN_APPROVAL: frozenset({Status.APPROVED, Status.DRAFT}),
        Status.APPROVED: frozenset({Status.SENT, Status.DRAFT}),
        Status.SENT: frozenset({Status.ACCEPTED, Status.REJECTED, Status.EXPIRED, Status.SUPERSEDED}),
        Status.ACCEPTED: frozenset(),
        Status.REJECTED: frozenset(),
        Status.EXPIRED: frozenset(),
        Status.SUPERSEDED: frozenset(),
    }

    number = models.CharField(max_length=30, unique=True)
    opportunity = models.ForeignKey(Opportunity, on_delete=models.PROTECT, related_name="quotes")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT)
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    price_book = models.ForeignKey(PriceBook, on_delete=models.PROTECT, related_name="quotes")
    currency = currency_field()
    valid_until = models.DateField()
    terms = models.TextField(blank=True, default="")
    discount = money_field(default=0, help_text=_("Off the whole quote, allocated to the lines."))
    shipping = money_field(default=0)
    net = money_field(default=0)
    tax = money_field(default=0)
    total = money_field(default=0)
    cost = money_field(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by_name = models.CharField(max_length=120, blank=True, default="")
    closed_reason = models.CharField(max_length=400, blank=True, default="")

    search = search_field("number")

    objects = QuoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity"],
                condition=Q(status="accepted"),
                name="quote_one_accepted_per_opportunity",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "sent", "accepted"]) | Q(approved_at__isnull=False),
                name="quote_approved_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="accepted") | Q(accepted_at__isnull=False), name="quote_accepted_has_date"
            ),
            models.CheckConstraint(condition=Q(total=F("net") + F("tax") + F("shipping")), name="quote_total_adds_up"),
            models.CheckConstraint(
                condition=Q(discount__gte=0) & Q(shipping__gte=0), name="quote_discount_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["opportunity", "-id"], name="quote_by_opportunity"),
            models.Index(fields=["status", "-id"], name="quote_by_status"),
            *search_indexes("quote"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("quote-detail", args=[self.pk])

    @property
    def margin(self) -> Fraction | None:
        """(net − cost) / net, exact; None when nothing is charged."""
        return Fraction(self.net - self.cost) / Fraction(self.net) if self.net else None

    @property
    def margin_percent(self) -> Decimal | None:
        """As shown: truncated to one decimal, so that 24.99 never reads as 25.0."""
        return truncated_percent(self.net - self.cost, self.net) if self.net else None

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
    def discount_money(self) -> Money:
        return Money(self.discount, self.currency)

    @property
    def total_money(self) -> Money:
        return Money(self.total, self.currency)


class QuoteLine(models.Model):
    """One product at an agreed price.

    net = quantity × unit price − line discount − its share of the quote's discount.
    """

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="quote_lines")
    description = models.CharField(max_length=200)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    list_price = price_field()
    unit_price = price_field()
    discount_percent = percent_field(default=0)
    discount = money_field(default=0)
    allocated_discount = money_field(default=0)
    net = money_field()
    tax_percent = percent_field(default=0)
    tax = money_field(default=0)
    unit_cost = price_field(default=0)
    recurring_months = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "position"], name="quote_line_position_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="quote_line_quantity_positive"),
            models.CheckConstraint(condition=Q(discount_percent__range=(0, 100)), name="quote_line_discount_0_to_100"),
            models.CheckConstraint(condition=Q(net__gte=0), name="quote_line_net_not_negative"),
        ]

    def __str__(self) -> str:
        return self.description
