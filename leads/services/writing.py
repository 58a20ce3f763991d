"""One mail that a person writes to a lead or a contact. It goes the way of every mail: `sending` and `leads.mailing`.

Hours do not hold it back, a person has pressed; objections do, when it is written and right before it goes.
"""

import secrets
from collections.abc import Sequence as Rows
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Contact, Document
from leads.events import MailWritten
from leads.models import Enclosure, Enrollment, Lead, MessageTemplate, ReceivedMessage, SentMessage
from leads.selectors.mails import addresses_for, documents_of, newest_of, sendable, sender_of, superseded
from leads.selectors.sequences import (
    closed_keys,
    facts_about,
    fill,
    one_line,
    person_of,
    standing,
    values_for,
    why_not_write,
)
from leads.services._objections import lock_address
from leads.services._papers import enclose, refuse_papers
from leads.services._words import refuse_unknown_names
from leads.services.sending import SENDS
from leads.services.templates import LONGEST
from revops.core import audit, clock, merging, outbox
from revops.core.acting import refuse_readers
from revops.core.errors import DomainError, FieldError, IllegalState, InvalidInput, NotAllowed
from revops.core.scope import require
from revops.core.status import lock

Mail = SentMessage.Status


@transaction.atomic
def write_mail(
    *,
    actor: Any,
    lead: Lead | None = None,
    contact: Contact | None = None,
    subject: str = "",
    body: str = "",
    to: str = "",
    template: MessageTemplate | None = None,
    versions: Rows[int] = (),
    replies_to: ReceivedMessage | None = None,
    submission: UUID | None = None,
) -> SentMessage:
    """Keep a mail that the worker sends. The caller found person, template and answered mail in the actor's sight.

    `versions` are keys of document versions: Http404 for one that the actor does not see, DomainError for one that is
    superseded or archived. A template gives the words where none are, and its documents. `submission` names the form
    that was sent: the same one again is the mail that it was.
    """
    require(actor, "leads.add_sentmessage")
    person = _person(lead, contact, replies_to)
    lock_address(person.email_key)
    again = submission and SentMessage.objects.filter(sender=actor, submission=submission).first()
    if again:
        return again
    refuse_readers(person)
    merging.hold(person)
    to = _address(person, to, replies_to)
    if not actor.email:
        raise InvalidInput.of(sender=_("You have no e-mail address to write from."))
    files = sendable(versions, viewer=actor)
    more = documents_of(template) if template is not None else []
    refuse_papers(files, [one for one in more if one.pk not in {file.document_id for file in files}])
    row = SentMessage(
        **_words(subject, body, template, person, actor),
        **{"lead" if isinstance(person, Lead) else "contact": person},
        sender=actor,
        token=secrets.token_hex(20),
        message_id=f"<{secrets.token_hex(16)}@{settings.INBOUND_DOMAIN}>",
        replies_to=replies_to,
        submission=submission,
        to=to,
        due_at=clock.now(),
    )
    row.save(force_insert=True)
    enclose(row, files, more)
    audit.record("mail.written", row, actor=actor, person=person, versions=[file.pk for file in files])
    outbox.publish(MailWritten(message_id=row.pk))
    return row


def _person(lead: Lead | None, contact: Contact | None, answered: ReceivedMessage | None) -> Lead | Contact:
    """Whom it is for: who was named, else who wrote what is answered."""
    given = lead or contact
    if given is None and answered is not None and _belongs(answered):
        given = person_of(answered)
    if given is None:
        raise InvalidInput.of(lead=_("Say whom it is for."))
    person = standing(given)
    if answered is not None and (not _belongs(answered) or standing(person_of(answered)) != person):
        raise InvalidInput.of(replies_to=_("Somebody else wrote this mail."))
    return person


def _belongs(row: ReceivedMessage) -> bool:
    holder = row.enrollment or row
    return bool(holder.lead_id or holder.contact_id)


