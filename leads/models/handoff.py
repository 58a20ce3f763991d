"""The transfer of a qualified lead from SDR to AE, with its package and its clock."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from revops.core.models import BaseModel
from revops.core.scope import ScopedQuerySet, within_reach


class HandoffQuerySet(ScopedQuerySet["Handoff"]):
    def visible_to(self, user: Any) -> Self:
        """Both sides of the transfer, and who manages them."""
        return self.filter(within_reach(user, "from_user", "to_user"))

    def waiting(self) -> Self:
        return self.filter(status=Handoff.Status.SUBMITTED)


class Handoff(BaseModel):
    """A package handed from one person to another; accepted once, or rejected with a reason."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("Waiting")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        EXPIRED = "expired", _("Expired")

    TRANSITIONS = {
        Status.SUBMITTED: frozenset({Status.ACCEPTED, Status.REJECTED, Status.EXPIRED}),
        Status.ACCEPTED: frozenset(),
        Status.REJECTED: frozenset(),
        Status.EXPIRED: frozenset(),
    }

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handoffs")
    from_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="handoffs_given")
    to_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="handoffs_received")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.SUBMITTED)
    package = models.JSONField()
    sla_due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=400, blank=True, default="")

    objects = HandoffQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(status__in=["submitted", "accepted"]), name="handoff_one_alive"
            ),
            models.CheckConstraint(condition=~Q(status="rejected") | ~Q(reason=""), name="handoff_rejected_has_reason"),
            models.CheckConstraint(
                condition=Q(status__in=["submitted", "expired"]) | Q(decided_at__isnull=False),
                name="handoff_decided_has_date",
            ),
        ]
        indexes = [models.Index(fields=["to_user", "status", "sla_due_at"], name="handoff_inbox")]
        permissions = [
            ("submit_handoff", "Can hand a qualified lead to a seller"),
            ("decide_handoff", "Can accept or reject a handoff"),
        ]

    def __str__(self) -> str:
        return f"Handoff of {self.lead}"

    def get_absolute_url(self) -> str:
        """Read in the inbox, opened."""
        return f"{reverse('handoff-inbox')}?open={self.pk}"
