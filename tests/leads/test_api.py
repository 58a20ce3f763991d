from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account
from leads import services
from leads.models import DisqualifyReason, Handoff, Lead
from leads.setup import ensure_leads
from leads.tasks import score_lead
from revops.core.models import AuditEntry
from revops.users.models import User
from tests.builders import make_token
from tests.leads.builders import GOOD, PACKAGE, make_handoff, make_lead, make_pool, make_qualified_lead

BASE = "/api/v1"


def client_of(user: User, *scopes: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(user, *scopes)}")
    return client


@pytest.mark.spec("SD-12", "SD-13")
def test_a_lead_goes_from_nothing_to_its_handoff_by_tokens_alone(sam: User, alice: User) -> None:
    ensure_leads()
    api = client_of(sam)
    facts = {"last_name": "Rahimi", "company": "Elmbridge Vets", "email": "y@elmbridge.example", **PACKAGE}
    made = api.post(f"{BASE}/leads", facts)
    assert made.status_code == 201, made.json()
    lead = made.json()
    assert (lead["status"], lead["owner"], lead["fit"]) == ("new", sam.pk, 0)
    assert (made["ETag"], made["Location"]) == ('"1"', f"{BASE}/leads/{lead['id']}")
    address = f"{BASE}/leads/{lead['id']}"
    answered = api.post(f"{address}/answers", {**GOOD, "evidence": {"needs": "Call"}}, headers={"If-Match": '"1"'})
    assert (answered.status_code, answered.json()["status"]) == (200, "working")
    assert answered.json()["answers"]["needs"] == {"value": "90.00", "evidence": "Call"}
    score_lead(lead["id"])
    assert api.get(address).json()["score"] == "77.00"
    assert api.post(f"{address}/qualify").json()["status"] == "qualified"
    sent = api.post(f"{address}/handoff", {"to_user": alice.pk})
    assert sent.status_code == 201
    assert sent.json()["package"]["competition"] == PACKAGE["competition"]
    assert client_of(alice).get(f"{BASE}/handoffs?status=submitted").json()["results"][0]["id"] == sent.json()["id"]


@pytest.mark.spec("SD-12")
def test_what_does_not_qualify_is_422_and_says_why(sam: User) -> None:
    lead, api = make_lead(sam), client_of(sam)
    address = f"{BASE}/leads/{lead.pk}"
    api.post(f"{address}/answers", {"needs": 90})
    refused = api.post(f"{address}/qualify")
    assert (refused.status_code, refused["Content-Type"]) == (422, "application/problem+json")
    assert refused.json()["missing"] == ["finances", "reputation", "budget", "authority"]
    api.post(f"{address}/answers", {**GOOD, "authority": "69.95"})
    below = api.post(f"{address}/qualify").json()
    assert (below["code"], below["score"], below["threshold"]) == ("score_below_threshold", "76.99", "77.00")
    api.post(f"{address}/answers", {**dict.fromkeys(GOOD, 100), "authority": 0})
    assert api.post(f"{address}/qualify").json()["code"] == "gate_failed"
    lead.refresh_from_db()
    assert lead.status == "working"


@pytest.mark.spec("SD-12")
def test_disqualifying_without_a_reason_is_422(sam: User) -> None:
    lead, api = make_lead(sam), client_of(sam)
    for body in ({}, {"reason": None}, {"reason": 10**9}):
        assert api.post(f"{BASE}/leads/{lead.pk}/disqualify", body).status_code == 422
    reason = DisqualifyReason.objects.get(label="No budget")
    done = api.post(f"{BASE}/leads/{lead.pk}/disqualify", {"reason": reason.pk}).json()
    assert (done["status"], done["disqualify_reason"]) == ("disqualified", "No budget")
    assert api.post(f"{BASE}/leads/{lead.pk}/qualify").status_code == 409
    assert api.post(f"{BASE}/leads/{lead.pk}/reopen").json()["status"] == "working"


@pytest.mark.spec("SD-13")
def test_a_package_without_its_competitive_section_is_422(sam: User, alice: User) -> None:
    lead = make_qualified_lead(sam, competition="")
    refused = client_of(sam).post(f"{BASE}/leads/{lead.pk}/handoff", {"to_user": alice.pk})
    assert (refused.status_code, refused.json()["missing"]) == (422, ["competition"])
    assert not Handoff.objects.exists()


