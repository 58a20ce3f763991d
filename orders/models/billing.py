"""Invoices with gapless numbers, credit notes, payments and what they settle."""

from decimal import Decimal
from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from orders.models.order import Order, OrderLine
from revops.core.models import (
    BaseModel,
    LegalEntity,
    Stamped,
    currency_field,
    money_field,
    percent_field,
    price_field,
    search_field,
    search_indexes,
)
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet, reach_ids


class BillingQuerySet(ScopedQuerySet[Any]):
    """Seen by finance (permission), and with the account's orders."""

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated or not user.is_active:
            return self.filter(NOBODY)
        if user.has_perm("orders.view_all_billing"):
            return self.all()
        return self.filter(Exists(Order.objects.filter(account=OuterRef("account_id")).visible_to(user)))


class InvoiceQuerySet(BillingQuerySet):
    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated or not user.is_active:
            return self.filter(NOBODY)
        if user.has_perm("orders.view_all_billing") or reach_ids(user) is None:
            return self.all()
        return self.filter(Exists(Order.objects.filter(pk=OuterRef("order_id")).visible_to(user)))

    def unpaid(self) -> Self:
        return self.filter(status__in=[Invoice.Status.ISSUED, Invoice.Status.PARTIALLY_PAID])


class CreditNoteQuerySet(BillingQuerySet):
    def visible_to(self, user: Any) -> Self:
        """With its invoice: another's bill to the same account stays another's."""
        return self.filter(invoice__in=Invoice.objects.visible_to(user).values("pk"))


class Invoice(BaseModel):
    """A bill. Drafts have no number; a number never changes; paid + credited never exceed the total."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")
        PARTIALLY_PAID = "partially_paid", _("Partly paid")
        PAID = "paid", _("Paid")
        UNCOLLECTIBLE = "uncollectible", _("Uncollectible")
        VOID = "void", _("Void")

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.ISSUED}),
        Status.ISSUED: frozenset({Status.PARTIALLY_PAID, Status.PAID, Status.UNCOLLECTIBLE, Status.VOID}),
        Status.PARTIALLY_PAID: frozenset({Status.PAID, Status.ISSUED, Status.UNCOLLECTIBLE}),
        Status.PAID: frozenset({Status.PARTIALLY_PAID, Status.ISSUED}),
        Status.UNCOLLECTIBLE: frozenset({Status.PAID}),
        Status.VOID: frozenset(),
    }

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=30, null=True, blank=True, unique=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    sequence = models.PositiveIntegerField(null=True, blank=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="invoices")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="invoices")
    status = models.CharField(max_length=14, choices=Status.choices, default=Status.DRAFT)
    currency = currency_field()
    net = money_field(default=0)
    tax = money_field(default=0)
    shipping = money_field(default=0)
    total = money_field(default=0)
    paid = money_field(default=0)
    credited = money_field(default=0)
    issued_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)

    search = search_field("number")

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        permissions = [("view_all_billing", "Can see all billing"), ("issue_invoice", "Can issue invoices")]
        constraints = [
            models.UniqueConstraint(fields=["entity", "year", "sequence"], name="invoice_number_once"),
            models.CheckConstraint(
                condition=Q(status="draft", number__isnull=True) | (~Q(status="draft") & Q(number__isnull=False)),
                name="invoice_numbered_when_issued",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(issued_on__isnull=False, due_on__isnull=False),
                name="invoice_issued_has_dates",
            ),
            models.CheckConstraint(
                condition=Q(total=F("net") + F("tax") + F("shipping")), name="invoice_total_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(paid__gte=0, credited__gte=0) & Q(paid__lte=F("total") - F("credited")),
                name="invoice_not_overpaid",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="invoice_by_account"),
            models.Index(fields=["status", "due_on", "id"], name="invoice_by_due"),
            models.Index(fields=["due_on", "id"], name="invoice_by_due_day"),
            *search_indexes("invoice"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="invoice_issued_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF OLD.status <> 'draft' AND (TG_OP = 'DELETE' OR (NEW.number, NEW.year, NEW.sequence,
                        NEW.account_id, NEW.order_id, NEW.currency, NEW.net, NEW.tax, NEW.shipping, NEW.total,
                        NEW.issued_on) IS DISTINCT FROM (OLD.number, OLD.year, OLD.sequence, OLD.account_id,
                        OLD.order_id, OLD.currency, OLD.net, OLD.tax, OLD.shipping, OLD.total, OLD.issued_on)) THEN
                        RAISE EXCEPTION 'invoice % is issued: credit it instead', OLD.number
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"Draft invoice {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("invoice-detail", args=[self.pk])

    @property
    def open_amount(self) -> Decimal:
        """What is still to be paid: nothing while it is a draft."""
        return Decimal(0) if self.status == self.Status.DRAFT else self.total - self.credited - self.paid

    @property
    def total_money(self) -> Money:
        return Money(self.total, self.currency)

    @property
    def open_money(self) -> Money:
        return Money(self.open_amount, self.currency)


class InvoiceLine(models.Model):
    """A line as billed."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="invoice_lines")
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit_price = price_field()
    net = money_field()
    tax_percent = percent_field(default=0)
    tax = money_field(default=0)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.description


