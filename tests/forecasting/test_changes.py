"""What changed since yesterday: what others did to what is one's own or followed, and how long the day takes."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from accounts.models import Activity
from forecasting import services
from forecasting.selectors.changes import changes_for
from forecasting.selectors.my_day import USUAL, estimate_of, queue_of
from leads import services as leads
from opportunities import services as deals
from opportunities.setup import ensure_pipeline
from orders import services as orders
from postsales import services as care
from revops.core import clock
from revops.users.models import User
from tests.cast import Cast
from tests.leads.builders import make_handoff, make_lead
from tests.opportunities.builders import make_account, make_deal, win
from tests.orders.builders import make_invoice
from tests.postsales.builders import make_case

NOON = datetime(2026, 11, 24, 12, tzinfo=clock.company_zone())


@pytest.fixture(autouse=True)
def _tuesday(cast: Any) -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def told(user: User) -> list[tuple[str, str]]:
    return [(change.name, change.text) for change in changes_for(user)]


def test_what_others_did_to_ones_deals_is_told_and_ones_own_doing_is_not(cast: Cast, client: Client) -> None:
    alice, olga = cast.alice, cast.olga
    deal = make_deal(alice, name="Fleet rollout", amount=1000, close_on=clock.today() + timedelta(days=9))
    deals.update_opportunity(opportunity=deal, version=None, actor=alice, name="Fleet rollout 2")
    assert told(alice) == []
    deals.move_opportunity(opportunity=deal, stage="discover_needs", version=None, actor=olga)
    deals.update_opportunity(opportunity=deal, version=None, actor=olga, amount=Decimal(1500))
    assert sorted(told(alice)) == [
        ("Fleet rollout 2", "moved to Discover needs"),
        ("Fleet rollout 2", "up to $1,500 from $1,000"),
    ]
    assert told(olga) == []
    later = clock.today() + timedelta(days=40)
    deals.update_opportunity(opportunity=deal, version=None, actor=olga, close_on=later)
    assert [text for _name, text in told(alice) if text.startswith("pushed to")]
    client.force_login(alice)
    page = client.get("/my-day/").content.decode()
    assert deal.get_absolute_url() in page and "moved to Discover needs" in page
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        assert told(alice) == []
        client.force_login(alice)
        assert "Nobody else touched what is yours" in client.get("/my-day/").content.decode()


def test_what_was_given_to_one_is_told_while_it_is_ones_own(cast: Cast) -> None:
    alice, bob, olga = cast.alice, cast.bob, cast.olga
    lead, account = make_lead(bob), make_account(bob, "Given Ltd")
    leads.assign_lead(lead=lead, to_user=alice, version=None, actor=olga)
    accounts.update_account(account=account, version=None, actor=olga, owner=alice)
    assert ("Given Ltd", "is yours now") in told(alice) and len(told(alice)) == 2
    accounts.update_account(account=account, version=None, actor=olga, owner=bob)
    assert [name for name, text in told(alice) if text == "is yours now"] == [f"{lead}, {lead.company}"]


def test_handoffs_cases_and_invoices_of_ones_customers_are_told(cast: Cast) -> None:
    sam, alice, olga, erin = cast.sam, cast.alice, cast.olga, cast.erin
    ensure_pipeline()
    handoff = make_handoff(sam, alice)
    deals.accept_handoff(handoff=handoff, version=None, actor=alice)
    assert (handoff.lead.company, "was taken over") in told(sam)
    case = make_case(make_account(alice), "No signal", actor=olga, owner=olga)
    care.set_priority(case=case, priority="P1", actor=olga)
    assert sorted(text for name, text in told(alice) if name == case.subject) == [
        "is P1 Critical now",
        "was opened",
    ]
    invoice = make_invoice(alice, erin)
    paid = orders.receive_payment(
        actor=erin, account=invoice.account, amount=invoice.total, currency="USD", reference="R-1"
    )
    orders.allocate_payment(payment=paid, invoice=invoice, amount=None, version=None, actor=erin)
    assert (f"{invoice.number}, {invoice.account.name}", "was paid") in told(alice)


def test_who_is_on_the_team_follows_and_an_outsider_reads_nothing(cast: Cast) -> None:
    alice, charlie, olga = cast.alice, cast.charlie, cast.olga
    deal = make_deal(alice, name="Joint deal")
    win(deal, alice)
    assert told(charlie) == []
    other = make_deal(alice, name="Second deal")
    deals.add_team_member(opportunity=other, user=charlie, role="SE", actor=alice)
    win(other, olga)
    assert told(charlie) == [("Second deal", "was won")]


def test_the_count_is_that_of_the_rows_behind_it_and_many_cost_what_few_do(cast: Cast, client: Client) -> None:
    alice, olga = cast.alice, cast.olga
    client.force_login(alice)

    def grow(times: int) -> None:
        for _ in range(times):
            deal = make_deal(alice)
            deals.move_opportunity(opportunity=deal, stage="discover_needs", version=None, actor=olga)
            leads.assign_lead(lead=make_lead(olga), to_user=alice, version=None, actor=olga)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/my-day/changes/").status_code == 200
        return len(queries)

    grow(2)
    cost()
    few = cost()
    grow(4)
    assert cost() == few
    day, page = client.get("/my-day/").context, client.get("/my-day/changes/").context
    assert (day["changed"], len(day["changes"])) == (12, 6)
    assert len(page["changes"]) == 12
    # The same thing done twice to a record is one line: how it stands.
    deal = alice.opportunities.first()
    deals.move_opportunity(opportunity=deal, stage="engage", version=None, actor=olga)
    assert client.get("/my-day/").context["changed"] == 12


def test_the_estimate_takes_planned_minutes_and_says_what_the_rest_counts(cast: Cast, client: Client) -> None:
    alice = cast.alice
    due = clock.now() + timedelta(hours=1)
    accounts.plan_activity(actor=alice, kind="meeting", subject="Review", due_at=due, minutes=75)
    accounts.plan_activity(actor=alice, kind="call", subject="Ring", due_at=due)
    make_lead(alice)
    found = estimate_of(queue_of(alice, "today").items)
    assert (found.minutes, found.planned, found.usual) == (75 + USUAL["call"] + USUAL["lead"], 1, 2)
    client.force_login(alice)
    page = client.get("/my-day/").content.decode()
    assert "About 1 h 45 min." in page
    assert "a call counts 15 minutes, a mail 10, a meeting 45, a visit 90, a task 20, a note 5, a lead 15" in page
    words = {"call": 15, "email": 10, "meeting": 45, "visit": 90, "task": 20, "note": 5, "lead": 15, "case": 20}
    assert {kind: USUAL[kind] for kind in words} == words


def test_a_line_that_begins_with_task_plans_one(cast: Cast, client: Client) -> None:
    alice = cast.alice
    client.force_login(alice)
    client.post("/my-day/log/", {"text": "Task: send Ingrid the prices on Friday"})
    task = Activity.objects.get()
    assert (task.kind, task.status, task.subject) == ("task", "planned", "send Ingrid the prices on Friday")
    assert f"{task.due_at:%Y-%m-%d %H:%M}" == "2026-11-27 09:00"
    assert services.log_line(actor=alice, text="todo list was long").status == "planned"
    assert services.log_line(actor=alice, text="tasked Ann with it").status == "completed"