def test_a_suspected_duplicate_is_409_with_candidates_until_allowed(sam: User, charlie: User) -> None:
    twin, api = make_lead(sam, email="pike@tamar.example"), client_of(sam)
    facts = {"last_name": "Pike", "company": "Tamar", "email": "PIKE@tamar.example"}
    refused = api.post(f"{BASE}/leads", facts)
    assert (refused.status_code, refused.json()["code"]) == (409, "duplicate_suspected")
    assert [(row["kind"], row["id"]) for row in refused.json()["candidates"]] == [("lead", twin.pk)]
    assert Lead.objects.count() == 1
    made = api.post(f"{BASE}/leads", facts, headers={"X-Allow-Duplicate": "true"})
    assert made.status_code == 201
    row = AuditEntry.objects.get(action="lead.created", object_id=str(made.json()["id"]))
    assert row.facts["duplicate_of"][0]["id"] == twin.pk
    assert api.post(f"{BASE}/leads", facts, headers={"X-Allow-Duplicate": "maybe"}).status_code == 400
    assert client_of(charlie).post(f"{BASE}/leads", facts).status_code == 201


def test_who_may_not_make_duplicates_is_403(sam: User, erin: User) -> None:
    from django.contrib.auth.models import Permission

    ensure_leads()
    erin.user_permissions.add(Permission.objects.get(codename="add_lead"))
    services.create_lead(actor=erin, last_name="Pike", company="Tamar", email="pike@tamar.example")
    facts = {"last_name": "Pike", "company": "Tamar", "email": "pike@tamar.example"}
    answer = client_of(erin).post(f"{BASE}/leads", facts, headers={"X-Allow-Duplicate": "true"})
    assert (answer.status_code, Lead.objects.count()) == (403, 1)


