"""Writes to activities: logged afterwards in one call, or planned, moved, done, dropped."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.events import ActivityCompleted
from accounts.models import Account, Activity, Contact
from accounts.services._next import plan_next
from accounts.services.captured import note_attendees
from accounts.validation import refuse_guests, refuse_invalid, refuse_unknown, tidy
from revops.core import audit, clock, merging, outbox
from revops.core.acting import refuse_readers
from revops.core.custom import values as custom_values
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import advance, edit, lock

TEXTS = ("kind", "subject", "body", "outcome", "minutes")
CLOCK_SKEW = timedelta(minutes=5)


@transaction.atomic
def log_activity(
    *,
    actor: Any,
    kind: str,
    subject: str,
    account: Account | None = None,
    contact: Contact | None = None,
    owner: Any = None,
    happened_at: datetime | None = None,
    minutes: int | None = None,
    body: str = "",
    outcome: str = "",
    custom: Mapping[str, Any] | None = None,
    attendees: Iterable[str] = (),
) -> Activity:
    """Something that happened, now unless `happened_at` says when."""
    if actor is not None:
        require(actor, "accounts.add_activity")
        refuse_readers(account)
    at = happened_at or clock.now()
    if at > clock.now() + CLOCK_SKEW:
        raise InvalidInput.of(happened_at=_("This is in the future: plan it instead."))
    activity = Activity(
        status=Activity.Status.COMPLETED,
        happened_at=at,
        **_facts(actor, kind, subject, account, contact, owner, body),
        minutes=minutes,
        outcome=outcome.strip(),
    )
    refuse_invalid(activity, TEXTS)
    activity.custom = custom_values.for_new(activity, custom, asked=custom is not None)
    activity.save(force_insert=True)
    note_attendees(activity=activity, emails=attendees, actor=actor)
    audit.record("activity.logged", activity, actor=actor)
    outbox.publish(ActivityCompleted(activity_id=activity.pk, kind=activity.kind))
    return activity


@transaction.atomic
def plan_activity(
    *,
    actor: Any,
    kind: str,
    subject: str,
    due_at: datetime,
    owner: Any = None,
    account: Account | None = None,
    contact: Contact | None = None,
    body: str = "",
    custom: Mapping[str, Any] | None = None,
    attendees: Iterable[str] = (),
    minutes: int | None = None,
) -> Activity:
    """Something to do; the earliest planned one is a record's next action."""
    if actor is not None:
        require(actor, "accounts.add_activity")
        refuse_readers(account)
    activity = Activity(
        status=Activity.Status.PLANNED,
        due_at=due_at,
        minutes=minutes,
        **_facts(actor, kind, subject, account, contact, owner, body),
    )
    refuse_invalid(activity, TEXTS)
    activity.custom = custom_values.for_new(activity, custom, asked=custom is not None)
    activity.save(force_insert=True)
    note_attendees(activity=activity, emails=attendees, actor=actor)
    audit.record("activity.planned", activity, actor=actor, due_at=due_at)
    return activity


@transaction.atomic
def log_touch(
    *,
    actor: Any,
    done: Mapping[str, Any] | None,
    planned: Mapping[str, Any] | None,
    account: Account | None = None,
    contact: Contact | None = None,
) -> list[Activity]:
    """One touch in one go: what happened, what comes next, or both."""
    made = []
    if done is not None:
        made.append(log_activity(actor=actor, account=account, contact=contact, **done))
    if planned is not None:
        made.append(plan_activity(actor=actor, account=account, contact=contact, **planned))
    return made


@transaction.atomic
def complete_activity(*, activity: Activity, version: int | None, actor: Any, outcome: str = "") -> Activity:
    """Planned, and now done. Of a series, the next one is planned."""
    require(actor, "accounts.change_activity")
    activity = lock(activity, version)
    advance(activity, Activity.Status.COMPLETED, Activity.TRANSITIONS)
    activity.happened_at, activity.outcome = clock.now(), outcome.strip()
    refuse_invalid(activity, ["outcome"])
    activity.save(update_fields=["status", "happened_at", "outcome", "version", "updated_at"])
    audit.record("activity.completed", activity, actor=actor)
    outbox.publish(ActivityCompleted(activity_id=activity.pk, kind=activity.kind))
    plan_next(activity=activity, actor=actor)
    return activity


@transaction.atomic
def cancel_activity(*, activity: Activity, version: int | None, actor: Any, reason: str = "") -> Activity:
    """Planned, and not going to happen. Of a series, the next one is planned instead."""
    require(actor, "accounts.change_activity")
    activity = lock(activity, version)
    advance(activity, Activity.Status.CANCELLED, Activity.TRANSITIONS)
    activity.save(update_fields=["status", "version", "updated_at"])
    audit.record("activity.cancelled", activity, actor=actor, reason=reason)
    plan_next(activity=activity, actor=actor)
    return activity


@transaction.atomic
def update_activity(
    *, activity: Activity, version: int | None, actor: Any, custom: Mapping[str, Any] | None = None, **changes: Any
) -> Activity:
    """Move a planned activity (due_at), give it to somebody else (owner), or put its text right."""
    if actor is not None:
        require(actor, "accounts.change_activity")
    refuse_unknown(changes, ("kind", "subject", "body", "due_at", "owner"))
    activity = lock(activity, version)
    if activity.status != Activity.Status.PLANNED and set(changes) & {"due_at", "kind"}:
        raise IllegalState("not_planned", _("Only a planned activity can be moved."))
    if "due_at" in changes and changes["due_at"] is None:
        raise InvalidInput.of(due_at=_("A planned activity needs a time."))
    wanted = tidy(changes)
    trial = Activity(**{name: wanted.get(name, getattr(activity, name)) for name in TEXTS})
    refuse_invalid(trial, TEXTS)
    refuse_guests(owner=wanted.get("owner"))
    if custom:
        wanted["custom"] = custom_values.merged(activity, custom)
    changed = edit(activity, wanted)
    if changed:
        audit.record("activity.changed", activity, actor=actor, changed=changed)
    return activity


@transaction.atomic
def snooze_activity(*, activity: Activity, version: int | None, actor: Any) -> Activity:
    """Not today: to tomorrow, or a day further than it stands, at the same hour."""
    if activity.due_at is None:
        raise InvalidInput.of(due_at=_("A planned activity needs a time."))
    zone = clock.company_zone()
    local = activity.due_at.astimezone(zone)
    day = max(local.date(), clock.today()) + timedelta(days=1)
    due_at = datetime.combine(day, local.time(), zone)
    return update_activity(activity=activity, version=version, actor=actor, due_at=due_at)


def _facts(
    actor: Any, kind: str, subject: str, account: Account | None, contact: Contact | None, owner: Any, body: str
) -> dict[str, Any]:
    if contact is not None:
        if account is not None and contact.account_id != account.pk:
            raise InvalidInput.of(contact=_("This contact belongs to another account."))
        account = contact.account
    merging.hold(account, contact)
    who = owner or actor
    if who is None:
        raise InvalidInput.of(owner=_("Say whose activity this is."))
    refuse_guests(owner=who)
    return {
        "kind": kind,
        "subject": subject.strip(),
        "body": body.strip(),
        "account": account,
        "contact": contact,
        "owner": who,
    }
