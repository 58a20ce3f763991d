"""Activities come in by a file: what happened is done, what is due is planned, the same file again changes nothing."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Activity
from accounts.services import complete_activity
from revops.core.errors import NotAllowed
from revops.core.models import AuditEntry, OutboxEvent
from revops.users.models import User
from tests.accounts.builders import make_account, make_contact
from tests.integrations.files import checked, imported, refused, undone

pytestmark = pytest.mark.django_db
TEXT = (
    "Subject,Type,Date,Due date,Company,Email,Duration,Notes\n"
    "First pitch,Call,2026-03-05 14:30,,Tejo Ferries,,25,They asked for prices\n"
    "Send prices,,,2030-01-02,,ines@tejo.example,,\n"
    "Nobody knows when,Call,,,Tejo Ferries,,,\n"
    "Not yet,Call,2035-01-01,,Tejo Ferries,,,\n"
    "With whom,Call,2026-03-05,,Tejo Ferries,who@else.example,,\n"
)


@pytest.fixture
def tejo(olga: User) -> Any:
    return make_account(olga, name="Tejo Ferries")


def test_done_and_planned_ones_come_in_and_the_rest_is_refused(olga: User, tejo: Any) -> None:
    ines = make_contact(tejo, email="ines@tejo.example")
    events = OutboxEvent.objects.count()
    run = imported("activities", TEXT, olga)
    assert (run.counts["create"], set(refused(run))) == (2, {4, 5, 6})
    pitch, prices = Activity.objects.order_by("pk")
    zone = ZoneInfo(olga.time_zone)
    assert (pitch.kind, pitch.status, pitch.minutes) == ("call", "completed", 25)
    assert pitch.happened_at == datetime(2026, 3, 5, 14, 30, tzinfo=zone).astimezone(UTC)
    assert (pitch.account, pitch.owner, pitch.body) == (tejo, olga, "They asked for prices")
    assert (prices.kind, prices.status, prices.contact, prices.account) == ("task", "planned", ines, tejo)
    assert prices.due_at == datetime(2030, 1, 2, tzinfo=zone)
    assert AuditEntry.objects.filter(action="activity.imported").count() == 2
    assert OutboxEvent.objects.count() == events  # history tells nobody anything


def test_the_same_file_again_changes_nothing_even_when_the_planned_one_is_done(olga: User, tejo: Any) -> None:
    make_contact(tejo, email="ines@tejo.example")
    first = imported("activities", TEXT, olga)
    planned = Activity.objects.get(status="planned")
    complete_activity(activity=planned, version=planned.version, actor=olga)
    again = imported("activities", TEXT.replace("for prices", "for a price"), olga)
    assert (again.counts["create"], again.counts["update"], again.counts["same"]) == (0, 1, 1)
    assert Activity.objects.get(subject="First pitch").body == "They asked for a price"
    undone(again, olga)
    assert Activity.objects.get(subject="First pitch").body == "They asked for prices"
    run = undone(first, olga)
    assert run.counts["kept"] == 2 and Activity.objects.count() == 2  # somebody changed both since


def test_whoever_may_not_import_records_imports_no_activities(sam: User, tejo: Any) -> None:
    with pytest.raises(NotAllowed):
        checked("activities", TEXT, sam)
    assert not Activity.objects.exists()
