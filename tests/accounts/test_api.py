from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account, Activity, Contact
from revops.users.models import User
from tests.accounts.builders import make_account, make_call, make_contact
from tests.builders import make_token

BASE = "/api/v1"


def client_of(user: User, *scopes: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(user, *scopes)}")
    return client


def test_an_account_is_made_changed_archived_and_restored(alice: User) -> None:
    api = client_of(alice)
    made = api.post(f"{BASE}/accounts", {"name": "Tamar", "annual_revenue": {"amount": "22.50", "currency": "EUR"}})
    assert made.status_code == 201 and made["ETag"] == '"1"'
    address = made["Location"]
    assert made.json()["annual_revenue"] == {"amount": "22.50", "currency": "EUR"}
    assert api.patch(address, {"industry": "Transport"}, headers={"If-Match": '"1"'}).json()["version"] == 2
    assert api.patch(address, {"industry": "Rail"}, headers={"If-Match": '"1"'}).status_code == 412
    assert api.post(f"{address}/archive", {"reason": "Closed"}).json()["archived_at"]
    assert api.patch(address, {"industry": "Rail"}).status_code == 409
    assert api.post(f"{address}/restore").json()["archived_at"] is None
    assert Account.objects.get().industry == "Transport"


def test_a_twin_is_409_with_candidates_until_allowed(alice: User) -> None:
    twin, api = make_account(alice, "Tamar Ltd"), client_of(alice)
    refused = api.post(f"{BASE}/accounts", {"name": "TAMAR"})
    assert (refused.status_code, refused.json()["candidates"][0]["id"]) == (409, twin.pk)
    assert api.post(f"{BASE}/accounts", {"name": "TAMAR"}, headers={"X-Allow-Duplicate": "true"}).status_code == 201


def test_put_by_external_id_creates_then_changes(alice: User, charlie: User) -> None:
    api, address = client_of(alice), f"{BASE}/accounts/by-external-id/erp/C-7"
    made = api.put(address, {"name": "Tamar"})
    assert (made.status_code, made.json()["external_id"]) == (201, "C-7")
    changed = api.put(address, {"industry": "Transport"})
    assert (changed.status_code, changed.json()["name"], changed.json()["id"]) == (200, "Tamar", made.json()["id"])
    assert client_of(charlie).put(address, {"name": "Mine"}).status_code == 404
    assert api.put(f"{BASE}/accounts/by-external-id/erp/C-8", {"industry": "x"}).status_code == 422
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "x", "employees": -1}, "employees"),
        ({"name": "x", "annual_revenue": {"amount": "-1", "currency": "USD"}}, "annual_revenue"),
        ({"name": "x", "annual_revenue": {"amount": "1", "currency": "XXQ"}}, "annual_revenue"),
        ({"name": "x", "name_key": "y"}, "name_key"),
        ({"name": "x", "parent": 10**9}, "parent"),
    ],
)
def test_bad_bodies_are_422_and_name_the_field(alice: User, body: Any, pointer: str) -> None:
    refused = client_of(alice).post(f"{BASE}/accounts", body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].split(".")[0] == pointer
    assert not Account.objects.exists()


def test_a_contact_stands_at_an_account_in_sight(alice: User, charlie: User) -> None:
    account, api = make_account(alice), client_of(alice)
    made = api.post(f"{BASE}/contacts", {"account": account.pk, "last_name": "Pike", "email": "pike@tamar.example"})
    assert made.status_code == 201
    twin = api.post(f"{BASE}/contacts", {"account": account.pk, "last_name": "Pike", "email": "PIKE@tamar.example"})
    assert twin.status_code == 409
    assert api.patch(made["Location"], {"title": "Director"}).json()["title"] == "Director"
    assert api.patch(made["Location"], {"title": "x"}, headers={"If-Match": '"1"'}).status_code == 412
    hidden = client_of(charlie).post(f"{BASE}/contacts", {"account": account.pk, "last_name": "Voss"})
    assert hidden.status_code == 422
    assert api.post(f"{made['Location']}/archive").json()["archived_at"]
    assert Contact.objects.count() == 1


def test_activities_are_logged_planned_moved_and_done(alice: User) -> None:
    account, api = make_account(alice), client_of(alice)
    call = api.post(f"{BASE}/activities", {"kind": "call", "subject": "Budget", "account": account.pk, "minutes": 18})
    assert (call.status_code, call.json()["status"]) == (201, "completed")
    both = {"kind": "call", "subject": "x", "due_at": "2099-01-05T10:00:00Z", "minutes": 5}
    assert api.post(f"{BASE}/activities", both).status_code == 422
    task = api.post(f"{BASE}/tasks", {"subject": "Send prices", "due_at": "2099-01-05T10:00:00Z"})
    address = f"{BASE}/activities/{task.json()['id']}"
    moved = api.patch(address, {"due_at": "2099-01-06T10:00:00Z"}, headers={"If-Match": '"1"'})
    assert moved.json()["due_at"] == "2099-01-06T10:00:00Z"
    assert api.post(f"{address}/complete", {"outcome": "Sent"}, headers={"If-Match": '"1"'}).status_code == 412
    assert api.post(f"{address}/complete", {"outcome": "Sent"}).json()["status"] == "completed"
    assert api.post(f"{address}/cancel").status_code == 409
    assert [row["kind"] for row in api.get(f"{BASE}/tasks").json()["results"]] == ["task"]
    assert Activity.objects.count() == 2


@pytest.mark.spec("INV-92")
def test_an_outsider_gets_404_and_empty_lists(alice: User, charlie: User) -> None:
    account = make_account(alice)
    contact, call = make_contact(account), make_call(account)
    api = client_of(charlie)
    for name, record in (("accounts", account), ("contacts", contact), ("activities", call)):
        address = f"{BASE}/{name}/{record.pk}"
        assert api.get(address).status_code == api.patch(address, {}).status_code == 404
        assert api.get(f"{BASE}/{name}").json()["results"] == []
    assert api.post(f"{BASE}/accounts/{account.pk}/archive").status_code == 404
    assert api.post(f"{BASE}/activities/{call.pk}/complete").status_code == 404


def test_a_missing_right_is_403_and_unknown_parameters_are_400(alice: User) -> None:
    make_account(alice)
    api = client_of(alice)
    for query in ("colour=red", "kind=planet", "sort=colour", "limit=201", "fields=colour", "expand=colour", "owner=x"):
        assert api.get(f"{BASE}/accounts?{query}").status_code == 400, query
    alice.groups.clear()
    assert client_of(alice).post(f"{BASE}/accounts", {"name": "Tamar"}).status_code == 403
    assert client_of(alice, "accounts:read").post(f"{BASE}/accounts", {"name": "Tamar"}).status_code == 403


def test_lists_cost_the_same_queries_with_many_rows(alice: User) -> None:
    api = client_of(alice)

    def cost() -> list[int]:
        counts = []
        for query in ("accounts?expand=owner", "contacts?expand=account", "activities?expand=owner,account"):
            with CaptureQueriesContext(connection) as queries:
                assert api.get(f"{BASE}/{query}").status_code == 200
            counts.append(len(queries))
        return counts

    def grow(rows: int) -> None:
        for _ in range(rows):
            account = make_account(alice)
            make_contact(account)
            make_call(account)

    grow(3)
    cost()
    few = cost()
    grow(27)
    assert cost() == few
