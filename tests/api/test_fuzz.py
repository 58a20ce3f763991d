"""The whole OpenAPI document, fuzzed as each of the cast and as nobody: no 5xx, no answer that is not declared.

A request is made once and sent by everybody, each time in a transaction that is rolled back, so that all meet the
same world. `FUZZ_EXAMPLES=50 make fuzz` looks longer; a seed (`FUZZ_SEED`) makes another walk.
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.services import create_territory
from forecasting.services.quotas import create_quota
from orders.services import draft_invoice
from revops.core.api.resources import resources
from revops.integrations.services import create_run, propose_change
from tests.accounts.builders import make_account
from tests.architecture.world import make_world
from tests.builders import make_token
from tests.cast import Cast
from tests.forecasting.pay import month
from tests.leads.builders import make_qualified_lead
from tests.opportunities.quote_builders import make_deal, make_quote, make_sent_quote
from tests.orders.builders import make_order
from tests.postsales.builders import make_case

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))
SEED = int(os.environ.get("FUZZ_SEED", "20261122"))
PEOPLE = ("alice", "bob", "charlie", "dana", "erin", "sam", "olga")
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
SHARDS = 4
ROWS = 6  # of each resource, in whatever states the world has them
# Which resource the ids in a body are of, where the name of the field does not say it.
MEANT = {
    "owner": "users", "user": "users", "to_user": "users", "from_user": "users", "price_book": "price-books",
    "parent": "accounts", "pool": "routing-pools", "period": "periods", "reason": "disqualify-reasons",
    "loss_reason": "loss-reasons", "book": "price-books", "order": "orders",
}  # fmt: skip


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


@dataclass
class Aim:
    """What there is to name: (key, version) of some records of each resource."""

    rows: dict[str, list[tuple[Any, int]]]
    turn: int = 0

    def of(self, resource: str) -> tuple[Any, int] | None:
        rows = self.rows.get(resource)
        return rows[self.turn % len(rows)] if rows else None

    def take(self, case: Any) -> None:
        """Most requests name records that are there, with the version that they have; every fifth is left as it is."""
        self.turn += 1
        if self.turn % 5 == 0:
            return
        for name in case.path_parameters:
            found = self.of(resource_of(case.path) if name == "id" else MEANT.get(name, f"{name}s"))
            if found:
                case.path_parameters[name] = str(found[0])
            if found and "If-Match" in case.headers:
                case.headers["If-Match"] = f'"{found[1]}"'
        case.body = self.named(case.body)

    def named(self, body: Any, name: str = "") -> Any:
        """The body with ids of records that are there."""
        if isinstance(body, dict):
            return {key: self.named(value, str(key)) for key, value in body.items()}
        if isinstance(body, list):
            return [self.named(value, name) for value in body]
        resource = MEANT.get(name, {"account": "accounts"}.get(name, f"{name}s"))
        found = self.of(resource) if type(body) is int else None
        return found[0] if found else body


def resource_of(path: str) -> str:
    """ "/api/v1/comp/plans/{id}/x" is "comp-plans"."""
    nouns = [part for part in path.removeprefix("/api/v1/").split("/{id}")[0].split("/") if "{" not in part]
    return nouns[-1] if nouns[-1] in resources() else "-".join(nouns)


@pytest.fixture
def aim(cast: Cast) -> Aim:
    make_world(cast)
    alice, olga = cast.alice, cast.olga
    account = make_account(alice, name="Elm Works")
    make_order(alice, book=False, account=account)
    make_quote(alice, deal=make_deal(alice))
    make_sent_quote(alice)
    make_case(account)
    make_qualified_lead(alice)
    draft_invoice(order=make_order(alice, account=account), actor=cast.erin)
    create_quota(actor=olga, user=alice, period=month(), amount=Decimal(1000))
    propose_change(actor=alice, title="Dialler in the CRM")
    create_run(actor=cast.sam, kind="leads", upload=SimpleUploadedFile("a.csv", b"Last name,Company\nLee,Acme\n"))
    create_territory(actor=olga, name="North")
    found: dict[str, list[tuple[Any, int]]] = {}
    for key, resource in resources().items():
        model = getattr(getattr(resource.view, "out", None), "Meta", None)
        if model is not None:
            rows = model.model._base_manager.order_by("-pk")[:ROWS]
            found[key] = [(row.pk, getattr(row, "version", 1)) for row in rows]
    return Aim(found)


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


def sent(case: Any, application: Any, head: dict[str, str], met: dict[str, set[int]]) -> list[str]:
    """What is wrong with the answer; the world is as before."""
    with transaction.atomic():
        response = case.call(app=application, headers=head)
        transaction.set_rollback(True)
    met.setdefault(f"{case.method} {case.path}", set()).add(response.status_code)
    try:
        case.validate_response(response, checks=CHECKS)
    except schemathesis.errors.FailureGroup as found:
        return [shortened(str(failure)) for failure in found.exceptions]
    return []


def shortened(failure: str) -> str:
    """What differs and where; the whole schema and value would fill pages."""
    head, _sign, place = failure.partition("Schema at ")
    return head.split("Validated against")[0].strip()[:400] + (f"\n  at {place.splitlines()[0]}" if place else "")


def walk(operation: Any, ask: Callable[[Any], None]) -> None:
    """Some requests of one operation, the same on every machine."""

    @hypothesis.seed(SEED)
    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        ask(case)

    one()


@pytest.mark.timeout(14_000 if EXAMPLES > 2 else 300)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_nobody_and_none_of_the_cast_meets_an_answer_that_is_not_declared(
    document: dict[str, Any], aim: Aim, cast: Cast, unlimited: None, shard: int
) -> None:
    application = get_wsgi_application()
    schema = schemathesis.openapi.from_dict(document)
    schema.app = application
    heads = {name: {"Authorization": f"Bearer {make_token(getattr(cast, name))}"} for name in PEOPLE} | {"nobody": {}}
    wrong: dict[str, list[str]] = {}
    met: dict[str, set[int]] = {}
    for found in list(schema.get_all_operations())[shard::SHARDS]:
        operation = found.ok()
        operation.app = application

        def ask(case: Any) -> None:
            aim.take(case)
            for name, head in heads.items():
                for said in sent(case, application, head, met):
                    wrong.setdefault(f"{case.method} {case.path} {said}", []).append(name)

        walk(operation, ask)
    assert not connection.needs_rollback
    done = [name for name, statuses in met.items() if min(statuses) < 300]
    assert len(done) > len(met) / 2, f"only {len(done)} of {len(met)} operations were done by anybody"
    said = [f"{found}\n  as {', '.join(sorted(set(names)))}" for found, names in wrong.items()]
    assert not said, f"{len(said)} undeclared answers\n" + "\n\n".join(said[:60])
