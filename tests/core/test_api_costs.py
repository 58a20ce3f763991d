"""The rate limit by what a request makes the server do, and what happens when Redis is away."""

from typing import Any

import pytest
from django.test import Client

from revops.core.api import throttling
from revops.core.api.throttling import COSTS
from tests.builders import make_token
from tests.cast import Cast


@pytest.fixture
def slow(settings: Any) -> None:
    """A bucket that does not fill while the test runs."""
    settings.API_RATE_PER_MINUTE = 40


def left(answer: Any) -> int:
    return int(answer["RateLimit-Remaining"])


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("get", "/api/v1/products", "read"),
        ("get", "/api/v1/products/1", "read"),
        ("get", "/api/v1/meta/products", "read"),
        ("get", "/api/v1/products?q=crm", "search"),
        ("get", "/api/v1/products?count=exact", "count"),
        ("get", "/api/v1/products?count=exact&q=crm", "count"),
        ("post", "/api/v1/products", "write"),
        ("patch", "/api/v1/products/1", "write"),
        ("post", "/api/v1/products/bulk", "bulk"),
        ("post", "/api/v1/exports", "export"),
        ("post", "/api/v1/imports", "upload"),
    ],
)
def test_a_request_takes_what_its_class_costs(
    client: Client, cast: Cast, slow: None, method: str, path: str, kind: str
) -> None:
    head = {"authorization": f"Bearer {make_token(cast.olga)}"}
    before = left(client.get("/api/v1/teams", headers=head))
    answer = getattr(client, method)(path, headers=head)
    assert before - left(answer) in (COSTS[kind], COSTS[kind] - 1), "the bucket may have filled by one meanwhile"
    assert answer["RateLimit-Policy"] == '"default";q=40;w=60'
    assert answer["RateLimit"] == f'"default";r={left(answer)};t={answer["RateLimit-Reset"]}'


def test_what_costs_more_than_is_left_is_429_and_what_costs_less_passes(client: Client, cast: Cast, slow: None) -> None:
    head = {"authorization": f"Bearer {make_token(cast.olga)}"}
    statuses = [client.post("/api/v1/products/bulk", headers=head).status_code for _ in range(4)]
    assert statuses[:3] == [422] * 3
    assert client.post("/api/v1/products/bulk", headers=head).status_code == 429
    refused: Any = client.post("/api/v1/products/bulk", headers=head)
    assert (refused["Content-Type"], refused.json()["code"]) == ("application/problem+json", "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 16


def test_with_redis_away_requests_pass(client: Client, cast: Cast, settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 2
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }
    head = {"authorization": f"Bearer {make_token(cast.olga)}"}
    bucket = throttling.take("token:1", 1)
    assert bucket.passes and bucket.left == 2
    answers: list[Any] = [client.get("/api/v1/teams", headers=head) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert answers[-1]["RateLimit-Remaining"] == "2"
