"""Events through the outbox: written with the change, delivered at least once, one delivery row per handler.

A handler runs in the transaction that marks its delivery done, so what it writes to the database happens exactly once.
"""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, is_dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from revops.core import clock, copying
from revops.core.audit import plain
from revops.core.audit import record as audit_record
from revops.core.errors import reason_of
from revops.core.models import Delivery, OutboxEvent

log = logging.getLogger(__name__)

MAX_TRIES = 5
BACK_OFF = (5, 30, 120, 600)

Handler = Callable[[Any], None]
_events: dict[str, type] = {}
_handlers: dict[str, dict[str, Handler]] = {}
_nudge: list[Callable[[], None]] = []
Copy = Callable[[Sequence[OutboxEvent]], None]
_copies: dict[str, tuple[Copy, Callable[[str], bool]]] = {}


def event_name(event_class: type) -> str:
    """ "opportunities.QuoteAccepted": the app and the class."""
    return f"{event_class.__module__.split('.events')[0].rsplit('.', 1)[-1]}.{event_class.__name__}"


def subscribe(event_class: type, handler: Handler) -> None:
    """Deliver each `event_class` (a frozen dataclass) to `handler`. Called in AppConfig.ready()."""
    if not is_dataclass(event_class):
        raise TypeError(f"{event_class} is not a dataclass")
    name = event_name(event_class)
    _events[name] = event_class
    _handlers.setdefault(name, {})[f"{handler.__module__}.{handler.__qualname__}"] = handler


def on_publish(nudge: Callable[[], None]) -> None:
    """Register what wakes the relay after a commit (a Celery task)."""
    _nudge[:] = [nudge]


def on_write(key: str, copy: Copy, wants: Callable[[str], bool] = lambda name: True) -> None:
    """Hand `copy` each batch of events in the transaction that wrote them: it may add rows of its own, nothing else.

    `wants(name)` says beforehand whether events of this name are worth reading.
    """
    _copies[key] = copy, wants


@contextmanager
def delivered_by_hand() -> Iterator[None]:
    """Wake no relay meanwhile: the caller runs `deliver_due` itself."""
    nudge, _nudge[:] = _nudge[:], []
    try:
        yield
    finally:
        _nudge[:] = nudge


def publish(event: Any) -> None:
    """Write the event and its deliveries in the caller's transaction; the relay is woken after the commit."""
    later = _gathering.get()
    if later is not None:
        return later.append(event)
    name, now = event_name(type(event)), clock.now()
    handlers = list(_handlers.get(name, {}))
    row = OutboxEvent(name=name, payload=plain(asdict(event)), created_at=now)
    with connection.cursor() as cursor:
        cursor.execute(ONE, [name, json.dumps(row.payload), now, Delivery.State.PENDING, now, handlers])
        row.pk = cursor.fetchone()[0]
    _hand_on([row])
    if handlers and _nudge:
        transaction.on_commit(_nudge[0], robust=True)
    return None


_gathering: ContextVar[list[Any] | None] = ContextVar("gathering", default=None)


@contextmanager
def gathered() -> Iterator[list[Any]]:
    """What is published inside is written together at its end, in the same transaction."""
    events: list[Any] = []
    token = _gathering.set(events)
    try:
        yield events
    finally:
        _gathering.reset(token)
    publish_all(events)


ONE = """
    WITH event AS (
        INSERT INTO core_outboxevent (name, payload, created_at) VALUES (%s, %s::jsonb, %s) RETURNING id
    ), delivery AS (
        INSERT INTO core_delivery (event_id, handler, state, tries, next_try_at, last_error)
        SELECT event.id, handler, %s, 0, %s, '' FROM event, unnest(%s::text[]) AS handler
    )
    SELECT id FROM event
"""


def publish_all(events: Sequence[Any]) -> None:
    """The same for many events at once: as many statements for a thousand as for two."""
    if not events:
        return
    rows = [OutboxEvent(name=event_name(type(event)), payload=plain(asdict(event))) for event in events]
    copying.insert(OutboxEvent, rows)
    now = clock.now()
    deliveries = [
        Delivery(event_id=row.pk, handler=key, next_try_at=now) for row in rows for key in _handlers.get(row.name, {})
    ]
    copying.insert(Delivery, deliveries)
    _hand_on(rows)
    if deliveries and _nudge:
        transaction.on_commit(_nudge[0], robust=True)


