"""A case from the first word to the last."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account, Contact
from accounts.services import wind_down
from postsales.events import CaseOpened, CaseResolved
from postsales.models import CaseComment, CaseStatusLog, Priority, SlaPolicy, SupportCase
from postsales.services.levels import default_policy, watch_case
from revops.core import audit, clock, merging, outbox
from revops.core.custom import values as custom_values
from revops.core.errors import DomainError, IllegalState, InvalidInput
from revops.core.numbers import document_number
from revops.core.organisation import default_entity
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.users.services import hand_rows

REOPEN_WITHIN = timedelta(days=7)
LONGEST = 20_000
EDITABLE = ("subject", "description", "contact", "channel")
Status, Kind = SupportCase.Status, CaseComment.Kind


def _may(actor: Any) -> None:
    if actor is not None:
        require(actor, "postsales.change_supportcase")


@transaction.atomic
def open_case(
    *,
    actor: Any,
    account: Account,
    subject: str,
    description: str = "",
    contact: Contact | None = None,
    channel: str = SupportCase.Channel.WEB,
    priority: str = Priority.P3,
    owner: Any = None,
    policy: SlaPolicy | None = None,
    custom: Mapping[str, Any] | None = None,
) -> SupportCase:
    """Take up what a customer asks. Both clocks start now, whatever the channel."""
    if actor is not None:
        require(actor, "postsales.add_supportcase")
    merging.hold(account, contact)
    now = clock.now()
    case = SupportCase(
        account=account, subject=subject.strip(), description=description.strip(), contact=contact, channel=channel,
        priority=priority, owner=owner, opened_at=now, opened_by=actor,
    )  # fmt: skip
    _check(case)
    case.custom = custom_values.for_new(case, custom, asked=actor is not None)
    case.policy = policy or default_policy()
    year = clock.business_day(now).year
    case.number = document_number(prefix="CASE", entity=default_entity(), kind="case", year=year)
    case.save(force_insert=True)
    CaseStatusLog.objects.create(case=case, status=Status.NEW, at=now, by=actor)
    audit.record("case.opened", case, actor=actor, priority=priority, channel=channel)
    outbox.publish(CaseOpened(case_id=case.pk, account_id=account.pk))
    return case


@transaction.atomic
def update_case(
    *,
    case: SupportCase,
    version: int | None = None,
    actor: Any,
    custom: Mapping[str, Any] | None = None,
    **changes: Any,
) -> SupportCase:
    """Correct what a case says about itself."""
    _may(actor)
    unknown = sorted(set(changes) - set(EDITABLE))
    if unknown:
        raise InvalidInput.of(**{unknown[0]: _("This cannot be changed here.")})
    case = lock(case, version)
    tidy = {name: value.strip() if isinstance(value, str) else value for name, value in changes.items()}
    kept = {name: getattr(case, name) for name in EDITABLE}
    _check(SupportCase(account=case.account, priority=case.priority, **{**kept, **tidy}))
    merging.hold(tidy.get("contact"))
    if custom:
        tidy["custom"] = custom_values.merged(case, custom)
    changed = edit(case, tidy)
    if changed:
        audit.record("case.changed", case, actor=actor, changed=changed)
    return case


@transaction.atomic
def assign_case(*, case: SupportCase, owner: Any, version: int | None = None, actor: Any) -> SupportCase:
    """Give a case to somebody, or (None) back to everybody."""
    _may(actor)
    case = lock(case, version)
    if owner is not None and not owner.is_active:
        raise InvalidInput.of(owner=_("This person has left."))
    changed = edit(case, {"owner": owner})
    if changed:
        audit.record("case.assigned", case, actor=actor, changed=changed)
    return case


@transaction.atomic
def set_priority(*, case: SupportCase, priority: str, version: int | None = None, actor: Any) -> SupportCase:
    """Change how pressing a case is. Its targets count from the case's beginning, so one may be missed at once."""
    _may(actor)
    if priority not in Priority.values:
        raise InvalidInput.of(priority=_("A priority is P1 to P5."))
    case = lock(case, version)
    if case.status not in SupportCase.UNSOLVED:
        raise IllegalState("case_solved", _("This case is solved: reopen it first."))
    changed = edit(case, {"priority": priority})
    if changed:
        audit.record("case.priority_set", case, actor=actor, changed=changed)
        watch_case(case=case, actor=actor)
    return case


@transaction.atomic
def reply_case(*, case: SupportCase, body: str, version: int | None = None, actor: Any) -> SupportCase:
    """Answer the customer. The first answer stops the clock of the first answer."""
    _may(actor)
    case = _unsolved(lock(case, version))
    _say(case, Kind.REPLY, body, actor)
    if case.status == Status.NEW:
        _advance(case, Status.OPEN, actor, first_replied_at=clock.now())
    else:
        _touch(case)
    audit.record("case.replied", case, actor=actor)
    watch_case(case=case, actor=actor)
    return case


@transaction.atomic
def note_case(*, case: SupportCase, body: str, version: int | None = None, actor: Any) -> SupportCase:
    """Write something down among ourselves. No clock cares."""
    _may(actor)
    case = lock(case, version)
    _say(case, Kind.NOTE, body, actor)
    _touch(case)
    audit.record("case.noted", case, actor=actor)
    return case


