"""Mails: what was sent, by a step of a sequence or by a person, with which documents; and what came in."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact, Document, DocumentVersion
from leads.models.lead import Lead
from leads.models.sequences import Enrollment, MessageTemplate, SequenceStep, reached
from revops.core.models import Stamped
from revops.core.scope import ScopedQuerySet

_A_STEP = Q(
    enrollment__isnull=False,
    step__isnull=False,
    lead__isnull=True,
    contact__isnull=True,
    sender__isnull=True,
    token="",
)
_A_PERSON = Q(lead__isnull=False, contact__isnull=True) | Q(lead__isnull=True, contact__isnull=False)


class SentQuerySet(ScopedQuerySet["SentMessage"]):
    def visible_to(self, user: Any) -> Self:
        """Seen with whom it went to."""
        return self.filter(reached(user, "enrollment__") | reached(user))


class SentMessage(Stamped):
    """One mail to one person, never sent twice: of a step of a sequence (at most one), or written by somebody.

    `handed_at` is written right before the last byte leaves: a worker that is killed between this and `sent_at` leaves
    a message that nobody sends again by itself ("unconfirmed"); one that is killed before leaves it to the next.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        UNCONFIRMED = "unconfirmed", _("Unconfirmed")
        FAILED = "failed", _("Failed")
        BOUNCED = "bounced", _("Bounced")
        CANCELLED = "cancelled", _("Not sent")

    # A step's mail: whom it reaches, who writes and the return address are the enrolment's.
    enrollment = models.ForeignKey(Enrollment, null=True, blank=True, on_delete=models.CASCADE, related_name="messages")
    step = models.ForeignKey(SequenceStep, null=True, blank=True, on_delete=models.PROTECT, related_name="messages")
    # A person's mail has its own.
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="mails")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="mails")
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="mails"
    )
    token = models.CharField(max_length=43, blank=True, default="", editable=False)
    replies_to = models.ForeignKey(
        "leads.ReceivedMessage", null=True, blank=True, on_delete=models.SET_NULL, related_name="replies"
    )
    # The form that was sent: pressed twice, it is one mail.
    submission = models.UUIDField(null=True, blank=True, editable=False)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.WAITING)
    message_id = models.CharField(max_length=200, unique=True)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=400)
    body = models.TextField()
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    handed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, default="")

    objects = SentQuerySet.as_manager()

    class Meta:
        ordering = ["-due_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "step"], name="message_once_per_step"),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(handed_at__isnull=False, sent_at__isnull=False),
                name="message_sent_has_times",
            ),
            models.CheckConstraint(
                condition=_A_STEP
                | (Q(enrollment__isnull=True, step__isnull=True, sender__isnull=False) & ~Q(token="") & _A_PERSON),
                name="message_of_step_or_person",
            ),
            models.UniqueConstraint(fields=["token"], condition=~Q(token=""), name="message_token_once"),
            models.UniqueConstraint(fields=["sender", "submission"], name="message_once_per_press"),
        ]
        indexes = [models.Index(fields=["due_at", "id"], condition=Q(status="waiting"), name="message_waiting")]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("sent-message", args=[self.pk])


class Enclosure(Stamped):
    """A document that goes along with a mail: this version, or (empty) the one that counts when the mail is sent."""

    message = models.ForeignKey(SentMessage, on_delete=models.CASCADE, related_name="enclosures")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(DocumentVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "document"], name="enclosure_once")]

    def __str__(self) -> str:
        return f"{self.document} ({self.version_id or '–'})"


class SentDocumentQuerySet(ScopedQuerySet["SentDocument"]):
    def visible_to(self, user: Any) -> Self:
        """Seen with the mail."""
        return self.filter(reached(user, "message__enrollment__") | reached(user, "message__"))

    def gone(self) -> Self:
        """Those that left: a mail that the server put off left nothing, its next try has a row of its own."""
        left = (SentMessage.Status.SENT, SentMessage.Status.BOUNCED, SentMessage.Status.UNCONFIRMED)
        return self.filter(message__status__in=left, message__handed_at=F("handed_at"))


class SentDocument(Stamped):
    """Which version of a document was handed over with a mail, and when. Append-only."""

    message = models.ForeignKey(SentMessage, on_delete=models.PROTECT, related_name="documents")
    version = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="sent")
    handed_at = models.DateTimeField()

    objects = SentDocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "version", "handed_at"], name="sent_document_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="sent_document_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.message_id}"


class TemplateDocument(Stamped):
    """A document that goes along with every mail of a template."""

    template = models.ForeignKey(MessageTemplate, on_delete=models.CASCADE, related_name="enclosed")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "document"], name="template_document_once")]

    def __str__(self) -> str:
        return f"{self.template}: {self.document}"


class ReceivedQuerySet(ScopedQuerySet["ReceivedMessage"]):
    def visible_to(self, user: Any) -> Self:
        """Seen with the person who wrote; what belongs to nobody is seen by who administers sequences."""
        seen = reached(user, "enrollment__") | reached(user)
        if user.has_perm("leads.manage_mail"):
            seen |= Q(enrollment__isnull=True, lead__isnull=True, contact__isnull=True)
        return self.filter(seen)

    def unread(self) -> Self:
        """Replies that nobody has opened."""
        return self.filter(kind=ReceivedMessage.Kind.REPLY, read_at__isnull=True)


class ReceivedMessage(Stamped):
    """A mail that came in; the same one twice is one row. Who wrote it: the enrolment's person, or its own."""

    class Kind(models.TextChoices):
        REPLY = "reply", _("Reply")
        BOUNCE = "bounce", _("Bounce")
        AUTO_REPLY = "auto_reply", _("Automatic answer")
        OPT_OUT = "opt_out", _("Opt-out")
        UNMATCHED = "unmatched", _("Belongs to nobody")

    digest = models.CharField(max_length=64, unique=True)
    message_id = models.CharField(max_length=400, blank=True, default="")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    enrollment = models.ForeignKey(Enrollment, null=True, blank=True, on_delete=models.CASCADE, related_name="received")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="received_mails")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="received_mails")
    answers = models.ForeignKey(SentMessage, null=True, blank=True, on_delete=models.SET_NULL, related_name="answers")
    sender = models.CharField(max_length=320)
    subject = models.CharField(max_length=400, blank=True, default="")
    text = models.TextField(blank=True, default="")
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = ReceivedQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-pk"]
        permissions = [("manage_mail", "Can see mail that belongs to nobody")]
        constraints = [
            models.CheckConstraint(
                condition=Q(lead__isnull=True, contact__isnull=True) | (Q(enrollment__isnull=True) & _A_PERSON),
                name="received_from_one_person",
            ),
        ]
        indexes = [
            models.Index(fields=["enrollment", "-received_at"], name="received_by_enrollment"),
            models.Index(fields=["received_at"], condition=Q(kind="reply", read_at=None), name="received_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.sender}: {self.subject}"
