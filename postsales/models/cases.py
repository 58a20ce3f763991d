"""Support cases: what a customer asked, who answered, and every change of state with its time."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from postsales.models.levels import Priority, SlaPolicy
from revops.core.models import BaseModel, CustomData, search_field, search_indexes
from revops.core.scope import ScopedQuerySet, within_reach
from revops.users.holders import held_by_working_people
from revops.users.shares import or_shared


class CaseQuerySet(ScopedQuerySet["SupportCase"]):
    def visible_to(self, user: Any) -> Self:
        """A case is seen by the reach of its owner and of its account's owner; or shared by name."""
        reached = within_reach(user, "owner", "account__owner")
        return self.filter(or_shared(reached, user, pk="postsales.supportcase"))

    def unsolved(self) -> Self:
        """The clock still runs, or waits for the customer."""
        return self.filter(status__in=SupportCase.UNSOLVED)


class SupportCase(BaseModel, CustomData):
    """A customer's question or trouble. Its clocks are computed from the status log whenever they are read."""

    class Channel(models.TextChoices):
        PHONE = "phone", _("Phone")
        WEB = "web", _("Web")
        EMAIL = "email", _("E-mail")

    class Status(models.TextChoices):
        NEW = "new", _("New")
        OPEN = "open", _("Open")
        PENDING_CUSTOMER = "pending_customer", _("Waiting for customer")
        RESOLVED = "resolved", _("Solved")
        CLOSED = "closed", _("Closed")

    TRANSITIONS = {
        Status.NEW: frozenset({Status.OPEN}),
        Status.OPEN: frozenset({Status.PENDING_CUSTOMER, Status.RESOLVED}),
        Status.PENDING_CUSTOMER: frozenset({Status.OPEN, Status.RESOLVED}),
        Status.RESOLVED: frozenset({Status.OPEN, Status.CLOSED}),
        Status.CLOSED: frozenset(),
    }
    UNSOLVED = (Status.NEW, Status.OPEN, Status.PENDING_CUSTOMER)

    number = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="cases")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="cases")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="cases"
    )
    subject = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    channel = models.CharField(max_length=5, choices=Channel.choices, default=Channel.WEB)
    priority = models.CharField(max_length=2, choices=Priority.choices, default=Priority.P3)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.NEW)
    policy = models.ForeignKey(SlaPolicy, on_delete=models.PROTECT, related_name="cases")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    first_replied_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    search = search_field("subject", "number")

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = "case"
        indexes = [
            models.Index(fields=["account", "-opened_at"], name="case_by_account"),
            models.Index(fields=["owner", "-opened_at"], name="case_by_owner"),
            models.Index(fields=["-opened_at", "-id"], name="case_by_time"),
            *search_indexes("case"),
            models.Index(
                fields=["opened_at"], condition=Q(status__in=["new", "open", "pending_customer"]), name="case_unsolved"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="new", first_replied_at__isnull=True)
                | (~Q(status="new") & Q(first_replied_at__isnull=False)),
                name="case_replied_once_it_is_not_new",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["resolved", "closed"], resolved_at__isnull=False)
                | (~Q(status__in=["resolved", "closed"]) & Q(resolved_at__isnull=True)),
                name="case_resolved_has_date",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at__isnull=True)),
                name="case_closed_has_date",
            ),
        ]
        triggers = held_by_working_people("case_holder", "{r}.status IN ('new', 'open', 'pending_customer')")

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("case-detail", args=[self.pk])


class CaseStatusLog(models.Model):
    """When a case changed its state. Append-only: the clocks are computed from it."""

    case = models.ForeignKey(SupportCase, on_delete=models.CASCADE, related_name="log")
    status = models.CharField(max_length=16, choices=SupportCase.Status.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["case", "at", "id"], name="case_log_in_order")]
        triggers = [pgtrigger.Protect(name="case_log_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.status} {self.at}"


class CaseComment(models.Model):
    """Something said about a case: to the customer, by the customer, or among ourselves."""

    class Kind(models.TextChoices):
        REPLY = "reply", _("To the customer")
        CUSTOMER = "customer", _("From the customer")
        NOTE = "note", _("Internal note")

    case = models.ForeignKey(SupportCase, on_delete=models.CASCADE, related_name="comments")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    body = models.TextField()
    at = models.DateTimeField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["case", "at", "id"], name="case_comment_in_order")]

    def __str__(self) -> str:
        return self.body[:60]


class SlaBreach(models.Model):
    """A target was missed; at most once a case and target, whatever happens afterwards."""

    class Target(models.TextChoices):
        RESPONSE = "response", _("First answer")
        RESOLUTION = "resolution", _("Solution")

    case = models.ForeignKey(SupportCase, on_delete=models.CASCADE, related_name="breaches")
    target = models.CharField(max_length=10, choices=Target.choices)
    due_at = models.DateTimeField()
    noticed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = _("SLA breaches")
        constraints = [models.UniqueConstraint(fields=["case", "target"], name="sla_breach_once_per_target")]

    def __str__(self) -> str:
        return f"{self.case} {self.target}"
