"""Two numbers, never blended: the qualification score (five criteria) and the fit score (rules)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leads.models.engagement import ScoreGroup
from leads.models.lead import Lead
from revops.core.models import BaseModel, Stamped, percent_field


class Scorecard(BaseModel):
    """One version of the five weights and the threshold. Never edited once used: a new version is made."""

    number = models.PositiveIntegerField(unique=True)
    needs_weight = percent_field(default=20)
    finances_weight = percent_field(default=20)
    reputation_weight = percent_field(default=20)
    budget_weight = percent_field(default=20)
    authority_weight = percent_field(default=20)
    threshold = models.DecimalField(max_digits=5, decimal_places=2, default=77)
    is_active = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_active"], condition=Q(is_active=True), name="scorecard_one_active"),
            models.CheckConstraint(
                condition=Q(
                    needs_weight=100
                    - F("finances_weight")
                    - F("reputation_weight")
                    - F("budget_weight")
                    - F("authority_weight")
                ),
                name="scorecard_weights_sum_to_100",
            ),
            models.CheckConstraint(condition=Q(threshold__range=(0, 100)), name="scorecard_threshold_0_to_100"),
        ]

    def __str__(self) -> str:
        return f"Scorecard {self.number}"


class QualificationAnswer(Stamped):
    """One criterion's answer, 0 to 100, with its evidence."""

    class Criterion(models.TextChoices):
        NEEDS = "needs", _("Needs")
        FINANCES = "finances", _("Finances")
        REPUTATION = "reputation", _("Reputation")
        BUDGET = "budget", _("Budget")
        AUTHORITY = "authority", _("Authority")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="answers")
    criterion = models.CharField(max_length=10, choices=Criterion.choices)
    value = models.DecimalField(max_digits=5, decimal_places=2)
    evidence = models.CharField(max_length=400, blank=True, default="")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "criterion"], name="qualification_answer_once"),
            models.CheckConstraint(condition=Q(value__range=(0, 100)), name="qualification_answer_0_to_100"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} {self.value}"


class QualificationScore(models.Model):
    """A computed score with what it was computed from. The current one is the lead's; earlier ones stay."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="qualification_scores")
    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="scores")
    answers = models.JSONField()
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    gate_failures = ArrayField(models.CharField(max_length=40), default=list)
    qualifies = models.BooleanField()
    is_current = models.BooleanField(default=True)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(is_current=True), name="qualification_score_one_current"
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__range=(0, 100)),
                name="qualification_score_0_to_100",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.score}"


class FitRule(BaseModel):
    """Points for a field's value: industry or source among values, employees within bounds."""

    class Field(models.TextChoices):
        INDUSTRY = "industry", _("Industry")
        EMPLOYEES = "employees", _("Employees")
        SOURCE = "source", _("Source")
        COUNTRY = "country", _("Country")

    name = models.CharField(max_length=120)
    field = models.CharField(max_length=10, choices=Field.choices)
    values = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    at_least = models.PositiveIntegerField(null=True, blank=True)
    at_most = models.PositiveIntegerField(null=True, blank=True)
    points = models.SmallIntegerField()
    group = models.ForeignKey(ScoreGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="fit_rules")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["field", "-points", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(points__range=(-100, 100)), name="fit_rule_points_within_100"),
        ]

    def __str__(self) -> str:
        return self.name


class FitScore(models.Model):
    """The lead's fit, 0 to 100, with the rules that made it."""

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, related_name="fit")
    score = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__range=(0, 100)), name="fit_score_0_to_100"),
        ]

    def __str__(self) -> str:
        return f"{self.score}"
