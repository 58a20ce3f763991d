"""Calendars as files (RFC 5545): reading whatever people bring.

icalendar reads the lines; here stands what becomes of them. A file is never refused for one bad event: what cannot be
read is named by its line and property, and the rest goes on.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
from django.utils.translation import gettext as _
from icalendar import Calendar, Component
from icalendar.prop import vRecur

from accounts.recurrence import EARLIEST, LATEST
from revops.core import clock
from revops.core.errors import InvalidInput

LARGEST = 2_000_000
MOST, DEEPEST = 2000, 8
MOST_EXTRA, TRIED = 100, 2000
KINDS = ("VEVENT", "VTODO")
TEXT, TITLE = 10_000, 200
ZONE_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYDAY", "BYMONTHDAY"})
UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError)
# A day without an hour begins with the office.
MORNING = time(9)
# icalendar keeps the zones that a file defines in one place for the whole process.
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Refusal:
    """What was not taken, or not quite: by line and property, with the reason."""

    line: int
    name: str
    text: str

    def __str__(self) -> str:
        where = _("Line %(line)s") % {"line": self.line}
        return f"{where}, {self.name}: {self.text}" if self.name else f"{where}: {self.text}"


@dataclass(frozen=True)
class Event:
    """One event or task of a file. `rule` is its repetition, `slot` which of a series it is."""

    uid: str
    starts_at: datetime
    title: str
    line: int
    kind: str = "meeting"
    body: str = ""
    minutes: int | None = None
    zone: str = ""
    rule: str = ""
    slot: datetime | None = None
    without: tuple[datetime, ...] = ()
    extra: tuple[datetime, ...] = ()
    attendees: tuple[str, ...] = ()
    sequence: int = 0
    cancelled: bool = False
    done: bool = False
    dated: bool = True


@dataclass
class Contents:
    """What a file holds: events, what was refused, and what was understood only in part."""

    events: list[Event] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[Refusal] = field(default_factory=list)


class _Unreadable(Exception):
    """A property without which an event is none."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name, self.text = name, text


@dataclass(frozen=True)
class _Block:
    """The lines of one event in the file."""

    line: int
    lines: Sequence[str]

    def line_of(self, name: str) -> int:
        """Where a property stands, else where the event begins."""
        wanted = name.upper()
        for number, text in enumerate(self.lines):
            if text.upper().startswith((f"{wanted}:", f"{wanted};")):
                return self.line + number
        return self.line

    def holding(self, text: str) -> int:
        """Where a broken line stands that an error quotes."""
        for number, line in enumerate(self.lines):
            if len(line) > 1 and line[:60] in text:
                return self.line + number
        return self.line


