"""My day: one ranked queue, each count that of the rows behind it, and what is done about a row without leaving."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from accounts.models import Activity
from forecasting import services
from forecasting.models import PutOff
from forecasting.selectors.my_day import queue_of
from revops.core import clock
from revops.core.errors import InvalidInput, NotAllowed
from revops.users.models import User
from tests.accounts.builders import make_account, make_contact
from tests.builders import make_user
from tests.leads.builders import make_handoff, make_lead
from tests.opportunities.builders import make_deal

# A Monday morning: today, tomorrow and the week differ.
NOON = datetime(2026, 11, 23, 9, tzinfo=clock.company_zone())


@pytest.fixture(autouse=True)
def _monday(cast: Any) -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def plan(owner: User, subject: str, **away: int) -> Activity:
    return accounts.plan_activity(actor=owner, kind="call", subject=subject, due_at=clock.now() + timedelta(**away))


def rows(client: Client, query: str = "") -> list[str]:
    return [row["item"].title for row in client.get(f"/my-day/{query}").context["queue"]]


def test_today_tomorrow_and_the_week_hold_what_is_due_then(alice: User, client: Client) -> None:
    for subject, away in (("Late", -26), ("Today", 2), ("Tomorrow", 26), ("Friday", 98), ("Next month", 24 * 30)):
        plan(alice, subject, hours=away)
    client.force_login(alice)
    assert rows(client) == ["Late", "Today"]
    assert rows(client, "?on=tomorrow") == ["Tomorrow"]
    assert rows(client, "?on=week") == ["Late", "Today", "Tomorrow", "Friday"]
    for bad in ("?on=yesterday", "?show=moon", "?rows=7", "?x=1"):
        assert client.get(f"/my-day/{bad}").status_code == 400


def test_each_count_is_that_of_the_rows_behind_it(alice: User, sam: User, client: Client) -> None:
    for number in range(3):
        plan(alice, f"Call {number}", hours=number - 1)
    make_lead(alice)
    make_handoff(sam, alice)
    deal = make_deal(alice)
    client.force_login(alice)
    with time_machine.travel(NOON + timedelta(days=60), tick=False):
        client.force_login(alice)
        page = client.get("/my-day/").context
        found = {tally.key: tally.count for tally in page["tallies"]}
        assert found["tasks"] == 3
        assert found["leads"] == 2
        assert found["deals"] >= 1
        for key, count in found.items():
            behind = client.get(f"/my-day/?show={key}&rows=all").context["queue"]
            assert len(behind) == count
        assert deal.name in rows(client, "?show=deals")
        assert sum(found[key] for key in found if key not in ("all", "overdue")) == found["all"]


def test_more_rows_than_the_page_shows_are_counted_and_reached(alice: User, client: Client) -> None:
    for number in range(53):
        plan(alice, f"Call {number}", hours=1)
    client.force_login(alice)
    page = client.get("/my-day/").context
    assert (page["tallies"][0].count, len(page["queue"]), page["more"]) == (53, 50, 3)
    assert len(rows(client, "?rows=all")) == 53


def test_a_source_with_more_than_it_gives_says_so(alice: User, client: Client, monkeypatch: Any) -> None:
    for module in ("accounts.panels", "forecasting.selectors.my_day"):
        monkeypatch.setattr(f"{module}.DAY_MOST", 3)
    for number in range(5):
        plan(alice, f"Call {number}", hours=1)
    client.force_login(alice)
    assert "<b >3+</b>All" in client.get("/my-day/").content.decode()
    assert "3+" not in client.get("/my-day/?on=tomorrow").content.decode()


def test_a_row_is_done_and_the_next_one_of_its_series_planned(alice: User, client: Client) -> None:
    one = accounts.plan_repeated(
        actor=alice, rule="FREQ=WEEKLY", kind="call", subject="Weekly", due_at=clock.now() + timedelta(hours=1)
    )
    client.force_login(alice)
    answer = client.post(f"/my-day/{one.pk}/done/", {"version": one.version, "on": "today", "show": "tasks"})
    assert (answer.status_code, answer["Location"]) == (302, "/my-day/?on=today&show=tasks")
    assert rows(client) == []
    assert Activity.objects.planned().get().due_at == one.due_at + timedelta(days=7)  # type: ignore[operator]
    assert client.post(f"/my-day/{one.pk}/done/", {"version": one.version}).status_code == 409


def test_a_planned_row_put_off_moves_to_tomorrow_at_its_hour(alice: User, charlie: User, client: Client) -> None:
    late, later = plan(alice, "Late", days=-3), plan(alice, "Later", days=2)
    client.force_login(alice)
    assert client.post(f"/my-day/{late.pk}/later/", {"version": 1}).status_code == 302
    assert client.post(f"/my-day/{later.pk}/later/", {"version": 1}).status_code == 302
    late.refresh_from_db()
    later.refresh_from_db()
    assert late.due_at == clock.now() + timedelta(days=1)
    assert later.due_at == clock.now() + timedelta(days=3)
    assert client.post(f"/my-day/{late.pk}/later/", {"version": 1}).status_code == 409
    client.force_login(charlie)
    for verb in ("done", "later"):
        assert client.post(f"/my-day/{late.pk}/{verb}/", {"version": 2}).status_code == 404


def test_another_row_put_off_is_gone_until_tomorrow_and_said_so(alice: User, sam: User, client: Client) -> None:
    make_lead(alice)
    client.force_login(alice)
    (row,) = client.get("/my-day/").context["queue"]
    client.post("/my-day/put-off/", {"key": row["item"].key})
    page = client.get("/my-day/")
    assert page.context["queue"] == []
    assert "1 is put off until tomorrow" in page.content.decode()
    assert queue_of(sam, "today").put_off == 0
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert len(queue_of(alice, "today").items) == 1
        services.put_off(actor=alice, key="another")
    assert PutOff.objects.count() == 1  # what is over is thrown away
    for key in ("", "x" * 201):
        with pytest.raises(InvalidInput):
            services.put_off(actor=alice, key=key)


def test_one_line_logs_what_happened_with_whom(alice: User, charlie: User, client: Client) -> None:
    person = make_contact(make_account(alice), "Halvorsen", first_name="Ingrid")
    make_contact(make_account(charlie), "Ingridson", first_name="Ingrid")
    client.force_login(alice)
    assert client.post("/my-day/log/", {"text": "called Ingrid, PO Monday"}).status_code == 302
    call = Activity.objects.get()
    assert (call.kind, call.contact, call.account, call.status) == ("call", person, person.account, "completed")
    assert call.subject == "called Ingrid, PO Monday"
    client.post("/my-day/log/", {"text": "  "})
    assert Activity.objects.count() == 1
    make_contact(make_account(alice), "Berg", first_name="Ingrid")
    assert services.log_line(actor=alice, text="Met Ingrid").contact is None  # two of that name
    met = services.log_line(actor=alice, text="Met Ingrid Berg")
    assert (met.kind, met.contact and met.contact.last_name) == ("meeting", "Berg")
    assert services.log_line(actor=alice, text="PO comes on Monday").kind == "note"
    assert services.log_line(actor=alice, text="x" * 300).body == "x" * 300


def test_who_may_not_log_finds_no_box_and_is_refused(client: Client) -> None:
    reader = make_user(roles=())
    client.force_login(reader)
    assert "log-line" not in client.get("/my-day/").content.decode()
    with pytest.raises(NotAllowed):
        services.log_line(actor=reader, text="called Ann")
    assert not Activity.objects.exists()


def test_the_page_costs_the_same_with_many_rows_as_with_few(alice: User, sam: User, client: Client) -> None:
    client.force_login(alice)

    def grow(times: int) -> None:
        for number in range(times):
            account = make_account(alice)
            accounts.plan_activity(
                actor=alice, kind="meeting", subject=f"Review {number}", due_at=clock.now(), account=account
            )
            make_lead(alice)
            make_handoff(sam, alice)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/my-day/?on=week").status_code == 200
        return len(queries)

    grow(2)
    cost()
    few = cost()
    grow(5)
    assert cost() == few
