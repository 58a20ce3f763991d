"""The time that a line of text names: tomorrow, on Friday at 14:30, in 3 days, 24 Nov, 2026-11-30, übermorgen."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain

from django.utils import timezone, translation
from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR

from revops.core import clock

MORNING = time(9)
NEAR = {"today": 0, "tonight": 0, "tomorrow": 1, "heute": 0, "morgen": 1, "übermorgen": 2}
UNITS = {"day": 1, "week": 7, "month": 30, "tag": 1, "woche": 7, "monat": 30}
SPAN = re.compile(r"\bin (\d{1,3}) (day|week|month|tag|woche|monat)", re.IGNORECASE)
ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
DOTTED = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})?(?![\d.])")
DAY_MONTH = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|\.)? ([^\W\d_]{3,})")
MONTH_DAY = re.compile(r"\b([^\W\d_]{3,}) (\d{1,2})(?:st|nd|rd|th)?\b")
WORD = re.compile(r"[^\W\d_]+")
NEXT_WEEK = re.compile(r"\bnext week\b|\bnächste woche\b", re.IGNORECASE)
HOUR = re.compile(r"\b([01]?\d|2[0-3])[:.]([0-5]\d)(?![.\d])\s*([ap]m)?|\b(1[0-2]|0?[1-9])\s*([ap]m)\b", re.IGNORECASE)
AT = re.compile(r"\b(?:at|um) ([01]?\d|2[0-3])(?:\s*(?:uhr|h|o'clock))?(?![\d:.])", re.IGNORECASE)


def time_in(text: str) -> datetime:
    """When something that the text describes is to be done; tomorrow morning where it does not say."""
    here = timezone.get_current_timezone()
    now = clock.now().astimezone(here)
    day, hour = _day_in(text, now.date()), _hour_in(text)
    if day is None:
        day = now.date() if hour and hour > now.time() else now.date() + timedelta(days=1)
    at = datetime.combine(day, hour or MORNING, here)
    # What is to be done today is due in an hour when the morning is over.
    return at if hour or at > now else now.replace(second=0, microsecond=0) + timedelta(hours=1)


def _day_in(text: str, today: date) -> date | None:
    """What is written as a date first, then what is counted from today, then a name."""
    months, weekdays = _names()
    for day in chain(_written(text, today, months), _counted(text, today), _named(text, today, weekdays)):
        return day
    return None


def _written(text: str, today: date, months: dict[str, int]) -> Iterator[date]:
    for year, month, day in ISO.findall(text):
        yield from _dated(int(year), int(month), int(day))
    for day, month, year in DOTTED.findall(text):
        yield from _dated(int(year), int(month), int(day)) if year else _coming(int(month), int(day), today)
    for name, day in [*((name, day) for day, name in DAY_MONTH.findall(text)), *MONTH_DAY.findall(text)]:
        # A name is written large: "may" and "march" are words as well.
        if name[0].isupper() and name.casefold() in months:
            yield from _coming(months[name.casefold()], int(day), today)


def _counted(text: str, today: date) -> Iterator[date]:
    for count, unit in SPAN.findall(text):
        yield today + timedelta(days=int(count) * UNITS[unit.casefold()])
    if NEXT_WEEK.search(text):
        yield today + timedelta(days=7 - today.weekday())


def _named(text: str, today: date, weekdays: dict[str, int]) -> Iterator[date]:
    for word in WORD.findall(text):
        if word.casefold() in NEAR:
            yield today + timedelta(days=NEAR[word.casefold()])
        if word[0].isupper() and word.casefold() in weekdays:
            yield today + timedelta(days=(weekdays[word.casefold()] - today.weekday() - 1) % 7 + 1)


def _dated(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _coming(month: int, day: int, today: date) -> Iterator[date]:
    """The next such day; a year that has none (29 February) is passed over."""
    for year in range(today.year, today.year + 9):
        for found in _dated(year, month, day):
            if found >= today:
                yield found
                return


def _names() -> tuple[dict[str, int], dict[str, int]]:
    """Months and weekdays as English and the reader's language call them."""
    months: dict[str, int] = {}
    weekdays: dict[str, int] = {}
    for language in dict.fromkeys(("en", translation.get_language() or "en")):
        with translation.override(language):
            for table in (MONTHS, MONTHS_3):
                months |= {str(name).casefold(): number for number, name in table.items()}
            weekdays |= {str(name).casefold(): number for number, name in WEEKDAYS.items()}
            # Two letters are a word more often than a day.
            weekdays |= {str(name).casefold(): n for n, name in WEEKDAYS_ABBR.items() if len(str(name)) > 2}
    return months, weekdays


def _hour_in(text: str) -> time | None:
    found = HOUR.search(DOTTED.sub(" ", text))
    if found:
        hour = int(found[1] or found[4])
        half = (found[3] or found[5] or "").casefold()
        if half and hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
        return time(hour, int(found[2] or 0))
    found = AT.search(text)
    return time(int(found[1])) if found else None
