"""Who is in a sequence, and who may be contacted at all."""

import secrets
from collections.abc import Iterable
from collections.abc import Sequence as Rows
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Contact
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.events import EnrollmentStarted
from leads.models import ContactPolicy, Enrollment, Lead, SentMessage, Sequence, SequenceStep
from leads.selectors.sequences import Facts, facts_about, hours_for, kind_of, person_of, why_not
from leads.selectors.windows import days_later, next_moment, zones
from leads.services._ending import cancel_waiting, end_enrollments
from leads.services._objections import lock_address
from leads.services._sent import tell_writer
from revops.core import audit, clock, copying, merging, outbox
from revops.core.acting import refuse_readers
from revops.core.errors import DomainError, IllegalState, InvalidInput
from revops.core.models import AuditEntry
from revops.core.scope import require
from revops.core.status import advance, edit, lock

MOST = 5000
POLICY_FIELDS = ("reason", "basis", "time_zone", "window_from", "window_to")
Status = Enrollment.Status


@dataclass(frozen=True)
class Refused:
    """Somebody who was not enrolled, and why: `code` for machines, `reason` for people."""

    person: Lead | Contact
    code: str
    reason: str


@dataclass(frozen=True)
class Enrolled:
    """What came of it."""

    enrollments: list[Enrollment]
    refused: list[Refused]


@transaction.atomic
def enroll(
    *, sequence: Sequence, actor: Any, leads: Iterable[Lead] = (), contacts: Iterable[Contact] = (), sender: Any = None
) -> Enrolled:
    """Put people into an active sequence; `sender` (else the actor) is who writes to them.

    The caller found the people in the actor's sight. Those who cannot be enrolled are returned with the reason;
    where nobody can and it is one person, it is raised.
    """
    require(actor, "leads.add_enrollment")
    sender = sender or actor
    _refuse_sender(sender)
    sequence = lock(sequence)
    if sequence.status != Sequence.Status.ACTIVE:
        raise IllegalState("not_active", _("Only an active sequence takes people: activate it first."))
    people = _once([*leads, *contacts])
    if not people:
        raise InvalidInput.of(leads=_("Say who is to be enrolled."))
    if len(people) > MOST:
        raise InvalidInput.of(leads=_("At most %(most)s at once.") % {"most": f"{MOST:,}"})
    for person in people:
        refuse_readers(person)
    facts = facts_about(people)
    taken, refused = _sorted(sequence, people, facts)
    if refused and not taken and len(people) == 1:
        only = refused[0]
        raise DomainError(only.code, only.reason, facts={"person": only.person.pk})
    return Enrolled(_insert(sequence, taken, facts, sender, actor), refused)


def _refuse_sender(sender: Any) -> None:
    if not (sender.is_active and sender.has_perm("leads.add_enrollment")):
        raise InvalidInput.of(sender=_("%(name)s cannot write in a sequence.") % {"name": sender})
    if not sender.email:
        raise InvalidInput.of(sender=_("%(name)s has no e-mail address to write from.") % {"name": sender})


def _once(given: Iterable[Lead | Contact]) -> list[Lead | Contact]:
    """Each person once; what was merged is whom it was merged into, also if that happens in this moment."""
    people = list(given)
    leads = merging.standing_all(one for one in people if isinstance(one, Lead))
    return [*leads, *merging.standing_all(one for one in people if isinstance(one, Contact))]


def _sorted(
    sequence: Sequence, people: Rows[Lead | Contact], facts: Facts
) -> tuple[list[Lead | Contact], list[Refused]]:
    inside = _addresses_inside(sequence, {one.email_key for one in people})
    taken, refused = [], []
    for person in people:
        why = why_not(person, facts)
        if why is None and person.email_key in inside:
            why = "already_enrolled", _("%(name)s is in this sequence already.") % {"name": person}
        if why is None:
            taken.append(person)
            inside.add(person.email_key)
        else:
            refused.append(Refused(person, *why))
    return taken, refused


