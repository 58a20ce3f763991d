"""What is known of a company's finances, and who tells us."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from revops.core.models import BaseModel, Stamped, currency_field, money_field
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet


class LeadFinancials(BaseModel):
    """A lead's financial facts with their source and date.

    `typed` names those that a person entered: no machine overwrites them. `filled` remembers what a machine wrote into
    the lead's own fields, so that it may bring exactly that up to date and nothing else.
    """

    FACTS = ("revenue", "currency", "employees", "credit_rating")

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, related_name="financials")
    revenue = money_field(null=True, blank=True)
    currency = currency_field()
    employees = models.PositiveIntegerField(null=True, blank=True)
    credit_rating = models.CharField(max_length=20, blank=True, default="")
    source = models.CharField(max_length=200)
    as_of = models.DateField()
    typed = ArrayField(models.CharField(max_length=20), default=list, editable=False)
    filled = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name_plural = _("lead financials")
        constraints = [
            models.CheckConstraint(
                condition=Q(revenue__gte=0) | Q(revenue=None), name="lead_financials_revenue_not_negative"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="lead_financials_have_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.lead}, {self.as_of}"

    @property
    def money(self) -> Money | None:
        return None if self.revenue is None else Money(self.revenue, self.currency)


class ProviderQuerySet(ScopedQuerySet["EnrichmentProvider"]):
    def visible_to(self, user: Any) -> Self:
        """A setting of those who administer leads."""
        return self.all() if user.has_perm("leads.view_enrichmentprovider") else self.filter(NOBODY)

    def active(self) -> Self:
        return self.filter(is_active=True)


class EnrichmentProvider(BaseModel):
    """A service that is asked about companies over HTTP.

    `mapping` says of our facts where its answer holds them ("company.revenue"). Failures and the breaker's end are the
    machine's: they never raise the version.
    """

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, default="http")
    url = models.CharField(
        max_length=500, help_text=_("With {domain}, {company}, {country} or {email} where the lead's go.")
    )
    header = models.CharField(max_length=60, blank=True, default="Authorization")
    secret = models.TextField(blank=True, default="", editable=False)
    mapping = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    timeout_seconds = models.PositiveSmallIntegerField(default=10)
    rate_per_minute = models.PositiveSmallIntegerField(default=60)
    breaker_after = models.PositiveSmallIntegerField(default=5)
    breaker_minutes = models.PositiveSmallIntegerField(default=5)
    failures = models.PositiveIntegerField(default=0, editable=False)
    open_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    timeout_seconds__range=(1, 60),
                    rate_per_minute__range=(1, 6000),
                    breaker_after__range=(1, 100),
                    breaker_minutes__range=(1, 1440),
                ),
                name="enrichment_provider_limits_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("enrichment-provider-edit", args=[self.pk])


class EnrichmentRunQuerySet(ScopedQuerySet["EnrichmentRun"]):
    def visible_to(self, user: Any) -> Self:
        """With its lead."""
        return self.filter(lead__in=Lead.objects.visible_to(user))

    def waiting(self) -> Self:
        return self.filter(status=EnrichmentRun.Status.QUEUED)


class EnrichmentRun(Stamped):
    """One question about one lead to one provider on one day, with what came back."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    TRANSITIONS = {
        Status.QUEUED: frozenset({Status.RUNNING}),
        Status.RUNNING: frozenset({Status.DONE, Status.FAILED, Status.QUEUED}),
        Status.DONE: frozenset(),
        Status.FAILED: frozenset({Status.QUEUED}),
    }

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="enrichment_runs")
    provider = models.ForeignKey(EnrichmentProvider, on_delete=models.PROTECT, related_name="runs")
    day = models.DateField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    payload = models.JSONField(default=dict)
    written = models.JSONField(default=list)
    error = models.CharField(max_length=300, blank=True, default="")
    finished_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = EnrichmentRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "provider", "day"], name="enrichment_once_a_day"),
            models.CheckConstraint(
                condition=~Q(status__in=["done", "failed"]) | Q(finished_at__isnull=False),
                name="enrichment_ended_has_date",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "next_try_at"], name="enrichment_due"),
            models.Index(fields=["provider", "claimed_at"], name="enrichment_by_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}, {self.day}"
