"""Text of a cell -> value: dates in five forms, numbers with either decimal sign, and which of them a column holds."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from revops.core.addresses import normal_email
from revops.core.money import currencies

MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
_CLOCK = re.compile(
    r"[T ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?$"
)
_ISO = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})$")
_PARTS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})$")
_WORDS = re.compile(r"(\d{1,2})[ .-]+([A-Za-z]{3,9})\.?[ ,-]+(\d{4})$")
_NUMBER = re.compile(r"-?\d[\d.,]*$")
_DRESS = re.compile(r"[\s'’]|[$€£¥]|^[A-Z]{3}(?=[-\d ])|(?<=[\d ])[A-Z]{3}$")
HUGE = Decimal(10) ** 12
ASK = "ask"
YES, NO = frozenset({"yes", "true", "1", "y", "x"}), frozenset({"no", "false", "0", "n"})


class Refused(ValueError):
    """The text is no such value; the message is for people."""


def read_date(text: str, order: str) -> date:
    """A date; `order` (dmy or mdy) decides 3/4/2026. Raises Refused."""
    bare = _TIME.sub("", text.strip())
    try:
        if match := _ISO.match(bare):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := _WORDS.match(bare):
            return date(int(match[3]), MONTHS.get(match[2][:3].lower(), 0), int(match[1]))
        if match := _PARTS.match(bare):
            return _from_parts(match, order)
    except ValueError as error:
        if isinstance(error, Refused):
            raise
    raise Refused(_("This is no date. Write it as 2026-11-17."))


def _from_parts(match: re.Match[str], order: str) -> date:
    first, second, year = int(match[1]), int(match[3]), _year(match[4])
    if match[2] == ".":
        order = "dmy"
    if order not in ("dmy", "mdy"):
        raise Refused(_("Say whether the day or the month comes first."))
    day, month = (first, second) if order == "dmy" else (second, first)
    if month > 12:
        came = _("day") if order == "dmy" else _("month")
        raise Refused(_("This is no date when the %(part)s comes first.") % {"part": came})
    return date(year, month, day)


def _year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    return 2000 + int(text) if int(text) < 70 else 1900 + int(text)


def read_instant(text: str, order: str) -> datetime:
    """A moment: the day alone is its first one. Without a zone it is that of whoever imports. Raises Refused."""
    day, match = read_date(text, order), _CLOCK.search(text.strip())
    if match is None:
        if _TIME.search(text.strip()):
            raise Refused(_("This is no date and time. Write it as 2026-11-17 14:30."))
        return timezone.make_aware(datetime.combine(day, time()))
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    try:
        moment = datetime.combine(day, time(hour, int(match["minute"]), int(match["second"] or 0)))
        if match["zone"]:
            return datetime.fromisoformat(f"{moment.isoformat()}{match['zone']}")
        return timezone.make_aware(moment)
    except (ValueError, OverflowError):
        raise Refused(_("This is no date and time. Write it as 2026-11-17 14:30."))


def date_hint(text: str) -> str:
    """What a cell says about the order of day and month: dmy, mdy, ask (either), or nothing."""
    match = _PARTS.match(_TIME.sub("", text.strip()))
    if match is None or match[2] == ".":
        return ""
    first, second = int(match[1]), int(match[3])
    if first > 12:
        return "dmy"
    if second > 12:
        return "mdy"
    return ASK


def read_number(text: str, sign: str) -> Decimal:
    """A number; `sign` is the decimal sign. Currency signs and blanks are taken off. Raises Refused."""
    bare = _DRESS.sub("", text.strip())
    if not _NUMBER.match(bare):
        raise Refused(_("This is no number."))
    other = "," if sign == "." else "."
    whole, _sign, fraction = bare.partition(sign)
    if other in fraction or sign in fraction or not _grouped(whole.lstrip("-"), other):
        raise Refused(_("This is no number with “%(sign)s” as decimal sign.") % {"sign": sign})
    value = Decimal(whole.replace(other, "") + ("." + fraction if fraction else ""))
    if abs(value) >= HUGE:
        raise Refused(_("This number is too large."))
    return value


def _grouped(whole: str, mark: str) -> bool:
    parts = whole.split(mark)
    return len(parts) == 1 or (1 <= len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:]))


def decimal_hint(text: str) -> str:
    """What a cell says about the decimal sign: "." or ",", ask (either), or nothing."""
    bare = _DRESS.sub("", text.strip())
    if not _NUMBER.match(bare) or ("." not in bare and "," not in bare):
        return ""
    if "." in bare and "," in bare:
        return "." if bare.rfind(".") > bare.rfind(",") else ","
    mark = "." if "." in bare else ","
    if bare.count(mark) > 1:
        return "," if mark == "." else "."
    whole, fraction = bare.lstrip("-").split(mark)
    return mark if len(fraction) != 3 or whole in ("", "0") or len(whole) > 3 else ASK


def settle(hints: Iterable[str], default: str) -> str:
    """One answer for the file: what the cells agree on, the default when they say nothing, else ask."""
    said = {hint for hint in hints if hint}
    clear = said - {ASK}
    if len(clear) == 1:
        return clear.pop()
    return ASK if said else default


def read_integer(text: str, sign: str) -> int:
    value = read_number(text, sign)
    if value != value.to_integral_value():
        raise Refused(_("This needs a whole number."))
    return int(value)


def read_email(text: str) -> str:
    if not normal_email(text.strip()):
        raise Refused(_("This is no e-mail address."))
    return text.strip()


def read_currency(text: str) -> str:
    code = text.strip().upper()
    if code not in currencies():
        raise Refused(_("There is no such currency."))
    return code


def read_flag(text: str) -> bool:
    word = text.strip().casefold()
    if word not in YES | NO:
        raise Refused(_("Write yes or no."))
    return word in YES
