"""DA-06 further up: an activity on an order or a case is one row, on its own timeline and the account's."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from accounts.models import Account, Activity
from accounts.pegs import activities_on, homes_of
from accounts.selectors import timeline
from accounts.selectors.calendars import feed_entries
from accounts.selectors.timeline import activities_of
from orders import services as orders
from postsales import services as care
from revops.core import clock
from revops.core.errors import InvalidInput, NotAllowed
from revops.users.models import User
from tests.accounts.test_api import BASE, client_of
from tests.builders import make_user
from tests.orders.builders import make_account, make_order
from tests.postsales.builders import make_case

SOON = timedelta(hours=2)


def an_order(owner: User, account: Account) -> Any:
    return make_order(owner, account=account)


def a_case(owner: User, account: Account) -> Any:
    return make_case(account, owner=owner)


KINDS = pytest.mark.parametrize(("make", "resource"), [(an_order, "orders"), (a_case, "cases")])
Make = Callable[[User, Account], Any]


def plan(record: Any, actor: User, subject: str = "Ring back", **away: int) -> Activity:
    due = clock.now() + (timedelta(**away) if away else SOON)
    return accounts.plan_on(record=record, actor=actor, kind="call", subject=subject, due_at=due)


@pytest.mark.spec("DA-06")
@KINDS
def test_one_activity_stands_on_the_record_and_on_its_account(
    make: Make, resource: str, alice: User, client: Client
) -> None:
    account = make_account(alice)
    record = make(alice, account)
    planned = plan(record, alice)
    client.force_login(alice)
    page = client.get(record.get_absolute_url())
    assert [row.pk for row in page.context["planned"]] == [planned.pk]
    assert page.context["next"][0].startswith("Ring back")
    answer = client.post(f"/activities/{planned.pk}/done/", {"version": planned.version, "outcome": "They are content"})
    assert answer["Location"] == record.get_absolute_url()
    assert Activity.objects.count() == 1
    told = [e for e in timeline(record=account, activities=activities_of(account, viewer=alice)) if "Ring" in e.title]
    assert [entry.text for entry in told] == ["They are content"]
    for address in (record.get_absolute_url(), account.get_absolute_url()):
        assert client.get(address).content.decode().count("They are content") == 1
    key = {"orders": "order", "cases": "case"}[resource]
    for query in (f"about={key}:{record.pk}", f"account={account.pk}"):
        found = client_of(alice).get(f"{BASE}/activities?{query}").json()["results"]
        assert [row["id"] for row in found] == [planned.pk]


@KINDS
def test_the_log_box_logs_plans_and_keeps_what_it_refuses(
    make: Make, resource: str, alice: User, charlie: User, client: Client
) -> None:
    record = make(alice, make_account(alice))
    client.force_login(alice)
    url = f"{record.get_absolute_url()}log/"
    both = {"kind": "call", "text": "Asked for dates", "next_subject": "Send them", "next_at": "2030-01-07T11:00"}
    assert client.post(url, both).status_code == 302
    rows = activities_on(record, viewer=alice).order_by("pk")
    assert [(row.kind, row.status, row.account_id) for row in rows] == [
        ("call", "completed", record.account_id),
        ("call", "planned", record.account_id),
    ]
    refused = client.post(url, {"kind": "call", "text": "", "next_subject": "Send"})
    assert refused.status_code == 422 and "Say when." in refused.content.decode()
    client.force_login(charlie)
    assert client.post(url, both).status_code == 404
    assert Activity.objects.count() == 2


def test_who_sees_the_record_sees_its_activities_and_nobody_else(alice: User, charlie: User, client: Client) -> None:
    finance = make_user(roles=("Finance",))
    order = make_order(alice, account=make_account(alice))
    planned = plan(order, alice)
    # Finance sees every order, whoever owns its account.
    assert list(activities_on(order, viewer=finance)) == [planned]
    assert not Activity.objects.visible_to(charlie).exists()
    assert client_of(charlie).get(f"{BASE}/activities?about=order:{order.pk}").json()["results"] == []
    assert client_of(alice).get(f"{BASE}/activities?about=moon:1").status_code == 400
    client.force_login(charlie)
    for verb in ("done", "later", "drop", "edit"):
        assert client.post(f"/activities/{planned.pk}/{verb}/", {"version": 1}).status_code == 404


def test_whoever_may_not_log_is_refused_and_nothing_is_written(alice: User) -> None:
    order = make_order(alice, account=make_account(alice))
    reader = make_user(roles=("Operations planner",))
    with pytest.raises(NotAllowed):
        plan(order, make_user(roles=()))
    assert not Activity.objects.exists()
    assert reader.has_perm("accounts.add_activity") is False
    assert client_of(reader).get(f"{BASE}/orders/{order.pk}").status_code == 200
    body = {"kind": "call", "subject": "Ring"}
    assert client_of(reader).post(f"{BASE}/orders/{order.pk}/activities", body).status_code == 403
    assert not Activity.objects.exists()


@KINDS
def test_the_api_logs_and_plans_on_the_record(make: Make, resource: str, alice: User, charlie: User) -> None:
    record = make(alice, make_account(alice))
    url = f"{BASE}/{resource}/{record.pk}/activities"
    made = client_of(alice).post(url, {"kind": "call", "subject": "Rang"})
    assert (made.status_code, made.json()["status"], made.json()["account"]) == (201, "completed", record.account_id)
    later = {"kind": "task", "subject": "Send", "due_at": "2030-01-07T11:00:00Z"}
    assert client_of(alice).post(url, later).json()["status"] == "planned"
    assert client_of(alice).post(url, {**later, "minutes": 5}).status_code == 422
    assert client_of(charlie).post(url, later).status_code == 404
    assert activities_on(record, viewer=alice).count() == 2


@KINDS
def test_it_is_snoozed_moved_and_repeats_where_it_hangs(make: Make, resource: str, alice: User, client: Client) -> None:
    record = make(alice, make_account(alice))
    planned = plan(record, alice)
    client.force_login(alice)
    assert client.post(f"/activities/{planned.pk}/later/", {"version": 1})["Location"] == record.get_absolute_url()
    assert client.post(f"/activities/{planned.pk}/later/", {"version": 1}).status_code == 409
    planned.refresh_from_db()
    assert planned.due_at > clock.now() + timedelta(hours=20)  # type: ignore[operator]
    first = accounts.repeat_activity(activity=planned, version=None, rule="FREQ=WEEKLY", actor=alice)
    accounts.complete_activity(activity=first, version=None, actor=alice)
    following = Activity.objects.planned().get()
    assert homes_of([following])[following.pk][1] == record.get_absolute_url()
    assert [entry.title for entry in feed_entries(alice)][:1] == [f"Ring back ({record.account})"]


@KINDS
def test_the_list_shows_the_next_action_at_no_further_query(
    make: Make, resource: str, alice: User, client: Client
) -> None:
    address = {"orders": "/orders/", "cases": "/support/"}[resource]
    client.force_login(alice)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    record = make(alice, make_account(alice))
    plan(record, alice, "Second", days=3)
    plan(record, alice, "First", days=2)
    cost()
    few = cost()
    assert "First," in client.get(address).content.decode()
    for _ in range(4):
        plan(make(alice, make_account(alice)), alice)
    assert cost() == few


def test_a_leavers_planned_activity_on_an_order_goes_along(alice: User, sam: User) -> None:
    order = make_order(alice, account=make_account(alice))
    planned = plan(order, alice)
    accounts.hand_over_activities(user=alice, to=sam, actor=None)
    planned.refresh_from_db()
    assert planned.owner == sam
    assert list(activities_on(order, viewer=sam)) == [planned]


def test_on_an_order_of_a_merged_account_it_stands_with_what_the_account_became(
    alice: User, olga: User, client: Client
) -> None:
    stays, goes = make_account(alice, "Halden Post AS"), make_account(alice, "Halden Post")
    order = make_order(alice, account=goes)
    planned = plan(order, alice, "Before")
    accounts.merge_accounts(winner=stays, loser=goes, version=None, actor=olga)
    planned.refresh_from_db()
    order.refresh_from_db()
    assert planned.account == stays and order.account == goes
    client.force_login(alice)
    url = f"/orders/{order.pk}/log/"
    assert client.post(url, {"kind": "note", "text": "Afterwards"}).status_code == 302
    assert {row.subject for row in activities_of(stays, viewer=alice)} == {"Before", "Afterwards"}


def test_what_is_over_plans_no_more(alice: User) -> None:
    cancelled, closed = (make_order(alice, account=make_account(alice)) for _ in range(2))
    case = make_case(make_account(alice), owner=alice)
    calls = {}
    for record in (cancelled, closed, case):
        first = plan(record, alice)
        calls[record] = accounts.repeat_activity(activity=first, version=None, rule="FREQ=WEEKLY", actor=alice)
    orders.cancel_order(order=cancelled, version=None, actor=alice)
    care.reply_case(case=case, body="Here", actor=alice)
    care.resolve_case(case=case, body="Solved", actor=alice)
    assert activities_on(case, viewer=alice).planned().exists()  # type: ignore[attr-defined]
    care.close_case(case=case, actor=alice)
    for record in (cancelled, case):
        calls[record].refresh_from_db()
        assert calls[record].status == "cancelled"
        assert calls[record].series.ended_at is not None
    calls[closed].refresh_from_db()
    assert (calls[closed].status, calls[closed].series.ended_at) == ("planned", None)


def test_a_contact_of_another_company_is_refused(alice: User) -> None:
    order = make_order(alice, account=make_account(alice))
    stranger = accounts.create_contact(actor=alice, account=make_account(alice), last_name="Vale")
    with pytest.raises(InvalidInput):
        accounts.log_on(record=order, actor=alice, kind="call", subject="Rang", contact=stranger)
    assert not Activity.objects.exists()
