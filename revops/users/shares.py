"""What is shared with a person: asked once a request, as keys, so that nobody's lists pay for what nobody shared."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db.models import F, Q, Value

from revops.core.custom.definitions import once
from revops.core.errors import NotAllowed
from revops.core.scope import NOBODY
from revops.users.models import RecordShare
from revops.users.registries import sharing

# Which levels count: all of them; only those that let one work; none.
_counting: ContextVar[frozenset[str]] = ContextVar("counting", default=frozenset(RecordShare.Level.values))
Keys = dict[str, dict[str, set[int]]]


@contextmanager
def counting(*levels: str) -> Iterator[None]:
    """Inside, `visible_to` knows shares of these levels only."""
    token = _counting.set(frozenset(levels))
    try:
        yield
    finally:
        _counting.reset(token)


def _keys_of(user: Any) -> Keys:
    """{model: {level: keys}}, read once for a request or a step of a job."""
    found: Keys = once(f"shares of {user.pk}", lambda: _read(user))
    return found


def _read(user: Any) -> Keys:
    found: Keys = {}
    queries = [
        entry.model.objects.in_force().with_(user).order_by().values_list(Value(entry.key), F("record_id"), F("level"))
        for entry in sharing
    ]
    if queries:
        for key, record, level in queries[0].union(*queries[1:], all=True):
            found.setdefault(key, {}).setdefault(level, set()).add(record)
    return found


def shared_keys(user: Any, model: str) -> list[int]:
    """Keys of the records of a model ("leads.lead") that somebody shared with this person."""
    if not _counting.get() or not getattr(user, "pk", None) or not user.is_active:
        return []
    levels = _keys_of(user).get(model, {})
    return sorted({key for level, keys in levels.items() if level in _counting.get() for key in keys})


def or_shared(condition: Q, user: Any, **models: str) -> Q:
    """`condition`, or shared: or_shared(q, user, pk="accounts.account") or account="accounts.account".

    Nothing is added to an empty condition (everything is seen) or to nobody's, or where nothing is shared.
    """
    if not condition or condition == NOBODY:
        return condition
    for field, model in models.items():
        keys = shared_keys(user, model)
        if keys:
            condition |= Q(**{f"{field}__in": keys})
    return condition


def refuse_reader(person: Any, record: Any) -> None:
    """Raise NotAllowed where a share to read is all that lets this person see the record (or what hangs on it)."""
    if not person.is_active or not any(RecordShare.Level.VIEW in levels for levels in _keys_of(person).values()):
        return
    manager = type(record)._default_manager
    if not hasattr(manager, "visible_to"):
        return
    with counting(RecordShare.Level.EDIT):
        if manager.visible_to(person).filter(pk=record.pk).exists():
            return
    if manager.visible_to(person).filter(pk=record.pk).exists():
        raise NotAllowed("This is shared with you to read, not to change.", code="shared_to_read")
