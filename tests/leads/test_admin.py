from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from leads.models import DisqualifyReason, FitRule, LeadQueue, RoutingPool, RoutingRule, Scorecard
from leads.setup import ensure_leads
from revops.core.models import AuditEntry
from revops.users.models import User
from tests.leads.builders import make_handoff, make_lead, make_pool


@pytest.fixture
def console(olga: User) -> Client:
    ensure_leads()
    client = Client()
    client.force_login(olga)
    return client


def add(console: Client, model: str, **data: Any) -> Any:
    answer = console.post(f"/admin/{model}/add/", data)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return answer


def test_every_page_of_leads_and_accounts_opens(console: Client, sam: User, alice: User) -> None:
    make_handoff(sam, alice)
    for model in (
        "leads/lead", "leads/handoff", "leads/assignment", "leads/scorecard", "leads/fitrule", "leads/routingpool",
        "leads/routingrule", "leads/leadqueue", "leads/disqualifyreason", "accounts/account", "accounts/contact",
        "accounts/activity", "accounts/territory",
    ):  # fmt: skip
        assert console.get(f"/admin/{model}/").status_code == 200, model
    assert console.get("/admin/leads/lead/", {"q": "Elm"}).status_code == 200


def test_a_new_scorecard_takes_over_and_the_old_one_stays(console: Client) -> None:
    weights = {"needs": 40, "finances": 15, "reputation": 15, "budget": 15, "authority": 15}
    add(console, "leads/scorecard", **{f"{name}_weight": value for name, value in weights.items()}, threshold=80)
    assert list(Scorecard.objects.order_by("number").values_list("number", "is_active")) == [(1, False), (2, True)]
    first = Scorecard.objects.get(number=1)
    console.post("/admin/leads/scorecard/", {"action": "new_version", "_selected_action": [first.pk]})
    current = Scorecard.objects.get(is_active=True)
    assert (current.number, current.threshold, current.needs_weight) == (3, Decimal(77), Decimal(20))


def test_weights_that_do_not_make_100_are_said_and_not_stored(console: Client) -> None:
    weights = {f"{name}_weight": 19 for name in ("needs", "finances", "reputation", "budget", "authority")}
    answer = console.post("/admin/leads/scorecard/add/", {**weights, "threshold": 77}, follow=True)
    assert "100" in answer.content.decode()
    assert Scorecard.objects.count() == 1


@pytest.mark.spec("INV-91")
def test_settings_are_made_and_changed_with_a_row_in_the_log(console: Client, olga: User) -> None:
    rule = FitRule.objects.order_by("pk").first()
    assert rule is not None
    facts = {"name": rule.name, "field": "industry", "values": "Rail", "points": 55, "is_active": "on"}
    console.post(f"/admin/leads/fitrule/{rule.pk}/change/", {**facts, "shown_version": rule.version})
    row = AuditEntry.objects.about(rule).get(action="fitrule.changed")
    assert (row.after["points"], row.actor) == (55, olga)
    add(console, "leads/disqualifyreason", label="Moved away", is_active="on")
    add(console, "leads/leadqueue", name="Partners", owner=olga.pk)
    pool = RoutingPool.objects.get()
    add(console, "leads/routingrule", name="Rail", priority=5, industries="Rail,Freight", pool=pool.pk, is_active="on")
    assert RoutingRule.objects.get().industries == ["Rail", "Freight"]
    assert DisqualifyReason.objects.filter(label="Moved away").exists() and LeadQueue.objects.count() == 3


def test_members_of_a_pool_are_set_in_line(console: Client, sam: User, alice: User) -> None:
    pool = make_pool((sam, 1, None))
    member = pool.members.get()
    console.post(
        f"/admin/leads/routingpool/{pool.pk}/change/",
        {
            "name": pool.name, "is_default": "on", "shown_version": pool.version, "answer_minutes": 240,
            "members-TOTAL_FORMS": 2, "members-INITIAL_FORMS": 1, "members-MIN_NUM_FORMS": 0,
            "members-MAX_NUM_FORMS": 1000,
            "members-0-id": member.pk, "members-0-pool": pool.pk, "members-0-position": 1, "members-0-user": sam.pk,
            "members-0-weight": 2, "members-0-monthly_capacity": 10,
            "members-1-id": "", "members-1-pool": pool.pk, "members-1-position": 0, "members-1-user": alice.pk,
            "members-1-weight": 1, "members-1-monthly_capacity": "",
        },
    )  # fmt: skip
    rows = [(row.user, row.weight, row.monthly_capacity) for row in pool.members.all()]
    assert rows == [(alice, 1, None), (sam, 2, 10)]


def test_leads_that_wait_are_routed_by_an_action(console: Client, alice: User) -> None:
    make_pool((alice, 1, None))
    lead = make_lead(None)
    console.post("/admin/leads/lead/", {"action": "route", "_selected_action": [lead.pk]})
    lead.refresh_from_db()
    assert lead.owner == alice
    console.post("/admin/leads/lead/", {"action": "score", "_selected_action": [lead.pk]})


def test_an_account_is_made_and_changed_in_the_console(console: Client, alice: User) -> None:
    facts = {"name": "Tamar", "kind": "company", "owner": alice.pk, "currency": "USD"}
    add(console, "accounts/account", **facts)
    account = Account.objects.get()
    change = {**facts, "industry": "Transport", "shown_version": 1}
    console.post(f"/admin/accounts/account/{account.pk}/change/", change)
    account.refresh_from_db()
    assert (account.industry, account.version) == ("Transport", 2)
    stale = console.post(f"/admin/accounts/account/{account.pk}/change/", {**change, "industry": "Rail"}, follow=True)
    account.refresh_from_db()
    assert account.industry == "Transport" and "Somebody changed this" in stale.content.decode()
    add(console, "accounts/territory", name="West")


def test_who_is_no_administrator_stays_outside(sam: User) -> None:
    client = Client()
    client.force_login(sam)
    assert client.get("/admin/leads/scorecard/").status_code == 302