def _addresses_inside(sequence: Sequence, keys: set[str]) -> set[str]:
    rows = Enrollment.objects.running().filter(sequence=sequence)
    leads = rows.filter(lead__email_key__in=keys).values_list("lead__email_key", flat=True)
    contacts = rows.filter(contact__email_key__in=keys).values_list("contact__email_key", flat=True)
    return set(leads.union(contacts))


def _insert(
    sequence: Sequence, people: Rows[Lead | Contact], facts: Facts, sender: Any, actor: Any
) -> list[Enrollment]:
    if not people:
        return []
    now, first = clock.now(), sequence.steps.order_by("position")[0]
    rows = []
    for person in people:
        side, _key = kind_of(person)
        rows.append(
            Enrollment(
                sequence=sequence,
                sender=sender,
                enrolled_at=now,
                next_position=first.position,
                next_at=_due(first, now, person, facts, sequence),
                token=secrets.token_hex(20),
                **{side: person},
            )
        )
    made = Enrollment.objects.bulk_create(rows, batch_size=1000)
    copying.insert(AuditEntry, [audit.entry("enrollment.started", row, actor=actor) for row in made])
    outbox.publish_all([EnrollmentStarted(enrollment_id=row.pk, lead_id=row.lead_id) for row in made])
    return made


def _due(step: SequenceStep, now: datetime, person: Lead | Contact, facts: Facts, sequence: Sequence) -> datetime:
    hours = hours_for(person, sequence, facts)
    return next_moment(max(now, days_later(now, step.day_offset, now, hours.zone)), hours)


# Its way -------------------------------------------------------------------------------------


@transaction.atomic
def pause_enrollment(*, enrollment: Enrollment, version: int | None, actor: Any) -> Enrollment:
    """No step is done until it goes on."""
    require(actor, "leads.change_enrollment")
    enrollment = lock(enrollment, version)
    return _turn(enrollment, Status.PAUSED, "enrollment.paused", actor)


@transaction.atomic
def resume_enrollment(*, enrollment: Enrollment, version: int | None, actor: Any) -> Enrollment:
    """It goes on where it was; what was due meanwhile comes at the person's next hour."""
    require(actor, "leads.change_enrollment")
    enrollment = lock(enrollment, version)
    person = person_of(enrollment)
    facts = facts_about([person])
    why = why_not(person, facts)
    if why is not None and enrollment.status == Status.PAUSED:
        raise DomainError(*why)
    hours = hours_for(person, enrollment.sequence, facts)
    if enrollment.next_at is not None:
        enrollment.next_at = next_moment(max(clock.now(), enrollment.next_at), hours)
    return _turn(enrollment, Status.ACTIVE, "enrollment.resumed", actor)


@transaction.atomic
def stop_enrollment(*, enrollment: Enrollment, version: int | None, actor: Any, reason: str = "") -> Enrollment:
    """Take somebody out; what waits is not sent."""
    require(actor, "leads.change_enrollment")
    enrollment = lock(enrollment, version)
    if enrollment.status not in Enrollment.RUNNING:
        raise IllegalState(
            "illegal_state", _("This enrolment is over: %(state)s.") % {"state": enrollment.get_status_display()}
        )
    words = reason.strip()[:200] or _("Stopped by %(name)s.") % {"name": actor}
    rows = Enrollment.objects.filter(pk=enrollment.pk)
    end_enrollments(rows, status=Status.STOPPED, reason=words, actor=actor)
    enrollment.refresh_from_db()
    return enrollment


@transaction.atomic
def stop_person(*, person: Lead | Contact, reason: str, actor: Any) -> int:
    """Take somebody out of every sequence: converted, disqualified, archived. Says of how many."""
    side, key = kind_of(person)
    rows = Enrollment.objects.filter(**{f"{side}_id": key})
    return end_enrollments(rows, status=Status.STOPPED, reason=reason, actor=actor)


def _turn(enrollment: Enrollment, status: Status, action: str, actor: Any) -> Enrollment:
    before = enrollment.status
    advance(enrollment, status, Enrollment.TRANSITIONS)
    enrollment.save(update_fields=["status", "next_at", "version", "updated_at"])
    audit.record(action, enrollment, actor=actor, changed={"status": (before, enrollment.status)})
    return enrollment


# Who may be contacted ------------------------------------------------------------------------


