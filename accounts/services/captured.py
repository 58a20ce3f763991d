"""Attendees of logged e-mails and meetings: who is unknown waits until a person says who it is."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.keys import email_key
from accounts.models import Account, Activity, ActivityAttendee, CapturedParticipant, Contact
from accounts.services.contacts import create_contact
from revops.core import audit, clock, merging
from revops.core.acting import refuse_readers
from revops.core.errors import InvalidInput
from revops.core.scope import require
from revops.core.status import advance, lock
from revops.users.models import User

KINDS = (Activity.Kind.EMAIL, Activity.Kind.MEETING)
MOST, CHUNK = 50, 500
State = CapturedParticipant.State


@transaction.atomic
def note_attendees(*, activity: Activity, emails: Iterable[str], actor: Any) -> None:
    """Keep who took part, by address; each once."""
    keys = {}
    for text in emails:
        key = email_key(text)
        if not key:
            raise InvalidInput.of(attendees=_("“%(text)s” is no e-mail address.") % {"text": text.strip()[:80]})
        keys[key] = text.strip()
    if len(keys) > MOST:
        raise InvalidInput.of(attendees=_("At most %(most)s attendees.") % {"most": MOST})
    rows = [ActivityAttendee(activity=activity, email=text, email_key=key) for key, text in keys.items()]
    if rows:
        ActivityAttendee.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def capture_participants(*, actor: Any = None) -> int:
    """Look at the next attendees of what has happened; says how many were looked at. Twice finds nothing new."""
    rows = list(
        ActivityAttendee.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(captured_at__isnull=True, activity__status=Activity.Status.COMPLETED, activity__kind__in=KINDS)
        .select_related("activity")
        .order_by("pk")[:CHUNK]
    )
    keys = {row.email_key for row in rows}
    known = set(Contact.objects.active().filter(email_key__in=keys).values_list("account_id", "email_key"))
    ours = {email_key(address) for address in User.objects.filter(email__in=keys).values_list("email", flat=True)}
    into = merging.standing_keys(Account, {row.activity.account_id for row in rows} - {None})
    CapturedParticipant.objects.bulk_create(
        [
            CapturedParticipant(
                email=row.email,
                email_key=row.email_key,
                account_id=into[row.activity.account_id],
                activity=row.activity,
            )
            for row in rows
            if row.activity.account_id is not None
            and row.email_key not in ours
            and (row.activity.account_id, row.email_key) not in known
        ],
        ignore_conflicts=True,
    )
    ActivityAttendee.objects.filter(pk__in=[row.pk for row in rows]).update(captured_at=clock.now())
    return len(rows)


@transaction.atomic
def confirm_participant(
    *,
    participant: CapturedParticipant,
    version: int | None,
    actor: Any,
    last_name: str,
    first_name: str = "",
    title: str = "",
) -> Contact:
    """This is somebody: a contact at the account, with the address. One who is a contact by now is that contact."""
    require(actor, "accounts.add_contact")
    refuse_readers(participant.account)
    participant = lock(participant, version)
    advance(participant, State.CONFIRMED, CapturedParticipant.TRANSITIONS, field="state")
    there = Contact.objects.active().filter(account=participant.account, email_key=participant.email_key).first()
    contact = there or create_contact(
        actor=actor,
        account=participant.account,
        last_name=last_name,
        first_name=first_name,
        title=title,
        email=participant.email,
        allow_duplicate=True,
    )
    _decide(participant, actor, contact)
    audit.record("participant.confirmed", participant, actor=actor, contact=contact)
    return contact


@transaction.atomic
def dismiss_participant(*, participant: CapturedParticipant, version: int | None, actor: Any) -> CapturedParticipant:
    """Nobody we need: not asked again for this account."""
    require(actor, "accounts.add_contact")
    refuse_readers(participant.account)
    participant = lock(participant, version)
    advance(participant, State.DISMISSED, CapturedParticipant.TRANSITIONS, field="state")
    _decide(participant, actor, None)
    audit.record("participant.dismissed", participant, actor=actor)
    return participant


def _decide(participant: CapturedParticipant, actor: Any, contact: Contact | None) -> None:
    participant.contact, participant.decided_by, participant.decided_at = contact, actor, clock.now()
    participant.save(update_fields=["state", "contact", "decided_by", "decided_at", "version", "updated_at"])
