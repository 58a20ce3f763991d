"""The whole OpenAPI document, fuzzed as each of the cast and as nobody: no 5xx, no answer that is not declared.

A request is made once and sent by everybody, each time in a transaction that is rolled back, so that all meet the
same world. `FUZZ_EXAMPLES=50 make fuzz` looks longer; a seed (`FUZZ_SEED`) makes another walk.
"""

import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.architecture.world import World, make_world
from tests.builders import make_token
from tests.cast import Cast

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
SEED = int(os.environ.get("FUZZ_SEED", "20261122"))
PEOPLE = ("alice", "bob", "charlie", "dana", "erin", "sam", "olga")
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
# Which record an address of this noun names; the others try small numbers.
NOUNS = {
    "accounts": "account", "contacts": "contact", "activities": "activity", "tasks": "activity", "leads": "lead",
    "handoffs": "handoff", "opportunities": "opportunity", "quotes": "quote", "orders": "order",
    "invoices": "invoice", "credit-notes": "credit", "payments": "payment", "cases": "case",
    "statements": "statement", "ledger": "ledger", "snapshots": "snapshot", "jobs": "job", "documents": "document",
}  # fmt: skip


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast)


@pytest.fixture
def unlimited(settings: Any) -> Iterator[None]:
    settings.API_RATE_PER_MINUTE = 10**9
    # As Django's own test client does: a request must not close the connection that the test's transaction stands on.
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    for signal in signals:
        signal.connect(close_old_connections)


def aimed(case: Any, world: World, turn: int) -> Any:
    """Most requests name a record that is there: what nobody has is soon said."""
    if "id" in case.path_parameters and turn % 4:
        nouns = [part for part in case.path.split("/") if part in NOUNS]
        if nouns:
            case.path_parameters["id"] = str(world.keys.get(NOUNS[nouns[-1]], 1))
    if "If-Match" in case.headers and turn % 2:
        case.headers["If-Match"] = f'"{1 + turn % 3}"'
    return case


def sent(case: Any, application: Any, head: dict[str, str]) -> list[str]:
    """What is wrong with the answer; the world is as before."""
    with transaction.atomic():
        response = case.call(app=application, headers=head)
        transaction.set_rollback(True)
    try:
        case.validate_response(response, checks=CHECKS)
    except schemathesis.errors.FailureGroup as found:
        return [shortened(str(failure)) for failure in found.exceptions]
    return []


def shortened(failure: str) -> str:
    """What differs and where; the whole schema and value would fill pages."""
    head, _sign, place = failure.partition("Schema at ")
    return head.split("Validated against")[0].strip()[:400] + (f"\n  at {place.splitlines()[0]}" if place else "")


def walk(operation: Any, ask: Callable[[Any, int], None]) -> None:
    """Some requests of one operation, the same on every machine."""

    @hypothesis.seed(SEED)
    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), turn=strategies.integers(0, 11))
    def one(case: Any, turn: int) -> None:
        ask(case, turn)

    one()


def test_nobody_and_none_of_the_cast_meets_an_answer_that_is_not_declared(
    document: dict[str, Any], world: World, cast: Cast, unlimited: None
) -> None:
    application = get_wsgi_application()
    schema = schemathesis.openapi.from_dict(document)
    schema.app = application
    heads = {name: {"Authorization": f"Bearer {make_token(getattr(cast, name))}"} for name in PEOPLE} | {"nobody": {}}
    wrong: dict[str, list[str]] = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        operation.app = application

        def ask(case: Any, turn: int) -> None:
            aimed(case, world, turn)
            for name, head in heads.items():
                for said in sent(case, application, head):
                    wrong.setdefault(f"{case.method} {case.path} {said}", []).append(name)

        walk(operation, ask)
    assert not connection.needs_rollback
    said = [f"{found}\n  as {', '.join(sorted(set(names)))}" for found, names in wrong.items()]
    assert not said, f"{len(said)} undeclared answers\n" + "\n\n".join(said[:60])
