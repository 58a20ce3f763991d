"""Prospecting: steps that reach a person one after the other, whom they reach, what was sent and what came back."""

from datetime import time
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from leads.models.campaigns import one_person
from leads.models.lead import Lead
from revops.core.history import tracked
from revops.core.models import BaseModel, Stamped
from revops.core.scope import NOBODY, ScopedQuerySet
from revops.users.holders import held_by_working_people


def reached(user: Any, prefix: str = "") -> Q:
    """Rows about a lead or a contact that the user sees."""
    return Q(**{f"{prefix}lead__in": Lead.objects.visible_to(user).values("pk")}) | Q(
        **{f"{prefix}contact__in": Contact.objects.visible_to(user).values("pk")}
    )


class PolicyQuerySet(ScopedQuerySet["ContactPolicy"]):
    def visible_to(self, user: Any) -> Self:
        """Seen with the lead or contact."""
        return self.filter(reached(user))

    def closed(self) -> Self:
        """Those who may not be contacted."""
        return self.filter(do_not_contact_at__isnull=False)


@tracked()
class ContactPolicy(BaseModel):
    """Whether, on what ground and when somebody may be contacted. No row: the organisation's hours, no objection.

    An objection holds for the address: nobody with the same e-mail is written to (INV-75).
    """

    class Basis(models.TextChoices):
        NONE = "none", _("Not recorded")
        CONSENT = "consent", _("Consent")
        CONTRACT = "contract", _("Contract")
        INTEREST = "interest", _("Legitimate interest")

    lead = models.OneToOneField(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="policy")
    contact = models.OneToOneField(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="policy")
    email_key = models.CharField(max_length=254, blank=True, default="", editable=False, db_index=True)
    do_not_contact_at = models.DateTimeField(null=True, blank=True, editable=False)
    reason = models.CharField(max_length=200, blank=True, default="")
    basis = models.CharField(max_length=8, choices=Basis.choices, default=Basis.NONE)
    time_zone = models.CharField(max_length=40, blank=True, default="", help_text=_("Empty: the organisation's."))
    window_from = models.TimeField(default=time(9))
    window_to = models.TimeField(default=time(17))

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("contact policies")
        constraints = [
            one_person("policy_of_lead_or_contact"),
            models.CheckConstraint(condition=Q(window_from__lt=F("window_to")), name="policy_window_opens_first"),
        ]

    def __str__(self) -> str:
        return str(self.lead or self.contact)


class TemplateQuerySet(ScopedQuerySet["MessageTemplate"]):
    def visible_to(self, user: Any) -> Self:
        """The same for everybody who works with sequences."""
        return self.all() if user.has_perm("leads.view_sequence") else self.filter(NOBODY)


