"""The resource opportunities: the API's rules, and the two doors from lead to deal."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from leads.models import Handoff
from opportunities.models import LossReason, Opportunity, OpportunityActivity
from opportunities.setup import ensure_pipeline
from revops.users.models import User
from tests.opportunities.builders import make_account, make_deal, win

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/opportunities"


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def test_a_deal_is_opened_read_changed_moved_and_lost_over_the_api(alice: User) -> None:
    ensure_pipeline()
    client, account = api(alice), make_account(alice)
    made = client.post(
        ROOT,
        {"name": "Fleet", "account": account.pk, "amount": {"amount": "120000.00", "currency": "USD"}},
        format="json",
    )
    assert made.status_code == 201, made.json()
    url = f"{ROOT}/{made.json()['id']}"
    assert made["Location"] == url and made["ETag"] == '"1"'
    changed = client.patch(
        url, {"amount": {"amount": "132000.00", "currency": "USD"}}, format="json", HTTP_IF_MATCH=made["ETag"]
    )
    assert changed.json()["amount"] == {"amount": "132000.00", "currency": "USD"}
    refused = client.post(f"{url}/advance", {"stage": "pitch"}, format="json")
    assert refused.status_code == 422 and [e["pointer"] for e in refused.json()["errors"]] == ["close_on"]
    moved = client.post(f"{url}/advance", {"stage": "pitch", "close_on": "2030-06-30"}, format="json")
    assert (moved.json()["stage"], moved.json()["probability"]) == ("pitch", "55.000000")
    assert client.post(f"{url}/close", {"outcome": "lost"}, format="json").status_code == 422
    lost = client.post(f"{url}/close", {"outcome": "lost", "loss_reason": LossReason.objects.first().pk}, format="json")
    assert (lost.json()["status"], lost.json()["category"]) == ("lost", "omitted")
    again = client.post(f"{url}/reopen", {"reason": "They called"}, format="json")
    assert (again.json()["status"], again.json()["stage"]) == ("open", "negotiate")


def test_a_stale_tag_is_412_and_changes_nothing(alice: User) -> None:
    deal = make_deal(alice)
    answer = api(alice).post(f"{ROOT}/{deal.pk}/advance", {"stage": "pitch"}, format="json", HTTP_IF_MATCH='"7"')
    assert (answer.status_code, answer.json()["current_version"]) == (412, 1)
    deal.refresh_from_db()
    assert deal.stage.key == "engage"


@pytest.mark.spec("INV-92")
def test_an_outsider_finds_no_deal_and_lists_none(alice: User, charlie: User) -> None:
    deal, client = make_deal(alice), api(charlie)
    assert client.get(ROOT).json()["results"] == []
    assert client.get(f"{ROOT}/{deal.pk}").status_code == 404
    for verb in ("advance", "close", "reopen", "splits", "category", "activities"):
        body: dict[str, Any] = {
            "advance": {"stage": "pitch"},
            "close": {"outcome": "lost"},
            "splits": {"splits": []},
            "category": {"category": None},
            "activities": {"kind": "call", "subject": "x"},
        }.get(verb, {})
        assert client.post(f"{ROOT}/{deal.pk}/{verb}", body, format="json").status_code == 404, verb
    assert client.patch(f"{ROOT}/{deal.pk}", {"name": "Mine"}, format="json").status_code == 404


def test_who_sees_but_may_not_change_gets_403(alice: User, sam: User) -> None:
    deal = make_deal(alice)
    deal.team.create(user=sam, role="SDR")
    assert api(sam).get(f"{ROOT}/{deal.pk}").status_code == 200
    assert api(sam).post(f"{ROOT}/{deal.pk}/advance", {"stage": "pitch"}, format="json").status_code == 403


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("stage=pitch", ["Pitched"]),
        ("stage__in=pitch,engage&sort=name", ["New", "Pitched"]),
        ("status=won", ["Won"]),
        ("amount__gte=500&status=open", ["Pitched"]),
        ("close_on__lte=2030-06-30", ["Pitched"]),
        ("category=best_case", ["Pitched"]),
        ("close=none&status=open", ["New"]),
        ("q=pitch", ["Pitched"]),
        ("next=none&status=open&sort=-name", ["Pitched", "New"]),
    ],
)
def test_filters_and_sorting(alice: User, query: str, names: list[str]) -> None:
    account = make_account(alice)
    make_deal(alice, name="New", amount=100, account=account)
    make_deal(alice, name="Pitched", amount=900, stage="pitch", close_on="2030-06-30", account=account)
    win(make_deal(alice, name="Won", amount=50, account=account), alice)
    answer = api(alice).get(f"{ROOT}?{query}")
    assert [row["name"] for row in answer.json()["results"]] == names, answer.json()


@pytest.mark.parametrize(
    "query", ["colour=red", "stage=nowhere", "owner=x", "close_on__gte=soon", "sort=owner", "expand=lead", "limit=0"]
)
def test_what_the_list_does_not_know_is_400(alice: User, query: str) -> None:
    ensure_pipeline()
    assert api(alice).get(f"{ROOT}?{query}").status_code == 400


def test_expand_and_fields_keep_the_query_count_flat(alice: User, django_assert_num_queries: Any) -> None:
    account, client = make_account(alice), api(alice)
    make_deal(alice, account=account)

    def queries() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as caught:
            answer = client.get(f"{ROOT}?expand=account,owner,stage")
        assert answer.json()["results"][0]["account"]["name"] == account.name
        assert answer.json()["results"][0]["stage"]["key"] == "engage"
        return len(caught)

    client.get(ROOT)
    one = queries()
    for _ in range(5):
        make_deal(alice, account=make_account(alice), name="More")
    account = Opportunity.objects.order_by("-pk")[0].account
    assert queries() == one
    only = client.get(f"{ROOT}?fields=name").json()["results"][0]
    assert set(only) == {"id", "name"}


def test_splits_category_and_activities(alice: User, bob: User) -> None:
    deal, client = make_deal(alice, amount=1000), api(alice)
    url = f"{ROOT}/{deal.pk}"
    rows = [{"user": alice.pk, "percent": "70"}, {"user": bob.pk, "percent": "30"}]
    shared = client.post(f"{url}/splits", {"splits": rows}, format="json")
    assert [(row["user"], row["amount"]) for row in shared.json()["splits"]] == [
        (alice.pk, "700.000"),
        (bob.pk, "300.000"),
    ]
    refused = client.post(f"{url}/splits", {"splits": rows[:1]}, format="json")
    assert refused.status_code == 422 and "70" in refused.json()["detail"]
    kept = client.post(f"{url}/category", {"category": "commit"}, format="json").json()
    assert (kept["category"], kept["category_overridden"]) == ("commit", True)
    planned = client.post(
        f"{url}/activities", {"kind": "call", "subject": "Call Ingrid", "due_at": "2030-01-07T11:00:00Z"}, format="json"
    )
    assert planned.status_code == 201 and planned.json()["account"] == deal.account_id
    assert client.get(url).json()["next_action_at"] == "2030-01-07T11:00:00Z"
    assert client.post(f"{url}/activities", {"kind": "note", "subject": "Hello"}, format="json").status_code == 201
    assert OpportunityActivity.objects.filter(opportunity=deal).count() == 2


def test_a_repeated_key_opens_one_deal(alice: User) -> None:
    ensure_pipeline()
    client, body = api(alice), {"name": "Once"}
    first = client.post(ROOT, body, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    again = client.post(ROOT, body, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true" and Opportunity.objects.count() == 1


def test_unknown_members_and_ids_of_others_are_refused(alice: User, charlie: User) -> None:
    ensure_pipeline()
    client = api(alice)
    for body in ({"name": "x", "colour": "red"}, {"name": "x", "account": make_account(charlie).pk}, {"name": ""}):
        assert client.post(ROOT, body, format="json").status_code == 422, body
    assert not Opportunity.objects.exists()


def test_pipelines_say_what_each_stage_needs(alice: User) -> None:
    ensure_pipeline()
    found = api(alice).get("/api/v1/pipelines").json()["results"][0]
    assert [stage["key"] for stage in found["stages"]] == [
        "engage", "discover_needs", "develop_proposal", "pitch", "negotiate", "closed_won", "closed_lost",
    ]  # fmt: skip
    assert [stage["probability"] for stage in found["stages"]][:5] == [
        f"{Decimal(p):.6f}" for p in (10, 20, 42, 55, 75)
    ]
    assert found["stages"][3]["requires"] == ["amount", "close_on"] and found["loss_reasons"]


@pytest.mark.spec("SD-13", "INV-74")
def test_accepting_over_the_api_twice_answers_the_same_deal(sam: User, alice: User, charlie: User) -> None:
    from tests.leads.builders import make_handoff

    ensure_pipeline()
    handoff: Handoff = make_handoff(sam, alice)
    url = f"/api/v1/handoffs/{handoff.pk}/accept"
    assert api(charlie).post(url).status_code == 404
    assert api(sam).post(url).status_code == 403
    first, again = api(alice).post(url), api(alice).post(url)
    assert first.status_code == again.status_code == 200 and first.json()["id"] == again.json()["id"]


def test_converting_over_the_api(alice: User, charlie: User) -> None:
    from tests.leads.builders import make_qualified_lead

    ensure_pipeline()
    lead = make_qualified_lead(alice)
    url = f"/api/v1/leads/{lead.pk}/convert"
    assert api(charlie).post(url).status_code == 404
    made = api(alice).post(url)
    assert made.status_code == 200 and made.json()["lead"] == lead.pk


def test_without_a_person_there_is_nothing(db: Any) -> None:
    assert Client().get(ROOT).status_code == 401
