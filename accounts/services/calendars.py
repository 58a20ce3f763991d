"""Calendars of other programs: reading their files into activities, and giving out an address to read ours."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.ics import Contents, Event, Refusal, read_calendar
from accounts.keys import email_key
from accounts.models import Activity, CalendarFeed, Contact, ImportedEvent
from accounts.recurrence import clean_rule, next_slot, parts_of
from accounts.services.activities import cancel_activity, log_activity, plan_activity, update_activity
from accounts.services.series import change_following, end_series, repeat_activity
from revops.core import audit, clock
from revops.core.errors import DomainError, NotAllowed
from revops.core.scope import require

UID = 255


@dataclass
class Imported:
    """What became of a file: how many events were taken, and what was refused or understood only in part."""

    made: int = 0
    changed: int = 0
    same: int = 0
    cancelled: int = 0
    refused: list[Refusal] = field(default_factory=list)
    notes: list[Refusal] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """Events that stand here now."""
        return self.made + self.changed + self.same + self.cancelled


@transaction.atomic
def import_calendar(*, actor: Any, data: bytes) -> Imported:
    """The events of an .ics file as one's own activities. Read again, a UID is the same row. One without a start is
    a note.

    What repeats becomes a series: its next time is planned, what lies behind is not written again and again. A series
    that is over, and any event that is, is done. An older SEQUENCE changes nothing.
    """
    require(actor, "accounts.add_activity")
    require(actor, "accounts.change_activity")
    contents = read_calendar(data, zone=actor.time_zone)
    events = _each_once(contents)
    known = {
        row.uid: row
        for row in ImportedEvent.objects.select_related("activity__series").filter(
            user=actor, uid__in=[event.uid for event in events]
        )
    }
    people = _people(actor, events)
    done = Imported(refused=contents.refused, notes=contents.notes)
    for event in events:
        try:
            with transaction.atomic():
                _take(event, known.get(event.uid), people, actor, done)
        except DomainError as error:
            name = "RRULE" if any(one.pointer == "rule" for one in error.errors) else ""
            done.refused.append(Refusal(event.line, name, error.message))
    done.refused.sort(key=lambda one: one.line)
    audit.record("activity.calendar_read", actor, actor=actor, taken=done.taken, refused=len(done.refused))
    return done


@transaction.atomic
def make_feed(*, actor: Any) -> tuple[CalendarFeed, str]:
    """An address for one's calendar program; the one before stops working. The second value is read only now."""
    if actor.is_portal:
        raise NotAllowed(_("A portal has no calendar."))
    _withdraw(actor)
    raw = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(user=actor, digest=CalendarFeed.digest_of(raw))
    audit.record("calendar_feed.made", feed, actor=actor)
    return feed, raw


@transaction.atomic
def withdraw_feed(*, actor: Any) -> None:
    """The address stops working at once; twice does no harm."""
    for feed in _withdraw(actor):
        audit.record("calendar_feed.withdrawn", feed, actor=actor)


def _withdraw(user: Any) -> list[CalendarFeed]:
    rows = list(CalendarFeed.objects.select_for_update().filter(user=user, revoked_at__isnull=True))
    for row in rows:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at", "updated_at"])
    return rows


# One event --------------------------------------------------------------------------------


def _each_once(contents: Contents) -> list[Event]:
    """One event a UID, the highest SEQUENCE. One time of a series that was changed stands for itself."""
    found: dict[str, Event] = {}
    apart: dict[str, set[datetime]] = {}
    for event in contents.events:
        event = replace(event, uid=_uid(event))
        if event.slot is not None:
            apart.setdefault(event.uid, set()).add(event.slot)
            event = replace(event, uid=_at(event.uid, event.slot), rule="", extra=())
        for extra in event.extra:
            own = replace(event, uid=_at(event.uid, extra), starts_at=extra, rule="", extra=())
            found.setdefault(own.uid, own)
        before = found.get(event.uid)
        if before is None or event.sequence >= before.sequence:
            found[event.uid] = event
    return [
        replace(event, without=(*event.without, *sorted(apart.get(event.uid, ())))) if event.rule else event
        for event in found.values()
    ]