def publish_each(event: Any, field: str, source: str, column: str) -> None:
    """`event` once for each row of the table `source`: its `field` is what stands in `column` there."""
    name, payload, now = event_name(type(event)), plain(asdict(event)), clock.now()
    handlers = list(_handlers.get(name, {}))
    wanted = [copy for copy, wants in _copies.values() if wants(name)]
    with connection.cursor() as cursor:
        cursor.execute(
            EACH.format(source=source, column=column),
            [name, json.dumps(payload), [field], now, Delivery.State.PENDING, now, handlers],
        )
        keys = [key for (key,) in cursor.fetchall()] if wanted else []
    for copy in wanted:
        copy(list(OutboxEvent.objects.filter(pk__in=keys).order_by("pk")))
    if handlers and _nudge:
        transaction.on_commit(_nudge[0], robust=True)


EACH = """
    WITH event AS (
        INSERT INTO core_outboxevent (name, payload, created_at)
        SELECT %s, jsonb_set(%s::jsonb, %s, to_jsonb({column})), %s FROM {source} ORDER BY {column}
        RETURNING id
    ), delivery AS (
        INSERT INTO core_delivery (event_id, handler, state, tries, next_try_at, last_error)
        SELECT event.id, handler, %s, 0, %s, '' FROM event, unnest(%s::text[]) AS handler
    )
    SELECT id FROM event
"""


def _hand_on(rows: Sequence[OutboxEvent]) -> None:
    for copy, _wants in _copies.values():
        copy(rows)


def deliver_due(limit: int = 100) -> int:
    """Deliver what is due, oldest first; returns how many deliveries were tried. Safe under any number of relays."""
    tried = 0
    while tried < limit and _deliver_one():
        tried += 1
    return tried


def _deliver_one() -> bool:
    with transaction.atomic():
        due = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("event")
            .filter(state=Delivery.State.PENDING, next_try_at__lte=clock.now())
            .order_by("next_try_at", "pk")
            .first()
        )
        if due is None:
            return False
        try:
            with transaction.atomic():
                _run(due)
        except Exception as error:
            _failed(due, error)
        else:
            due.state, due.done_at, due.last_error = Delivery.State.DONE, clock.now(), ""
            due.save(update_fields=["state", "done_at", "last_error"])
        return True


def _run(delivery: Delivery) -> None:
    event_class = _events[delivery.event.name]
    handler = _handlers[delivery.event.name][delivery.handler]
    handler(event_class(**delivery.event.payload))


def _failed(delivery: Delivery, error: Exception) -> None:
    log.exception("delivery %s of %s failed", delivery.pk, delivery.event.name)
    delivery.tries += 1
    delivery.last_error = reason_of(error)
    if delivery.tries >= MAX_TRIES:
        delivery.state = Delivery.State.DEAD
    else:
        delivery.next_try_at = clock.now() + timedelta(seconds=BACK_OFF[delivery.tries - 1])
    delivery.save(update_fields=["tries", "last_error", "state", "next_try_at"])


@transaction.atomic
def replay(*, delivery: Delivery, actor: Any) -> Delivery:
    """Give a dead letter its tries again."""
    row = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if row.state == Delivery.State.DEAD:
        row.state, row.tries, row.next_try_at = Delivery.State.PENDING, 0, clock.now()
        row.save(update_fields=["state", "tries", "next_try_at"])
        audit_record("delivery.replayed", row, actor=actor)
        if _nudge:
            transaction.on_commit(_nudge[0], robust=True)
    return row


def dead_letters() -> QuerySet[Delivery]:
    """What failed for good, newest first: for administrators, who see all of it or none."""
    dead = Delivery.objects.filter(state=Delivery.State.DEAD).select_related("event")
    return dead.order_by("-next_try_at", "-pk")
