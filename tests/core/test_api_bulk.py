"""POST /{resource}/bulk: many rows, each like the single request."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from opportunities.models import Quote
from orders.models import Order
from revops.core.models import AuditEntry
from tests.accounts.builders import make_account
from tests.cast import Cast
from tests.opportunities.quote_builders import make_quote
from tests.orders.builders import make_order


def bulk(client: Client, rows: Any, query: str = "", resource: str = "accounts", **head: str) -> Any:
    return client.post(
        f"/api/v1/{resource}/bulk{query}", json.dumps({"rows": rows}), content_type="application/json", headers=head
    )


@pytest.fixture
def api(client: Client, cast: Cast) -> Client:
    client.force_login(cast.alice)
    return client


def test_rows_are_made_and_changed_and_each_says_how_it_went(api: Client, cast: Cast) -> None:
    mine, other = make_account(cast.alice), make_account(cast.charlie)
    answer = bulk(
        api,
        [
            {"op": "create", "name": "Brandt Logistics"},
            {"op": "update", "id": mine.pk, "version": mine.version, "city": "Bremen"},
            {"op": "update", "id": other.pk, "city": "Bremen"},
            {"op": "create", "name": ""},
            {"op": "update", "id": mine.pk + 10_000, "city": "Bremen"},
        ],
    )
    assert answer.status_code == 207, answer.content
    rows = answer.json()["results"]
    assert [(row["index"], row["status"]) for row in rows] == [(0, 201), (1, 200), (2, 404), (3, 422), (4, 404)]
    made = Account.objects.get(pk=rows[0]["id"])
    assert (made.name, made.owner, rows[0]["version"]) == ("Brandt Logistics", cast.alice, 1)
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.city, rows[1]["version"], other.city) == ("Bremen", mine.version, "")
    assert [error["pointer"] for error in rows[3]["problem"]["errors"]] == ["name"]
    assert AuditEntry.objects.filter(action="account.created", object_id=str(made.pk)).exists()


def test_a_row_is_refused_with_the_problem_of_the_single_request(api: Client, cast: Cast) -> None:
    mine, known = make_account(cast.alice), make_account(cast.alice, name="Known Works")
    wrong = [
        {"op": "update", "id": mine.pk, "version": 99, "city": "Bremen"},
        {"op": "create", "name": known.name},
        {"op": "create", "name": "New", "no_such": 1},
        {"op": "create", "name": "New", "parent": make_account(cast.charlie).pk},
    ]
    said = [row["problem"] for row in bulk(api, wrong).json()["results"]]
    post = {"content_type": "application/json"}
    alone: list[Any] = [
        api.patch(f"/api/v1/accounts/{mine.pk}", {"city": "Bremen"}, headers={"If-Match": '"99"'}, **post),
        *(api.post("/api/v1/accounts", {k: v for k, v in row.items() if k != "op"}, **post) for row in wrong[1:]),
    ]
    drop = ("request_id",)
    assert [{k: v for k, v in row.items() if k not in drop} for row in said] == [
        {k: v for k, v in answer.json().items() if k not in drop} for answer in alone
    ]
    assert [row["status"] for row in said] == [412, 409, 422, 422]


def test_atomic_writes_all_rows_or_none(api: Client, cast: Cast) -> None:
    rows = [{"op": "create", "name": "Elm"}, {"op": "create", "name": ""}, {"op": "create", "name": "Oak"}]
    refused = bulk(api, rows, "?atomic=true")
    assert (refused.status_code, refused.json()["code"]) == (422, "bulk_refused")
    assert refused["Content-Type"] == "application/problem+json"
    assert [row["status"] for row in refused.json()["results"]] == [424, 422, 424]
    assert [error["pointer"] for error in refused.json()["errors"]] == ["rows.1.name"]
    assert not Account.objects.exists() and not AuditEntry.objects.filter(action="account.created").exists()
    assert bulk(api, [rows[0], rows[2]], "?atomic=true").status_code == 207
    assert set(Account.objects.values_list("name", flat=True)) == {"Elm", "Oak"}


def test_a_repeated_key_answers_with_the_rows_of_the_first_time(api: Client, cast: Cast) -> None:
    rows = [{"op": "create", "name": "Elm"}, {"op": "create", "name": ""}]
    first = bulk(api, rows, idempotency_key="k1")
    again = bulk(api, rows, idempotency_key="k1")
    assert again["Idempotent-Replayed"] == "true" and again.json() == first.json()
    assert Account.objects.count() == 1
    assert bulk(api, rows[:1], idempotency_key="k1").status_code == 422


def test_more_than_two_hundred_rows_are_an_import(api: Client, cast: Cast) -> None:
    answer = bulk(api, [{"op": "create", "name": f"A{n}"} for n in range(201)])
    assert (answer.status_code, answer.json()["imports"]) == (413, "/api/v1/imports")
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        ({"name": "Elm"}, "op"),
        ({"op": "delete", "id": 1}, "op"),
        ({"op": ["create"], "name": "Elm"}, "op"),
        ({"op": "create", "id": 7, "name": "Elm"}, "id"),
        ({"op": "update", "city": "Bremen"}, "id"),
        ({"op": "update", "id": "7", "city": "Bremen"}, "id"),
        ({"op": "update", "id": True, "city": "Bremen"}, "id"),
        ({"op": "update", "id": 2**70, "city": "Bremen"}, "id"),
        ({"op": "update", "id": 7, "version": "x"}, "version"),
    ],
)
def test_a_row_that_does_not_say_what_to_do_is_refused(
    api: Client, cast: Cast, row: dict[str, Any], pointer: str
) -> None:
    (said,) = bulk(api, [row]).json()["results"]
    assert (said["status"], said["problem"]["errors"][0]["pointer"]) == (422, pointer)
    assert not Account.objects.exists()


@pytest.mark.parametrize("rows", [[], {}, None, "x", [1], [[]]])
def test_rows_that_are_none_are_refused(api: Client, cast: Cast, rows: Any) -> None:
    assert bulk(api, rows).status_code == 422
    assert bulk(api, [], "?atomic=perhaps").status_code == 400
    assert bulk(api, [], "?no_such=1").status_code == 400


def test_a_record_named_twice_is_changed_by_neither_row(api: Client, cast: Cast) -> None:
    mine = make_account(cast.alice)
    rows = [{"op": "update", "id": mine.pk, "city": city} for city in ("Bremen", "Kiel")]
    assert [row["status"] for row in bulk(api, rows).json()["results"]] == [422, 422]
    mine.refresh_from_db()
    assert mine.city == ""


def test_documents_over_money_need_the_version_of_each_row(api: Client, cast: Cast) -> None:
    order = make_order(cast.alice, book=False)
    rows = [{"op": "update", "id": order.pk, "terms": "14 days"}]
    assert [row["status"] for row in bulk(api, rows, resource="orders").json()["results"]] == [428]
    rows[0]["version"] = order.version
    assert [row["status"] for row in bulk(api, rows, resource="orders").json()["results"]] == [200]
    assert Order.objects.get(pk=order.pk).terms == "14 days"
    quote = make_quote(cast.alice)
    (said,) = bulk(
        api, [{"op": "update", "id": quote.pk, "version": quote.version, "terms": "Net"}], resource="quotes"
    ).json()["results"]
    kept = Quote.objects.get(pk=quote.pk)
    assert (said["status"], kept.terms, said["version"]) == (200, "Net", kept.version)


def test_records_are_looked_up_at_once(api: Client, cast: Cast) -> None:
    def cost(rows: int) -> int:
        keys = [make_account(cast.alice).pk for _ in range(rows)]
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert bulk(api, [{"op": "update", "id": key} for key in keys]).status_code == 207
        return len([q for q in seen if 'FROM "accounts_account"' in q["sql"] and "FOR UPDATE" not in q["sql"]])

    assert cost(1) == cost(20)


def test_a_token_that_only_reads_writes_no_rows(client: Client, cast: Cast) -> None:
    from tests.builders import make_token

    answer = bulk(client, [{"op": "create", "name": "Elm"}], authorization=f"Bearer {make_token(cast.alice, '*:read')}")
    assert answer.status_code == 403 and not Account.objects.exists()
