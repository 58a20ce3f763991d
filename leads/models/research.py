"""Research on a lead or an account: five questions, each answered by findings with a source that may run out."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from leads.models.lead import Lead
from revops.core.models import BaseModel, Stamped
from revops.core.scope import ScopedQuerySet


class ResearchBriefQuerySet(ScopedQuerySet["ResearchBrief"]):
    def visible_to(self, user: Any) -> Self:
        """With whom it is about."""
        return self.filter(Q(lead__in=Lead.objects.visible_to(user)) | Q(account__in=Account.objects.visible_to(user)))


class ResearchBrief(BaseModel):
    """What is to be found out about a lead or an account, by whom and until when."""

    lead = models.OneToOneField(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="research")
    account = models.OneToOneField(Account, null=True, blank=True, on_delete=models.CASCADE, related_name="research")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="research_briefs"
    )
    due_on = models.DateField(null=True, blank=True)

    objects = ResearchBriefQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lead__isnull=False, account__isnull=True) | Q(lead__isnull=True, account__isnull=False),
                name="research_of_a_lead_or_an_account",
            ),
        ]
        indexes = [models.Index(fields=["owner", "due_on"], name="research_by_owner")]

    def __str__(self) -> str:
        return f"{self.subject}"

    @property
    def subject(self) -> Any:
        return self.lead or self.account

    def get_absolute_url(self) -> str:
        if self.lead_id:
            return reverse("lead-research", args=[self.lead_id])
        return reverse("account-detail", args=[self.account_id])


class ResearchFinding(Stamped):
    """An answer to one of the questions, with where it stands. A newer one of the same topic takes its place."""

    class Topic(models.TextChoices):
        WHO = "who", _("Who they are")
        NEEDS = "needs", _("Needs")
        FINANCIAL = "financial", _("Finances")
        COMPETITOR = "competitor", _("Competitors")
        BUYING_NOW = "buying_now", _("Buying now")

    class Confidence(models.TextChoices):
        HIGH = "high", _("High")
        MEDIUM = "medium", _("Medium")
        LOW = "low", _("Low")

    brief = models.ForeignKey(ResearchBrief, on_delete=models.CASCADE, related_name="findings")
    topic = models.CharField(max_length=10, choices=Topic.choices)
    value = models.TextField(max_length=2000)
    source = models.CharField(max_length=300)
    confidence = models.CharField(max_length=6, choices=Confidence.choices, default=Confidence.MEDIUM)
    as_of = models.DateField()
    expires_on = models.DateField(null=True, blank=True, help_text=_("The last day on which it holds."))
    is_current = models.BooleanField(default=True, editable=False)
    expired_at = models.DateTimeField(null=True, blank=True, editable=False)
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["brief", "topic", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["brief", "topic"], condition=Q(is_current=True), name="research_finding_one_current"
            ),
            models.CheckConstraint(condition=~Q(source="") & ~Q(value=""), name="research_finding_has_a_source"),
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=models.F("as_of")),
                name="research_finding_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_on"],
                condition=Q(is_current=True, expired_at__isnull=True),
                name="research_finding_runs_out",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_topic_display()}: {self.value[:60]}"
