"""Events are delivered at least once, and what a handler writes happens once."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction

from revops.core import clock, outbox
from revops.core.models import AuditEntry, Delivery, OutboxEvent
from revops.core.numbers import next_number
from revops.core.organisation import default_entity
from revops.core.tasks import relay
from tests.core.threads import together


@dataclass(frozen=True)
class Happened:
    """Something."""

    thing_id: int


broken = {"on": False}


def counts(event):
    next_number(entity=default_entity(), kind="handled", year=event.thing_id)


def breaks(event):
    next_number(entity=default_entity(), kind="broken", year=event.thing_id)
    if broken["on"]:
        raise RuntimeError("no such thing")


def handled(kind, year=2026):
    return default_entity().number_series.filter(kind=kind, year=year).values_list("last", flat=True).first() or 0


@pytest.fixture(autouse=True)
def subscriptions(monkeypatch):
    monkeypatch.setattr(outbox, "_events", dict(outbox._events))
    monkeypatch.setattr(outbox, "_handlers", {name: dict(rows) for name, rows in outbox._handlers.items()})
    broken["on"] = False


@pytest.mark.django_db
def test_each_handler_has_its_own_delivery():
    outbox.subscribe(Happened, counts)
    outbox.subscribe(Happened, breaks)
    broken["on"] = True
    outbox.publish(Happened(2026))
    assert outbox.deliver_due() == 2
    assert handled("counted") == 0 and handled("handled") == 1
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["done", "pending"]


@pytest.mark.django_db
def test_a_handler_that_fails_writes_nothing_and_is_tried_later():
    outbox.subscribe(Happened, breaks)
    broken["on"] = True
    outbox.publish(Happened(2026))
    outbox.deliver_due()
    row = Delivery.objects.get()
    assert (row.tries, row.state, handled("broken")) == (1, "pending", 0)
    assert "no such thing" in row.last_error
    assert row.next_try_at > clock.now()
    assert outbox.deliver_due() == 0


@pytest.mark.django_db
def test_after_five_failures_a_delivery_is_dead_until_it_is_replayed(olga):
    outbox.subscribe(Happened, breaks)
    broken["on"] = True
    with time_machine.travel("2026-03-02T10:00:00Z", tick=False) as traveller:
        outbox.publish(Happened(2026))
        waits = []
        for _ in range(5):
            outbox.deliver_due()
            row = Delivery.objects.get()
            waits.append((row.next_try_at - clock.now()).total_seconds())
            traveller.move_to(max(row.next_try_at, clock.now()))
        assert waits[:4] == [5, 30, 120, 600]
        assert (row.state, row.tries) == ("dead", 5)
        traveller.shift(timedelta(days=30))
        assert outbox.deliver_due() == 0
        broken["on"] = False
        outbox.replay(delivery=row, actor=olga)
        assert outbox.deliver_due() == 1
    row.refresh_from_db()
    assert (row.state, handled("broken")) == ("done", 1)
    assert AuditEntry.objects.get(action="delivery.replayed").actor == olga


@pytest.mark.django_db
def test_replaying_what_is_done_does_nothing(olga):
    outbox.subscribe(Happened, counts)
    outbox.publish(Happened(2026))
    outbox.deliver_due()
    outbox.replay(delivery=Delivery.objects.get(), actor=olga)
    assert outbox.deliver_due() == 0 and handled("handled") == 1


@pytest.mark.spec("INV-93")
@pytest.mark.django_db(transaction=True)
def test_two_relays_deliver_each_event_once():
    outbox.subscribe(Happened, counts)
    for _ in range(20):
        outbox.publish(Happened(2026))
    tried = together(relay, relay, relay)
    assert sum(tried) == 20
    assert handled("handled") == 20
    assert relay() == 0


@pytest.mark.spec("INV-93")
@pytest.mark.django_db
def test_the_relay_is_woken_after_the_commit_and_an_event_of_a_rollback_never_was(
    django_capture_on_commit_callbacks, monkeypatch
):
    woken = []
    monkeypatch.setattr(outbox, "_nudge", [lambda: woken.append(OutboxEvent.objects.count())])
    outbox.subscribe(Happened, counts)
    with django_capture_on_commit_callbacks() as callbacks, pytest.raises(RuntimeError), transaction.atomic():
        outbox.publish(Happened(2026))
        raise RuntimeError
    assert callbacks == [] and not OutboxEvent.objects.exists()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        outbox.publish(Happened(2026))
        assert woken == []
    assert len(callbacks) == 1 and woken == [1]


@pytest.mark.django_db
def test_whoever_keeps_copies_gets_each_batch_in_the_transaction_that_wrote_it(monkeypatch):
    batches = []
    monkeypatch.setattr(outbox, "_copies", {})
    outbox.on_write("test", lambda rows: batches.append(([row.pk for row in rows], connection.in_atomic_block)))
    with transaction.atomic():
        outbox.publish(Happened(1))
        outbox.publish_all([Happened(2), Happened(3)])
    written = list(OutboxEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert batches == [(written[:1], True), (written[1:], True)]


def test_only_dataclasses_are_events():
    with pytest.raises(TypeError):
        outbox.subscribe(object, counts)