def test_a_stale_tag_is_412_and_changes_nothing(sam: User) -> None:
    lead, api = make_lead(sam, company="Elmbridge"), client_of(sam)
    address = f"{BASE}/leads/{lead.pk}"
    assert api.patch(address, {"company": "Group"}, headers={"If-Match": '"1"'}).json()["version"] == 2
    stale = api.patch(address, {"company": "Vets"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current_version"]) == (412, 2)
    lead.refresh_from_db()
    assert lead.company == "Group"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"company": "x"}, "last_name"),
        ({"last_name": "x" * 81, "company": "x"}, "last_name"),
        ({"last_name": "x", "company": "x", "email": "nobody"}, "email"),
        ({"last_name": "x", "company": "x", "employees": -1}, "employees"),
        ({"last_name": "x", "company": "x", "employees": 10**12}, "employees"),
        ({"last_name": "x", "company": "x", "status": "converted"}, "status"),
        ({"last_name": "x\x00", "company": "x"}, "last_name"),
        ([], "non_field_errors"),
    ],
)
def test_bad_bodies_are_422_and_name_the_field(sam: User, body: Any, pointer: str) -> None:
    ensure_leads()
    refused = client_of(sam).post(f"{BASE}/leads", body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert not Lead.objects.exists()


@pytest.mark.spec("INV-92")
def test_an_outsider_gets_404_and_an_empty_list(sam: User, alice: User, charlie: User) -> None:
    handoff, api = make_handoff(sam, alice), client_of(charlie)
    address = f"{BASE}/leads/{handoff.lead_id}"
    assert api.get(address).status_code == api.patch(address, {"company": "x"}).status_code == 404
    for verb in ("answers", "qualify", "disqualify", "route", "handoff", "start", "nurture", "reopen", "assign"):
        assert api.post(f"{address}/{verb}", {}).status_code == 404, verb
    assert api.get(f"{BASE}/handoffs/{handoff.pk}").status_code == 404
    assert api.post(f"{BASE}/handoffs/{handoff.pk}/reject", {"reason": "No"}).status_code == 404
    assert api.get(f"{BASE}/leads").json()["results"] == api.get(f"{BASE}/handoffs").json()["results"] == []
    assert APIClient().get(address).status_code in (401, 403)


def test_a_token_without_the_scope_is_403(sam: User) -> None:
    lead = make_lead(sam)
    api = client_of(sam, "leads:read")
    assert api.get(f"{BASE}/leads/{lead.pk}").status_code == 200
    assert api.patch(f"{BASE}/leads/{lead.pk}", {"company": "x"}).status_code == 403
    assert api.get(f"{BASE}/handoffs").status_code == 403


def test_rejecting_needs_the_seller_and_a_reason(sam: User, alice: User, bob: User) -> None:
    handoff = make_handoff(sam, alice)
    address = f"{BASE}/handoffs/{handoff.pk}/reject"
    assert client_of(sam).post(address, {"reason": "No"}).status_code == 403
    assert client_of(alice).post(address, {}).status_code == 422
    assert client_of(alice).post(address, {"reason": "Budget"}, headers={"If-Match": '"9"'}).status_code == 412
    done = client_of(bob).post(address, {"reason": "Budget not confirmed"}, headers={"If-Match": '"1"'})
    assert (done.json()["status"], done.json()["decided_by"]) == ("rejected", bob.pk)
    assert client_of(alice).post(address, {"reason": "Again"}).status_code == 409


def test_routing_by_the_api_gives_a_queued_lead_its_owner(alice: User, olga: User, sam: User) -> None:
    make_pool((alice, 1, None))
    lead = make_lead(None)
    assert client_of(olga).post(f"{BASE}/leads/{lead.pk}/route").json()["owner"] == alice.pk
    assert client_of(olga).post(f"{BASE}/leads/{lead.pk}/route").json()["owner"] == alice.pk
    given = client_of(olga).post(f"{BASE}/leads/{lead.pk}/assign", {"owner": sam.pk})
    assert given.json()["owner"] == sam.pk
    routed = client_of(sam).post(f"{BASE}/leads", {"last_name": "Pike", "company": "Tamar", "route": True})
    assert (routed.status_code, routed.json()["owner"]) == (201, None)


def test_unknown_filters_sorts_fields_and_values_are_400(sam: User) -> None:
    api = client_of(sam)
    for query in ("colour=red", "status=purple", "sort=colour", "fields=colour", "limit=0", "cursor=x", "owner=x"):
        assert api.get(f"{BASE}/leads?{query}").status_code == 400, query


def test_lists_page_filter_and_count_at_the_same_cost(sam: User, django_assert_max_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    api = client_of(sam)

    def cost(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert api.get(f"{BASE}/leads?{query}").status_code == 200
        return len(queries)

    for _ in range(3):
        make_lead(sam)
    cost("limit=50")
    few = cost("limit=50&expand=owner")
    for number in range(27):
        make_lead(sam, company=f"Tamar {number}")
    assert cost("limit=50&expand=owner") == few
    first = api.get(f"{BASE}/leads?limit=10&sort=company&count=exact").json()
    second = api.get(f"{BASE}/leads?limit=10&sort=company&cursor={first['next']}").json()
    names = [row["company"] for row in first["results"] + second["results"]]
    assert (len(names), names, first["count"]) == (20, sorted(names), 30)


def test_a_repeated_create_with_its_key_makes_one_lead(sam: User) -> None:
    ensure_leads()
    api, facts = client_of(sam), {"last_name": "Pike", "company": "Tamar"}
    first = api.post(f"{BASE}/leads", facts, headers={"Idempotency-Key": "k1"})
    again = api.post(f"{BASE}/leads", facts, headers={"Idempotency-Key": "k1"})
    assert first.json() == again.json() and again["Idempotent-Replayed"] == "true"
    assert Lead.objects.count() == 1


def test_settings_are_read_by_who_may(sam: User, olga: User, erin: User) -> None:
    ensure_leads()
    assert client_of(sam).get(f"{BASE}/scorecards").json()["results"][0]["threshold"] == "77.00"
    assert client_of(erin).get(f"{BASE}/scorecards").json()["results"] == []
    assert client_of(olga).get(f"{BASE}/routing-rules").json()["results"] == []
    labels = [row["label"] for row in client_of(sam).get(f"{BASE}/disqualify-reasons").json()["results"]]
    assert "No budget" in labels


def test_duplicates_are_looked_for_among_contacts_and_accounts_too(sam: User) -> None:
    from tests.accounts.builders import make_account, make_contact

    account = make_account(sam, "Tamar", website="tamar.example")
    contact = make_contact(account, "Pike", email="pike@tamar.example")
    ensure_leads()
    refused = client_of(sam).post(
        f"{BASE}/leads", {"last_name": "Pike", "company": "Tamar", "email": "pike@tamar.example"}
    )
    found = [(row["kind"], row["id"]) for row in refused.json()["candidates"]]
    assert found == [("contact", contact.pk), ("account", account.pk)]
    assert Account.objects.count() == 1


def test_closed_leads_cost_no_statement_each(sam: User) -> None:
    api = client_of(sam)
    ensure_leads()
    reasons = list(DisqualifyReason.objects.order_by("pk")[:4])
    for reason in reasons:
        lead = services.start_working(lead=make_lead(sam), version=None, actor=sam)
        services.disqualify_lead(lead=lead, version=None, actor=sam, reason=reason)
    api.get(f"{BASE}/leads")
    with CaptureQueriesContext(connection) as one:
        api.get(f"{BASE}/leads?limit=1")
    with CaptureQueriesContext(connection) as all_of_them:
        rows = api.get(f"{BASE}/leads").json()["results"]
    assert len(all_of_them) == len(one)
    assert {row["disqualify_reason"] for row in rows} == {reason.label for reason in reasons}
