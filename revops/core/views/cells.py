"""Columns of a list and their cells: one value, formatted once for the page and once for the export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from revops.core.money import Money
from revops.core.templatetags.frame import EMPTY, amount, avatar_tone, day, initials, money_text

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RIGHT = frozenset({"money", "number", "percent"})
NUMBERS = frozenset({"number", "percent", "date", "datetime"})
PHONE_LINES = 3
WEIGHT = {"pill": 0, "money": 1, "number": 2, "percent": 2, "sla": 3}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Column:
    """One column.

    `cell` is an attribute path ("account.name") or a callable of the row. By kind it yields:
    text, number, percent, date, datetime, user (a person), link (text; `link` gives the address),
    money (Money), pill (text or (text, tone)), next ((text, today|late|none|later)),
    sla ((text, open|warn|bad|done)).
    `sort` is the field path behind the head; `sub` a second, quieter text after the value.
    """

    key: str
    label: StrOrPromise
    cell: str | Callable[[Any], Any] = ""
    kind: str = "text"
    sort: str = ""
    link: Callable[[Any], str] | None = None
    sub: str | Callable[[Any], Any] = ""
    hidden: bool = False  # offered in the chooser, not shown by default
    phone: bool = True  # may stand on the card of a phone
    said: bool = False  # its head stands before it there, as before a number
    edit: str = ""  # the field of the list's editor that is changed in this cell


@dataclass(slots=True)
class Cell:
    """What stands in one cell."""

    kind: str
    text: str
    tone: str = ""
    url: str = ""
    sub: str = ""
    css: str = ""
    mark: str = ""
    edit: str = ""
    label: str = ""  # what a bare number is, for a phone's card, which has no heads

    def markup(self, *, first: bool) -> str:
        """Its inside. Written here and not by a template: a page has five hundred of them."""
        if self.tone == "empty":
            inside = f'<span class="meta">{escape(self.text)}</span>'
        else:
            inside = MARKUP.get(self.kind, _text_or_link)(self, escape(self.text), first)
        if not self.sub:
            return inside
        sub = self.sub if hasattr(self.sub, "__html__") else escape(self.sub)
        return f'{inside}<span class="meta"> {sub}</span>'


def _pill(cell: Cell, text: str, first: bool) -> str:
    return f'<span class="pill{" pill-" + escape(cell.tone) if cell.tone else ""}">{text}</span>'


def _next(cell: Cell, text: str, first: bool) -> str:
    return f'<span class="next next-{escape(cell.tone) or "none"}"><span class="clip">{text}</span></span>'


def _sla(cell: Cell, text: str, first: bool) -> str:
    icon = {"done": "check", "bad": "alarm"}.get(cell.tone, "clock")
    sign = f'<i class="ti ti-{icon}" aria-hidden="true"></i>'
    return f'<span class="sla sla-{escape(cell.tone) or "open"}">{sign}{text}</span>'


def _person(cell: Cell, text: str, first: bool) -> str:
    avatar = f'<span class="avatar avatar-s {cell.tone}" aria-hidden="true">{escape(cell.mark)}</span>'
    return f'<span class="row-flex">{avatar}<span class="clip">{text}</span></span>'


def _text_or_link(cell: Cell, text: str, first: bool) -> str:
    if not cell.url:
        return f'<span class="clip-cell">{text}</span>'
    return f'<a class="{"name" if first else "drill"}" href="{escape(cell.url)}">{text}</a>'


MARKUP: dict[str, Callable[[Cell, str, bool], str]] = {"pill": _pill, "next": _next, "sla": _sla, "user": _person}


@dataclass(slots=True)
class Row:
    """One row of the page."""

    pk: Any
    url: str
    name: str
    cells: list[Cell]
    version: Any = ""

    def markup(self, *, ticked: bool) -> SafeString:
        """All its cells; `ticked`: a box to tick stands before them."""
        parts = []
        for n, cell in enumerate(self.cells):
            edge = "" if n or ticked else "first "
            edit = f' data-field="{escape(cell.edit)}"' if cell.edit else ""
            said = f' data-ph="{escape(cell.label)}"' if cell.label else ""
            parts.append(f'<td class="{edge}{cell.css}"{edit}{said}>{cell.markup(first=n == 0)}</td>')
        return mark_safe("".join(parts))  # noqa: S308  every text in it is escaped above


def value_of(row: Any, source: str | Callable[[Any], Any]) -> Any:
    """Follow an attribute path, or call; None as soon as a step is None."""
    if callable(source):
        return source(row)
    for step in source.split("."):
        if row is None:
            return None
        row = getattr(row, step)
        if callable(row) and not hasattr(row, "_meta"):
            row = row()
    return row


def _pair(value: Any) -> tuple[str, str]:
    return (str(value[0]), str(value[1])) if isinstance(value, tuple) else (str(value), "")


def _datetime(value: Any) -> str:
    local = timezone.localtime(value)
    return f"{day(local.date())}, {local:%H:%M}"


def _places(value: Any) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent)) if isinstance(value, Decimal) else 0


def _number(value: Any, style: str = "auto") -> str:
    return amount(value, int(style) if style.isdigit() else _places(value))


def text_of(kind: str, value: Any, style: str = "auto") -> tuple[str, str]:
    """(text, tone) of a value as the page shows it."""
    if value is None or value == "":
        return EMPTY, "empty"
    if kind in ("pill", "next", "sla"):
        return _pair(value)
    write = FORMATS.get(kind)
    return (write(value, style) if write else str(value)), ""


FORMATS: dict[str, Callable[[Any, str], str]] = {
    "money": money_text,
    "date": lambda value, _style: day(value),
    "datetime": lambda value, _style: _datetime(value),
    "number": _number,
    "percent": lambda value, style: f"{_number(value, style)} %",
}


def _style(column: Column, values: Sequence[Any]) -> str:
    """One precision a column: cents, or further digits, as soon as one row has them."""
    if column.kind in ("number", "percent"):
        return str(max(map(_places, values), default=0))
    amounts = [value.amount for value in values if isinstance(value, Money)]
    return "whole" if all(amount == amount.to_integral_value() for amount in amounts) else "full"


def _side(column: Column) -> str:
    return "r" if column.kind in RIGHT | {"pill", "date", "sla"} else "l"


def _on_phone(columns: Sequence[Column]) -> set[int]:
    """Which columns stand on a phone's card: the first three at the left, the three that weigh most at the right."""
    places = [n for n, column in enumerate(columns) if column.phone or n == 0]
    left = [n for n in places if n == 0 or _side(columns[n]) == "l"]
    right = sorted(set(places) - set(left), key=lambda n: (WEIGHT.get(columns[n].kind, 4), n))
    return {*left[:PHONE_LINES], *right[:PHONE_LINES]}


