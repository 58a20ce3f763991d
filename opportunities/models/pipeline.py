"""Pipelines and their stages: probability, forecast category and entry criteria are rows."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.core.models import BaseModel, percent_field


class Category(models.TextChoices):
    """Forecast categories: confidence buckets."""

    OMITTED = "omitted", _("Omitted")
    PIPELINE = "pipeline", _("Pipeline")
    BEST_CASE = "best_case", _("Best case")
    COMMIT = "commit", _("Commit")
    CLOSED = "closed", _("Closed")


class Pipeline(BaseModel):
    """An ordered set of stages."""

    name = models.CharField(max_length=80, unique=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="pipeline_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class Stage(BaseModel):
    """A step of the pipeline. `requires` names opportunity fields that must be set to enter it."""

    class Kind(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="stages")
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=4, choices=Kind.choices, default=Kind.OPEN)
    probability = percent_field()
    category = models.CharField(max_length=10, choices=Category.choices)
    requires = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    quiet_days = models.PositiveSmallIntegerField(
        default=10, help_text=_("Days without activity after which the board warns.")
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "key"], name="stage_key_once"),
            models.UniqueConstraint(fields=["pipeline", "position"], name="stage_position_once"),
            models.CheckConstraint(condition=Q(probability__range=(0, 100)), name="stage_probability_0_to_100"),
        ]

    def __str__(self) -> str:
        return self.label
