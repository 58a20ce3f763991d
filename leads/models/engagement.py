"""The rule card's other half: what people did, with groups, caps and decay; the grade; and its versions."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Activity
from leads.models.lead import Lead
from revops.core.models import BaseModel


class ScoreGroup(BaseModel):
    """Rules that together give at most so many points, up or down."""

    class Side(models.TextChoices):
        FIT = "fit", _("Fit")
        ENGAGEMENT = "engagement", _("Engagement")

    name = models.CharField(max_length=80, unique=True)
    side = models.CharField(max_length=10, choices=Side.choices)
    cap = models.PositiveSmallIntegerField(help_text=_("At most so many points, up or down."))

    class Meta:
        ordering = ["side", "name", "pk"]
        constraints = [models.CheckConstraint(condition=Q(cap__range=(1, 100)), name="score_group_cap_1_to_100")]

    def __str__(self) -> str:
        return self.name


class EngagementRule(BaseModel):
    """Points for what happened with a lead, each time it happens; they may fade."""

    class Decay(models.TextChoices):
        NONE = "none", _("stays")
        HALF_LIFE = "half_life", _("halves")
        LINEAR = "linear", _("falls evenly")

    name = models.CharField(max_length=120)
    event = models.CharField(max_length=8, choices=Activity.Kind.choices)
    contains = models.CharField(
        max_length=80, blank=True, default="", help_text=_("Only where its subject or outcome holds this.")
    )
    points = models.SmallIntegerField()
    group = models.ForeignKey(
        ScoreGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="engagement_rules"
    )
    decay = models.CharField(max_length=9, choices=Decay.choices, default=Decay.HALF_LIFE)
    half_life_days = models.PositiveSmallIntegerField(null=True, blank=True, default=30)
    percent_per_month = models.PositiveSmallIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["event", "-points", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(points__range=(-100, 100)), name="engagement_rule_points_within_100"),
            models.CheckConstraint(
                condition=~Q(decay="half_life") | Q(half_life_days__range=(1, 3650), half_life_days__isnull=False),
                name="engagement_rule_half_life_has_days",
            ),
            models.CheckConstraint(
                condition=~Q(decay="linear") | Q(percent_per_month__range=(1, 100), percent_per_month__isnull=False),
                name="engagement_rule_linear_has_percent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleCard(BaseModel):
    """One version of all fit and engagement rules, their groups, and the grade's bands. Never edited."""

    number = models.PositiveIntegerField(unique=True)
    rules = models.JSONField(default=dict)
    digest = models.CharField(max_length=32)
    fit_share = models.PositiveSmallIntegerField(default=60, help_text=_("How much of the total the fit makes, in %."))
    a_from = models.PositiveSmallIntegerField(default=75)
    b_from = models.PositiveSmallIntegerField(default=50)
    c_from = models.PositiveSmallIntegerField(default=25)
    is_active = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_active"], condition=Q(is_active=True), name="rule_card_one_active"),
            models.CheckConstraint(condition=Q(fit_share__range=(0, 100)), name="rule_card_fit_share_0_to_100"),
            models.CheckConstraint(
                condition=Q(c_from__gte=1, b_from__gt=F("c_from"), a_from__gt=F("b_from"), a_from__lte=100),
                name="rule_card_bands_descend",
            ),
        ]

    def __str__(self) -> str:
        return f"Rule card {self.number}"


class LeadEngagement(models.Model):
    """What a lead's doings are worth today, and its grade by the card in force."""

    class Grade(models.TextChoices):
        A = "A", "A"
        B = "B", "B"
        C = "C", "C"
        D = "D", "D"

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, primary_key=True, related_name="engagement")
    card = models.ForeignKey(RuleCard, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField()
    total = models.PositiveSmallIntegerField()
    grade = models.CharField(max_length=1, choices=Grade.choices)
    reasons = models.JSONField(default=list)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(score__range=(0, 100)), name="lead_engagement_0_to_100"),
            models.CheckConstraint(condition=Q(total__range=(0, 100)), name="lead_rule_total_0_to_100"),
        ]
        indexes = [models.Index(fields=["grade", "lead"], name="lead_by_grade")]

    def __str__(self) -> str:
        return f"{self.score}, {self.grade}"