def read_calendar(data: bytes, *, zone: str) -> Contents:
    """The events of a file; times without a zone are `zone`'s."""
    if len(data) > LARGEST:
        raise InvalidInput.of(
            file=_("This file has more than %(most)s MB: export a shorter span.") % {"most": LARGEST // 1_000_000}
        )
    text = "\n".join(_harmless(_lines(_decoded(data))))
    blocks = list(_blocks(text))
    if len(blocks) > MOST:
        raise InvalidInput.of(file=_("More than %(most)s events: export a shorter span.") % {"most": f"{MOST:,}"})
    found = Contents()
    if "BEGIN:" not in text.upper():
        found.refused.append(Refusal(1, "BEGIN", _("This is no calendar.")))
        return found
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        icalendar.use_zoneinfo()  # forgets the zones of the file before
        for block, component in _components(text, blocks, found):
            _read(component, block, zone, found)
    return found


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return text.replace("\x00", "")


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _harmless(lines: Sequence[str]) -> Iterator[str]:
    """The file without the rules of its zones that change the clocks every second: a hand full a year is a zone.

    The lines keep their numbers.
    """
    inside = False
    for number, line in enumerate(lines):
        upper = line.strip().upper()
        inside = (inside or upper == "BEGIN:VTIMEZONE") and upper != "END:VTIMEZONE"
        if inside and upper.startswith(("RRULE:", "RRULE;")):
            names = {part.partition("=")[0] for part in upper.partition(":")[2].split(";")}
            folded = lines[number + 1 : number + 2] and lines[number + 1].startswith((" ", "\t"))
            if folded or "FREQ=YEARLY" not in upper or names - ZONE_PARTS:
                yield "X-LEFT-OUT:rule"
                continue
        yield line


def _blocks(text: str) -> Iterator[_Block]:
    """The stretches from BEGIN:VEVENT to its END, with their line numbers; also one that never ends."""
    lines = text.split("\n")
    start, depth = -1, 0
    for number, raw in enumerate(lines):
        line = raw.strip().upper()
        depth += line.startswith("BEGIN:") - line.startswith("END:")
        if depth > DEEPEST:
            raise InvalidInput.of(file=_("Line %(line)s: too many things inside one another.") % {"line": number + 1})
        if line.removeprefix("BEGIN:") in KINDS and line.startswith("BEGIN:"):
            if start >= 0:
                yield _Block(start + 1, lines[start:number])
            start = number
        elif line.removeprefix("END:") in KINDS and line.startswith("END:") and start >= 0:
            yield _Block(start + 1, lines[start : number + 1])
            start = -1
    if start >= 0:
        yield _Block(start + 1, lines[start:])


def _components(text: str, blocks: list[_Block], found: Contents) -> Iterator[tuple[_Block, Component]]:
    """Each event with its lines. A file that cannot be read as a whole is read event by event."""
    try:
        whole = [one for part in Calendar.from_ical(text, multiple=True) for one in part.walk() if one.name in KINDS]
    except UNREADABLE as error:
        whole = []
        if not blocks:
            found.refused.append(_culprit(text, error))
    if len(whole) == len(blocks):
        yield from zip(blocks, whole, strict=True)
        return
    for block in blocks:
        try:
            parts = Calendar.from_ical("\r\n".join(block.lines), multiple=True)
        except UNREADABLE as error:
            found.refused.append(Refusal(block.holding(str(error)), "", _said(error)))
            continue
        inside = [one for part in parts for one in part.walk() if one.name in KINDS]
        if inside:
            yield block, inside[0]
        else:
            found.refused.append(Refusal(block.line, "BEGIN", _("This event has no end.")))


def _culprit(text: str, error: Exception) -> Refusal:
    """Which line it is that keeps a calendar from being read."""
    for number, line in enumerate(text.split("\n")[:TRIED], start=1):
        if not line.strip() or line.startswith((" ", "\t")) or line.upper().startswith(("BEGIN:", "END:")):
            continue
        try:
            (one,) = Calendar.from_ical(f"BEGIN:VEVENT\r\n{line}\r\nEND:VEVENT", multiple=True)
            broken = [why for _name, why in one.errors]
        except UNREADABLE as trouble:
            broken = [str(trouble)]
        if broken:
            name = line.partition(":")[0].partition(";")[0].strip().upper()[:40]
            return Refusal(number, name, _said(ValueError(broken[0])))
    return Refusal(1, "BEGIN", _("This calendar cannot be read: %(why)s") % {"why": _said(error)})


def _said(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:160]


# One event --------------------------------------------------------------------------------


def _read(component: Component, block: _Block, zone: str, found: Contents) -> None:
    broken: list[Refusal] = []
    for name, text in component.errors:
        line = block.line_of(name) if name else block.holding(text)
        broken.append(Refusal(line, name or "", _said(ValueError(text))))
    try:
        event = _event(component, block, zone)
    except _Unreadable as error:
        told = [one for one in broken if not one.name or one.name == error.name]
        found.refused.append(told[0] if told else Refusal(block.line_of(error.name), error.name, error.text))
        return
    except UNREADABLE as error:
        found.refused.append(Refusal(block.line, component.name or "", _said(error)))
        return
    found.events.append(event)
    if not event.dated:
        found.notes.append(Refusal(block.line, "DTSTART", _("Without a start it is kept as a note.")))
    found.notes.extend(broken)


def _event(component: Component, block: _Block, zone: str) -> Event:
    if any(name == "DTSTART" or (name is None and "'DTSTART" in why) for name, why in component.errors):
        raise _Unreadable("DTSTART", _("There is no start."))
    start = _moment(component, "DTSTART") or _moment(component, "DUE") or next(_dates(component, "RDATE", zone), None)
    dated = start is not None
    starts_at, where = _instant(start or _moment(component, "DTSTAMP") or clock.now(), zone)
    slot = _moment(component, "RECURRENCE-ID")
    status = str(_one(component, "STATUS") or "").upper()
    title = " ".join(str(_one(component, "SUMMARY") or "").split()) or _("Untitled")
    return Event(
        uid=_text(component, "UID", 2000),
        starts_at=starts_at,
        title=title if len(title) <= TITLE else f"{title[: TITLE - 1]}…",
        line=block.line,
        kind="task" if component.name == "VTODO" else "meeting" if dated else "note",
        body=_body(component, title),
        minutes=_minutes(component, start, zone) if start else None,
        zone=where,
        dated=dated,
        rule=_rule(component) if dated else "",
        slot=_instant(slot, zone)[0] if slot is not None else None,
        without=tuple(_dates(component, "EXDATE", zone)),
        extra=_extra(component, zone),
        attendees=tuple(_attendees(component)),
        sequence=_number(component, "SEQUENCE"),
        cancelled=status == "CANCELLED",
        done=status == "COMPLETED",
    )


def _one(component: Component, name: str) -> Any:
    """A property; of several, the first. One that could not be read is none."""
    if any(broken == name for broken, _why in component.errors):
        return None
    value = component.get(name)
    return value[0] if isinstance(value, list) and value else value


def _moment(component: Component, name: str) -> date | datetime | None:
    value = getattr(_one(component, name), "dt", None)
    return value if isinstance(value, date) else None


def _instant(value: date | datetime, zone: str) -> tuple[datetime, str]:
    """The instant in UTC, and the zone on whose clock it stands; a day without an hour begins in the morning."""
    if not EARLIEST <= value.year <= LATEST:
        raise _Unreadable("DTSTART", _("The year %(year)s is out of reach.") % {"year": value.year})
    at = value if isinstance(value, datetime) else datetime.combine(value, MORNING)
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(zone))
    name = getattr(at.tzinfo, "key", "") or zone
    return at.astimezone(UTC), name


