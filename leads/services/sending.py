"""Steps that are due, and the mails that they make: each is written once, claimed by one sender, handed over once.

What leaves the process is `leads.mailing`'s; between these services no transaction is open. What a person wrote
(`writing`) goes the same way as what a step says.
"""

from collections.abc import Mapping
from collections.abc import Sequence as Rows
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Contact
from leads.models import Enrollment, Lead, SentMessage, Sequence
from leads.selectors.mails import Paper, papers_of, sender_of, thread_of
from leads.selectors.sequences import Facts, closed_keys, facts_about, hours_for, person_of, why_not, why_not_write
from leads.selectors.windows import next_moment
from leads.services._ending import end_enrollments
from leads.services._objections import lock_address
from leads.services._papers import hold_papers, keep_sent
from leads.services._sent import hold_person, log_sent, tell_writer
from revops.core import clock

Mail = SentMessage.Status
# A sender that was killed loses its mails after this; EMAIL_TIMEOUT ends a try long before.
LEASE = timedelta(seconds=settings.MAIL_CLAIM_SECONDS)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720))
# A mail goes out while its enrolment runs, and after its last step was written.
SENDS = (Enrollment.Status.ACTIVE, Enrollment.Status.FINISHED)


@dataclass(frozen=True)
class Parcel:
    """A claimed mail with all that its message needs."""

    key: int
    enrollment: int | None  # None: a person wrote it
    claimed_at: datetime
    message_id: str
    earlier: tuple[str, ...]
    to: str
    subject: str
    body: str
    token: str
    sender_name: str
    sender_email: str
    papers: tuple[Paper, ...] = ()


@transaction.atomic
def claim_mails(*, most: int, actor: Any = None) -> list[Parcel]:
    """Claim the next mails that are due; nobody else gets them for a while. What a killed sender may have handed over
    is settled first: nobody sends it again by itself.
    """
    now = clock.now()
    lost = now - LEASE
    handed = SentMessage.objects.filter(status=Mail.WAITING, handed_at__isnull=False, claimed_at__lt=lost)
    handed.update(status=Mail.UNCONFIRMED, error=_("The sender was interrupted."), updated_at=now)
    due = SentMessage.objects.filter(
        Q(claimed_at=None) | Q(claimed_at__lt=lost),
        Q(enrollment=None) | Q(enrollment__status__in=SENDS, enrollment__sequence__status=Sequence.Status.ACTIVE),
        status=Mail.WAITING,
        handed_at=None,
        due_at__lte=now,
    )
    rows = list(
        due.select_for_update(of=("self",), skip_locked=True)
        .select_related("enrollment__sender", "sender", "replies_to__answers")
        .order_by("due_at", "pk")[:most]
    )
    keys = [row.pk for row in rows]
    SentMessage.objects.filter(pk__in=keys).update(claimed_at=now, updated_at=now)
    earlier, papers = _earlier(rows), papers_of(keys)
    return [_parcel(row, now, earlier.get(row.pk, ()), papers.get(row.pk, ())) for row in rows]


def _earlier(rows: Rows[SentMessage]) -> Mapping[int, tuple[str, ...]]:
    """The mails before each, in its thread."""
    found: dict[int | None, tuple[str, ...]] = {}
    keys = [row.enrollment_id for row in rows if row.enrollment_id is not None]
    sent = SentMessage.objects.filter(enrollment__in=keys, status=Mail.SENT)
    for enrollment, key in sent.order_by("sent_at").values_list("enrollment_id", "message_id"):
        found[enrollment] = (*found.get(enrollment, ()), key)
    return {
        row.pk: found.get(row.enrollment_id, ()) if row.enrollment_id else thread_of(row.replies_to) for row in rows
    }


def _parcel(row: SentMessage, now: datetime, earlier: tuple[str, ...], papers: tuple[Paper, ...]) -> Parcel:
    sender = sender_of(row)
    return Parcel(
        key=row.pk,
        enrollment=row.enrollment_id,
        claimed_at=now,
        message_id=row.message_id,
        earlier=earlier[-10:],
        to=row.to,
        subject=row.subject,
        body=row.body,
        token=row.enrollment.token if row.enrollment else row.token,
        sender_name=sender.get_full_name() or sender.get_username(),
        sender_email=sender.email,
        papers=papers,
    )


@transaction.atomic
def hand_mail(*, parcel: Parcel, actor: Any = None) -> Parcel | None:
    """Asked right before the last byte leaves: whether it may. From here on nobody sends this mail again by itself.

    Whoever objects for this address meanwhile waits, or was first and is heard (INV-75).
    """
    # The address first and the enrolment then, as whoever objects does; the documents last.
    before = SentMessage.objects.select_related(*_PEOPLE).filter(pk=parcel.key).first()
    locked = {parcel.to} if before is None else {parcel.to, person_of(before).email_key} - {""}
    for address in sorted(locked):
        lock_address(address)
    enrollment, row = _claimed(parcel)
    if row is None or row.handed_at is not None or (parcel.enrollment is not None and enrollment is None):
        return None
    person = person_of(row)
    if not _goes(enrollment) or person.email_key not in locked | {""}:
        _back(row)  # it waits until the enrolment goes on, or is asked again
        return None
    facts = facts_about([person])
    why = _why_not(row, person, parcel.to, facts)
    if why:
        _keep_here(row, Mail.CANCELLED, why)
        return None
    now = clock.now()
    if enrollment is not None and (due := next_moment(now, hours_for(person, enrollment.sequence, facts))) > now:
        _back(row, due_at=due)  # it was held up: not at night
        return None
    changed, why = hold_papers(parcel.papers, sender_of(row))
    if why:
        _keep_here(row, Mail.FAILED, why)
        return None
    if changed:
        _back(row)  # it is written anew, with what counts now
        return None
    row.handed_at = row.claimed_at = clock.now()
    row.save(update_fields=["handed_at", "claimed_at", "updated_at"])
    keep_sent(parcel.papers, row, row.handed_at)
    return replace(parcel, claimed_at=row.claimed_at)