def _css(columns: Sequence[Column]) -> list[str]:
    """Alignment, and where the cell stands on a phone's card."""
    shown = _on_phone(columns)
    out = []
    for n, column in enumerate(columns):
        parts = ["end num"] if column.kind in RIGHT else ["num"] if column.kind in ("date", "datetime") else []
        parts.append(f"ph-{'l' if n == 0 else _side(column)}" if n in shown else "ph-off")
        if n == len(columns) - 1:
            parts.append("last")
        out.append(" ".join(parts))
    return out


def _labels(columns: Sequence[Column], css: Sequence[str]) -> list[str]:
    """The head of a number that stands on a phone's card; of money where there is more than one kind of it."""
    shown = [n for n, place in enumerate(css) if n and "ph-off" not in place]
    sums = [n for n in shown if columns[n].kind == "money"]
    told = {n for n in shown if columns[n].said or columns[n].kind in NUMBERS or (n in sums and len(sums) > 1)}
    return [str(column.label) if n in told else "" for n, column in enumerate(columns)]


def _cell(column: Column, row: Any, value: Any, style: str, place: tuple[str, str], url: str, *, edit: bool) -> Cell:
    text, tone = text_of(column.kind, value, style)
    mark = ""
    if column.kind == "user" and value is not None:
        tone, mark = avatar_tone(text), initials(text)
    sub = value_of(row, column.sub) if column.sub else ""
    address = column.link(row) if column.link and value not in (None, "") else url
    css, label = place
    return Cell(column.kind, text, tone, address, str(sub or ""), css, mark, column.edit if edit else "", label)


def rows_of(
    objects: Sequence[Any],
    columns: Sequence[Column],
    url: Callable[[Any], str],
    may_edit: Callable[[Any, Column], bool] = lambda row, column: False,
) -> list[Row]:
    """All cells of a page. The first column opens the row."""
    values = [[value_of(row, column.cell or column.key) for column in columns] for row in objects]
    styles = [_style(column, [line[n] for line in values]) for n, column in enumerate(columns)]
    css = _css(columns)
    places = list(zip(css, _labels(columns, css), strict=True))
    rows = []
    for row, line in zip(objects, values, strict=True):
        address = url(row)
        cells = [
            _cell(column, row, line[n], styles[n], places[n], address if n == 0 else "", edit=may_edit(row, column))
            for n, column in enumerate(columns)
        ]
        rows.append(Row(row.pk, address, cells[0].text, cells, getattr(row, "version", "")))
    return rows


def neutral(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def export_value(column: Column, row: Any) -> Any:
    """A cell of a file with its type: number, date, moment or text; None for nothing."""
    value = value_of(row, column.cell or column.key)
    if isinstance(value, Money):
        return value.rounded().amount
    if value is None or (isinstance(value, Decimal | int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, datetime | date):
        return value
    return _pair(value)[0] if isinstance(value, tuple) else str(value)


def csv_text(value: Any) -> str:
    """A typed cell as CSV has it: plain numbers and ISO dates; text with formulas made harmless."""
    if value is None:
        return ""
    if isinstance(value, str):
        return neutral(value)
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def export_heads(columns: Sequence[Column]) -> list[str]:
    """The first line; a money column brings its currency along."""
    heads = []
    for column in columns:
        heads.append(str(column.label))
        if column.kind == "money":
            heads.append(f"{column.label} currency")
    return heads


def export_line(columns: Sequence[Column], row: Any) -> list[Any]:
    """A line of the file, in step with `export_heads`."""
    line: list[Any] = []
    for column in columns:
        line.append(export_value(column, row))
        if column.kind == "money":
            value = value_of(row, column.cell or column.key)
            line.append(value.currency if isinstance(value, Money) else "")
    return line
