"""What we promise: how soon a case is answered and solved, by priority."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.core.models import BaseModel
from revops.users.models import WorkingCalendar


class Priority(models.TextChoices):
    """P1 is the most pressing."""

    P1 = "P1", _("P1 Critical")
    P2 = "P2", _("P2 High")
    P3 = "P3", _("P3 Normal")
    P4 = "P4", _("P4 Low")
    P5 = "P5", _("P5 Planning")


class SlaPolicy(BaseModel):
    """A set of targets on one working calendar. Cases keep the policy they were opened under."""

    name = models.CharField(max_length=80, unique=True)
    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.PROTECT, related_name="+")
    is_default = models.BooleanField(default=False)
    restart_on_reopen = models.BooleanField(
        default=False, help_text=_("A reopened case gets its time anew. Off: its clock never stopped.")
    )

    class Meta:
        verbose_name = "SLA policy"
        verbose_name_plural = _("SLA policies")
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="sla_policy_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class SlaTarget(models.Model):
    """Minutes to the first answer and to the solution, for one priority."""

    policy = models.ForeignKey(SlaPolicy, on_delete=models.CASCADE, related_name="targets")
    priority = models.CharField(max_length=2, choices=Priority.choices)
    response_minutes = models.PositiveIntegerField()
    resolution_minutes = models.PositiveIntegerField()
    around_the_clock = models.BooleanField(default=False)

    class Meta:
        verbose_name = "SLA target"
        ordering = ["priority"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "priority"], name="sla_target_once_per_priority"),
            models.CheckConstraint(condition=Q(response_minutes__gt=0), name="sla_response_positive"),
            models.CheckConstraint(
                condition=Q(resolution_minutes__gte=F("response_minutes")), name="sla_resolution_after_response"
            ),
        ]

    def __str__(self) -> str:
        return self.priority