def _goes(enrollment: Enrollment | None) -> bool:
    if enrollment is None:
        return True
    return enrollment.status in SENDS and enrollment.sequence.status == Sequence.Status.ACTIVE


def _back(row: SentMessage, due_at: datetime | None = None) -> None:
    row.claimed_at, row.due_at = None, due_at or row.due_at
    row.save(update_fields=["claimed_at", "due_at", "updated_at"])


def _keep_here(row: SentMessage, status: str, why: str) -> None:
    row.status, row.error, row.claimed_at = status, why[:300], None
    row.save(update_fields=["status", "error", "claimed_at", "updated_at"])
    if row.enrollment_id is None or status == Mail.FAILED:
        tell_writer(row)


def _why_not(row: SentMessage, person: Lead | Contact, to: str, facts: Facts) -> str:
    """What keeps this mail here; the address to which it was written counts, whatever theirs is by now."""
    why = why_not(person, facts) if row.enrollment_id is not None else why_not_write(person, facts)
    if why is None and to != person.email_key and closed_keys({to}):
        return _("Somebody with this address does not want to be contacted.")
    if why is None and row.sender is not None and not row.sender.is_active:
        return _("%(name)s has left.") % {"name": row.sender}
    return why[1] if why is not None else ""


@transaction.atomic
def settle_mail(*, parcel: Parcel, actor: Any = None) -> None:
    """The server has it, however late it said so."""
    now = clock.now()
    rows = _held(parcel).filter(status__in=(Mail.WAITING, Mail.UNCONFIRMED), handed_at__isnull=False)
    mine = rows.filter(enrollment=None).select_related("lead", "contact", "sender").first()
    if mine is not None:
        hold_person(mine)
    if rows.update(status=Mail.SENT, sent_at=now, error="", tries=F("tries") + 1, updated_at=now) and mine is not None:
        log_sent(mine)


@transaction.atomic
def doubt_mail(*, parcel: Parcel, error: str, actor: Any = None) -> None:
    """The connection broke after the last byte: the server may have it, or not."""
    rows = _held(parcel).filter(status=Mail.WAITING)
    rows.update(status=Mail.UNCONFIRMED, error=error[:300], updated_at=clock.now())


@transaction.atomic
def postpone_mail(*, parcel: Parcel, error: str, actor: Any = None) -> None:
    """Not now, the server says, or it is away: again later, a few times."""
    _enrollment, row = _claimed(parcel)
    if row is None:
        return
    row.tries, row.error, row.handed_at, row.claimed_at = row.tries + 1, error[:300], None, None
    if row.tries > len(BACK_OFF):
        row.status = Mail.FAILED
    else:
        row.due_at = clock.now() + BACK_OFF[row.tries - 1]
    row.save(update_fields=["status", "tries", "error", "handed_at", "claimed_at", "due_at", "updated_at"])
    if row.status == Mail.FAILED and row.enrollment_id is None:
        tell_writer(row)


@transaction.atomic
def refuse_mail(*, parcel: Parcel, error: str, address: bool, actor: Any = None) -> None:
    """The server refused it for good; where it refused the `address`, nothing more is sent to it."""
    _enrollment, row = _claimed(parcel)
    if row is None:
        return
    row.status, row.error = (Mail.BOUNCED if address else Mail.FAILED), error[:300]
    row.tries, row.handed_at = row.tries + 1, None
    row.save(update_fields=["status", "error", "tries", "handed_at", "updated_at"])
    if row.enrollment_id is None:
        tell_writer(row)
    elif address:
        own = Enrollment.objects.filter(pk=row.enrollment_id)
        end_enrollments(own, status=Enrollment.Status.BOUNCED, reason=error, actor=None, running_only=False)


def _held(parcel: Parcel) -> QuerySet[SentMessage]:
    """The mail, while this claim holds."""
    return SentMessage.objects.filter(pk=parcel.key, claimed_at=parcel.claimed_at)


def _claimed(parcel: Parcel) -> tuple[Enrollment | None, SentMessage | None]:
    """Both locked, the enrolment first, as whoever ends it does; nothing where somebody removed them."""
    enrollments = Enrollment.objects.select_for_update(of=("self",)).select_related("sequence")
    enrollment = enrollments.filter(pk=parcel.enrollment).first() if parcel.enrollment is not None else None
    rows = _held(parcel).select_for_update(of=("self",)).select_related(*_PEOPLE)
    return enrollment, rows.filter(status=Mail.WAITING).first()


_PEOPLE = ("enrollment__lead", "enrollment__contact", "enrollment__sender", "lead", "contact", "sender")


@transaction.atomic
def forget_claims(*, parcels: Rows[Parcel], actor: Any = None) -> None:
    """What was claimed and not begun goes back at once."""
    for parcel in parcels:
        rows = SentMessage.objects.filter(pk=parcel.key, claimed_at=parcel.claimed_at)
        rows.filter(status=Mail.WAITING, handed_at=None).update(claimed_at=None)
