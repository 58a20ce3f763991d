"""The page of a stale copy: what somebody typed beside what was saved meanwhile, and a choice for each field.

The form says which of its fields were touched (static/js/forms.js). Those start with mine, the others with what
was saved: a field that only the other person changed is not put back by pressing Save.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from revops.core.custom.definitions import fields_of, takes_custom
from revops.core.custom.kinds import BadValue
from revops.core.custom.registry import kind_of
from revops.core.custom.values import POINTER
from revops.core.errors import StaleCopy
from revops.core.templatetags.frame import EMPTY

TAKE_LINES, TOUCHED = "take_lines", "touched"
LEFT_OUT = ("csrfmiddlewaretoken", "version", TAKE_LINES)
LINE_CELL = re.compile(r"lines-(\d{1,3})-(product|quantity|unit_price)")

LINE_COLUMNS = ("product", "quantity", "unit_price", "discount_percent", "tax_percent")


def keeps_theirs(request: HttpRequest) -> bool:
    """Whether the person chose to leave a document's lines as they were saved meanwhile."""
    return request.POST.get(TAKE_LINES) == "theirs"


@dataclass(frozen=True)
class Row:
    """One field that differs; `touched`: mine is what the person typed, not what stood there when they began."""

    name: str
    label: str
    mine: str
    theirs: str
    mine_text: Any
    theirs_text: Any
    touched: bool = True
    many: bool = False


@dataclass
class Choice:
    """The rows to choose from, and what goes along unseen."""

    rows: list[Row] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)


def stale_page(request: HttpRequest, error: StaleCopy) -> HttpResponse:
    """409 with both versions."""
    context = {"error": error, "record": error.current, "fields": choice_of(request, error.current)}
    return render(request, "core/stale.html", context, status=409)


def choice_of(request: HttpRequest, record: Any) -> Choice:
    """What was sent beside what stands."""
    found, touched = Choice(), _touched(request)
    customs = {POINTER + one.key: one for one in fields_of(type(record))} if takes_custom(type(record)) else {}
    for name, values in request.POST.lists():
        if name in LEFT_OUT:
            continue
        mine = touched is None or name in touched
        row = None
        if len(values) == 1:
            row = (
                _custom_row(record, customs[name], values[0], mine)
                if name in customs
                else _field_row(request, record, name, values[0], mine)
            )
        if row is not None:
            found.rows.append(row)
        elif mine or name == TOUCHED or not name.startswith(POINTER):
            found.kept.extend((name, str(value)) for value in values)
    lines = _lines_row(request, record, touched)
    if lines is not None:
        found.rows.append(lines)
    return found


def _touched(request: HttpRequest) -> frozenset[str] | None:
    """Names of the fields that were changed by hand; None when the form could not tell."""
    raw = str(request.POST.get(TOUCHED, ""))
    return frozenset(raw[1:].split(",")) if raw.startswith(".") else None


def _field_row(request: HttpRequest, record: Any, name: str, mine: str, touched: bool) -> Row | None:
    try:
        model_field = record._meta.get_field(name)
        theirs = model_field.value_to_string(record) if not model_field.is_relation else record.serializable_value(name)
        theirs = "" if theirs is None else str(theirs)
        same = model_field.to_python(mine or None) == model_field.to_python(theirs or None)
    except (FieldDoesNotExist, ValidationError, AttributeError, TypeError, ValueError):
        return None
    if same or mine == theirs:
        return None
    mine_text, theirs_text = (_text(request, model_field, value) for value in (mine, theirs))
    label = str(model_field.verbose_name)
    return Row(name, _(label[:1].upper() + label[1:]), mine, theirs, mine_text, theirs_text, touched)


def _text(request: HttpRequest, model_field: Any, value: str) -> str:
    """A choice by its label, a record by its name, as far as the viewer sees it; else the value."""
    if not value:
        return EMPTY
    if model_field.is_relation:
        return str(_seen(request, model_field.related_model, [value]).get(value, _("not yours to see")))
    choices = dict(getattr(model_field, "flatchoices", []) or [])
    return str(choices.get(value, value))


def _seen(request: HttpRequest, model: type[Model], keys: Sequence[str]) -> dict[str, Model]:
    rows: Any = model._default_manager.all()
    if hasattr(rows, "visible_to"):
        rows = rows.visible_to(request.user)
    numbers = [int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 19]
    return {str(row.pk): row for row in rows.filter(pk__in=numbers)}


def _custom_row(record: Any, custom: Any, raw: str, touched: bool) -> Row | None:
    kind, stored = kind_of(custom), record.custom.get(custom.key)
    try:
        mine = kind.clean(custom, raw, before=stored) if raw else None
    except BadValue:
        return None
    if mine == stored:
        return None
    sent = "" if stored is None else kind.typed(custom, stored)
    theirs = str(sent).lower() if isinstance(sent, bool) else str(sent)
    said = [EMPTY if value is None else kind.words(custom, value) for value in (mine, stored)]
    return Row(POINTER + custom.key, custom.label, raw, theirs, said[0], said[1], touched)


# The lines of a document --------------------------------------------------------------------


def _lines_row(request: HttpRequest, record: Any, touched: frozenset[str] | None) -> Row | None:
    """All lines at once: which document is meant, mine or the one that stands."""
    asked = _asked_lines(request)
    if asked is None or not hasattr(record, "lines"):
        return None
    stored = [(str(line.product_id), _plain(line.quantity), _plain(line.unit_price)) for line in record.lines.all()]
    mine = [(product, _plain(quantity), _plain(price)) for product, quantity, price in asked]
    if mine == stored:
        return None
    products = record.lines.model._meta.get_field("product").related_model
    names = _seen(request, products, [line[0] for line in (*mine, *stored)])
    texts = [
        [f"{quantity} × {names.get(product, EMPTY)}, {price or EMPTY}" for product, quantity, price in lines]
        for lines in (mine, stored)
    ]
    own = touched is None or any(LINE_CELL.fullmatch(name) or name in LINE_COLUMNS for name in touched)
    return Row(TAKE_LINES, _("Lines"), "mine", "theirs", texts[0], texts[1], own, many=True)


def _asked_lines(request: HttpRequest) -> list[tuple[str, str, str]] | None:
    """Lines as they were posted: in repeated fields or as a formset. None: this form has none."""
    sent = request.POST
    if "lines-TOTAL_FORMS" in sent:
        cells: dict[int, dict[str, str]] = {}
        for name in sent:
            found = LINE_CELL.fullmatch(name)
            if found:
                cells.setdefault(int(found[1]), {})[found[2]] = str(sent[name])
        rows = [cells[place] for place in sorted(cells)]
        kept = [row for row in rows if row.get("product") and _plain(row.get("quantity", "")) not in ("", "0")]
        return [(row["product"], row["quantity"], row.get("unit_price", "")) for row in kept]
    columns = [sent.getlist(name) for name in ("product", "quantity", "unit_price")]
    if not columns[1] or len({len(column) for column in columns}) != 1:
        return None
    return [(str(a), str(b), str(c)) for a, b, c in zip(*columns, strict=True)]


def _plain(value: Any) -> str:
    """A number without zeros that say nothing; what is no number as it is."""
    text = str(value).strip()
    if re.fullmatch(r"\d+\.\d+", text):
        text = text.rstrip("0").rstrip(".")
    return text
