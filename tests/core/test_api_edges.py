"""What stands at the edge of every resource."""

from typing import Any

from django.test import Client
from rest_framework.parsers import JSONParser

from revops.core.api.resources import resources
from tests.accounts.builders import make_account
from tests.cast import Cast
from tests.opportunities.quote_builders import make_deal


def test_an_address_that_no_resource_answers_is_a_problem_document(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    for verb in ("get", "post", "put", "patch", "delete"):
        answer = getattr(client, verb)("/api/v1/no-such-thing/1")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), verb


def test_a_limit_with_leading_zeros_is_read_to_its_end(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    for _ in range(3):
        make_account(cast.alice)
    assert client.get("/api/v1/accounts?limit=0000000010000000000").status_code == 400
    assert len(client.get("/api/v1/accounts?limit=002").json()["results"]) == 2


def test_half_a_character_in_a_body_is_malformed(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    for body in ('{"name": "\\ud800"}', '{"\\udfff": 1}', "[" * 100_000):
        answer: Any = client.post("/api/v1/accounts", body, content_type="application/json")
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), body[:20]


def test_every_resource_reads_its_json_with_that_care(client: Client, cast: Cast) -> None:
    careless = {key for key, one in resources().items() if JSONParser in one.view.parser_classes}
    assert not careless
    client.force_login(cast.alice)
    answer: Any = client.post("/api/v1/documents", '{"\\udfff": 1}', content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_currency_that_is_no_text_is_refused(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    for code in ([], {}, 1, None, True):
        body = {"name": "Elm", "annual_revenue": {"amount": "1", "currency": code}}
        answer: Any = client.post("/api/v1/accounts", body, content_type="application/json")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_currency"), code


def test_giving_a_record_away_is_answered_as_done_even_where_it_is_out_of_sight_now(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    for key in ({}, {"HTTP_IDEMPOTENCY_KEY": "once"}):
        deal = make_deal(cast.alice)
        address, head = f"/api/v1/opportunities/{deal.pk}", {"HTTP_IF_MATCH": '"1"', **key}
        answer: Any = client.patch(address, {"owner": cast.charlie.pk}, content_type="application/json", **head)
        assert answer.status_code == 204, answer.content
        assert client.get(address).status_code == 404
        deal.refresh_from_db()
        assert deal.owner == cast.charlie


def test_an_upload_that_is_cut_off_is_malformed_with_and_without_a_key(client: Client, cast: Cast) -> None:
    client.force_login(cast.olga)
    heads: tuple[dict[str, Any], ...] = ({}, {"HTTP_IDEMPOTENCY_KEY": "once"})
    for head in heads:
        for kind in ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 300):
            answer: Any = client.generic("POST", "/api/v1/imports", b"--x\r\nnonsense", content_type=kind, **head)
            assert answer.status_code in (400, 415, 422), (head, kind, answer.status_code)
            assert answer["Content-Type"] == "application/problem+json", (head, kind)


def test_a_body_too_large_to_remember_is_a_problem_document(client: Client, cast: Cast, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    client.force_login(cast.alice)
    body = {"name": "a" * 200}
    answer: Any = client.post("/api/v1/accounts", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="once")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