class CreditNote(BaseModel):
    """Takes back part of an issued invoice."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")
        APPLIED = "applied", _("Applied")

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.ISSUED}),
        Status.ISSUED: frozenset({Status.APPLIED}),
        Status.APPLIED: frozenset(),
    }

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credit_notes")
    number = models.CharField(max_length=30, null=True, blank=True, unique=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)
    currency = currency_field()
    amount = money_field()
    reason = models.CharField(max_length=200)
    issued_on = models.DateField(null=True, blank=True)

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="credit_note_positive"),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(number__isnull=False, issued_on__isnull=False),
                name="credit_note_numbered_when_issued",
            ),
        ]

    def __str__(self) -> str:
        return self.number or "Draft credit note"

    def get_absolute_url(self) -> str:
        return self.invoice.get_absolute_url()

    @property
    def amount_money(self) -> Money:
        return Money(self.amount, self.currency)


class CreditNoteLine(models.Model):
    """How much of one invoice line is taken back, net and tax."""

    credit_note = models.ForeignKey(CreditNote, on_delete=models.CASCADE, related_name="lines")
    invoice_line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="credit_lines")
    amount = money_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credit_note", "invoice_line"], name="credit_note_line_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="credit_note_line_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.invoice_line}"


class Payment(BaseModel):
    """Money received. What no invoice takes stays as unapplied credit."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        PARTIALLY_ALLOCATED = "partially_allocated", _("Partly allocated")
        ALLOCATED = "allocated", _("Allocated")
        REVERSED = "reversed", _("Reversed")

    TRANSITIONS = {
        Status.RECEIVED: frozenset({Status.ALLOCATED, Status.PARTIALLY_ALLOCATED, Status.REVERSED}),
        # Back towards received when a credit note takes an invoice's need for the money away.
        Status.PARTIALLY_ALLOCATED: frozenset({Status.ALLOCATED, Status.RECEIVED, Status.REVERSED}),
        Status.ALLOCATED: frozenset({Status.PARTIALLY_ALLOCATED, Status.RECEIVED, Status.REVERSED}),
        Status.REVERSED: frozenset(),
    }

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="payments")
    reference = models.CharField(
        max_length=80, unique=True, help_text=_("The bank's reference: a payment is booked once.")
    )
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.RECEIVED)
    currency = currency_field()
    amount = money_field()
    allocated = money_field(default=0)
    received_on = models.DateField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = BillingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0) & Q(allocated__lte=F("amount")),
                name="payment_not_overallocated",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("payment-detail", args=[self.pk])

    @property
    def unapplied(self) -> Decimal:
        """What no invoice has taken."""
        return Decimal(0) if self.status == self.Status.REVERSED else self.amount - self.allocated

    @property
    def amount_money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def unapplied_money(self) -> Money:
        return Money(self.unapplied, self.currency)


class PaymentAllocation(Stamped):
    """So much of this payment settles that invoice."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    amount = money_field()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="payment_allocation_positive")]

    def __str__(self) -> str:
        return f"{self.amount} of {self.payment}"
