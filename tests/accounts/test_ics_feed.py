"""The calendar that a person's program reads: an address that is the key, and nothing that they may not see."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.test import Client
from icalendar import Calendar

from accounts import services
from accounts.models import CalendarFeed
from revops.core import clock
from revops.core.models import AuditEntry
from revops.users import services as users
from revops.users.models import User
from tests.accounts.builders import make_account, make_call
from tests.accounts.test_api import BASE, client_of

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def address_of(user: User) -> str:
    _feed, raw = services.make_feed(actor=user)
    return f"/calendar/{raw}.ics"


def events(answer: Any) -> dict[str, Any]:
    return {str(one["UID"]): one for one in Calendar.from_ical(answer.content).walk("VEVENT")}


def test_it_holds_what_the_person_planned_and_nothing_else(alice: User, charlie: User, client: Client) -> None:
    due = clock.now().replace(microsecond=0) + timedelta(days=1)
    account = make_account(alice, "Acme")
    call = services.plan_activity(actor=alice, kind="call", subject="Call Ann", due_at=due, account=account, minutes=20)
    make_call(account, subject="Over")
    services.plan_activity(actor=charlie, kind="call", subject="Not hers", due_at=due)
    answer = client.get(address_of(alice))
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/calendar")
    (one,) = events(answer).values()
    assert (str(one["SUMMARY"]), one["DTSTART"].dt, one["DTEND"].dt - one["DTSTART"].dt) == (
        "Call Ann (Acme)",
        due,
        timedelta(minutes=20),
    )
    assert str(one["UID"]).startswith(f"activity-{call.pk}@")


def test_a_change_keeps_the_uid_and_raises_the_sequence_and_nothing_new_is_304(alice: User, client: Client) -> None:
    due = clock.now().replace(microsecond=0) + timedelta(days=1)
    call = services.plan_activity(actor=alice, kind="call", subject="Call", due_at=due)
    address = address_of(alice)
    first = client.get(address)
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    services.update_activity(activity=call, version=1, actor=alice, due_at=due + timedelta(hours=1))
    second = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    (before,), (after,) = events(first).values(), events(second).values()
    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (1, 2)


def test_a_series_is_foretold_and_its_times_keep_their_uids(alice: User, client: Client) -> None:
    """Berlin changes its clocks on 29 March 2026: eight o'clock UTC becomes seven."""
    alice.time_zone = "Europe/Berlin"
    alice.save(update_fields=["time_zone"])
    start = datetime(2026, 3, 27, 8, tzinfo=UTC)
    with time_machine.travel(NOW, tick=False):
        one = services.plan_repeated(
            actor=alice, rule="FREQ=DAILY;COUNT=5", kind="call", subject="Stand-up", due_at=start
        )
        address = address_of(alice)
        before = events(client.get(address))
        assert sorted(entry["DTSTART"].dt.hour for entry in before.values()) == [7, 7, 7, 8, 8]
        services.complete_activity(activity=one, version=None, actor=alice)
        after = events(client.get(address))
    assert set(before) - set(after) == {uid for uid, entry in before.items() if entry["DTSTART"].dt == start}
    assert set(after) < set(before)
    assert all(after[uid]["SEQUENCE"] >= before[uid]["SEQUENCE"] for uid in after)


def test_renewed_withdrawn_or_of_somebody_who_left_an_address_is_404(alice: User, client: Client) -> None:
    first = address_of(alice)
    second = address_of(alice)
    assert [client.get(one).status_code for one in (first, second)] == [404, 200]
    services.withdraw_feed(actor=alice)
    services.withdraw_feed(actor=alice)
    assert client.get(second).status_code == 404
    third = address_of(alice)
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    assert client.get(third).status_code == 404
    assert client.get("/calendar/guessed.ics").status_code == 404
    assert AuditEntry.objects.filter(action="calendar_feed.withdrawn").count() == 1


def test_who_lost_the_right_to_see_activities_reads_none(alice: User, client: Client) -> None:
    address = address_of(alice)
    users.set_roles(user=alice, roles=(), actor=None)
    assert client.get(address).status_code == 404


def test_the_address_is_kept_as_a_digest_only(alice: User) -> None:
    _feed, raw = services.make_feed(actor=alice)
    row = CalendarFeed.objects.values().get()
    assert len(raw) >= 40
    assert not any(raw in str(value) for value in row.values())


def test_a_program_that_asks_without_end_is_told_to_wait(alice: User, client: Client) -> None:
    address = address_of(alice)
    answers = [client.get(address) for _ in range(40)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) >= 1


def test_the_page_makes_shows_once_renews_and_withdraws(alice: User, client: Client) -> None:
    client.force_login(alice)
    page = "/settings/calendar/"
    assert "No address yet" in client.get(page).content.decode()
    made = client.post(page)
    address = made.context["address"]
    assert address in made.content.decode()
    assert address not in client.get(page).content.decode()
    path = address[address.index("/calendar/") :]
    assert Client().get(path).status_code == 200
    assert client.post("/settings/calendar/withdraw/").status_code == 302
    assert Client().get(path).status_code == 404


def test_the_api_gives_an_address_and_takes_it_back(alice: User, client: Client) -> None:
    api = client_of(alice)
    made = api.post(f"{BASE}/activities/calendar-feed")
    assert made.status_code == 201
    path = made.json()["address"].partition("/calendar/")[2]
    assert client.get(f"/calendar/{path}").status_code == 200
    assert api.post(f"{BASE}/activities/calendar-feed/withdraw").status_code == 204
    assert client.get(f"/calendar/{path}").status_code == 404


def test_what_the_feed_tells_can_be_read_back_as_the_same_activities(alice: User, bob: User, client: Client) -> None:
    due = clock.now().replace(microsecond=0) + timedelta(days=2)
    services.plan_activity(actor=alice, kind="meeting", subject="Review", due_at=due, minutes=45)
    content = client.get(address_of(alice)).content
    assert services.import_calendar(actor=bob, data=content).made == 1
    (copy,) = bob.activities.all()
    assert (copy.subject, copy.due_at, copy.minutes) == ("Review", due, 45)
    assert services.import_calendar(actor=bob, data=content).same == 1