@transaction.atomic
def ask_customer(*, case: SupportCase, body: str, version: int | None = None, actor: Any) -> SupportCase:
    """Ask the customer and wait: the clock of the solution pauses. A question is an answer, too."""
    _may(actor)
    case = lock(case, version)
    if case.status == Status.NEW:
        _advance(case, Status.OPEN, actor, first_replied_at=clock.now())
    _advance(case, Status.PENDING_CUSTOMER, actor)
    _say(case, Kind.REPLY, body, actor)
    audit.record("case.asked", case, actor=actor)
    watch_case(case=case, actor=actor)
    return case


@transaction.atomic
def customer_answered(*, case: SupportCase, body: str, version: int | None = None, actor: Any) -> SupportCase:
    """Write down what the customer said. If we waited for it, the clock runs again."""
    _may(actor)
    case = _unsolved(lock(case, version))
    _say(case, Kind.CUSTOMER, body, actor)
    if case.status == Status.PENDING_CUSTOMER:
        _advance(case, Status.OPEN, actor)
    else:
        _touch(case)
    audit.record("case.customer_answered", case, actor=actor)
    return case


@transaction.atomic
def resolve_case(*, case: SupportCase, body: str, version: int | None = None, actor: Any) -> SupportCase:
    """Say how it was solved. The clock stops."""
    _may(actor)
    case = lock(case, version)
    _advance(case, Status.RESOLVED, actor, resolved_at=clock.now())
    _say(case, Kind.REPLY, body, actor)
    audit.record("case.resolved", case, actor=actor)
    outbox.publish(CaseResolved(case_id=case.pk, account_id=case.account_id))
    watch_case(case=case, actor=actor)
    return case


@transaction.atomic
def close_case(*, case: SupportCase, version: int | None = None, actor: Any) -> SupportCase:
    """The customer is content: nothing more will happen here."""
    _may(actor)
    case = lock(case, version)
    _advance(case, Status.CLOSED, actor, closed_at=clock.now())
    audit.record("case.closed", case, actor=actor)
    wind_down(record=case, actor=actor, keep=False, reason=_("The case is closed."))
    return case


@transaction.atomic
def reopen_case(*, case: SupportCase, reason: str, version: int | None = None, actor: Any) -> SupportCase:
    """It was not solved after all. Within seven days; later, a new case tells the story better."""
    _may(actor)
    case = lock(case, version)
    before = case.resolved_at
    if case.status != Status.RESOLVED or before is None:
        raise IllegalState("not_resolved", _("Only a solved case can be reopened."), facts={"from": case.status})
    if clock.now() - before > REOPEN_WITHIN:
        raise DomainError("too_late_to_reopen", _("This was solved more than 7 days ago. Open a new case."))
    _advance(case, Status.OPEN, actor, resolved_at=None)
    _say(case, Kind.NOTE, reason, actor)
    audit.record("case.reopened", case, actor=actor, changed={"resolved_at": (before, None)}, reason=reason)
    return case


@transaction.atomic
def hand_over_cases(*, user: Any, to: Any, actor: Any) -> int:
    """Give the next of a leaver's unsolved cases to somebody else; says how many went."""
    rows = SupportCase.objects.unsolved()
    return len(hand_rows(rows=rows, user=user, to=to, actor=actor, action="case.assigned"))


def _check(case: SupportCase) -> None:
    if not case.subject or len(case.subject) > 200:
        raise InvalidInput.of(subject=_("A subject has 1 to 200 characters."))
    if len(case.description) > LONGEST:
        raise InvalidInput.of(description=_("This is too long."))
    if case.priority not in Priority.values:
        raise InvalidInput.of(priority=_("A priority is P1 to P5."))
    if case.channel not in SupportCase.Channel.values:
        raise InvalidInput.of(channel=_("A channel is phone, web or e-mail."))
    if case.contact is not None and case.contact.account_id != case.account.pk:
        raise InvalidInput.of(contact=_("This contact belongs to another account."))


def _unsolved(case: SupportCase) -> SupportCase:
    if case.status not in SupportCase.UNSOLVED:
        raise IllegalState("case_solved", _("This case is solved: reopen it first."), facts={"from": case.status})
    return case


def _say(case: SupportCase, kind: str, body: str, actor: Any) -> None:
    body = body.strip()
    if not body or len(body) > LONGEST:
        raise InvalidInput.of(body=_("Write something, of up to 20,000 characters."))
    CaseComment.objects.create(case=case, kind=kind, body=body, at=clock.now(), author=actor)


def _advance(case: SupportCase, target: str, actor: Any, **stamps: Any) -> None:
    advance(case, target, SupportCase.TRANSITIONS)
    for name, value in stamps.items():
        setattr(case, name, value)
    case.save(update_fields=["status", *stamps, "version", "updated_at"])
    CaseStatusLog.objects.create(case=case, status=target, at=clock.now(), by=actor)


def _touch(case: SupportCase) -> None:
    """Something was said: whoever wrote from an older page sees it before answering."""
    case.version += 1
    case.save(update_fields=["version", "updated_at"])
