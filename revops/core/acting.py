"""Who is at work: the person of the request, or whoever started the job. Services lock what they change, and there
whoever may only read is refused, whichever service it is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_person: ContextVar[Any] = ContextVar("person", default=None)
_guards: list[Callable[[Any, Any], None]] = []


def person() -> Any:
    """The person at work; None where the clock or an event is."""
    return _person.get()


@contextmanager
def acting_as(user: Any) -> Iterator[None]:
    """Everything inside is this person's doing."""
    token = _person.set(user)
    try:
        yield
    finally:
        _person.reset(token)


def provide_guard(guard: Callable[[Any, Any], None]) -> None:
    """Register who says no: guard(person, record) raises NotAllowed."""
    _guards[:] = [guard]


def refuse_readers(record: Any) -> None:
    """Raise NotAllowed where the person at work may read this record and no more.

    `status.lock` asks; a service that hangs something new on a record that it does not lock asks itself.
    """
    who = _person.get()
    if who is not None and getattr(who, "is_authenticated", False) and record is not None:
        for guard in _guards:
            guard(who, record)
