"""What is read once for a request, or for one step of a job, and forgotten at its end: settings that many ask for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_memo: ContextVar[dict[str, Any] | None] = ContextVar("memo", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Read once meanwhile."""
    token = _memo.set({})
    try:
        yield
    finally:
        _memo.reset(token)


def once(name: str, make: Callable[[], Any]) -> Any:
    """The same answer for the whole request; outside one it is made anew."""
    memo = _memo.get()
    if memo is None:
        return make()
    if name not in memo:
        memo[name] = make()
    return memo[name]


def forget() -> None:
    """What was read may have changed in this very request: whoever writes such a setting says so."""
    memo = _memo.get()
    if memo is not None:
        memo.clear()
