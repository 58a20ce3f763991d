"""Template tags of the frame: money, people, addresses that keep their state."""

from __future__ import annotations

import zlib
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel.dates import format_date, format_datetime
from django import template
from django.forms import MultiWidget
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from revops.core import figures
from revops.core.money import Money, digits

register = template.Library()

TONES = "abcdef"
EMPTY = "–"


def locale_name() -> str:
    """The locale of this request, as Babel names it."""
    return figures.locale_of(get_language() or "en")


def money_text(value: Money | None, style: str = "full") -> str:
    """Full: with cents. Auto: without when there are none. Whole: rounded to whole units."""
    if value is None:
        return EMPTY
    amount, places = value.amount, digits(value.currency)
    if style == "whole" or (style == "auto" and amount == amount.to_integral_value()):
        amount, places = amount.quantize(Decimal(1), ROUND_HALF_UP), 0
    return figures.currency(locale_name(), value.currency, places)(amount)


@register.filter(name="money")
def money_filter(value: Any, style: str = "full") -> str:
    """{{ deal.amount_money|money:"auto" }}; takes Money, or nothing."""
    return money_text(value if isinstance(value, Money) else None, style)


@register.filter
def amount(value: Any, places: int = 2) -> str:
    """A bare number of a ledger or table, at a fixed precision, with the locale's separators."""
    if value is None or value == "":
        return EMPTY
    return figures.number(locale_name(), int(places))(Decimal(str(value)))


@register.filter
def day(value: Any, style: str = "medium") -> str:
    """A date in the user's locale: 26 Nov 2026."""
    return (
        EMPTY
        if value in (None, "")
        else format_date(value, format="d MMM y" if style == "medium" else style, locale=locale_name())
    )


def moment(value: date, pattern: str) -> str:
    """An instant or a day in a CLDR pattern and the reader's language: `moment(month, "LLLL y")`."""
    write = format_datetime if isinstance(value, datetime) else format_date
    return str(write(value, format=pattern, locale=locale_name()))


def duration(minutes: int) -> str:
    """4 h, 3 h 05 min; days are not used, because a working day is not 24 hours long."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return gettext("%(m)s min") % {"m": rest}
    if not rest:
        return gettext("%(h)s h") % {"h": hours}
    return gettext("%(h)s h %(m)s min") % {"h": hours, "m": f"{rest:02}"}


@register.filter
def initials(person: Any) -> str:
    """AM for Alice Moreau; one letter for one name."""
    words = [word for word in str(person or "").replace("@", " ").split() if word[:1].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


@register.filter
def avatar_tone(person: Any) -> str:
    """One of six soft fills, always the same for the same person; it carries no meaning."""
    return f"av-{TONES[zlib.crc32(str(person).encode()) % len(TONES)]}"


@register.filter
def pct(value: Any, whole: Any = 100) -> str:
    """The class that is as wide as the share: {{ done|pct:total }} -> pct-61."""
    return f"pct-{_share(value, whole)}"


@register.filter
def at(value: Any, whole: Any = 100) -> str:
    """The class that stands at the share: {{ quota|at:top }} -> at-77."""
    return f"at-{_share(value, whole)}"


def _share(value: Any, whole: Any) -> int:
    try:
        part, total = Decimal(str(value)), Decimal(str(whole))
    except ArithmeticError:
        return 0
    return 0 if not total else max(0, min(100, int((part * 100 / total).quantize(Decimal(1), ROUND_HALF_UP))))


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """This address with some parameters changed; None or "" drops one, and a cursor never survives."""
    request: HttpRequest = context["request"]
    return changed_query(request.GET, **changes)


def changed_query(current: QueryDict, **changes: Any) -> str:
    params = current.copy()
    for name in ("cursor", "export", "panel", *changes):
        params.pop(name, None)
    for name, value in changes.items():
        if value not in (None, ""):
            params[name] = str(value)
    return f"?{params.urlencode()}"


@register.filter
def control(bound: Any, classes: str = "") -> SafeString:
    """A form control with our classes and its error and help linked to it."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    css = _control_class(kind, hasattr(widget, "choices"))
    attrs: dict[str, Any] = {
        "class": " ".join(
            filter(None, [widget.attrs.get("class", ""), css, classes, "is-invalid" if bound.errors else ""])
        )
    }
    described = [f"{bound.auto_id}-e"] if bound.errors else []
    if bound.help_text:
        described.append(f"{bound.auto_id}-h")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return bound.as_widget(attrs=attrs)


def _control_class(kind: str, many: bool) -> str:
    if kind in ("checkbox", "radio"):
        return "choices" if many else "form-check-input"
    return "form-select" if kind == "select" else "form-control"


@register.filter
def control_kind(bound: Any) -> str:
    """check, choices, range or control: which arrangement of label and control the field wants."""
    widget = bound.field.widget
    if isinstance(widget, MultiWidget):
        return "range"
    kind = getattr(widget, "input_type", "")
    if kind in ("checkbox", "radio"):
        return "check" if not hasattr(widget, "choices") else "choices"
    return "control"


@register.filter
def shown(value: Any) -> str:
    """A figure as it is: Money without needless cents, numbers with separators, text untouched."""
    if isinstance(value, Money):
        return money_text(value, "auto")
    if isinstance(value, int) and not isinstance(value, bool):
        return amount(value, 0)
    if isinstance(value, Decimal):
        return amount(value, max(0, -int(value.normalize().as_tuple().exponent)))
    return EMPTY if value is None else str(value)


@register.filter
def cells(row: Any, ticked: Any) -> SafeString:
    """The cells of a list's row; `ticked` where a box stands before them."""
    return SafeString(row.markup(ticked=bool(ticked)))


@register.filter
def marked(text: Any, typed: str) -> SafeString:
    """The text with the typed part in <mark>; both are escaped."""
    plain, typed = str(text), typed.lstrip(">@#").strip()
    where = plain.casefold().find(typed.casefold()) if typed else -1
    if where < 0 or len(plain.casefold()) != len(plain):
        return format_html("{}", plain)
    end = where + len(typed)
    return format_html("{}<mark>{}</mark>{}", plain[:where], plain[where:end], plain[end:])