@tracked()
class MessageTemplate(BaseModel):
    """What a step says. Names in braces are filled in per person: {first_name}, {company}, {sender}.

    Its documents go along, each in the version that counts when the mail is sent.
    """

    name = models.CharField(max_length=120)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), condition=Q(archived_at__isnull=True), name="template_name_once"),
            models.CheckConstraint(condition=~Q(subject="") & ~Q(body=""), name="template_says_something"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("message-template-edit", args=[self.pk])


class SequenceQuerySet(ScopedQuerySet["Sequence"]):
    def visible_to(self, user: Any) -> Self:
        """The same for everybody who works with sequences; whom they reach is seen with the lead or contact."""
        return self.all() if user.has_perm("leads.view_sequence") else self.filter(NOBODY)


@tracked()
class Sequence(BaseModel):
    """Steps in their order. Only an active one takes people; a paused one sends nothing until it goes on."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        ARCHIVED = "archived", _("Archived")

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.ACTIVE, Status.ARCHIVED}),
        Status.ACTIVE: frozenset({Status.PAUSED, Status.ARCHIVED}),
        Status.PAUSED: frozenset({Status.ACTIVE, Status.ARCHIVED}),
        Status.ARCHIVED: frozenset(),
    }

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sequences")
    on_weekends = models.BooleanField(_("also at weekends"), default=False)

    objects = SequenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), condition=~Q(status="archived"), name="sequence_name_once"),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="sequence_by_day")]
        triggers = held_by_working_people("sequence_holder", "{r}.status <> 'archived'")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("sequence-detail", args=[self.pk])


class SequenceStep(Stamped):
    """What happens that many days after somebody was enrolled: a mail that is sent, or a task for the sender."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        CALL = "call", _("Call")
        VISIT = "visit", _("Visit")
        TASK = "task", _("Task")

    sequence = models.ForeignKey(Sequence, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    day_offset = models.PositiveSmallIntegerField(help_text=_("Days since the person was enrolled."))
    kind = models.CharField(max_length=5, choices=Kind.choices)
    template = models.ForeignKey(MessageTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="steps")
    subject = models.CharField(max_length=200, blank=True, default="", help_text=_("What is to do, if it is no mail."))

    class Meta:
        ordering = ["sequence", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["sequence", "position"], name="step_position_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                condition=Q(kind="email", template__isnull=False) | (~Q(kind="email") & ~Q(subject="")),
                name="step_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.subject or self.template}"


class EnrollmentQuerySet(ScopedQuerySet["Enrollment"]):
    def visible_to(self, user: Any) -> Self:
        """Seen with the lead or contact."""
        return self.filter(reached(user))

    def running(self) -> Self:
        return self.filter(status__in=Enrollment.RUNNING)


class Enrollment(BaseModel):
    """One person in one sequence. `next_at` is when the next step is done, already inside the person's window."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        REPLIED = "replied", _("Replied")
        FINISHED = "finished", _("Finished")
        BOUNCED = "bounced", _("Bounced")
        OPTED_OUT = "opted_out", _("Opted out")
        STOPPED = "stopped", _("Stopped")

    RUNNING = (Status.ACTIVE, Status.PAUSED)
    _ENDS = frozenset({Status.REPLIED, Status.FINISHED, Status.BOUNCED, Status.OPTED_OUT, Status.STOPPED})
    TRANSITIONS = {
        Status.ACTIVE: _ENDS | {Status.PAUSED},
        Status.PAUSED: _ENDS | {Status.ACTIVE},
        # Who answers after the last step has answered all the same; who objects, too.
        Status.FINISHED: frozenset({Status.REPLIED, Status.BOUNCED, Status.OPTED_OUT}),
        Status.REPLIED: frozenset({Status.OPTED_OUT}),
        Status.STOPPED: frozenset({Status.REPLIED, Status.BOUNCED, Status.OPTED_OUT}),
        Status.BOUNCED: frozenset(),
        Status.OPTED_OUT: frozenset(),
    }

    sequence = models.ForeignKey(Sequence, on_delete=models.PROTECT, related_name="enrollments")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="enrollments")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="enrollments")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="enrollments")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.ACTIVE, editable=False)
    enrolled_at = models.DateTimeField(editable=False)
    next_position = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    reason = models.CharField(max_length=200, blank=True, default="", editable=False)
    # Part of the return address of its mails, and of the link by which somebody opts out.
    token = models.CharField(max_length=43, unique=True, editable=False)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        constraints = [
            one_person("enrollment_of_lead_or_contact"),
            models.UniqueConstraint(
                fields=["sequence", "lead"],
                condition=Q(status__in=("active", "paused"), lead__isnull=False),
                name="enrollment_once_per_lead",
            ),
            models.UniqueConstraint(
                fields=["sequence", "contact"],
                condition=Q(status__in=("active", "paused"), contact__isnull=False),
                name="enrollment_once_per_contact",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=("active", "paused")) & Q(ended_at__isnull=True, next_at__isnull=False))
                | (~Q(status__in=("active", "paused")) & Q(ended_at__isnull=False, next_at__isnull=True)),
                name="enrollment_runs_or_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(status="active"), name="enrollment_due"),
            models.Index(fields=["sequence", "-enrolled_at", "-id"], name="enrollment_by_sequence"),
        ]
        triggers = held_by_working_people("enrollment_sender", "{r}.status IN ('active', 'paused')", "sender")

    def __str__(self) -> str:
        return f"{self.lead or self.contact}, {self.sequence}"
