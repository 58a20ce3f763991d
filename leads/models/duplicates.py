"""Pairs of records that look like one, and what a scan keeps while it looks for them."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from leads.models.lead import Lead
from revops.core.models import BaseModel
from revops.core.scope import NOBODY, ScopedQuerySet

MODELS: dict[str, Any] = {"lead": Lead, "contact": Contact, "account": Account}


class PairQuerySet(ScopedQuerySet["DuplicatePair"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever sees both; what was archived or merged since is no pair any more."""
        seen = NOBODY
        for kind, model in MODELS.items():
            if user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"):
                rows = model.objects.visible_to(user).filter(archived_at__isnull=True).values("pk")
                seen |= Q(kind=kind, low_id__in=rows, high_id__in=rows)
        return self.filter(seen)


class DuplicatePair(BaseModel):
    """Two records of a kind that look like one, for a person to decide: merge, not the same, or later."""

    class Kind(models.TextChoices):
        LEAD = "lead", _("Leads")
        CONTACT = "contact", _("Contacts")
        ACCOUNT = "account", _("Accounts")

    class State(models.TextChoices):
        WAITING = "waiting", _("To decide")
        DISMISSED = "dismissed", _("Not the same")

    TRANSITIONS = {
        State.WAITING: frozenset({State.DISMISSED}),
        State.DISMISSED: frozenset({State.WAITING}),
    }

    kind = models.CharField(max_length=8, choices=Kind.choices)
    low_id = models.BigIntegerField()
    high_id = models.BigIntegerField()
    score = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    later_until = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    scan = models.UUIDField(null=True, editable=False)

    objects = PairQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "low_id", "high_id"], name="duplicate_pair_once"),
            models.CheckConstraint(condition=Q(low_id__lt=F("high_id")), name="duplicate_pair_low_first"),
            models.CheckConstraint(condition=Q(score__lte=100), name="duplicate_pair_score_to_100"),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | Q(decided_at__isnull=False), name="duplicate_pair_decided_has_date"
            ),
        ]
        indexes = [
            models.Index(fields=["-score", "-id"], condition=Q(state="waiting"), name="duplicate_pair_queue"),
            models.Index(fields=["kind", "high_id"], name="duplicate_pair_by_high"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.low_id}, {self.high_id}"

    def get_absolute_url(self) -> str:
        return reverse("duplicate-queue")


class BlockKey(models.Model):
    """One thing that a record has in common with others, while a scan runs: only those are compared."""

    scan = models.UUIDField()
    kind = models.CharField(max_length=8)
    key = models.BigIntegerField()
    record_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["scan", "kind", "key", "record_id"], name="block_key_of_scan")]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_id}"
