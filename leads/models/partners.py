"""Research partners: who sells us records, what they delivered, and until when those may be used."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.models.costs import MarketingCost
from leads.models.lead import Lead
from revops.core.models import BaseModel, JobRun, Stamped, currency_field, money_field, price_field
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet

SOURCE = "research_partner"


class ResearchPartnerQuerySet(ScopedQuerySet["ResearchPartner"]):
    def visible_to(self, user: Any) -> Self:
        """The same for everybody who may see them."""
        return self.all() if user.has_perm("leads.view_researchpartner") else self.filter(NOBODY)


class ResearchPartner(BaseModel):
    """A firm that researches companies for us, at a price a record, under an agreement that ends."""

    class Kind(models.TextChoices):
        LIST = "list", _("Lists of companies")
        AGENCY = "agency", _("Research agency")
        ANALYST = "analyst", _("Analysts")

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.LIST)
    agreement = models.CharField(max_length=2000, blank=True, default="")
    cost_per_record = price_field(default=0)
    currency = currency_field()
    licence_expires_on = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    objects = ResearchPartnerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(cost_per_record__gte=0), name="research_partner_cost_not_negative")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("research-partner", args=[self.pk])

    @property
    def price(self) -> Money:
        return Money(self.cost_per_record, self.currency)


class PartnerDelivery(Stamped):
    """One file of a partner. The same file again is the same delivery: its rows come in once."""

    partner = models.ForeignKey(ResearchPartner, on_delete=models.PROTECT, related_name="deliveries")
    file_name = models.CharField(max_length=200)
    file_hash = models.CharField(max_length=64)
    rows = models.JSONField(default=list, help_text=_("Until they have come in."))
    rejects = models.JSONField(default=list)
    rows_total = models.PositiveIntegerField()
    rows_created = models.PositiveIntegerField(default=0)
    rows_matched = models.PositiveIntegerField(default=0)
    rows_rejected = models.PositiveIntegerField(default=0)
    cost = money_field(default=0)
    currency = currency_field()
    marketing_cost = models.OneToOneField(
        MarketingCost, null=True, blank=True, on_delete=models.PROTECT, related_name="delivery"
    )
    job = models.ForeignKey(JobRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    delivered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = _("partner deliveries")
        constraints = [
            models.UniqueConstraint(fields=["partner", "file_hash"], name="partner_delivery_once"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True)
                | Q(rows_total=F("rows_created") + F("rows_matched") + F("rows_rejected")),
                name="partner_delivery_loses_no_row",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner}, {self.file_name}"

    @property
    def money(self) -> Money:
        return Money(self.cost, self.currency)


class LeadLicence(models.Model):
    """A lead that came from a partner: it may be contacted as long as the partner's licence runs."""

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, related_name="licence")
    delivery = models.ForeignKey(PartnerDelivery, on_delete=models.PROTECT, related_name="licences")

    def __str__(self) -> str:
        return f"{self.delivery}"
