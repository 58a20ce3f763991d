"""Webhooks: who wants to hear of what, every message of theirs, and every try to send it."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from revops.core.models import BaseModel, OutboxEvent, Stamped
from revops.core.scope import ScopedQuerySet, within_reach

TEST_EVENT = "webhook.test"


class WebhookQuerySet(ScopedQuerySet["Webhook"]):
    def alive(self) -> "WebhookQuerySet":
        """Those that events are written for: all but archived ones."""
        return self.filter(archived_at__isnull=True)


class Webhook(BaseModel):
    """An address that hears of events, as its owner may see them. Secrets are sealed (`sealing`), never plain.

    While it is paused or disabled its messages are written all the same, and wait until it is resumed.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("Disabled")

    TRANSITIONS = {
        State.ACTIVE: frozenset({State.PAUSED, State.DISABLED}),
        State.PAUSED: frozenset({State.ACTIVE, State.DISABLED}),
        State.DISABLED: frozenset({State.ACTIVE}),
    }

    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=60))
    filter = models.JSONField(default=dict, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="webhooks")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    secret = models.TextField(editable=False)
    previous_secret = models.TextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    quiet_until = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)
    disabled_reason = models.CharField(max_length=300, blank=True, default="", editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        permissions = [("manage_webhooks", "Can make webhooks and see what they sent")]
        constraints = [
            models.CheckConstraint(condition=Q(events__len__gt=0), name="webhook_hears_of_something"),
            models.CheckConstraint(
                condition=Q(state="disabled", disabled_at__isnull=False) & ~Q(disabled_reason="")
                | ~Q(state="disabled") & Q(disabled_at__isnull=True, disabled_reason=""),
                name="webhook_disabled_says_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(previous_secret="", previous_until__isnull=True)
                | ~Q(previous_secret="") & Q(previous_until__isnull=False),
                name="webhook_previous_secret_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("webhook-detail", args=[self.pk])

    def secrets_at(self, now: datetime) -> list[str]:
        """The sealed secrets that sign just now: the new one, and the one before while it stays valid."""
        both = self.previous_until is not None and self.previous_until > now
        return [self.secret, self.previous_secret] if both else [self.secret]


class MessageQuerySet(ScopedQuerySet["WebhookMessage"]):
    def visible_to(self, user: Any) -> "MessageQuerySet":
        """With its webhook."""
        return self.filter(within_reach(user, "webhook__owner"))


class WebhookMessage(Stamped):
    """One event for one webhook: its body never changes, however often it is sent."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Delivered")
        DEAD = "dead", _("Failed")
        WITHHELD = "withheld", _("Not sent")

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="messages")
    event = models.ForeignKey(OutboxEvent, null=True, on_delete=models.SET_NULL, related_name="+")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=60)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event"], name="webhook_message_once_an_event"),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | ~Q(state="done") & Q(done_at__isnull=True),
                name="webhook_message_done_has_date",
            ),
            models.CheckConstraint(
                condition=Q(claimed_until__isnull=True) | Q(state="pending"), name="webhook_message_claimed_is_pending"
            ),
        ]
        indexes = [
            models.Index("webhook", "next_try_at", "id", condition=Q(state="pending"), name="webhook_message_due"),
            models.Index("webhook", condition=Q(state="pending", name=TEST_EVENT), name="webhook_message_tests"),
            models.Index(
                "webhook", "claimed_until", condition=Q(claimed_until__isnull=False), name="webhook_message_out"
            ),
            models.Index("webhook", "state", F("id").desc(), name="webhook_message_by_state"),
            models.Index("webhook", F("id").desc(), name="webhook_message_log"),
            models.Index(fields=["created_at"], name="webhook_message_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.message_id}"

    def get_absolute_url(self) -> str:
        return reverse("webhook-message", args=[self.webhook_id, self.pk])

    @property
    def message_id(self) -> str:
        """What the header `webhook-id` says, the same at every try: receivers know a repeat by it."""
        return f"msg_{self.uid.hex}"

    @property
    def is_test(self) -> bool:
        return self.name == TEST_EVENT


class WebhookAttempt(models.Model):
    """One try: what came back, or why nothing did."""

    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, default="")
    answer = models.TextField(max_length=1000, blank=True, default="")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(error="", status__gte=200, status__lt=300) | ~Q(error=""),
                name="webhook_attempt_fails_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.status or self.error}"
