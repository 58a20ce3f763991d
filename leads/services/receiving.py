"""Mails that come in: an answer ends a sequence, a bounce and an objection too, an automatic answer nothing."""

import hashlib
from typing import Any

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Activity, Contact
from accounts.services import log_activity
from leads.mail_reading import Letter, read
from leads.models import Enrollment, Lead, ReceivedMessage, SentMessage
from leads.selectors.mails import sender_of
from leads.selectors.sequences import person_of
from leads.services._ending import end_enrollments
from leads.services._sent import tell_writer
from leads.services.activities import log_lead_activity
from leads.services.enrolling import set_policy
from revops.core import audit, clock, merging
from revops.core.errors import BadRequest
from revops.core.scope import require
from revops.users.services import notify

Kind, Status = ReceivedMessage.Kind, Enrollment.Status


@transaction.atomic
def receive_mail(*, raw: bytes, actor: Any = None) -> ReceivedMessage:
    """Take a mail in, once: the same one again is the row that it was, and nothing follows from it."""
    digest = hashlib.sha256(raw).hexdigest()
    known = ReceivedMessage.objects.filter(digest=digest).first()
    if known is not None:
        return known
    try:
        letter = read(raw)
    except ValueError as error:
        raise BadRequest("malformed_mail", _("This is no mail that can be read.")) from error
    answers, enrollment = _match(letter)
    alone = answers if enrollment is None else None  # a mail that a person wrote
    row, new = ReceivedMessage.objects.get_or_create(
        digest=digest,
        defaults={
            "message_id": letter.message_id,
            "kind": _kind(letter, known=answers is not None or enrollment is not None),
            "enrollment": enrollment,
            "lead": alone.lead if alone else None,
            "contact": alone.contact if alone else None,
            "answers": answers,
            "sender": letter.sender,
            "subject": letter.subject,
            "text": letter.text,
            "received_at": clock.now(),
        },
    )
    if new and row.kind != Kind.UNMATCHED:
        _follow(row, actor)
    return row


def _match(letter: Letter) -> tuple[SentMessage | None, Enrollment | None]:
    """The mail of ours that it is about, by its id; else by the address to which it came: that of an enrolment, or of a
    mail that a person wrote.
    """
    sent = {row.message_id: row for row in SentMessage.objects.filter(message_id__in=letter.answers)}
    answers = next((sent[key] for key in letter.answers if key in sent), None)
    if answers is not None:
        return answers, answers.enrollment
    if not letter.tokens:
        return None, None
    enrollment = Enrollment.objects.filter(token__in=letter.tokens).order_by("pk").first()
    if enrollment is None:
        return SentMessage.objects.filter(token__in=letter.tokens).order_by("pk").first(), None
    return enrollment.messages.filter(handed_at__isnull=False).order_by("-handed_at").first(), enrollment


def _kind(letter: Letter, *, known: bool) -> str:
    if not known:
        return Kind.UNMATCHED
    if letter.is_report:
        return Kind.BOUNCE if letter.is_final else Kind.AUTO_REPLY
    if letter.is_automatic:
        return Kind.AUTO_REPLY
    return Kind.OPT_OUT if letter.wants_out else Kind.REPLY


def _follow(row: ReceivedMessage, actor: Any) -> None:
    if row.kind == Kind.OPT_OUT:
        words, holder = _("By mail: %(subject)s") % {"subject": row.subject}, row.enrollment or row
        _objects(holder.lead, holder.contact, words, actor)
    elif row.kind == Kind.BOUNCE:
        _bounced(row, actor)
    elif row.kind == Kind.REPLY:
        _replied(row, actor)


@transaction.atomic
def opt_out(*, enrollment: Enrollment, reason: str, actor: Any = None) -> None:
    """Somebody whom we wrote to objects: nobody writes to this address again."""
    _objects(enrollment.lead, enrollment.contact, reason, actor)


def _objects(lead: Lead | None, contact: Contact | None, reason: str, actor: Any) -> None:
    set_policy(actor=actor, lead=lead, contact=contact, do_not_contact=True, reason=reason[:200])


def _bounced(row: ReceivedMessage, actor: Any) -> None:
    words = (row.subject or _("The mail came back."))[:200]
    if row.answers is not None:
        mine = SentMessage.objects.filter(pk=row.answers.pk, status__in=("sent", "unconfirmed"))
        if mine.update(status=SentMessage.Status.BOUNCED, error=words, updated_at=clock.now()) and not row.enrollment:
            row.answers.error = words
            tell_writer(row.answers)
    if row.enrollment is not None:
        own = Enrollment.objects.filter(pk=row.enrollment.pk)
        end_enrollments(own, status=Status.BOUNCED, reason=words, actor=actor, running_only=False)


def _replied(row: ReceivedMessage, actor: Any) -> None:
    """Nothing more is sent to who answers; it stands on their timeline, and the sender hears of it."""
    person = merging.lock_standing(person_of(row))  # before the enrolment, as whoever closes a lead does
    words = _("They answered: %(subject)s") % {"subject": row.subject or "–"}
    if row.enrollment is not None:
        own = Enrollment.objects.filter(pk=row.enrollment.pk)
        end_enrollments(own, status=Status.REPLIED, reason=words, actor=actor, running_only=False)
    sender = _writer(row)
    owner = sender if sender.is_active else person.owner or sender
    subject, body = (row.subject or _("Answer"))[:200], row.text[:4000]
    if isinstance(person, Lead):
        log_lead_activity(lead=person, actor=None, owner=owner, kind=Activity.Kind.EMAIL, subject=subject, body=body)
    else:
        log_activity(actor=None, contact=person, owner=owner, kind=Activity.Kind.EMAIL, subject=subject, body=body)
    notify(
        to=owner,
        kind="sequence.replied",
        title=format_lazy(gettext_lazy("{name} has answered"), name=person.name[:120]),
        body=row.subject,
        url=person.get_absolute_url(),
        about=person,
        key=f"received:{row.pk}",
    )


def _writer(row: ReceivedMessage) -> Any:
    """Whom the answer is for."""
    if row.enrollment is not None:
        return row.enrollment.sender
    assert row.answers is not None
    return sender_of(row.answers)


@transaction.atomic
def mark_read(*, message: ReceivedMessage, actor: Any) -> ReceivedMessage:
    """Somebody has opened it."""
    require(actor, "leads.view_receivedmessage")
    row = ReceivedMessage.objects.select_for_update().get(pk=message.pk)
    if row.read_at is None:
        row.read_at = clock.now()
        row.save(update_fields=["read_at", "updated_at"])
        audit.record("mail.read", row, actor=actor)
    return row