def _address(person: Lead | Contact, to: str, answered: ReceivedMessage | None) -> str:
    """Where it goes: nobody there, and nobody with that address, objects."""
    why = why_not_write(person, facts_about([person]))
    if why is not None:
        raise DomainError(*why)
    known = addresses_for(person, answered)
    wanted = to.strip().casefold() or known[0]
    if wanted not in known:
        raise InvalidInput.of(to=_("This is no address of %(name)s.") % {"name": person})
    if closed_keys({wanted}):
        raise DomainError("do_not_contact", _("Somebody with this address does not want to be contacted."))
    return wanted


def _words(
    subject: str, body: str, template: MessageTemplate | None, person: Lead | Contact, actor: Any
) -> dict[str, str]:
    """Subject and text with the names in braces filled in."""
    if template is not None and template.archived_at is not None:
        raise InvalidInput.of(template=_("This template is archived."))
    given = {
        "subject": subject.strip() or (template.subject if template else ""),
        "body": body.strip() or (template.body if template else ""),
    }
    for name, text in given.items():
        if not text:
            raise InvalidInput.of(**{name: _("Say something here.")})
    if len(given["body"]) > LONGEST:
        raise InvalidInput.of(body=_("A mail has at most %(most)s characters.") % {"most": f"{LONGEST:,}"})
    refuse_unknown_names(given)
    values = values_for(person, actor)
    return {"subject": one_line(fill(given["subject"], values))[:400], "body": fill(given["body"], values)}


# Once more -----------------------------------------------------------------------------------


@transaction.atomic
def send_again(*, message: SentMessage, actor: Any, newer: bool = False) -> SentMessage:
    """Somebody has looked: it did not arrive, or it failed for a reason that is mended. It waits to be sent again;
    with `newer` each document goes in the version that counts now.
    """
    _may(message, actor)
    enrollment = lock(message.enrollment) if message.enrollment else None
    row = SentMessage.objects.select_for_update().get(pk=message.pk)
    if row.status not in (Mail.UNCONFIRMED, Mail.FAILED):
        raise IllegalState("illegal_state", _("Only what is unconfirmed or failed is sent again."))
    if enrollment is not None and enrollment.status not in (*SENDS, Enrollment.Status.PAUSED):
        raise IllegalState("enrollment_over", _("This enrolment is over: nothing more is sent."))
    renewed = _renewed(row, newer)
    row.status, row.error, row.tries = Mail.WAITING, "", 0
    row.due_at, row.claimed_at, row.handed_at = clock.now(), None, None
    row.save(update_fields=["status", "error", "tries", "due_at", "claimed_at", "handed_at", "updated_at"])
    audit.record("mail.sent_again", enrollment or row, actor=actor, message=row.message_id, versions=renewed)
    outbox.publish(MailWritten(message_id=row.pk))
    return row


def _may(message: SentMessage, actor: Any) -> None:
    """A sequence's mail: who looks after enrolments. A person's own: that person."""
    if message.enrollment_id is not None:
        require(actor, "leads.change_enrollment")
        return
    require(actor, "leads.add_sentmessage")
    if message.sender_id != actor.pk:
        raise NotAllowed(_("Only %(name)s, who wrote it, can send it again.") % {"name": sender_of(message)})


def _renewed(row: SentMessage, newer: bool) -> list[int]:
    """Its documents that were superseded: renewed, or refused with the number of the newer version."""
    chosen = Enclosure.objects.filter(message=row, version__isnull=False).select_related("version__document")
    rows = [one for one in chosen.order_by("pk") if one.version is not None and not one.version.is_newest]
    newest = newest_of(one.document_id for one in rows) if rows else {}
    done = []
    for one in rows:
        assert one.version is not None
        current = newest[one.document_id]
        if not newer:
            words = superseded(one.version, current)
            errors = [FieldError("versions", "superseded", words)]
            raise DomainError("superseded", words, errors=errors, facts={"newest": current.number})
        _refuse_unseen(one.document, sender_of(row))
        one.version = current
        one.save(update_fields=["version", "updated_at"])
        done.append(current.pk)
    return done


def _refuse_unseen(document: Document, writer: Any) -> None:
    if not Document.objects.visible_to(writer).filter(pk=document.pk).exists():
        raise DomainError("not_seen", _("You may not read “%(title)s” any more.") % {"title": document})
