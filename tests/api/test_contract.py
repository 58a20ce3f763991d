"""The table of the API's design, held against every address that there is: a new resource cannot miss a row of it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from revops.core.api.describe import READING, REFUSALS
from revops.core.api.resources import Operation, operations, resources
from revops.core.api.throttling import COSTS
from revops.core.api.views import MAX_LIMIT
from tests.architecture.world import World, make_world
from tests.cast import Cast

# What bears an amount that somebody owes or is owed, or is agreed on the way there.
MONEY = {
    "quotes", "orders", "fulfillments", "invoices", "credit-notes", "payments", "comp-plans", "comp-statements",
    "quotas", "approvals", "approval-rules", "periods",
}  # fmt: skip
# A file, or a secret that is shown once: one at a time.
ONE_BY_ONE = {"imports", "documents", "exports", "webhooks", "fulfillments", "comp-calculate", "prices",
              "scorecards",
              # Drawn or agreed one at a time.
              "territory-models", "needs-analyses", "opportunity-team-members",
              # A person writes one mail; many are a sequence.
              "sent-messages",
              # Settings.
              "intake-forms", "target-markets", "enrichment-providers"}  # fmt: skip
LISTS = [resource for resource in resources().values() if hasattr(resource.view, "sort_fields")]
PLAIN = [resource for resource in LISTS if "{" not in resource.path]
by_key = pytest.mark.parametrize("resource", PLAIN, ids=lambda resource: resource.key)


@cache
def document() -> dict[str, Any]:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


def described() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, verbs in document()["paths"].items():
        if path.startswith("/api/v1/"):
            for method, said in verbs.items():
                yield f"{method.upper()} {path}", said


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast)


# Names ---------------------------------------------------------------------------------------


def test_names_are_plural_nouns_and_verbs_in_kebab_case() -> None:
    known = re.compile(r"^[a-z]+(-[a-z]+)*$|^\{[a-z_]+\}$")
    wrong = [o.path for o in operations() for part in o.path.split("/")[3:] if not known.match(part)]
    assert not wrong
    singular = [key for key in resources() if not key.split("-")[-1].endswith("s")]
    # Uncountable, or a verb with an address of its own.
    assert set(singular) <= {"comp-ledger", "comp-calculate", "meta"}


def test_a_state_has_verbs_and_no_patch_takes_it() -> None:
    wrong = [
        (key, name)
        for key, resource in resources().items()
        for name in ("status", "state", "stage", "lifecycle")
        if getattr(resource.view, "change_in", None)
        and name in resource.view.change_in().fields
        # A part of the address; how well a lead knows us is set by hand and goes any way.
        and (key, name) not in (("accounts", "state"), ("cultivation-plans", "stage"))
    ]
    assert not wrong


def rows_of(client: Client, resource: Any, query: str = "") -> list[dict[str, Any]]:
    """A page of it; nothing where the list itself is not for this person."""
    answer: Any = client.get(resource.path + query)
    assert answer.status_code in (200, 403), answer.content
    return list(answer.json()["results"]) if answer.status_code == 200 else []


# Lists ---------------------------------------------------------------------------------------


@by_key
def test_a_list_has_one_envelope_and_ignores_nothing(client: Client, cast: Cast, resource: Any) -> None:
    client.force_login(cast.olga)
    home = resource.path
    assert set(client.get(home).json()) == {"results", "next"}
    assert set(client.get(f"{home}?count=exact").json()) == {"results", "next", "count"}
    assert set(client.get(f"{home}?count=estimate").json()) == {"results", "next", "count", "count_capped"}
    for query in (
        "no_such=1", "limit=0", f"limit={MAX_LIMIT + 1}", "limit=x", "cursor=x", "sort=no_such", "fields=no_such",
        "expand=no_such", "count=all", "view=999999", "view=x", "cf.no_such=1",
    ):  # fmt: skip
        answer: Any = client.get(f"{home}?{query}")
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), query
        assert set(answer.json()) >= {"type", "title", "status", "code", "detail", "errors", "request_id"}


def test_pages_follow_each_other_and_fields_and_expand_do_as_asked(client: Client, cast: Cast, world: World) -> None:
    client.force_login(cast.dana)
    walked = 0
    for resource in PLAIN:
        rows = rows_of(client, resource, "?limit=200")
        paged, cursor = [], ""
        for _ in range(5):
            page = client.get(f"{resource.path}?limit=1{cursor}").json()
            if "results" not in page:
                break
            paged += page["results"]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        keys = [row["id"] for row in paged]
        assert keys == [row["id"] for row in rows][: len(keys)], resource.key
        assert len(keys) == min(len(rows), 5) and len(set(keys)) == len(keys)
        only = rows_of(client, resource, "?fields=id")
        assert all(set(row) == {"id"} for row in only), resource.key
        for name in getattr(resource.view.out.Meta, "expandable", {}):
            told = rows_of(client, resource, f"?expand={name}")
            kinds = {type(row[name]) for row in told}
            assert kinds <= {dict, type(None), int}, (resource.key, name)
        walked += bool(rows)
    assert walked > 20


def test_a_list_costs_the_same_queries_with_one_row_as_with_all(client: Client, cast: Cast, world: World) -> None:
    client.force_login(cast.dana)
    compared = 0
    for resource in PLAIN:
        expand = ",".join(getattr(resource.view.out.Meta, "expandable", {}))
        costs = []
        for limit in (1, 200):
            query = f"?limit={limit}" + (f"&expand={expand}" if expand else "")
            client.get(resource.path + query)  # what is read once a process
            with CaptureQueriesContext(connection) as seen:
                rows = rows_of(client, resource, query)
            costs.append(len(seen))
        compared += len(rows) > 1
        assert costs[1] <= costs[0], (resource.key, costs)
    assert compared > 8


# Records -------------------------------------------------------------------------------------


def test_a_record_has_its_tag_and_takes_no_unknown_parameter(client: Client, cast: Cast, world: World) -> None:
    client.force_login(cast.dana)
    seen = 0
    for resource in PLAIN:
        for row in rows_of(client, resource)[:1]:
            answer: Any = client.get(f"{resource.path}/{row['id']}")
            assert answer.status_code == 200 and re.fullmatch(r'(W/)?"[0-9a-f]+"', answer["ETag"]), resource.key
            assert client.get(f"{resource.path}/{row['id']}")["ETag"] == answer["ETag"], resource.key
            assert client.get(f"{resource.path}/{row['id']}?no_such=1").status_code == 400, resource.key
            if "version" in answer.json():
                assert answer["ETag"] == f'"{answer.json()["version"]}"'
            seen += 1
    assert seen > 20


def writes_of_a_record() -> list[Operation]:
    return [o for o in operations() if o.on_record and o.method in ("PATCH", "POST") and "{number}" not in o.path]


def test_documents_over_money_need_the_tag() -> None:
    missing = [key for key, resource in resources().items() if key in MONEY and not resource.view.needs_tag]
    assert not missing and set(resources()) >= MONEY


def test_without_the_tag_428_and_with_an_old_one_nothing(client: Client, cast: Cast, world: World) -> None:
    wrong, asked = [], 0
    for person in (cast.dana, cast.erin, cast.olga):
        client.force_login(person)
        shown = {resource.view.resource: rows_of(client, resource, "?limit=1") for resource in PLAIN}
        for operation in writes_of_a_record():
            found = shown.get(operation.view.resource, [])
            if not found or "version" not in found[0] and not operation.view.needs_tag:
                continue
            path = operation.path.replace("{id}", str(found[0]["id"]))
            ask = getattr(client, operation.method.lower())
            if operation.view.needs_tag:
                bare = ask(path, {}, content_type="application/json").status_code
                wrong += [] if bare in (428, 403, 422) else [(person.username, path, "bare", bare)]
            old = ask(path, {}, content_type="application/json", headers={"If-Match": '"987654"'}).status_code
            takes_no_tag = operation.action in (
                "route",
                "activities",
                "link",
                "unlink",
                "test",
                "replay",
                "enrich",
                "done",
            )
            wrong += [] if old in (412, 403, 404, 422) or takes_no_tag else [(person.username, path, "old", old)]
            asked += 1
    assert asked > 150
    assert not wrong


def test_every_write_says_which_right_it_takes_and_many_can_be_sent_at_once() -> None:
    shared = {"bulk", "by_external_id"}
    silent = [
        f"{o.method} {o.path}" for o in operations() if not o.is_read and o.action not in {*o.view.rights, *shared}
    ]
    assert not silent
    one_by_one = [
        key
        for key, resource in resources().items()
        if any(o.action in ("create", "partial_update") and "create" in o.view.rights for o in resource.operations)
        and not any(o.action == "bulk" for o in resource.operations)
    ]
    assert set(one_by_one) <= ONE_BY_ONE


def test_who_is_told_that_he_may_not_really_may_not(client: Client, cast: Cast, world: World, settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 100_000  # it asks about everything there is
    done, forbidden = [], 0
    for person in (cast.alice, cast.sam, cast.erin, cast.olga, cast.dana):
        client.force_login(person)
        for key, resource in resources().items():
            verbs = client.get(f"/api/v1/meta/{key}").json()["verbs"]
            rows = client.get(resource.path).json().get("results", []) if "{" not in resource.path else []
            for verb in verbs:
                if verb["allowed"] is not False or ("{id}" in verb["path"] and not rows) or "{order}" in verb["path"]:
                    continue
                path = verb["path"].replace("{id}", str(rows[0]["id"] if rows else 0))
                path = path.replace("{system}", "erp").replace("{external_id}", "7")
                version = rows[0].get("version", 1) if rows else 1
                head = {} if verb["if_match"] == "none" else {"If-Match": f'"{version}"'}
                send = getattr(client, verb["method"].lower())
                answer = send(path, {}, content_type="application/json", headers=head)
                forbidden += 1
                if answer.status_code < 300:
                    done.append((person.username, verb["method"], path, answer.status_code))
    assert forbidden > 100
    assert not done


# The description -----------------------------------------------------------------------------


def test_every_operation_is_described_with_its_answers_its_cost_and_its_examples() -> None:
    wrong = []
    for name, said in described():
        answers, read = said["responses"], name.startswith("GET")
        wrong += [f"{name}: no words"] if not said.get("description") else []
        wrong += [f"{name}: no cost"] if said.get("x-rate-cost") not in COSTS.values() else []
        missing = set(READING if read else REFUSALS) - set(answers)
        wrong += [f"{name}: {missing} not declared"] if missing else []
        wrong += [f"{name}: no success"] if not any(status < "300" for status in answers) else []
        if name.startswith("POST"):
            heads = {row["name"] for row in said["parameters"] if row["in"] == "header"}
            wrong += [] if "Idempotency-Key" in heads else [f"{name}: no Idempotency-Key"]
        if name.endswith("/bulk"):
            wrong += [] if "207" in answers else [f"{name}: no 207"]
        holders = [said.get("requestBody", {}), *answers.values()]
        bodies = [(media, body) for holder in holders for media, body in holder.get("content", {}).items()]
        wrong += [f"{name}: no example" for media, body in bodies if "json" in media and "example" not in body]
    assert not wrong, "\n".join(wrong)


def test_every_example_is_what_its_shape_says() -> None:
    wrong, seen = [], set()
    components = plain(document()["components"])
    for name, said in described():
        for where, holder in (("body", said.get("requestBody", {})), *said["responses"].items()):
            for body in holder.get("content", {}).values():
                if "example" not in body or (kind := json.dumps([body["schema"], where])) in seen:
                    continue
                seen.add(kind)
                shape = {**plain(body["schema"]), "components": components}
                errors = list(jsonschema_rs.Draft4Validator(shape).iter_errors(body["example"]))
                wrong += [f"{name} {where} at {list(error.instance_path)}: {error.message[:160]}" for error in errors]
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:40])


def plain(shape: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema's words."""
    if isinstance(shape, list):
        return [plain(one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    found = {key: plain(value) for key, value in shape.items() if key not in ("example", "readOnly", "deprecated")}
    return {"anyOf": [found, {"type": "null"}]} if shape.get("nullable") is True else found


def test_every_answer_says_what_is_left_of_the_rate(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    for resource in resources().values():
        answer: Any = client.get(resource.path.replace("{order}", "1").replace("{book}", "1"))
        assert {"RateLimit", "RateLimit-Policy", "RateLimit-Limit"} <= set(answer.headers), resource.key
