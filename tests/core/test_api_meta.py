"""GET /meta: the API says what it is made of, and what the caller may do."""

from typing import Any

import pytest
from django.test import Client

from opportunities.setup import ensure_pipeline
from tests.builders import make_token
from tests.cast import Cast


def meta(client: Client, name: str) -> dict[str, Any]:
    answer: Any = client.get(f"/api/v1/meta/{name}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in rows}


def test_every_resource_is_listed_with_its_description(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    rows = client.get("/api/v1/meta").json()["resources"]
    assert {"accounts", "leads", "opportunities", "comp-plans", "prices", "fulfillments", "jobs"} <= set(by_name(rows))
    for row in rows:
        said = meta(client, row["name"])
        assert said["path"] == row["path"] and said["description"]
    assert meta(client, "comp/plans")["name"] == "comp-plans"
    assert client.get("/api/v1/meta/spaceships").status_code == 404


def test_fields_say_their_type_their_choices_and_where_they_can_be_sent(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    fields = by_name(meta(client, "accounts")["fields"])
    assert fields["name"] | {"label": ""} == {
        "name": "name", "type": "string", "label": "", "help": "", "nullable": False, "readable": True,
        "writable": ["create", "update"], "required": True, "required_at": [], "max_length": 200,
    }  # fmt: skip
    assert (fields["owner"]["type"], fields["owner"]["to"]) == ("reference", "users")
    assert fields["annual_revenue"]["type"] == "money" and fields["created_at"]["type"] == "datetime"
    assert {"value": "person", "label": "Person"} in fields["kind"]["choices"]
    assert fields["version"]["writable"] == []
    leads = by_name(meta(client, "leads")["fields"])
    assert leads["route"]["readable"] is False and leads["route"]["writable"] == ["create"]
    assert by_name(meta(client, "opportunities")["fields"])["amount"]["type"] == "money"


def test_a_field_names_the_stages_that_need_it(client: Client, cast: Cast) -> None:
    pipeline = ensure_pipeline()
    client.force_login(cast.alice)
    needed = {
        name: [stage.key for stage in pipeline.stages.order_by("position") if name in stage.requires]
        for name in ("amount", "close_on")
    }
    assert any(needed.values())
    fields = by_name(meta(client, "opportunities")["fields"])
    assert {name: fields[name]["required_at"] for name in needed} == needed


def test_filters_sorts_and_expand_are_those_that_the_list_obeys(client: Client, cast: Cast, settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 100_000  # it asks every list for every sort
    client.force_login(cast.olga)
    values = {"integer": "1", "decimal": "1", "boolean": "true", "date": "2026-01-01", "string": "a",
              "datetime": "2026-01-01T00:00:00Z"}  # fmt: skip
    for row in client.get("/api/v1/meta").json()["resources"]:
        said = meta(client, row["name"])
        if not said["sorts"] or "{" in said["path"]:
            continue
        for sort in said["sorts"]:
            assert client.get(f"{said['path']}?sort=-{sort}").status_code == 200, (said["name"], sort)
        for name in said["expand"]:
            assert client.get(f"{said['path']}?expand={name}").status_code == 200, (said["name"], name)
        for found in said["filters"]:
            value = found.get("choices", [values.get(found["type"], "a")])
            answer: Any = client.get(said["path"], {found["name"]: value[0] if value else "a"})
            # A record that is not there is refused, never ignored; but the name is known.
            known = answer.status_code == 200 or answer.json()["code"] not in ("unknown_filter", "unknown_parameter")
            assert known and answer.status_code in (200, 400), (said["name"], found, answer.content)


@pytest.mark.parametrize(("person", "create"), [("alice", False), ("olga", True)])
def test_it_tells_what_the_caller_may_do(client: Client, cast: Cast, person: str, create: bool) -> None:
    client.force_login(getattr(cast, person))
    said = meta(client, "products")
    verbs = by_name(said["verbs"])
    assert [verbs[name]["allowed"] for name in ("create", "partial-update", "bulk")] == [create] * 3
    answer: Any = client.post("/api/v1/products", {"sku": "A", "name": "B"}, content_type="application/json")
    assert answer.status_code == (201 if create else 403)
    money = by_name(meta(client, "orders")["verbs"])
    assert (money["book"]["if_match"], verbs["partial-update"]["if_match"]) == ("required", "optional")


def test_a_token_that_only_reads_may_do_nothing(client: Client, cast: Cast) -> None:
    head = {"authorization": f"Bearer {make_token(cast.olga, 'products:read')}"}
    said = client.get("/api/v1/meta/products", headers=head).json()
    assert (said["may_read"], said["may_write"]) == (True, False)
    assert all(verb["allowed"] is False for verb in said["verbs"])
    assert client.get("/api/v1/meta/leads", headers=head).json()["may_read"] is False