def _uid(event: Event) -> str:
    """What an event is known by; without a UID of its own by when and what it is."""
    when = event.starts_at.isoformat() if event.dated else event.body
    text = event.uid or hashlib.sha256(f"{when} {event.title}".encode()).hexdigest()
    return text if len(text) <= UID - 40 else hashlib.sha256(text.encode()).hexdigest()


def _at(uid: str, slot: datetime) -> str:
    return f"{uid}#{slot:%Y%m%dT%H%M%SZ}"


def _people(actor: Any, events: Iterable[Event]) -> dict[str, Contact]:
    """The contacts that the reader sees among those who take part, where an address is one person's only."""
    keys = {email_key(text) for event in events for text in event.attendees} - {"", email_key(actor.email)}
    found: dict[str, list[Contact]] = {}
    for person in Contact.objects.visible_to(actor).active().filter(email_key__in=keys).select_related("account"):
        found.setdefault(person.email_key, []).append(person)
    return {key: rows[0] for key, rows in found.items() if len(rows) == 1}


def _take(event: Event, row: ImportedEvent | None, people: dict[str, Contact], actor: Any, done: Imported) -> None:
    if event.cancelled:
        _cancel(row, actor, done)
    elif row is None:
        activity = _make(event, people, actor)
        ImportedEvent.objects.create(user=actor, uid=event.uid, sequence=event.sequence, activity=activity)
        done.made += 1
    elif event.sequence < row.sequence:
        done.same += 1
    else:
        _change(event, row, people, actor, done)


def _cancel(row: ImportedEvent | None, actor: Any, done: Imported) -> None:
    activity = _current(row) if row else None
    if activity is not None and activity.status == Activity.Status.PLANNED:
        drop = end_series if activity.series_id else cancel_activity
        drop(activity=activity, version=None, actor=actor)
    done.cancelled += 1


def _current(row: ImportedEvent) -> Activity:
    """The activity of an event; of a series, the one that is planned."""
    planned = Activity.objects.planned().filter(series=row.activity.series_id).first()
    return planned if row.activity.series_id and planned else row.activity


def _make(event: Event, people: dict[str, Contact], actor: Any) -> Activity:
    ours = email_key(actor.email)
    keys = dict.fromkeys(key for text in event.attendees if (key := email_key(text)) and key != ours)
    about: dict[str, Any] = {
        "kind": event.kind,
        "subject": event.title,
        "body": event.body,
        "minutes": event.minutes,
        "contact": next((people[key] for key in keys if key in people), None),
        "attendees": list(keys)[:50],
    }
    now, rule = clock.now(), clean_rule(event.rule) if event.rule else ""
    at = next_slot(rule, event.starts_at, event.zone, now, event.without) if rule else event.starts_at
    if at is None or at <= now or event.done or not event.dated:
        return log_activity(actor=actor, happened_at=min(at or event.starts_at, now), **about)
    made = plan_activity(actor=actor, due_at=at, **about)
    if rule:
        made = repeat_activity(
            activity=made,
            version=None,
            rule=rule,
            actor=actor,
            zone=event.zone,
            starts_at=event.starts_at,
            without=event.without,
        )
    return made


def _change(event: Event, row: ImportedEvent, people: dict[str, Contact], actor: Any, done: Imported) -> None:
    """Put the row right; a rule that changed begins a series anew."""
    activity = _current(row)
    before, series = activity.version, activity.series
    planned = activity.status == Activity.Status.PLANNED
    if planned and event.rule and (series is None or _differs(event, series)):
        drop = cancel_activity if series is None else end_series
        drop(activity=activity, version=None, actor=actor)
        row.activity = _make(event, people, actor)
        moved = True
    else:
        wanted: dict[str, Any] = {"subject": event.title, "body": event.body}
        if planned and series is None and event.starts_at > clock.now():
            wanted["due_at"] = event.starts_at
        change = change_following if planned and series else update_activity
        moved = change(activity=activity, version=None, actor=actor, **wanted).version != before
    if moved or event.sequence != row.sequence:
        row.sequence = event.sequence
        row.save(update_fields=["activity", "sequence", "updated_at"])
    done.changed += moved
    done.same += not moved


def _differs(event: Event, series: Any) -> bool:
    """Whether a series runs otherwise than the file says."""
    without = [one.isoformat() for one in event.without]
    now = (parts_of(series.rule), series.starts_at, series.without)
    return (parts_of(event.rule), event.starts_at, without) != now
