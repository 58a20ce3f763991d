"""Rules of repetition (RFC 5545): which are accepted, and which time comes next. dateutil does the arithmetic.

A rule runs on the wall clock of its zone: nine o'clock stays nine o'clock when the clocks change. A time that a
change of the clocks leaves out is moved to the next one that exists.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from dateutil.tz import resolve_imaginary
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from revops.core import clock
from revops.core.errors import InvalidInput

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = frozenset(
    ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH")
    + ("BYSETPOS", "BYYEARDAY", "BYWEEKNO")
)
MOST = 1000  # times that a rule may name
WALKED = 60_000  # every day since 1900 is fewer
EARLIEST, LATEST = 1900, 2200
AHEAD = timedelta(days=5 * 366)
LENGTH = 200
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY_NAMES = {
    "MO": gettext_lazy("Monday"),
    "TU": gettext_lazy("Tuesday"),
    "WE": gettext_lazy("Wednesday"),
    "TH": gettext_lazy("Thursday"),
    "FR": gettext_lazy("Friday"),
    "SA": gettext_lazy("Saturday"),
    "SU": gettext_lazy("Sunday"),
}


def parts_of(text: str) -> dict[str, str]:
    """A rule by its parts, as FREQ and COUNT; refused when it is none."""
    found: dict[str, str] = {}
    for one in text.strip().upper().removeprefix("RRULE:").strip(";").split(";"):
        name, equals, value = one.partition("=")
        if not equals or not value or name in found:
            raise InvalidInput.of(rule=_("“%(text)s” is no rule of repetition.") % {"text": text[:80]})
        found[name] = value
    return found


def clean_rule(text: str) -> str:
    """The rule as it is stored; refused, with the reason, when we cannot keep it."""
    parts = parts_of(text)
    unknown = sorted(set(parts) - PARTS)
    if parts.get("FREQ") not in FREQUENCIES:
        raise InvalidInput.of(rule=_("Something repeats by days, weeks, months or years (FREQ)."))
    if unknown:
        raise InvalidInput.of(rule=_("%(names)s is not supported.") % {"names": ", ".join(unknown)})
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidInput.of(rule=_("Give a number of times or a last day, not both."))
    for name in ("COUNT", "INTERVAL"):
        value = parts.get(name, "1")
        if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= MOST or len(value) > 9:
            raise InvalidInput.of(rule=_("%(name)s is a number from 1 to %(most)s.") % {"name": name, "most": MOST})
    rule = ";".join(f"{name}={value}" for name, value in parts.items())
    if len(rule) > LENGTH:
        raise InvalidInput.of(rule=_("A rule has at most %(most)s characters.") % {"most": LENGTH})
    trial = _wall(clock.now(), ZoneInfo("UTC"))
    _built(parts, trial, ZoneInfo("UTC"), trial)
    return rule


def slots(rule: str, starts_at: datetime, zone: str, until: datetime) -> Iterator[datetime]:
    """The instants of a series up to `until`, in order, in UTC."""
    where = ZoneInfo(zone)
    if not EARLIEST <= starts_at.year <= LATEST:
        raise InvalidInput.of(rule=_("A series begins between %(a)s and %(b)s.") % {"a": EARLIEST, "b": LATEST})
    parts = parts_of(rule)
    start, end = _wall(starts_at, where), _wall(until, where)
    most = int(parts.get("COUNT", WALKED))
    for number, local in enumerate(_built(parts, start, where, end)):
        if number >= most:
            return
        yield resolve_imaginary(local.replace(tzinfo=where)).astimezone(UTC)


def next_slot(
    rule: str, starts_at: datetime, zone: str, after: datetime, without: Collection[datetime] = ()
) -> datetime | None:
    """The first instant of a series after another one; None when it has ended (or pauses for five years)."""
    until = max(after, starts_at) + AHEAD
    return next((at for at in slots(rule, starts_at, zone, until) if at > after and at not in without), None)


def passed(rule: str, starts_at: datetime, zone: str, before: datetime) -> int:
    """How many times of a series lie before an instant."""
    return sum(1 for at in slots(rule, starts_at, zone, before) if at < before)


def moved_weekday(rule: str, was: datetime, now: datetime, zone: str) -> str:
    """Every Monday, moved to a Tuesday, is every Tuesday; every 3rd is then every 4th; other rules stay."""
    where, parts = ZoneInfo(zone), parts_of(rule)
    old, new = was.astimezone(where), now.astimezone(where)
    if parts.get("BYDAY") == WEEKDAYS[old.weekday()]:
        parts["BYDAY"] = WEEKDAYS[new.weekday()]
    if parts.get("BYMONTHDAY") == str(old.day):
        parts["BYMONTHDAY"] = str(new.day)
    return ";".join(f"{name}={value}" for name, value in parts.items())


def with_count(rule: str, count: int) -> str:
    """The same rule with another number of times."""
    return ";".join(f"{name}={value}" for name, value in {**parts_of(rule), "COUNT": str(count)}.items())


def rule_words(rule: str) -> str:
    """Every 2 weeks on Monday and Friday, 10 times."""
    parts = parts_of(rule)
    n = int(parts.get("INTERVAL", "1"))
    said = {
        "DAILY": ngettext("Every day", "Every %(n)s days", n),
        "WEEKLY": ngettext("Every week", "Every %(n)s weeks", n),
        "MONTHLY": ngettext("Every month", "Every %(n)s months", n),
        "YEARLY": ngettext("Every year", "Every %(n)s years", n),
    }[parts["FREQ"]] % {"n": n}
    days = parts.get("BYDAY", "")
    if days == ",".join(WEEKDAYS[:5]):
        said = _("%(rule)s, Monday to Friday") % {"rule": said}
    elif days:
        names = ", ".join(str(DAY_NAMES.get(day, day)) for day in days.split(","))
        said = _("%(rule)s on %(days)s") % {"rule": said, "days": names}
    if "COUNT" in parts:
        times = int(parts["COUNT"])
        said += ", " + ngettext("%(n)s time", "%(n)s times", times) % {"n": times}
    if "UNTIL" in parts:
        last = _until(parts["UNTIL"], clock.company_zone())
        said = _("%(rule)s until %(day)s") % {"rule": said, "day": date_format(last, "j M Y")}
    return said


def _wall(at: datetime, where: ZoneInfo) -> datetime:
    return at.astimezone(where).replace(tzinfo=None)


def _until(text: str, where: ZoneInfo) -> datetime:
    """The last moment on the zone's clock; a day counts to its end."""
    try:
        if "T" not in text:
            return datetime.combine(datetime.strptime(text, "%Y%m%d"), time(23, 59, 59))  # noqa: DTZ007
        at = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    except ValueError as error:
        raise InvalidInput.of(rule=_("“%(text)s” is no day (UNTIL).") % {"text": text[:40]}) from error
    return _wall(at.replace(tzinfo=UTC), where) if text.endswith("Z") else at


def _built(parts: dict[str, str], start: datetime, where: ZoneInfo, end: datetime) -> rrule:
    """dateutil's rule on the wall clock. COUNT is counted by who reads it, so that a rule without a single day ends."""
    last = min(_until(parts["UNTIL"], where), end) if "UNTIL" in parts else end
    text = ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL"))
    try:
        made = rrulestr(text, dtstart=start)
        return made.replace(until=last)  # type: ignore[union-attr,return-value]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise InvalidInput.of(rule=_("“%(text)s” is no rule of repetition.") % {"text": text[:80]}) from error