def _minutes(component: Component, start: date | datetime, zone: str) -> int | None:
    end = _moment(component, "DTEND")
    length = getattr(_one(component, "DURATION"), "dt", None)
    if end is not None and isinstance(end, datetime) and isinstance(start, datetime):
        length = _instant(end, zone)[0] - _instant(start, zone)[0]
    if not isinstance(length, timedelta) or not timedelta(0) < length < timedelta(days=20):
        return None
    return int(length.total_seconds() // 60)


def _text(component: Component, name: str, most: int) -> str:
    return str(_one(component, name) or "").strip()[:most]


def _body(component: Component, title: str) -> str:
    """Place, description, and a title that is too long for one."""
    place = _text(component, "LOCATION", 500)
    parts = [
        title if len(title) > TITLE else "",
        _("Place: %(place)s") % {"place": place} if place else "",
        _text(component, "DESCRIPTION", TEXT),
    ]
    return "\n".join(part for part in parts if part)[:TEXT]


def _rule(component: Component) -> str:
    value = _one(component, "RRULE")
    if not isinstance(value, vRecur):
        return ""
    return value.to_ical().decode()


def _dates(component: Component, name: str, zone: str) -> Iterator[datetime]:
    values = None if any(broken == name for broken, _why in component.errors) else component.get(name)
    for value in values if isinstance(values, list) else [values]:
        for one in getattr(value, "dts", ()):
            at = one.dt[0] if isinstance(one.dt, tuple) else one.dt
            if isinstance(at, date):
                yield _instant(at, zone)[0]


def _extra(component: Component, zone: str) -> tuple[datetime, ...]:
    found = tuple(_dates(component, "RDATE", zone))
    if len(found) > MOST_EXTRA:
        raise _Unreadable("RDATE", _("More than %(most)s single dates.") % {"most": MOST_EXTRA})
    return found


def _attendees(component: Component) -> Iterator[str]:
    values = component.get("ATTENDEE")
    for value in values if isinstance(values, list) else [values]:
        text = str(value or "")
        if text.lower().startswith("mailto:"):
            yield text[7:].strip()


def _number(component: Component, name: str) -> int:
    text = str(_one(component, name) or "0").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
