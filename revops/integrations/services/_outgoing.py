"""Messages are written with the event: in its transaction, or never."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from revops.core import clock
from revops.core.models import OutboxEvent
from revops.integrations import waking
from revops.integrations.models import Webhook, WebhookMessage
from revops.integrations.offers import by_source

BATCH = 1000


def is_awaited(name: str) -> bool:
    """Whether any webhook listens for events of this name."""
    offer = by_source().get(name)
    return offer is not None and Webhook.objects.alive().filter(events__contains=[offer.key]).exists()


def copy_events(rows: Sequence[OutboxEvent]) -> None:
    """A message for each webhook that wants to hear of these. One look at the webhooks, however many events."""
    told = by_source()
    named = [(told[row.name].key, row) for row in rows if row.name in told]
    if not named:
        return
    hooks = list(Webhook.objects.alive().filter(events__overlap=sorted({name for name, _row in named})))
    now = clock.now()
    messages = [
        WebhookMessage(
            webhook=hook, event=row, name=name, body=body_of(name, row.created_at, row.payload), next_try_at=now
        )
        for name, row in named
        for hook in hooks
        if name in hook.events and passes(hook.filter, row.payload)
    ]
    if messages:
        WebhookMessage.objects.bulk_create(messages, batch_size=BATCH)
        waking.wake_after_commit()


def passes(wanted: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether the data equals the filter in each field that it names."""
    return all(name in data and data[name] == value for name, value in wanted.items())


def body_of(name: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The body as Standard Webhooks shapes it; these very characters are signed and sent."""
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": name, "timestamp": stamp, "data": data}, separators=(",", ":"), ensure_ascii=False)
