"""Calendar files that people bring: whatever they hold, never a crash, and what is refused is named."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts import services
from accounts.ics import Contents, read_calendar
from accounts.models import Activity, ActivitySeries, ImportedEvent
from revops.core.errors import InvalidInput, NotAllowed
from revops.users.models import User
from tests.accounts.builders import make_account, make_contact
from tests.accounts.test_api import BASE, client_of
from tests.builders import make_user

FOLDER = Path(__file__).parents[2] / "../shared/data/vectors/ics"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def calendar(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR"]).encode()


def event(uid: str = "one", start: str = "20261201T090000Z", *lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{start}", "SUMMARY:Review", *lines, "END:VEVENT"])


def folder() -> list[Path]:
    if not FOLDER.is_dir():
        pytest.skip(f"{FOLDER} is not here")
    return sorted(FOLDER.glob("*.ics"))


def asked(path: Path) -> int:
    """How many events a file begins."""
    lines = path.read_bytes().decode(errors="replace").replace("\r", "\n").upper().split("\n")
    return sum(line.strip() in ("BEGIN:VEVENT", "BEGIN:VTODO") for line in lines)


def test_164_files_are_read_without_a_crash_and_at_least_150_give_all_their_events() -> None:
    whole, told = 0, []
    for path in folder():
        found = read_calendar(path.read_bytes(), zone="Europe/Berlin")
        assert isinstance(found, Contents)
        assert len(found.events) + len(found.refused) >= asked(path), path.name
        whole += not found.refused and len(found.events) == asked(path)
        told += [(path.name, one) for one in found.refused]
    assert len(folder()) == 164
    assert whole >= 150
    assert all(one.line >= 1 and one.text for _name, one in told)
    assert any(name == "calendars__broken_dtstart.ics" and one.name == "DTSTART" for name, one in told)


def test_their_events_become_activities_and_what_is_refused_says_where(alice: User) -> None:
    for path in folder()[::3]:
        result = services.import_calendar(actor=alice, data=path.read_bytes())
        assert all(str(one).startswith("Line ") for one in result.refused)
        assert result.taken or not asked(path) or result.refused
    assert Activity.objects.filter(owner=alice).count() == ImportedEvent.objects.count() > 30


def test_what_lies_ahead_is_planned_and_what_is_over_is_done(alice: User) -> None:
    person = make_contact(make_account(alice), email="ann@acme.example")
    result = services.import_calendar(
        actor=alice,
        data=calendar(
            event("a", "20261201T090000Z", "DTEND:20261201T094500Z", "LOCATION:Room 4", "DESCRIPTION:Bring\\nnumbers",
                  "ATTENDEE:mailto:ANN@acme.example"),
            event("b", "20261101T090000Z"),
            event("c", "20261202", "STATUS:CANCELLED"),
        ),
    )  # fmt: skip
    assert (result.made, result.cancelled, result.refused) == (2, 1, [])
    ahead = Activity.objects.get(status="planned")
    assert (ahead.subject, ahead.minutes, ahead.contact, ahead.account) == ("Review", 45, person, person.account)
    assert ahead.due_at == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert ahead.body == "Place: Room 4\nBring\nnumbers"
    assert Activity.objects.get(status="completed").happened_at == datetime(2026, 11, 1, 9, tzinfo=UTC)


def test_a_contact_that_the_reader_does_not_see_stays_unnamed(alice: User, charlie: User) -> None:
    make_contact(make_account(alice), email="ann@acme.example")
    services.import_calendar(
        actor=charlie, data=calendar(event("a", "20261201T090000Z", "ATTENDEE:mailto:ann@acme.example"))
    )
    assert Activity.objects.get().contact is None


def test_the_same_uid_is_the_same_row_and_the_higher_sequence_counts(alice: User, bob: User) -> None:
    def read(who: User, *lines: str, start: str = "20261201T090000Z") -> Any:
        return services.import_calendar(actor=who, data=calendar(event("u", start, *lines)))

    read(alice, "SEQUENCE:1")
    assert (read(alice, "SEQUENCE:1").same, Activity.objects.count()) == (1, 1)
    moved = read(alice, "SEQUENCE:2", start="20261202T100000Z")
    assert moved.changed == 1
    assert read(alice, "SEQUENCE:1", start="20261203T100000Z").same == 1
    assert Activity.objects.get().due_at == datetime(2026, 12, 2, 10, tzinfo=UTC)
    read(alice, "SEQUENCE:3", "STATUS:CANCELLED")
    assert Activity.objects.get().status == "cancelled"
    assert read(bob).made == 1  # another person's calendar is another row


def test_two_of_one_uid_in_one_file_are_one_row_of_the_higher_sequence(alice: User) -> None:
    data = calendar(event("u", "20261203T090000Z", "SEQUENCE:4"), event("u", "20261201T090000Z", "SEQUENCE:2"))
    services.import_calendar(actor=alice, data=data)
    assert Activity.objects.get().due_at == datetime(2026, 12, 3, 9, tzinfo=UTC)


def test_what_repeats_becomes_a_series_with_its_next_time_planned(alice: User) -> None:
    data = calendar(
        event("r", "20261026T090000Z", "RRULE:FREQ=WEEKLY;COUNT=10", "EXDATE:20261123T090000Z"),
        event("r", "20261130T150000Z", "RECURRENCE-ID:20261130T090000Z"),
        event("over", "20260105T090000Z", "RRULE:FREQ=DAILY;COUNT=3"),
    )
    result = services.import_calendar(actor=alice, data=data)
    assert (result.made, result.refused) == (3, [])
    series = ActivitySeries.objects.get()
    planned = Activity.objects.planned()
    assert [one.due_at for one in planned.filter(series=series)] == [datetime(2026, 12, 7, 9, tzinfo=UTC)]
    assert [one.due_at for one in planned.filter(series=None)] == [datetime(2026, 11, 30, 15, tzinfo=UTC)]
    assert Activity.objects.completed().count() == 1
    assert services.import_calendar(actor=alice, data=data).made == 0
    assert ActivitySeries.objects.count() == 1
    again = data.replace(b"FREQ=WEEKLY;COUNT=10", b"FREQ=WEEKLY;COUNT=12")
    assert services.import_calendar(actor=alice, data=again).changed == 1
    assert planned.filter(series__isnull=False).count() == 1


def test_times_stand_on_the_clock_of_their_zone(alice: User) -> None:
    alice.time_zone = "America/New_York"
    alice.save(update_fields=["time_zone"])
    line = "DTSTART;TZID=Europe/Berlin:20270328T090000"
    with_zone = event("z").replace("DTSTART:20261201T090000Z", line)
    floating = event("f", "20270105T090000")
    whole_day = event("d").replace("DTSTART:20261201T090000Z", "DTSTART;VALUE=DATE:20270106")
    services.import_calendar(actor=alice, data=calendar(with_zone, floating, whole_day))
    assert sorted(Activity.objects.values_list("due_at", flat=True)) == [
        datetime(2027, 1, 5, 14, tzinfo=UTC),
        datetime(2027, 1, 6, 14, tzinfo=UTC),
        datetime(2027, 3, 28, 7, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"BEGIN:VCALENDAR\r\n" + b"X:" + b"y" * 10_000_000, "MB"),
        (calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * 2500), "2,000"),
        (b"BEGIN:VEVENT\r\n" * 5000, "2,000|inside"),
    ],
)
def test_a_bomb_is_refused_with_a_word_and_nothing_is_written(alice: User, data: bytes, word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        services.import_calendar(actor=alice, data=data)
    assert not Activity.objects.exists()


def test_a_rule_of_100_000_times_or_of_every_second_is_refused_by_name(alice: User) -> None:
    data = calendar(
        event("a", "20261201T090000Z", "RRULE:FREQ=DAILY;COUNT=100000"),
        event("b", "20261201T090000Z", "RRULE:FREQ=SECONDLY"),
        event("c"),
    )
    result = services.import_calendar(actor=alice, data=data)
    assert [(one.line, one.name) for one in result.refused] == [(3, "RRULE"), (9, "RRULE")]
    assert (result.made, Activity.objects.count()) == (1, 1)


def test_a_zone_that_changes_its_clock_every_second_holds_nobody_up() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Mad\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
        "TZOFFSETTO:+0200\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    )
    line = "DTSTART;TZID=Mad:20261201T090000"
    found = read_calendar(calendar(zone, event("m").replace("DTSTART:20261201T090000Z", line)), zone="UTC")
    assert len(found.events) == 1


def test_one_bad_event_keeps_no_other_from_being_read(alice: User) -> None:
    result = services.import_calendar(
        actor=alice,
        data=calendar(event("a", "nonsense"), event("b"), "BEGIN:VEVENT\r\nUID:c\r\nSUMMARY:Some day\r\nEND:VEVENT"),
    )
    assert result.made == 2
    assert [(one.line, one.name) for one in result.refused] == [(5, "DTSTART")]
    assert [(one.line, one.name) for one in result.notes] == [(13, "DTSTART")]
    assert Activity.objects.get(kind="note").subject == "Some day"


@given(st.binary(max_size=400), st.integers(0, 300))
def test_rubbish_in_a_file_never_crashes(rubbish: bytes, at: int) -> None:
    whole = calendar(event("a", "20261201T090000Z", "RRULE:FREQ=DAILY;COUNT=3"))
    found = read_calendar(whole[:at] + rubbish + whole[at:], zone="UTC")
    assert all(one.line >= 1 for one in found.refused)


def test_the_page_reads_a_file_and_says_what_was_not_taken(alice: User, client: Client) -> None:
    client.force_login(alice)
    data = calendar(event("a"), event("b", "nonsense"))
    page = client.post("/activities/import/", {"file": SimpleUploadedFile("mine.ics", data)})
    html = page.content.decode()
    assert page.status_code == 200
    assert "1 new" in html
    assert "Line 10, DTSTART" in html
    assert client.post("/activities/import/", {}).status_code == 422
    bomb = SimpleUploadedFile("mine.ics", b"BEGIN:VCALENDAR\r\n" + b"x" * 2_100_000)
    assert client.post("/activities/import/", {"file": bomb}).status_code == 422
    assert Activity.objects.count() == 1


def test_the_api_reads_a_file(alice: User) -> None:
    api = client_of(alice)
    upload = SimpleUploadedFile("mine.ics", calendar(event("a"), event("b", "nonsense")))
    answer = api.post(f"{BASE}/activities/import-calendar", {"file": upload}, format="multipart")
    assert answer.status_code == 200
    assert answer.json()["made"] == 1
    assert answer.json()["refused"][0]["name"] == "DTSTART"
    assert client_of(alice, "activities:read").post(f"{BASE}/activities/import-calendar").status_code == 403


def test_who_may_not_write_activities_reads_no_calendar(db: Any) -> None:
    with pytest.raises(NotAllowed):
        services.import_calendar(actor=make_user(roles=()), data=calendar(event("a")))
    assert not Activity.objects.exists()


def test_a_series_that_was_read_goes_on_when_its_first_is_done(alice: User) -> None:
    data = calendar(event("r", "20261123T090000Z", "RRULE:FREQ=DAILY;COUNT=4"))
    services.import_calendar(actor=alice, data=data)
    one = Activity.objects.get()
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        services.complete_activity(activity=one, version=None, actor=alice)
        assert services.import_calendar(actor=alice, data=data).made == 0
    assert Activity.objects.planned().get().due_at == datetime(2026, 11, 24, 9, tzinfo=UTC)
