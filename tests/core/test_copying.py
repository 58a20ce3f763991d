"""Many rows at once say what the ORM would say of each."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from revops.core import audit, copying, outbox
from revops.core.models import AuditEntry, OutboxEvent
from revops.users.models import User

pytestmark = pytest.mark.django_db
NASTY = ["plain", "", "tab\there", "line\nbreak\r\n", "back\\slash \\N \\.", "Ünïcödé 日本", "quote \" ' ,", "\\t"]


def entries(count: int) -> list[AuditEntry]:
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    return [
        AuditEntry(
            at=at, action="test.copied", model="x.y", object_id=str(number), label=NASTY[number % len(NASTY)],
            facts={"text": NASTY[number % len(NASTY)], "none": None, "list": [1, "a"]},
        )
        for number in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [3, copying.FEW + 8])
def test_rows_arrive_as_they_were_with_keys_of_their_own(count: int, db: Any) -> None:
    made = copying.insert(AuditEntry, entries(count))
    stored = list(AuditEntry.objects.filter(action="test.copied").order_by("pk"))
    assert [row.pk for row in made] == [row.pk for row in stored] and len(stored) == count
    for row, wanted in zip(stored, entries(count), strict=True):
        for name in ("at", "actor_id", "object_id", "label", "before", "facts", "request_id"):
            assert getattr(row, name) == getattr(wanted, name), name


def test_an_update_writes_the_named_fields_and_nothing_else(alice: User, bob: User) -> None:
    alice.title, alice.first_name, bob.title = "Tab\there", "Not written", "Rep"
    copying.update(User, [alice, bob], ["title"])
    assert User.objects.get(pk=alice.pk).title == "Tab\there"
    assert User.objects.get(pk=alice.pk).first_name != "Not written"
    assert User.objects.get(pk=bob.pk).title == "Rep"


def test_what_is_gathered_is_written_at_the_end_without_what_was_taken_out(alice: User) -> None:
    with audit.gathered() as lines, transaction.atomic():
        audit.record("test.kept", alice, actor=None)
        audit.record("test.dropped", alice, actor=None)
        assert not AuditEntry.objects.filter(action__startswith="test.").exists()
        del lines[1:]
    assert list(AuditEntry.objects.filter(action__startswith="test.").values_list("action", flat=True)) == ["test.kept"]


def test_events_that_are_gathered_have_their_deliveries(alice: User) -> None:
    from leads.events import LeadCreated

    outbox.publish(LeadCreated(lead_id=1, route=False))
    with outbox.gathered():
        outbox.publish(LeadCreated(lead_id=2, route=False))
        assert OutboxEvent.objects.count() == 1
    one, two = OutboxEvent.objects.order_by("pk")
    assert two.payload == {"lead_id": 2, "route": False}
    names = [sorted(event.deliveries.values_list("handler", "state", "tries")) for event in (one, two)]
    assert names[0] == names[1] and names[0]
