"""Handing over what somebody holds who leaves."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from revops.core.models import JobRun, Stamped
from revops.core.scope import NOBODY
from revops.users.models.people import User


class OffboardingQuerySet(models.QuerySet["OffboardingRun"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever administers people."""
        return self.all() if user.is_active and user.has_perm("users.change_user") else self.filter(NOBODY)


class OffboardingRun(Stamped):
    """One farewell: to whom each kind goes, what has gone already, and when the person was deactivated."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="offboardings")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    plan = models.JSONField(help_text="{kind: id of the new holder}")
    moved = models.JSONField(default=dict, help_text="{kind: how many}")
    job = models.OneToOneField(JobRun, null=True, on_delete=models.PROTECT, related_name="offboarding")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = OffboardingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(finished_at__isnull=True), name="offboarding_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} leaves"

    def get_absolute_url(self) -> str:
        return reverse("offboarding", args=[self.user_id])
