"""A calendar to subscribe to (RFC 5545)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import icalendar
from icalendar import Calendar


@dataclass(frozen=True)
class Entry:
    """One line of a feed: what, when, and which version of it."""

    uid: str
    starts_at: datetime
    minutes: int
    title: str
    body: str
    url: str
    sequence: int
    changed_at: datetime


def write_calendar(entries: Sequence[Entry], *, name: str) -> bytes:
    """A calendar to subscribe to. Times are instants (UTC): every program shows them on its own clock."""
    calendar = Calendar()
    calendar.add("prodid", "-//revops//activities//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for one in entries:
        event = icalendar.Event()
        event.add("uid", one.uid)
        event.add("dtstamp", one.changed_at.astimezone(UTC))
        event.add("last-modified", one.changed_at.astimezone(UTC))
        event.add("sequence", one.sequence)
        event.add("dtstart", one.starts_at.astimezone(UTC))
        event.add("dtend", (one.starts_at + timedelta(minutes=one.minutes)).astimezone(UTC))
        event.add("summary", one.title)
        if one.body:
            event.add("description", one.body)
        event.add("url", one.url)
        calendar.add_component(event)
    return bytes(calendar.to_ical())
