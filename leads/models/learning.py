"""What the product learned from past leads: versions of a model, a probability a lead, and how far leads moved away."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from revops.core.models import BaseModel


class LearningSetup(BaseModel):
    """What is learned: the outcome, what tells a lead's age, and which fields are known only afterwards. One row."""

    outcome = models.CharField(
        max_length=60, blank=True, default="", help_text=_("Empty: whether the lead was converted in time.")
    )
    age_field = models.CharField(max_length=60, blank=True, default="", help_text=_("Empty: when the lead came in."))
    low_is_new = models.BooleanField(default=False)
    window_days = models.PositiveSmallIntegerField(default=90)
    known_later = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    only = models.BooleanField(default=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["only"], name="learning_setup_only_one"),
            models.CheckConstraint(condition=Q(only=True), name="learning_setup_is_the_one"),
            models.CheckConstraint(condition=Q(window_days__range=(1, 730)), name="learning_setup_window_1_to_730"),
        ]

    def __str__(self) -> str:
        return "Learning"


class ScoringModel(BaseModel):
    """One trained version, judged on newer leads than it was taught on. Its weights are data: nothing is unpickled."""

    class Status(models.TextChoices):
        TRAINING = "training", _("Training")
        READY = "ready", _("Ready")
        OK = "ok", _("Usable with care")
        NOT_READY = "not_ready", _("Not ready")
        PUBLISHED = "published", _("In use")
        RETIRED = "retired", _("Retired")

    TRANSITIONS = {
        Status.TRAINING: frozenset({Status.READY, Status.OK, Status.NOT_READY}),
        Status.READY: frozenset({Status.PUBLISHED, Status.RETIRED}),
        Status.OK: frozenset({Status.PUBLISHED, Status.RETIRED}),
        Status.NOT_READY: frozenset({Status.RETIRED}),
        Status.PUBLISHED: frozenset({Status.RETIRED}),
        Status.RETIRED: frozenset({Status.PUBLISHED}),
    }

    class Algorithm(models.TextChoices):
        REGRESSION = "regression", _("Logistic regression")
        BOOSTING = "boosting", _("Gradient boosting")

    number = models.PositiveIntegerField(unique=True)
    algorithm = models.CharField(max_length=10, choices=Algorithm.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.TRAINING)
    reasons = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    metrics = models.JSONField(default=dict)
    fields = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    leaks = models.JSONField(default=list)
    weights = models.JSONField(default=dict)
    base = models.JSONField(default=dict)
    setup = models.JSONField(default=dict)
    trained_at = models.DateTimeField(null=True, blank=True)
    trained_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="published"), name="scoring_model_one_published"
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False),
                name="scoring_model_published_has_date",
            ),
            models.CheckConstraint(
                condition=Q(status="training") | Q(trained_at__isnull=False), name="scoring_model_judged_has_date"
            ),
        ]
        permissions = [("publish_scoringmodel", "Can train, publish and revert scoring models")]

    def __str__(self) -> str:
        return f"Model {self.number}"


class LeadPropensity(models.Model):
    """How likely a lead converts, by the model in use, with its strongest reasons as [field, code, points]."""

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, primary_key=True, related_name="propensity")
    model = models.ForeignKey(ScoringModel, on_delete=models.PROTECT, related_name="+", db_index=False)
    score = models.DecimalField(max_digits=5, decimal_places=2)
    reasons = models.JSONField(default=list)
    features_hash = models.CharField(max_length=16)
    scored_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = _("lead propensities")
        constraints = [
            models.CheckConstraint(condition=Q(score__range=(0, 100)), name="lead_propensity_0_to_100"),
        ]
        # Lists put leads without a probability last, and an index serves an order only if it says so, too.
        indexes = [models.Index(F("score").desc(nulls_last=True), F("lead").desc(), name="lead_by_propensity")]

    def __str__(self) -> str:
        return f"{self.score} %"


class ModelDrift(models.Model):
    """What moved away from the model in use: a field, the score, or how well it still orders leads."""

    class Kind(models.TextChoices):
        FIELD = "field", _("A field")
        SCORE = "score", _("The score")
        AUC = "auc", _("Its accuracy")

    model = models.ForeignKey(ScoringModel, on_delete=models.CASCADE, related_name="drifts")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    name = models.CharField(max_length=60, blank=True, default="")
    value = models.DecimalField(max_digits=8, decimal_places=4)
    limit = models.DecimalField(max_digits=8, decimal_places=4)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-found_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["model", "kind", "name"], name="model_drift_told_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.value}"
