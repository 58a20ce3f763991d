"""Promotion partners: who brings us business, whom they know, and the deals that they register."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from leads.models.lead import Lead
from revops.core.models import BaseModel, currency_field, money_field, percent_field
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet


class PromotionPartnerQuerySet(ScopedQuerySet["PromotionPartner"]):
    def visible_to(self, user: Any) -> Self:
        """Staff with the right see all; somebody of a partner sees that partner."""
        if getattr(user, "is_portal", False) and user.is_active:
            return self.filter(is_active=True, contacts__user=user)
        return self.all() if user.has_perm("leads.view_promotionpartner") else self.filter(NOBODY)


class PromotionPartner(BaseModel):
    """A company that promotes what we sell, for a fee on what is won."""

    class Tier(models.TextChoices):
        REGISTERED = "registered", _("Registered")
        SILVER = "silver", _("Silver")
        GOLD = "gold", _("Gold")

    name = models.CharField(max_length=120, unique=True)
    tier = models.CharField(max_length=10, choices=Tier.choices, default=Tier.REGISTERED)
    fee_pct = percent_field(default=0, help_text=_("Of the amount won, in per cent."))
    website = models.CharField(max_length=200, blank=True, default="")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="promotion_partners")
    is_active = models.BooleanField(default=True)

    objects = PromotionPartnerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(fee_pct__range=(0, 100)), name="promotion_partner_fee_0_to_100"),
            models.CheckConstraint(condition=~Q(name=""), name="promotion_partner_has_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("promotion-partner", args=[self.pk])


class PartnerContact(BaseModel):
    """A person at a partner; with a login of their own they open the partner's view and nothing else."""

    partner = models.ForeignKey(PromotionPartner, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=120)
    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="partner_contact",
        editable=False,
    )

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="partner_contact_has_name")]

    def __str__(self) -> str:
        return self.name


class DealRegistrationQuerySet(ScopedQuerySet["DealRegistration"]):
    def visible_to(self, user: Any) -> Self:
        """Staff with the right see all; somebody of a partner sees the partner's own."""
        if getattr(user, "is_portal", False) and user.is_active:
            return self.filter(partner__is_active=True, partner__contacts__user=user)
        return self.all() if user.has_perm("leads.view_dealregistration") else self.filter(NOBODY)

    def protecting(self) -> Self:
        """Those that keep others away while their days last."""
        return self.filter(status__in=DealRegistration.PROTECTING)


def _days() -> Func:
    return Func(
        F("protected_from"), F("protected_until"), Value("[]"), function="daterange", output_field=DateRangeField()
    )


class DealRegistration(BaseModel):
    """A partner's claim to a company. For 90 days nobody else's claim to the same one stands beside it."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        CONVERTED = "converted", _("Converted")
        EXPIRED = "expired", _("Expired")

    TRANSITIONS = {
        Status.SUBMITTED: frozenset({Status.APPROVED, Status.REJECTED}),
        Status.APPROVED: frozenset({Status.CONVERTED, Status.EXPIRED}),
        Status.REJECTED: frozenset(),
        Status.CONVERTED: frozenset(),
        Status.EXPIRED: frozenset(),
    }
    PROTECTING = ("submitted", "approved", "converted")

    partner = models.ForeignKey(PromotionPartner, on_delete=models.PROTECT, related_name="registrations")
    company = models.CharField(max_length=200)
    website = models.CharField(max_length=200, blank=True, default="")
    name_key = models.CharField(max_length=200, editable=False)
    domain = models.CharField(max_length=120, blank=True, default="", editable=False)
    contact_name = models.CharField(max_length=120)
    email = models.CharField(max_length=254)
    phone = models.CharField(max_length=40, blank=True, default="")
    amount = money_field(null=True, blank=True, help_text=_("What the deal may bring."))
    currency = currency_field()
    note = models.TextField(blank=True, default="")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.PROTECT, related_name="deal_registrations", editable=False
    )
    lead = models.OneToOneField(
        Lead, null=True, blank=True, on_delete=models.PROTECT, related_name="registration", editable=False
    )
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.SUBMITTED, editable=False)
    reason = models.CharField(max_length=400, blank=True, default="", editable=False)
    protected_from = models.DateField(editable=False)
    protected_until = models.DateField(editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    converted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DealRegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(company="") & ~Q(name_key=""), name="registration_has_company"),
            models.CheckConstraint(
                condition=Q(protected_until__gte=F("protected_from")), name="registration_days_in_order"
            ),
            models.CheckConstraint(
                condition=~Q(status="rejected") | ~Q(reason=""), name="registration_rejected_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "converted", "expired"]) | Q(lead__isnull=False),
                name="registration_approved_has_lead",
            ),
            models.CheckConstraint(
                condition=~Q(status="converted") | Q(converted_at__isnull=False), name="registration_converted_has_date"
            ),
            ExclusionConstraint(
                name="registration_protects_the_company",
                expressions=[("name_key", RangeOperators.EQUAL), (_days(), RangeOperators.OVERLAPS)],
                condition=Q(status__in=["submitted", "approved", "converted"]),
            ),
            ExclusionConstraint(
                name="registration_protects_the_domain",
                expressions=[("domain", RangeOperators.EQUAL), (_days(), RangeOperators.OVERLAPS)],
                condition=Q(status__in=["submitted", "approved", "converted"]) & ~Q(domain=""),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-id"], name="registration_by_partner"),
            models.Index(fields=["status", "protected_until"], name="registration_by_status"),
        ]
        permissions = [("decide_dealregistration", "Can approve and reject deal registrations")]

    def __str__(self) -> str:
        return self.company

    def get_absolute_url(self) -> str:
        return reverse("deal-registration", args=[self.pk])

    @property
    def money(self) -> Money | None:
        return None if self.amount is None else Money(self.amount, self.currency)
