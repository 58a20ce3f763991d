"""What we know of the market beside our own records, and what is wrong with these."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from leads.models.lead import Lead
from revops.core.models import BaseModel
from revops.core.scope import NOBODY, ScopedQuerySet


class KnowledgeQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """The same for everybody who may see this kind."""
        may = user.has_perm(f"leads.view_{self.model._meta.model_name}")
        return self.all() if may else self.filter(NOBODY)


class DataSource(BaseModel):
    """Where facts come from: a register, a study, a service."""

    class Kind(models.TextChoices):
        PUBLIC = "public", _("Public register")
        STUDY = "study", _("Study")
        SERVICE = "service", _("Paid service")
        OWN = "own", _("Our own research")

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.STUDY)
    url = models.CharField(max_length=300, blank=True, default="")
    description = models.CharField(max_length=400, blank=True, default="")
    is_active = models.BooleanField(default=True)

    objects = KnowledgeQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("data-record-edit", args=["sources", self.pk])


class Competitor(BaseModel):
    """Who else sells to our market."""

    name = models.CharField(max_length=120, unique=True)
    website = models.CharField(max_length=200, blank=True, default="")
    strengths = models.CharField(max_length=2000, blank=True, default="")
    weaknesses = models.CharField(max_length=2000, blank=True, default="")
    products = ArrayField(models.CharField(max_length=120), default=list, blank=True, size=100)
    is_active = models.BooleanField(default=True)

    objects = KnowledgeQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("data-record-edit", args=["competitors", self.pk])


class MarketFact(BaseModel):
    """A figure about a market, or about a competitor in it, with where and when it was read."""

    metric = models.CharField(max_length=80, help_text=_("Such as market size, share, growth."))
    value = models.DecimalField(max_digits=24, decimal_places=6)
    unit = models.CharField(max_length=20, help_text=_("USD, %, units."))
    geography = models.CharField(max_length=80)
    as_of = models.DateField()
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="facts")
    competitor = models.ForeignKey(Competitor, null=True, blank=True, on_delete=models.PROTECT, related_name="facts")

    objects = KnowledgeQuerySet.as_manager()

    class Meta:
        ordering = ["-as_of", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "geography", "as_of", "source", "competitor"],
                nulls_distinct=False,
                name="market_fact_once",
            ),
            models.CheckConstraint(
                condition=~Q(metric="") & ~Q(geography="") & ~Q(unit=""), name="market_fact_says_what_and_where"
            ),
        ]
        indexes = [models.Index(fields=["metric", "geography", "-as_of"], name="market_fact_by_metric")]

    def __str__(self) -> str:
        return f"{self.metric}, {self.geography}"

    def get_absolute_url(self) -> str:
        return reverse("data-record-edit", args=["facts", self.pk])


class DataQualityIssueQuerySet(ScopedQuerySet["DataQualityIssue"]):
    def visible_to(self, user: Any) -> Self:
        """With the record that it is about."""
        return self.filter(
            Q(lead__in=Lead.objects.visible_to(user))
            | Q(account__in=Account.objects.visible_to(user))
            | Q(contact__in=Contact.objects.visible_to(user))
        )


class DataQualityIssue(models.Model):
    """Something wrong with a record, found by a rule. It closes by itself once the record is mended."""

    class Severity(models.TextChoices):
        HIGH = "high", _("High")
        MEDIUM = "medium", _("Medium")
        LOW = "low", _("Low")

    rule = models.CharField(max_length=40)
    severity = models.CharField(max_length=6, choices=Severity.choices)
    lead = models.ForeignKey(Lead, null=True, on_delete=models.CASCADE, related_name="quality_issues")
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="quality_issues")
    contact = models.ForeignKey(Contact, null=True, on_delete=models.CASCADE, related_name="quality_issues")
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = DataQualityIssueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "lead", "account", "contact"],
                condition=Q(closed_at__isnull=True),
                nulls_distinct=False,
                name="quality_issue_open_once",
            ),
            models.CheckConstraint(
                condition=Q(lead__isnull=False, account=None, contact=None)
                | Q(lead=None, account__isnull=False, contact=None)
                | Q(lead=None, account=None, contact__isnull=False),
                name="quality_issue_of_one_record",
            ),
        ]
        indexes = [
            models.Index(fields=["rule", "-id"], condition=Q(closed_at__isnull=True), name="quality_issue_by_rule"),
        ]
        permissions = [("scan_quality", "Can have all records looked through")]

    def __str__(self) -> str:
        return self.rule

    @property
    def record(self) -> Any:
        return self.lead or self.account or self.contact
