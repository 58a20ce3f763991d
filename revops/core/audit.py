"""The business log: services record what they did in the transaction in which they did it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext

from revops.core import clock, copying
from revops.core.custom.values import spread
from revops.core.models import AuditEntry
from revops.core.trace import request_id as request_id


def plain(value: Any) -> Any:
    """A value as JSON keeps it: decimals and dates as text, records as their key."""
    if isinstance(value, models.Model):
        return {"id": value.pk, "label": str(value)}
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    return value if isinstance(value, str | int | bool | type(None)) else str(value)


def entry(
    action: str,
    record: models.Model,
    *,
    actor: Any,
    changed: Mapping[str, tuple[Any, Any]] | None = None,
    area: str = "",
    **facts: Any,
) -> AuditEntry:
    """An unsaved row, for set-based writers that store many at once."""
    changes = spread(changed or {})
    return AuditEntry(
        at=clock.now(),
        actor=actor if actor is not None and actor.pk else None,
        action=action,
        model=record._meta.label_lower,
        object_id=str(record.pk),
        label=str(record)[:200],
        area=area,
        before={name: plain(pair[0]) for name, pair in changes.items()},
        after={name: plain(pair[1]) for name, pair in changes.items()},
        facts=plain(facts),
        request_id=request_id.get(),
    )


def record(action: str, about: models.Model, **kwargs: Any) -> AuditEntry:
    """Write one row.

    `action` is "noun.verb" in the past tense; `changed` is {field: (before, after)} as `status.edit` returns it.
    """
    row = entry(action, about, **kwargs)
    later = _gathering.get()
    if later is None:
        row.save(force_insert=True)
    else:
        later.append(row)
    return row


_gathering: ContextVar[list[AuditEntry] | None] = ContextVar("gathering", default=None)


@contextmanager
def gathered() -> Iterator[list[AuditEntry]]:
    """Rows that are recorded inside are written together at its end, in the same transaction. What is taken out of the
    list meanwhile has not happened.
    """
    rows: list[AuditEntry] = []
    token = _gathering.set(rows)
    try:
        yield rows
    finally:
        _gathering.reset(token)
    copying.insert(AuditEntry, rows)


def action_text(action: str) -> str:
    """ "quote.submitted" as people read it, in their language: Quote submitted. `wording` finds all actions."""
    return gettext(action.replace(".", " ").replace("_", " ").capitalize())


_areas: dict[str, Callable[[Any], bool]] = {}


def guard_area(area: str, may_read: Callable[[Any], bool]) -> None:
    """Show rows of an area only to whom `may_read` lets through. An area that nobody guards is shown to nobody."""
    _areas[area] = may_read


def may_read(area: str, viewer: Any) -> bool:
    """Whether this person may read what belongs to an area; what belongs to none is open to everybody."""
    return not area or (area in _areas and _areas[area](viewer))


def visible_entries(viewer: Any) -> models.QuerySet[AuditEntry]:
    """The log as this person may read it."""
    areas = ["", *(area for area, may_read in _areas.items() if may_read(viewer))]
    return AuditEntry.objects.filter(area__in=areas)
