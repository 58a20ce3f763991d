"""Every operation of the OpenAPI document, as each of the cast, with nonsense: refused politely, as declared."""

import itertools
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from forecasting.services import quotas
from orders import services as orders
from revops.core import jobs
from tests.accounts.builders import make_call, make_contact
from tests.builders import make_product
from tests.cast import Cast
from tests.forecasting.pay import make_comp_admin, month, put_on_p1
from tests.leads.builders import make_handoff, make_lead
from tests.opportunities.quote_builders import make_deal, make_quote, make_sent_quote, the_book
from tests.orders.builders import make_account, make_invoice, make_order
from tests.postsales.builders import make_case

PLAIN: tuple[Any, ...] = (
    None, True, "", " ", "NaN", "-Infinity", "1e400", -1, 0, 10**40, 2**63, 0.1, float("1e300"), "\x00", "\ud800",
    "😀" * 50, "a" * 100_000, [], [[]], [None], {}, {"id": 1}, {"amount": "NaN", "currency": "USD"},
    {"amount": "1e30", "currency": []}, [{"user": 2**70, "percent": "NaN"}], [{"product": {}, "quantity": "1e30"}],
    "0000-00-00", "9999-12-31", "9999-12-31T23:59:59+14:00", "=1+1", "٣",
)  # fmt: skip
BODIES = (
    b"", b"[]", b"null", b"NaN", b'"x"', b"{", b'{"a": NaN}', b"\xff\xfe{}", b"[" * 5000, b'{"\\ud800": 1}',
    b'{"constructor": {}, "__proto__": 1, "id": -1, "version": 0}',
)  # fmt: skip
QUERIES = (
    "no_such=1", "limit=0", "limit=0000000010000000000", "limit=NaN", "cursor=x", "cursor=W10", "cursor=%00", "sort=,",
    "sort=-", "sort=password", "fields=,", "fields=password", "expand=owner__password", "count=all", "limit=%F0",
    "cursor=W1siLWlkIl0sMCxbW11dXQ", "as_of=NaN", "as_of=0000-00-00", "view=1", "%00=1", "q=" + "a" * 2000, "q=%00",
)  # fmt: skip
HEADS: tuple[dict[str, Any], ...] = (
    {}, {"HTTP_IF_MATCH": '"1"'}, {"HTTP_IF_MATCH": "*"}, {"HTTP_IF_MATCH": '"99999999999999"'},
    {"HTTP_IF_MATCH": '"-1"'},
    {"HTTP_IF_MATCH": "\xff"}, {"HTTP_IDEMPOTENCY_KEY": "k" * 300}, {"HTTP_IDEMPOTENCY_KEY": "\xff\xfe"},
)  # fmt: skip
FILTER_VALUES = ("", "NaN", "-1", "9" * 30, "%00", "a" * 500, "%F0%9F%98%80", "1,2,x", "0000-00-00", "1e400", "[]")
TYPES = ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")


@dataclass(frozen=True)
class Operation:
    verb: str
    path: str
    declared: frozenset[str]
    fields: dict[str, Any]
    parameters: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.verb.upper()} {self.path}"


def operations() -> list[Operation]:
    document = SchemaGenerator().get_schema(request=None, public=True)
    schemas = document["components"]["schemas"]
    return [
        Operation(
            verb,
            path,
            frozenset(said["responses"]),
            _fields(said, schemas),
            tuple(row["name"] for row in said.get("parameters", []) if row["in"] == "query"),
        )
        for path, verbs in document["paths"].items()
        for verb, said in verbs.items()
    ]


