"""How a record changes: lock, check, advance or edit, save. Nothing else raises a version."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from revops.core import acting
from revops.core.custom import values as custom
from revops.core.errors import IllegalState, StaleCopy
from revops.core.models import CustomData

M = TypeVar("M", bound=models.Model)


def lock(record: M, version: int | None = None) -> M:
    """Re-read `record` FOR UPDATE. Raises StaleCopy if it changed since `version` was shown (None: not checked),
    IllegalState if somebody threw it away meanwhile.
    """
    held = _held.get() or {}
    fresh = held.pop((type(record), record.pk), None) or _read(record)
    if fresh is None:
        raise IllegalState("gone", _("Somebody removed this %(kind)s meanwhile.") % {"kind": record._meta.verbose_name})
    acting.refuse_readers(fresh)
    if version is not None and fresh.version != version:  # type: ignore[attr-defined]
        raise StaleCopy(fresh, version)
    return fresh


def _read(record: M) -> M | None:
    return type(record)._base_manager.select_for_update(of=("self",)).filter(pk=record.pk).first()


_held: ContextVar[dict[tuple[type[models.Model], Any], Any] | None] = ContextVar("held", default=None)


@contextmanager
def holding(records: Iterable[models.Model]) -> Iterator[None]:
    """These were just read and locked, all at once: the first `lock` of each inside asks for it no more."""
    token = _held.set({(type(record), record.pk): record for record in records})
    try:
        yield
    finally:
        _held.reset(token)


def advance(record: Any, target: str, transitions: Mapping[Any, frozenset[Any]], *, field: str = "status") -> None:
    """Set the status if the table permits it and raise the version; else IllegalState, the record unchanged.

    Custom fields that the new status needs are there, or MissingFields names them.
    """
    current = getattr(record, field)
    if target not in transitions[current]:
        kind = record._meta.verbose_name
        raise IllegalState(
            "illegal_state",
            _("This %(kind)s is %(now)s: it cannot become %(wanted)s.")
            % {"kind": kind, "now": _in_words(record, field, current), "wanted": _in_words(record, field, target)},
            facts={"from": str(current), "to": str(target)},
        )
    if field == "status" and isinstance(record, CustomData):
        custom.require_at_status(record, target)
    setattr(record, field, target)
    if hasattr(record, "version"):
        record.version += 1


def _in_words(record: Any, field: str, value: str) -> str:
    """A state as people call it."""
    labels = dict(record._meta.get_field(field).flatchoices)
    return str(labels.get(value, str(value).replace("_", " "))).lower()


def edit(record: Any, changes: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Apply field changes to a locked record, raise its version, save.

    Returns {field: (before, after)}; with nothing changed it returns {} and writes nothing.
    """
    changed = {
        name: (getattr(record, name), value) for name, value in changes.items() if getattr(record, name) != value
    }
    if not changed:
        return {}
    for name, (_before, value) in changed.items():
        setattr(record, name, value)
    record.version += 1
    record.save(update_fields=[*changed, "version", "updated_at"])
    return changed
