"""Who took part in what we logged, and those among them whom nobody knows yet."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models.activities import Activity
from accounts.models.companies import Account, Contact
from revops.core.models import BaseModel
from revops.core.scope import ScopedQuerySet, within_reach
from revops.users.shares import or_shared


class ActivityAttendee(models.Model):
    """An address in an e-mail or a meeting; looked at once (`captured_at`) when it has happened."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="attendees")
    email = models.CharField(max_length=254)
    email_key = models.CharField(max_length=254)
    captured_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["activity", "email_key"], name="attendee_once_an_activity")]
        indexes = [models.Index(fields=["id"], condition=Q(captured_at__isnull=True), name="attendee_to_look_at")]

    def __str__(self) -> str:
        return self.email


class CapturedQuerySet(ScopedQuerySet["CapturedParticipant"]):
    def visible_to(self, user: Any) -> Self:
        """With the account."""
        return self.filter(or_shared(within_reach(user, "account__owner"), user, account="accounts.account"))

    def pending(self) -> Self:
        return self.filter(state=CapturedParticipant.State.PENDING)


class CapturedParticipant(BaseModel):
    """Somebody who took part and is no contact yet: to be confirmed by a person, never by a machine."""

    class State(models.TextChoices):
        PENDING = "pending", _("To confirm")
        CONFIRMED = "confirmed", _("Contact made")
        DISMISSED = "dismissed", _("Dismissed")

    TRANSITIONS = {
        State.PENDING: frozenset({State.CONFIRMED, State.DISMISSED}),
        State.CONFIRMED: frozenset(),
        State.DISMISSED: frozenset({State.CONFIRMED}),
    }

    email = models.CharField(max_length=254)
    email_key = models.CharField(max_length=254, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="captured")
    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="captured")
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="captured")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = CapturedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "email_key"], name="captured_once_an_account"),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(contact__isnull=False), name="captured_confirmed_has_contact"
            ),
        ]
        indexes = [models.Index(fields=["account"], condition=Q(state="pending"), name="captured_pending")]

    def __str__(self) -> str:
        return self.email

    def get_absolute_url(self) -> str:
        return reverse("captured-list")