def _fields(said: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    content = said.get("requestBody", {}).get("content", {})
    shape = content.get("application/json", {}).get("schema", {})
    return dict(_whole(shape, schemas).get("properties", {}))


def _whole(shape: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """A shape with what it refers to written out."""
    for part in (shape, *shape.get("allOf", ()), *shape.get("oneOf", ())):
        if "$ref" in part:
            return _whole(schemas[part["$ref"].rsplit("/", 1)[-1]], schemas)
    whole = dict(shape)
    if "items" in shape:
        whole["items"] = _whole(shape["items"], schemas)
    if "properties" in shape:
        whole["properties"] = {name: _whole(inner, schemas) for name, inner in shape["properties"].items()}
    return whole


@pytest.fixture
def world(cast: Cast) -> dict[str, Any]:
    """One of each record that an address may name; most are alice's."""
    alice, erin = cast.alice, cast.erin
    account = make_account(alice)
    invoice = make_invoice(alice, erin, account=account)
    note = orders.issue_credit_note(invoice=invoice, version=None, actor=erin, reason="Late", amount=Decimal(10))
    deal = make_deal(alice)
    payment = orders.receive_payment(actor=erin, account=account, amount=Decimal(50), currency="USD", reference="R-1")
    put_on_p1(make_comp_admin(), alice)
    return {
        "account": account,
        "contact": make_contact(account),
        "activity": make_call(account),
        "lead": make_lead(cast.sam),
        "handoff": make_handoff(cast.sam, alice),
        "opportunity": deal,
        "quote": make_quote(alice, deal=deal),
        "approval": make_sent_quote(alice),
        "order": make_order(alice, book=False),
        "invoice": invoice,
        "credit-note": note,
        "payment": payment,
        "case": make_case(account),
        "quota": quotas.create_quota(actor=cast.olga, user=alice, period=month(), amount=Decimal(1000)),
        "user": alice,
        "owner": alice,
        "book": the_book(),
        "product": make_product(),
        "to_user": cast.bob,
        "job": jobs.start(kind="forecasting.calculate_commissions", actor=cast.olga),
    }


def address(operation: Operation, world: dict[str, Any]) -> str:
    """The operation's path with a record that is there."""
    path = operation.path
    noun = path.split("/api/v1/")[1].split("/")[-2 if path.endswith("{id}") else 0]
    for part in path.split("/"):
        if part.rstrip("s") in world:
            noun = part.rstrip("s")
    noun = {"activities": "activity", "opportunities": "opportunity", "tasks": "activity"}.get(noun, noun)
    record = world.get(noun)
    path = path.replace("{id}", str(record.pk if record else 1))
    path = path.replace("{order}", str(world["order"].pk)).replace("{book}", str(world["book"].pk))
    return path.replace("{system}", "%F0%9F%98%80").replace("{external_id}", "a" * 300)


def likely(fields: dict[str, Any], world: dict[str, Any]) -> dict[str, Any]:
    """A body that gets past the first checks, so that one wrong value in it reaches the service."""
    return {name: _likely(name, shape, world) for name, shape in fields.items()}


def _likely(name: str, shape: dict[str, Any], world: dict[str, Any]) -> Any:
    if name in world:
        return str(world[name].pk) if name == "job" else world[name].pk
    if "amount" in shape.get("properties", {}):
        return {"amount": "10.00", "currency": "USD"}
    if shape.get("type") == "array":
        return [_likely(name.rstrip("s"), shape.get("items", {}), world)]
    if "properties" in shape:
        return likely(shape["properties"], world)
    by_type = {"integer": 1, "boolean": False, "number": 1, "object": {}}
    by_format = {"date": "2026-12-01", "date-time": "2026-12-01T10:00:00Z", "decimal": "10", "email": "a@b.example"}
    if "enum" in shape:
        return shape["enum"][0]
    return by_format.get(shape.get("format", ""), by_type.get(shape.get("type", ""), "text"))


def _from(values: tuple[Any, ...], place: int) -> Iterator[Any]:
    """All of them in turn, from a place on."""
    return itertools.islice(itertools.cycle(values), place % len(values), None)


def _some(values: tuple[Any, ...], place: int, most: int) -> Iterator[Any]:
    return itertools.islice(_from(values, place), min(most, len(values)))


def bodies(operation: Operation, world: dict[str, Any], each: int) -> Iterator[tuple[bytes, str]]:
    """Raw nonsense, nonsense under every name at once, and a likely body with one wrong value at a time."""
    place = sum(operation.name.encode())
    yield from ((body, "application/json") for body in _some(BODIES, place, each * 2))
    yield from ((b"a=1&b=%00", kind) for kind in _some(TYPES, place, each))
    good = likely(operation.fields, world)
    yield json.dumps(good).encode(), "application/json"
    yield json.dumps({**good, "no_such": 1}).encode(), "application/json"
    turn = _from(PLAIN, place)
    for name in good:
        for value in itertools.islice(turn, each):
            yield json.dumps({**good, name: value}).encode(), "application/json"
    for value in itertools.islice(turn, each):
        yield json.dumps(dict.fromkeys(good, value)).encode(), "application/json"


def queries(operation: Operation, each: int) -> Iterator[str]:
    place = sum(operation.name.encode())
    yield from _some(QUERIES, place, each * 2)
    values = _from(FILTER_VALUES, place)
    for name in operation.parameters if each > 1 else operation.parameters[place % 2 :: 2]:
        for value in itertools.islice(values, max(1, each // 3)):
            yield f"{name}={value}"


def complaints(operation: Operation, said: str, response: Any) -> Iterator[str]:
    status = response.status_code
    if status >= 500:
        yield f"{operation.name} {said}: {status}"
    if str(status) not in operation.declared:
        yield f"{operation.name} {said}: {status} is not declared"
    if 400 <= status < 500 and response["Content-Type"] != "application/problem+json":
        yield f"{operation.name} {said}: {status} as {response['Content-Type']}"


def ask(client: Client, operation: Operation, world: dict[str, Any], turn: int, each: int) -> Iterator[str]:
    path, heads = address(operation, world), itertools.cycle(HEADS)
    for _ in range(turn):
        next(heads)
    if operation.verb == "get":
        for query in queries(operation, each):
            yield from complaints(operation, f"?{query[:60]}", client.get(f"{path}?{query}"))
        return
    for body, kind in bodies(operation, world, each):
        head = next(heads)
        answer = client.generic(operation.verb.upper(), path, body, content_type=kind, **head)
        yield from complaints(operation, f"{kind} {head} {body[:160]!r}", answer)


# Wrong values for each field; `make fuzz` tries more of them.
EACH = int(os.environ.get("FUZZ_EXAMPLES", "1"))


@pytest.fixture
def quiet() -> Iterator[None]:
    """Refusals are logged with their bodies; a hundred thousand letters each help nobody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_nonsense_is_refused_as_a_declared_problem(
    world: dict[str, Any], cast: Cast, settings: Any, quiet: None
) -> None:
    settings.API_RATE_PER_MINUTE = 10**9
    people = [cast.alice, cast.olga, cast.erin, cast.sam, cast.dana, cast.bob, cast.charlie]
    clients = [Client(raise_request_exception=False) for _ in people]
    for client, person in zip(clients, people, strict=True):
        client.force_login(person)
    wrong: list[str] = []
    for number, operation in enumerate(operations()):
        wrong += ask(clients[number % len(clients)], operation, world, number, EACH)
    assert not wrong, "\n".join(wrong[:60])
