"""What wakes the sender: a Celery task, named when the apps start."""

from collections.abc import Callable

from django.db import transaction

_nudge: list[Callable[[], None]] = []


def on_message(nudge: Callable[[], None]) -> None:
    """Register what wakes the sender."""
    _nudge[:] = [nudge]


def wake_after_commit() -> None:
    """Messages wait. A broker that is down costs nothing: the sweep sends later."""
    if _nudge:
        transaction.on_commit(_nudge[0], robust=True)
