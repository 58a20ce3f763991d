"""What we did and what we plan to do, in one table: the next action of a record is its earliest planned activity."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models.companies import Account, Contact
from revops.core.models import BaseModel, CustomData
from revops.core.registries import scope_sources
from revops.core.scope import NOBODY, ScopedQuerySet, within_reach
from revops.users.holders import held_by_working_people
from revops.users.shares import or_shared


class ActivityQuerySet(ScopedQuerySet["Activity"]):
    def visible_to(self, user: Any) -> Self:
        """Its owner's reach, the account's reach, or any record that an upper app hangs it on (scope sources)."""
        if not user.is_authenticated or not user.is_active:
            return self.filter(NOBODY)
        reached = within_reach(user, "owner", "account__owner")
        condition = or_shared(reached, user, account="accounts.account")
        for source in scope_sources.all():
            # An empty condition is everybody's records: nothing may be added to it.
            if source.model == "accounts.activity" and condition:
                condition |= Q(pk__in=source.ids(user))
        return self.filter(condition)

    def planned(self) -> Self:
        return self.filter(status=Activity.Status.PLANNED)

    def completed(self) -> Self:
        return self.filter(status=Activity.Status.COMPLETED)


class Activity(BaseModel, CustomData):
    """A call, meeting, visit, e-mail, note or task. Planned ones are due; completed ones happened."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        CALL = "call", _("Call")
        EMAIL = "email", _("E-mail")
        MEETING = "meeting", _("Meeting")
        VISIT = "visit", _("Visit")
        TASK = "task", _("Task")

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        COMPLETED = "completed", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    TRANSITIONS = {
        Status.PLANNED: frozenset({Status.COMPLETED, Status.CANCELLED}),
        Status.COMPLETED: frozenset(),
        Status.CANCELLED: frozenset(),
    }

    kind = models.CharField(max_length=8, choices=Kind.choices)
    status = models.CharField(max_length=10, choices=Status.choices)
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True, default="")
    outcome = models.CharField(max_length=200, blank=True, default="")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="activities")
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="activities")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="activities")
    due_at = models.DateTimeField(null=True, blank=True)
    happened_at = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    series = models.ForeignKey(
        "accounts.ActivitySeries", null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    occurrence_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("activities")
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="planned") | Q(due_at__isnull=False), name="activity_planned_has_due"
            ),
            models.CheckConstraint(
                condition=~Q(status="completed") | Q(happened_at__isnull=False),
                name="activity_completed_has_time",
            ),
            models.CheckConstraint(
                condition=Q(series__isnull=True) | Q(occurrence_at__isnull=False), name="activity_of_series_has_slot"
            ),
            # Whoever presses Done twice, or at once with somebody else, plans the next one once.
            models.UniqueConstraint(fields=["series", "occurrence_at"], name="activity_once_a_slot"),
            models.UniqueConstraint(fields=["series"], condition=Q(status="planned"), name="activity_series_plans_one"),
        ]
        indexes = [
            models.Index(fields=["owner", "due_at", "id"], condition=Q(status="planned"), name="activity_due"),
            models.Index(fields=["account", "-happened_at"], name="activity_by_account"),
            models.Index(fields=["created_at", "id"], name="activity_by_time"),
            models.Index(fields=["due_at", "id"], condition=Q(status="planned"), name="activity_due_of_all"),
        ]
        triggers = held_by_working_people("activity_holder", "{r}.status = 'planned'")

    def __str__(self) -> str:
        return self.subject

    def get_absolute_url(self) -> str:
        """An activity is read on the timeline of what it is about."""
        about = self.account or self.contact
        return about.get_absolute_url() if about else reverse("activity-list")


class ActivityLink(models.Model):
    """An activity stands on a record's timeline. Each room has its own table, whose foreign key names the record."""

    activity = models.OneToOneField(Activity, on_delete=models.CASCADE, related_name="%(class)s_link")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.activity)
