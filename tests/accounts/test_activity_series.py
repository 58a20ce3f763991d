"""Activities that come again: the next one is planned once, at the same hour, until the series ends."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Activity, ActivitySeries
from accounts.recurrence import clean_rule, next_slot, rule_words, slots
from leads.services import plan_lead_activity
from opportunities import services as deals
from revops.core import clock
from revops.core.errors import DomainError, IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.users.models import User
from tests.accounts.builders import make_account
from tests.accounts.test_api import BASE, client_of
from tests.builders import make_user
from tests.cast import make_cast
from tests.leads.builders import make_lead
from tests.opportunities.builders import make_deal

BERLIN = ZoneInfo("Europe/Berlin")


def planned(series: ActivitySeries | None) -> list[Activity]:
    return list(Activity.objects.planned().filter(series=series))


def make_series(owner: User, rule: str, *, due_at: datetime | None = None, **facts: Any) -> Activity:
    due_at = due_at or clock.now() + timedelta(days=1)
    return services.plan_repeated(actor=owner, rule=rule, kind="call", subject="Weekly call", due_at=due_at, **facts)


def test_done_plans_the_next_one_where_the_one_before_stood(alice: User) -> None:
    account = make_account(alice)
    first = make_series(alice, "FREQ=DAILY", account=account, attendees=["ann@example.com"])
    services.complete_activity(activity=first, version=first.version, actor=alice, outcome="Talked")
    (following,) = planned(first.series)
    assert first.due_at is not None
    assert following.due_at == first.due_at + timedelta(days=1) == following.occurrence_at
    assert (following.account, following.owner, following.subject, following.outcome) == (
        account,
        alice,
        "Weekly call",
        "",
    )
    assert [row.email for row in following.attendees.all()] == ["ann@example.com"]


def test_the_next_one_hangs_on_the_same_lead_and_the_same_deal(alice: User) -> None:
    lead, deal = make_lead(alice), make_deal(alice)
    due = clock.now().replace(microsecond=0) + timedelta(hours=1)
    made = [
        plan_lead_activity(lead=lead, actor=alice, kind="call", subject="Call", due_at=due),
        deals.plan_on_opportunity(opportunity=deal, actor=alice, kind="call", subject="Call", due_at=due),
    ]
    for one in made:
        one = services.repeat_activity(activity=one, version=one.version, rule="FREQ=WEEKLY", actor=alice)
        services.complete_activity(activity=one, version=one.version, actor=alice)
    assert Activity.objects.planned().get(lead_link__lead=lead).due_at == due + timedelta(days=7)
    assert Activity.objects.planned().get(opportunity_link__opportunity=deal).due_at == due + timedelta(days=7)


def test_a_second_done_is_refused_and_plans_nothing(alice: User) -> None:
    first = make_series(alice, "FREQ=DAILY")
    services.complete_activity(activity=first, version=first.version, actor=alice)
    with pytest.raises((StaleCopy, IllegalState)):
        services.complete_activity(activity=first, version=first.version, actor=alice)
    with pytest.raises(IllegalState):
        services.complete_activity(activity=first, version=None, actor=alice)
    assert len(planned(first.series)) == 1


@pytest.mark.django_db(transaction=True)
def test_pressed_by_four_at_once_it_is_done_once_and_the_next_one_planned_once() -> None:
    alice = make_cast().alice
    first = make_series(alice, "FREQ=DAILY")
    barrier, answers = threading.Barrier(4), []

    def press() -> None:
        barrier.wait()
        try:
            services.complete_activity(activity=first, version=None, actor=alice)
            answers.append("done")
        except DomainError as error:
            answers.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["done", "illegal_state", "illegal_state", "illegal_state"]
    assert len(planned(first.series)) == 1
    assert Activity.objects.filter(series=first.series).count() == 2


def test_the_database_plans_one_of_a_series_and_each_time_once(alice: User) -> None:
    first = make_series(alice, "FREQ=DAILY")
    facts = {"kind": "call", "subject": "Twice", "owner": alice, "series": first.series, "due_at": first.due_at}
    later = first.occurrence_at + timedelta(days=1) if first.occurrence_at else None
    for status, slot in (("planned", later), ("cancelled", first.occurrence_at), ("cancelled", None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Activity.objects.create(status=status, occurrence_at=slot, **facts)


def test_a_series_ends_by_its_number_of_times_and_by_its_last_day(alice: User) -> None:
    due = clock.now() + timedelta(hours=1)
    last_day = (due + timedelta(days=1)).strftime("%Y%m%d")
    for rule in ("FREQ=DAILY;COUNT=2", f"FREQ=DAILY;UNTIL={last_day}"):
        one: Activity | None = make_series(alice, rule, due_at=due)
        seen = 0
        series = one.series if one else None
        while one is not None:
            seen += 1
            with time_machine.travel(one.due_at, tick=False):  # type: ignore[arg-type]
                services.complete_activity(activity=one, version=None, actor=alice)
            one = next(iter(planned(series)), None)
        assert seen == 2
        assert series is not None
        series.refresh_from_db()
        assert series.ended_at is not None


def test_dropping_one_plans_the_next_and_ending_the_series_plans_none(alice: User) -> None:
    first = make_series(alice, "FREQ=DAILY")
    services.cancel_activity(activity=first, version=first.version, actor=alice)
    (second,) = planned(first.series)
    services.end_series(activity=second, version=second.version, actor=alice)
    assert not planned(first.series)
    second.refresh_from_db()
    assert second.status == "cancelled"
    with pytest.raises(IllegalState):
        services.end_series(activity=second, version=None, actor=alice)


def test_what_was_missed_is_not_made_up_for(alice: User) -> None:
    first = make_series(alice, "FREQ=DAILY", due_at=clock.now() + timedelta(hours=1))
    assert first.due_at is not None
    with time_machine.travel(first.due_at + timedelta(days=5, hours=3), tick=False):
        services.complete_activity(activity=first, version=first.version, actor=alice)
    assert [one.due_at for one in planned(first.series)] == [first.due_at + timedelta(days=6)]


@pytest.mark.parametrize("month", [3, 10])
def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change(alice: User, month: int) -> None:
    """Berlin changes its clocks on 29 March and 25 October 2026."""
    alice.time_zone = "Europe/Berlin"
    alice.save(update_fields=["time_zone"])
    start = datetime(2026, month, 20, 9, 0, tzinfo=BERLIN)
    with time_machine.travel(start - timedelta(days=1), tick=False):
        one = make_series(alice, "FREQ=DAILY", due_at=start)
    for _day in range(12):
        with time_machine.travel(one.due_at, tick=False):  # type: ignore[arg-type]
            services.complete_activity(activity=one, version=None, actor=alice)
        (one,) = planned(one.series)
    local = one.due_at.astimezone(BERLIN) if one.due_at else None
    assert local is not None
    assert (local.day, local.hour) == (1, 9)
    assert local.utcoffset() != start.utcoffset()


def test_a_time_that_the_change_of_clocks_leaves_out_is_moved_to_one_that_exists() -> None:
    start = datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN)
    found = list(slots("FREQ=DAILY;COUNT=3", start, "Europe/Berlin", start + timedelta(days=9)))
    assert [one.astimezone(BERLIN).strftime("%d %H:%M") for one in found] == ["28 02:30", "29 03:30", "30 02:30"]


def test_one_is_changed_alone_or_with_all_that_follow(alice: User) -> None:
    due = clock.now().replace(microsecond=0) + timedelta(days=1)
    first = make_series(alice, "FREQ=WEEKLY;COUNT=5", due_at=due)
    moved = services.arrange_activity(
        activity=first, version=first.version, actor=alice, subject="Only now", due_at=due + timedelta(hours=2)
    )
    with time_machine.travel(due + timedelta(hours=3), tick=False):
        services.complete_activity(activity=moved, version=moved.version, actor=alice)
    (second,) = planned(first.series)
    assert (second.subject, second.due_at) == ("Weekly call", due + timedelta(days=7))
    later = due + timedelta(days=7, hours=1)
    services.arrange_activity(
        activity=second, version=second.version, actor=alice, following=True, subject="From here", due_at=later
    )
    with time_machine.travel(later + timedelta(minutes=5), tick=False):
        services.complete_activity(activity=second, version=None, actor=alice)
    (third,) = planned(first.series)
    assert (third.subject, third.due_at) == ("From here", later + timedelta(days=7))
    assert third.series is not None
    assert third.series.rule == "FREQ=WEEKLY;COUNT=4"


def test_taking_the_repetition_away_keeps_the_planned_one_as_the_last(alice: User) -> None:
    first = make_series(alice, "FREQ=WEEKLY")
    kept = services.arrange_activity(activity=first, version=first.version, actor=alice, rule="", following=True)
    assert kept.status == "planned"
    services.complete_activity(activity=kept, version=None, actor=alice)
    assert not planned(first.series)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=DAILY;COUNT=100000",
        "FREQ=DAILY;COUNT=3;UNTIL=20270101",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "RSCALE=CHINESE;FREQ=YEARLY",
        "FREQ=DAILY;UNTIL=soon",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=DAILY;INTERVAL=0",
        "weekly",
        "",
    ],
)
def test_a_rule_that_we_cannot_keep_is_refused_and_nothing_is_planned(alice: User, rule: str) -> None:
    with pytest.raises(InvalidInput):
        make_series(alice, rule)
    assert not Activity.objects.exists()


def test_a_rule_without_a_single_day_ends_at_once_instead_of_being_sought_for_ever() -> None:
    start = datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert next_slot("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", start, "UTC", start) is None


def test_rules_are_said_in_words() -> None:
    assert rule_words(clean_rule("freq=weekly;interval=2;byday=mo,fr;count=10")) == (
        "Every 2 weeks on Monday, Friday, 10 times"
    )
    assert rule_words("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR") == "Every week, Monday to Friday"
    assert rule_words("FREQ=DAILY;UNTIL=20261231") == "Every day until 31 Dec 2026"


def test_who_may_not_change_activities_repeats_none(alice: User) -> None:
    one = services.plan_activity(actor=alice, kind="call", subject="Call", due_at=clock.now())
    reader = make_user("reader", roles=())
    with pytest.raises(NotAllowed):
        services.repeat_activity(activity=one, version=1, rule="FREQ=DAILY", actor=reader)
    assert not ActivitySeries.objects.exists()


def test_the_page_of_a_planned_activity_makes_changes_and_ends_a_series(alice: User, client: Client) -> None:
    client.force_login(alice)
    one = services.plan_activity(
        actor=alice, kind="call", subject="Call", due_at=clock.now() + timedelta(days=1), account=make_account(alice)
    )
    page = reverse("activity-edit", args=[one.pk])
    assert client.get(page).status_code == 200
    form = {
        "subject": "Call again",
        "kind": "call",
        "due_at": "2027-01-04T09:00",
        "owner": alice.pk,
        "repeats": "FREQ=WEEKLY",
        "times": 3,
        "version": 1,
    }
    assert client.post(page, {**form, "until": "2027-03-01"}).status_code == 422
    assert client.post(page, form).status_code == 302
    one.refresh_from_db()
    assert one.series is not None
    assert (one.subject, one.series.rule) == ("Call again", "FREQ=WEEKLY;COUNT=3")
    assert "Every week, 3 times" in client.get(page).content.decode()
    assert client.post(page, {**form, "scope": "one"}).status_code == 409  # the version is old
    change = {**form, "version": one.version, "subject": "All of them", "scope": "following", "times": 4}
    assert client.post(page, change).status_code == 302
    one.refresh_from_db()
    one.series.refresh_from_db()
    assert (one.series.subject, one.series.rule) == ("All of them", "FREQ=WEEKLY;COUNT=4")
    end = reverse("activity-series-end", args=[one.pk])
    assert client.post(end, {"version": one.version}).status_code == 302
    assert not planned(one.series)
    assert client.get(page).status_code == 409  # it is planned no more


def test_nobody_else_sees_or_changes_a_planned_activity(alice: User, charlie: User, client: Client) -> None:
    one = make_series(alice, "FREQ=DAILY", account=make_account(alice))
    client.force_login(charlie)
    for name in ("activity-edit", "activity-series-end"):
        assert client.post(reverse(name, args=[one.pk]), {"version": one.version}).status_code == 404
    assert not ActivitySeries.objects.visible_to(charlie).exists()
    assert ActivitySeries.objects.visible_to(alice).get() == one.series


def test_the_api_plans_changes_and_ends_a_series(alice: User) -> None:
    api = client_of(alice)
    due = (clock.now() + timedelta(days=1)).isoformat()
    body = {"kind": "call", "subject": "Call", "repeats": "FREQ=DAILY"}
    made = api.post(f"{BASE}/activities", {**body, "due_at": due})
    assert (made.status_code, made.json()["repeats"]) == (201, "FREQ=DAILY")
    assert api.post(f"{BASE}/activities", body).status_code == 422
    assert api.post(f"{BASE}/activities", {**body, "due_at": due, "repeats": "FREQ=HOURLY"}).status_code == 422
    assert Activity.objects.count() == 1
    address, tag = made["Location"], made["ETag"]
    changed = api.patch(address, {"repeats": "FREQ=WEEKLY"}, headers={"If-Match": tag})
    assert changed.json()["repeats"] == "FREQ=WEEKLY"
    assert api.patch(address, {"repeats": "FREQ=DAILY"}, headers={"If-Match": '"99"'}).status_code == 412
    ended = api.post(f"{address}/end-series")
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
    task = api.post(f"{BASE}/tasks", {"subject": "Report", "due_at": due, "repeats": "FREQ=MONTHLY;COUNT=3"})
    assert task.json()["repeats"] == "FREQ=MONTHLY;COUNT=3"
