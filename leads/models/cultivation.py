"""Keeping in touch with a lead until it trusts us enough to buy."""

from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from leads.models.scoring import QualificationAnswer
from revops.core.models import BaseModel
from revops.core.scope import ScopedQuerySet


class CultivationQuerySet(ScopedQuerySet["CultivationPlan"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever sees the lead."""
        return self.filter(lead__in=Lead.objects.visible_to(user))


class CultivationPlan(BaseModel):
    """How far a lead has come to know us, and when it is touched next. What is still to find out is what the
    qualification lacks.
    """

    class Stage(models.TextChoices):
        UNAWARE = "unaware", _("Does not know us")
        AWARE = "aware", _("Knows us")
        ENGAGED = "engaged", _("Talks with us")
        TRUSTED = "trusted", _("Trusts us")

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, related_name="cultivation")
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.UNAWARE)
    next_touch_on = models.DateField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CultivationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["next_touch_on", "id"], name="cultivation_by_next_touch")]

    def __str__(self) -> str:
        return f"{self.lead}, {self.get_stage_display()}"

    def get_absolute_url(self) -> str:
        return reverse("lead-cultivate", args=[self.lead_id])

    @property
    def info_needed(self) -> list[str]:
        """The criteria that nobody has answered yet, in their order."""
        known = {row.criterion for row in self.lead.answers.all()}
        return [name for name in QualificationAnswer.Criterion.values if name not in known]

    @property
    def info_words(self) -> list[str]:
        """The same, as people call them."""
        return [str(QualificationAnswer.Criterion(name).label) for name in self.info_needed]
