"""Requests to change the system."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from revops.core.models import BaseModel
from revops.core.scope import ScopedQuerySet, within_reach


class ChangeRequestQuerySet(ScopedQuerySet["SystemChangeRequest"]):
    def visible_to(self, user: Any) -> "ChangeRequestQuerySet":
        """Who asked for it, who sponsors it, and whoever reaches them."""
        return self.filter(within_reach(user, "created_by", "sponsor"))

    def to_be_measured(self, on: Any) -> "ChangeRequestQuerySet":
        return self.filter(status=SystemChangeRequest.Status.DONE, measure_on__lte=on, measured_benefit="")


class SystemChangeRequest(BaseModel):
    """A wish to change a system that sales works with. Approved only with a sponsor and an expected benefit."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        DONE = "done", _("Done")
        MEASURED = "measured", _("Measured")

    TRANSITIONS = {
        Status.PROPOSED: frozenset({Status.APPROVED, Status.REJECTED}),
        Status.APPROVED: frozenset({Status.DONE, Status.REJECTED}),
        Status.REJECTED: frozenset(),
        Status.DONE: frozenset({Status.MEASURED}),
        Status.MEASURED: frozenset(),
    }

    title = models.CharField(max_length=200)
    details = models.TextField(blank=True, default="")
    sponsor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="sponsored_changes"
    )
    expected_benefit = models.CharField(max_length=400, blank=True, default="")
    measured_benefit = models.CharField(max_length=400, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PROPOSED)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="change_requests")
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    done_on = models.DateField(null=True, blank=True)
    measure_on = models.DateField(null=True, blank=True)

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("approve_systemchangerequest", "Can approve changes to systems")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "rejected"]) | (Q(sponsor__isnull=False) & ~Q(expected_benefit="")),
                name="change_request_approved_has_sponsor_and_benefit",
            ),
            models.CheckConstraint(
                condition=~Q(status="measured") | ~Q(measured_benefit=""), name="change_request_measured_has_benefit"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("change-request-detail", args=[self.pk])
