"""How a record changes: lock, check, advance or edit, save. Nothing else raises a version."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models

from revops.core.errors import IllegalState, StaleCopy

M = TypeVar("M", bound=models.Model)


def lock(record: M, version: int | None = None) -> M:
    """Re-read `record` FOR UPDATE. Raises StaleCopy if it changed since `version` was shown (None: not checked),
    IllegalState if somebody threw it away meanwhile.
    """
    fresh = type(record)._base_manager.select_for_update(of=("self",)).filter(pk=record.pk).first()
    if fresh is None:
        raise IllegalState("gone", f"Somebody removed this {record._meta.verbose_name} meanwhile.")
    if version is not None and fresh.version != version:  # type: ignore[attr-defined]
        raise StaleCopy(fresh, version)
    return fresh


def advance(record: Any, target: str, transitions: Mapping[Any, frozenset[Any]], *, field: str = "status") -> None:
    """Set the status if the table permits it and raise the version; else IllegalState, the record unchanged."""
    current = getattr(record, field)
    if target not in transitions[current]:
        kind = record._meta.verbose_name
        raise IllegalState(
            "illegal_state",
            f"This {kind} is {str(current).replace('_', ' ')}: it cannot become {str(target).replace('_', ' ')}.",
            facts={"from": str(current), "to": str(target)},
        )
    setattr(record, field, target)
    if hasattr(record, "version"):
        record.version += 1


def edit(record: Any, changes: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Apply field changes to a locked record, raise its version, save.

    Returns {field: (before, after)}; with nothing changed it returns {} and writes nothing.
    """
    changed = {
        name: (getattr(record, name), value) for name, value in changes.items() if getattr(record, name) != value
    }
    if not changed:
        return {}
    for name, (_, value) in changed.items():
        setattr(record, name, value)
    record.version += 1
    record.save(update_fields=[*changed, "version", "updated_at"])
    return changed
