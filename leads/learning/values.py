"""What a cell holds: nothing, a number, a day, yes or no, a word."""

import math
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# Texts that forms elsewhere write for "nothing was chosen".
NOTHING = frozenset({"", "select", "n/a", "na", "none", "null", "nan", "?", "-", "–", "unknown", "#n/a"})
YES, NO = frozenset({"yes", "true", "y", "ja", "1", "1.0"}), frozenset({"no", "false", "n", "nein", "0", "0.0"})
DAY_FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %b %Y", "%b %d, %Y", "%d/%m/%y")
EPOCH = date(1970, 1, 1)


def word(value: Any) -> str:
    """A cell as a word to compare by: no blanks around, no difference of case; "" for nothing."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(sorted(filter(None, map(word, value))))
    text = " ".join(str(value).split()).casefold()
    return "" if text in NOTHING else text


def number(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, (int, float, Decimal)):
        found = float(value)
        return found if math.isfinite(found) else None
    text = str(value).strip().replace("\u00a0", "").replace("%", "")
    if text.count(",") and (text.count(".") or text.count(",") > 1 or len(text.rsplit(",", 1)[1]) == 3):
        text = text.replace(",", "")  # thousands
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def flag(value: Any) -> float | None:
    """1 for yes, 0 for no, else None."""
    text = str(value).strip().casefold()
    return 1.0 if text in YES else 0.0 if text in NO else None


def day_reader(samples: Iterable[Any]) -> Callable[[Any], float | None]:
    """Reads days as these samples write them: days since 1970. Of day and month first, what reads more wins."""
    texts = [str(value).strip() for value in samples]
    forms = [None, *DAY_FORMATS]
    best = max(forms, key=lambda form: sum(read_day(text, form) is not None for text in texts))
    return lambda value: read_day(value, best)


def read_day(value: Any, form: str | None) -> float | None:
    """Days since 1970; without a format, as ISO 8601 writes them."""
    if isinstance(value, datetime):
        return float((value.date() - EPOCH).days)
    if isinstance(value, date):
        return float((value - EPOCH).days)
    text = str(value).strip()
    if len(text) < 6:
        return None
    try:
        # A day has no zone.
        found = datetime.strptime(text, form).date() if form else datetime.fromisoformat(text).date()  # noqa: DTZ007
    except ValueError:
        return None
    return float((found - EPOCH).days)
