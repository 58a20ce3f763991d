"""What a buyer needs, as data: begun on a lead by the SDR, carried on with on the opportunity, the same rows."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from leads.models import Lead
from opportunities.models.opportunity import Opportunity
from revops.core.models import BaseModel
from revops.core.scope import NOBODY, ScopedQuerySet


class NeedsAnalysisQuerySet(ScopedQuerySet["NeedsAnalysis"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever sees its lead or its opportunity."""
        if not user.is_authenticated or not user.is_active:
            return self.filter(NOBODY)
        leads = Lead.objects.visible_to(user).values("pk")
        deals = Opportunity.objects.visible_to(user).values("pk")
        return self.filter(Q(lead__in=leads) | Q(opportunity__in=deals))


class NeedsAnalysis(BaseModel):
    """The needs behind one lead or opportunity. Validated with the customer, then kept as a baseline.

    It hangs on a lead until a seller takes the lead over; then on the opportunity, and the lead stays known.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_PROGRESS = "in_progress", _("In progress")
        VALIDATED = "validated", _("Validated")
        BASELINED = "baselined", _("Baseline")

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.IN_PROGRESS}),
        Status.IN_PROGRESS: frozenset({Status.VALIDATED}),
        Status.VALIDATED: frozenset({Status.BASELINED}),
        Status.BASELINED: frozenset(),
    }
    EDITED = (Status.DRAFT, Status.IN_PROGRESS)

    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.PROTECT, related_name="needs_analyses")
    opportunity = models.ForeignKey(
        Opportunity, null=True, blank=True, on_delete=models.PROTECT, related_name="needs_analyses"
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    validated_at = models.DateTimeField(null=True, blank=True, editable=False)
    baselined_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = NeedsAnalysisQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("needs analyses")
        constraints = [
            models.CheckConstraint(
                condition=Q(lead__isnull=False) | Q(opportunity__isnull=False), name="needs_analysis_of_something"
            ),
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(opportunity__isnull=True) & ~Q(status="baselined"),
                name="needs_analysis_one_open_on_a_lead",
            ),
            models.UniqueConstraint(
                fields=["opportunity"], condition=~Q(status="baselined"), name="needs_analysis_one_open_on_a_deal"
            ),
        ]

    def __str__(self) -> str:
        return f"Needs of {self.subject}"

    @property
    def subject(self) -> Lead | Opportunity:
        """Where it hangs now."""
        return self.opportunity or self.lead  # type: ignore[return-value]  # the database has one of both

    def get_absolute_url(self) -> str:
        """The page of needs of what it hangs on."""
        if self.opportunity_id is not None:
            return reverse("opportunity-needs", args=[self.opportunity_id])
        return reverse("lead-needs", args=[self.lead_id])


class NeedQuerySet(ScopedQuerySet["Need"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever sees the analysis."""
        return self.filter(analysis__in=NeedsAnalysis.objects.visible_to(user))


class Need(BaseModel):
    """One need in the customer's words, with who wrote it down."""

    class Kind(models.TextChoices):
        NEED = "need", _("Need")
        PAIN = "pain", _("Pain point")
        GOAL = "goal", _("Goal")
        FUNCTION = "function", _("Function")
        EXPECTATION = "expectation", _("Expectation")

    class Level(models.TextChoices):
        BUSINESS = "business", _("Business")
        USER = "user", _("User")

    class Origin(models.TextChoices):
        STATED = "stated", _("Stated")
        UNSTATED = "unstated", _("Not stated")
        OBSERVED = "observed", _("Observed")

    analysis = models.ForeignKey(NeedsAnalysis, on_delete=models.CASCADE, related_name="needs")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.NEED)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.BUSINESS)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.STATED)
    statement = models.CharField(max_length=400)
    priority = models.PositiveSmallIntegerField(default=3, help_text=_("1 matters most, 5 least."))
    stated_by = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="stated_needs")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = NeedQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(priority__range=(1, 5)), name="need_priority_1_to_5"),
            models.CheckConstraint(condition=~Q(statement=""), name="need_says_something"),
        ]
        indexes = [models.Index(fields=["analysis", "priority", "id"], name="need_by_analysis")]

    def __str__(self) -> str:
        return self.statement

    def get_absolute_url(self) -> str:
        return self.analysis.get_absolute_url()