@transaction.atomic
def set_policy(
    *,
    actor: Any,
    lead: Lead | None = None,
    contact: Contact | None = None,
    do_not_contact: bool | None = None,
    version: int | None = None,
    **changes: Any,
) -> ContactPolicy:
    """Whether, on what ground and in which hours somebody may be contacted; None leaves the objection as it is.

    An objection takes everybody with this address out of every sequence, and what waits for them is not sent.
    Changes: reason, basis, time_zone, window_from, window_to.
    """
    if actor is not None:
        require(actor, "leads.change_contactpolicy")
    refuse_unknown(changes, POLICY_FIELDS)
    person = merging.standing(lead or contact)
    assert person is not None
    refuse_readers(person)
    lock_address(person.email_key)
    policy = _own(person, version)
    wanted = tidy(changes)
    _check(ContactPolicy(**{name: wanted.get(name, getattr(policy, name)) for name in POLICY_FIELDS}))
    opens = do_not_contact is False and policy.do_not_contact_at is not None
    if opens:
        wanted["do_not_contact_at"] = None
    closes = do_not_contact is True and policy.do_not_contact_at is None
    if closes:
        wanted |= {"do_not_contact_at": clock.now(), "email_key": person.email_key}
    changed = edit(policy, wanted)
    if changed:
        audit.record("policy.changed", policy, actor=actor, changed=changed)
    if closes:
        _take_out(person, actor)
    return policy


@transaction.atomic
def inherit_policy(*, lead: Lead, contact: Contact, actor: Any) -> ContactPolicy | None:
    """What is recorded about contacting a lead holds for the contact that it became; of two records the stricter."""
    given = ContactPolicy.objects.filter(lead=lead).first()
    if given is None:
        return None
    contact = merging.standing(contact)
    lock_address(contact.email_key)
    own, new = ContactPolicy.objects.get_or_create(contact=contact, defaults={"email_key": contact.email_key})
    policy = own if new else lock(own)
    names = POLICY_FIELDS if new else ()
    wanted = {name: getattr(given, name) for name in names}
    if given.do_not_contact_at is not None and policy.do_not_contact_at is None:
        wanted |= {"do_not_contact_at": given.do_not_contact_at, "reason": given.reason}
    changed = edit(policy, wanted)
    if changed:
        audit.record("policy.changed", policy, actor=actor, changed=changed)
    if "do_not_contact_at" in changed:
        _take_out(contact, actor)
    return policy


def _own(person: Lead | Contact, version: int | None) -> ContactPolicy:
    side, key = kind_of(person)
    made, new = ContactPolicy.objects.get_or_create(**{f"{side}_id": key}, defaults={"email_key": person.email_key})
    return made if new else lock(made, version)


def _take_out(person: Lead | Contact, actor: Any) -> None:
    side, key = kind_of(person)
    theirs = Q(**{f"{side}_id": key})
    if person.email_key:
        theirs |= Q(lead__email_key=person.email_key) | Q(contact__email_key=person.email_key)
    words = _("They do not want to be contacted.")
    keys = list(Enrollment.objects.filter(theirs).values_list("pk", flat=True))
    rows = Enrollment.objects.filter(pk__in=keys)
    end_enrollments(rows, status=Status.OPTED_OUT, reason=words, actor=actor, running_only=False)
    cancel_waiting(Q(enrollment__in=keys), words)
    single = theirs | Q(to=person.email_key) if person.email_key else theirs
    mine = SentMessage.objects.filter(single, enrollment=None, status=SentMessage.Status.WAITING, handed_at=None)
    for mail in mine.select_related("lead", "contact", "sender"):  # by hand, so there are few
        if cancel_waiting(Q(pk=mail.pk), words):
            mail.error = words
            tell_writer(mail)


def _check(policy: ContactPolicy) -> None:
    refuse_invalid(policy, POLICY_FIELDS)
    if policy.time_zone and policy.time_zone not in zones():
        raise InvalidInput.of(time_zone=_("There is no such time zone: write it like Europe/Berlin."))
    if policy.window_from >= policy.window_to:
        raise InvalidInput.of(window_to=_("The hours end before they begin."))
