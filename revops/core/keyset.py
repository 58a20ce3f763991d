"""Keyset paging: a page starts after a row, not after a count, so page 2,000 costs what page 1 costs.

The cursor is base64 of JSON: the ordering, the direction, and the boundary row's values. It holds
nothing that the reader has not seen, so it is not signed; whatever does not fit is a BadRequest.
Nulls come last in both directions.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Func, Model, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from revops.core.errors import BadRequest

M = TypeVar("M", bound=Model)

_TAGS: dict[str, Any] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "h": time.fromisoformat,
    "n": Decimal,
    "u": UUID,
}


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of rows and the ways on."""

    rows: list[M]
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True)
class _Key:
    path: str
    descending: bool
    nullable: bool

    def ordering(self, backwards: bool) -> Any:
        descending = self.descending != backwards
        if not self.nullable:  # plain: an ordinary index serves it both ways
            return f"-{self.path}" if descending else self.path
        last = {"nulls_first": True} if backwards else {"nulls_last": True}
        return F(self.path).desc(**last) if descending else F(self.path).asc(**last)

    def beyond(self, value: Any, backwards: bool) -> Q | None:
        """Rows strictly past the value in reading direction; None when there can be none."""
        if value is None:
            return Q(**{f"{self.path}__isnull": False}) if backwards else None
        past = Q(**{f"{self.path}__{'lt' if self.descending != backwards else 'gt'}": value})
        if self.nullable and not backwards:
            past |= Q(**{f"{self.path}__isnull": True})
        return past

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})


def _nullable(queryset: QuerySet[Any], path: str) -> bool:
    """Whether the sort key can be null: any nullable step on the way, or an annotation."""
    if path in queryset.query.annotations:
        return True
    model: Any = queryset.model
    for step in path.split("__"):
        try:
            field = model._meta.pk if step == "pk" else model._meta.get_field(step)
        except FieldDoesNotExist:
            return True
        if field.null:
            return True
        model = field.related_model or model
    return False


def _keys(queryset: QuerySet[Any], order: Sequence[str]) -> list[_Key]:
    paths = [part.lstrip("-") for part in order]
    if not {"id", "pk", queryset.model._meta.pk.name} & set(paths):
        order = [*order, f"{'-' if order and order[0].startswith('-') else ''}pk"]
    return [_Key(part.lstrip("-"), part.startswith("-"), _nullable(queryset, part.lstrip("-"))) for part in order]


def _value(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = getattr(row, step, None)
    return row


def _dump(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, time):
        return {"h": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, UUID):
        return {"u": str(value)}
    return value


def _load(value: Any) -> Any:
    if not isinstance(value, dict):
        if isinstance(value, list) or (isinstance(value, str) and "\x00" in value):
            raise ValueError(value)
        return value
    ((tag, text),) = value.items()
    loaded = _TAGS[tag](text)
    if isinstance(loaded, Decimal) and not loaded.is_finite():
        raise ValueError(text)
    return loaded


def encode(order: Sequence[str], values: Sequence[Any], *, backwards: bool) -> str:
    """The cursor that stands at this row."""
    body = json.dumps([list(order), int(backwards), [_dump(value) for value in values]], separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def decode(cursor: str, order: Sequence[str]) -> tuple[list[Any], bool]:
    """The boundary values and the direction; BadRequest for anything that is not our cursor."""
    try:
        body = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        shown, backwards, values = json.loads(body)
        if shown != list(order) or len(values) != len(order) or backwards not in (0, 1):
            raise ValueError(cursor)
        return [_load(value) for value in values], bool(backwards)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        InvalidOperation,
        binascii.Error,
    ) as error:
        raise _bad_cursor() from error


def _bad_cursor() -> BadRequest:
    return BadRequest(
        "bad_cursor",
        _("This page address is damaged or belongs to another sorting. Start again from the first page."),
    )


def _past(keys: Sequence[_Key], values: Sequence[Any], backwards: bool) -> Q:
    """(a past x) or (a = x and b past y) or …, with the leading key bounded so that its index is used."""
    choices = Q(pk__in=[])
    same = Q()
    for key, value in zip(keys, values, strict=True):
        beyond = key.beyond(value, backwards)
        if beyond is not None:
            choices |= same & beyond
        same &= key.equal(value)
    first, value = keys[0], values[0]
    if value is not None and not first.nullable:
        choices &= Q(**{f"{first.path}__{'lte' if first.descending != backwards else 'gte'}": value})
    return choices


def _in_parts(queryset: QuerySet[Any], first: _Key) -> bool:
    """Whether the leading key is a plain expression over the row, which an index holds in one order only.

    Then rows that have it and rows that lack it are read one after the other, each through that index.
    """
    expression = queryset.query.annotations.get(first.path)
    if not isinstance(expression, Func):
        return False
    return not expression.contains_aggregate and not any(isinstance(part, Subquery) for part in expression.flatten())


def _rows_in_parts(
    queryset: QuerySet[M], keys: Sequence[_Key], values: Sequence[Any], wanted: int, *, backwards: bool
) -> list[M]:
    """Up to `wanted` rows past the values: those with a leading key come before those without, backwards after."""
    rows: list[M] = []
    keyed = [_Key(keys[0].path, keys[0].descending, nullable=False), *keys[1:]]
    started = not values
    for lacking in (True, False) if backwards else (False, True):
        here = bool(values) and (values[0] is None) == lacking
        started = started or here
        if not started or len(rows) == wanted:
            continue
        part = queryset.filter(**{f"{keys[0].path}__isnull": lacking})
        if here:
            start = 1 if lacking else 0
            part = part.filter(_past(keyed[start:], values[start:], backwards))
        rows += part.order_by(*(key.ordering(backwards) for key in keyed))[: wanted - len(rows)]
    return rows


def paginate(queryset: QuerySet[M], order: Sequence[str], cursor: str | None, limit: int) -> Page[M]:
    """`limit` rows in `order` (then by primary key), after or before the cursor."""
    keys = _keys(queryset, order)
    in_parts = _in_parts(queryset, keys[0])
    shown = [f"{'-' if key.descending else ''}{key.path}" for key in keys]
    values, backwards = decode(cursor, shown) if cursor else ([], False)
    try:
        if in_parts:
            rows = _rows_in_parts(queryset, keys, values, limit + 1, backwards=backwards)
        else:
            rows_from = queryset.filter(_past(keys, values, backwards)) if cursor else queryset
            rows = list(rows_from.order_by(*(key.ordering(backwards) for key in keys))[: limit + 1])
    except (ValueError, TypeError, ValidationError) as error:
        raise _bad_cursor() from error
    more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()

    def at(row: M, *, back: bool) -> str:
        return encode(shown, [_value(row, key.path) for key in keys], backwards=back)

    onward = bool(rows) and (more or backwards)
    back = bool(rows) and (more if backwards else bool(cursor))
    return Page(rows, at(rows[-1], back=False) if onward else None, at(rows[0], back=True) if back else None)
