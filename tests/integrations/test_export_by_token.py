"""Exports by API: a token takes out what it may read, and a repeated key does not break a file."""

from typing import Any

from django.test import Client

from tests.accounts.builders import make_account
from tests.builders import make_token
from tests.cast import Cast


def ask(client: Client, token: str, name: str, **head: Any) -> Any:
    head["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client.post("/api/v1/exports", {"list": name}, content_type="application/json", **head)


def test_a_token_exports_the_lists_that_it_may_read(cast: Cast, client: Client) -> None:
    make_account(cast.alice, name="Northwind")
    narrow = make_token(cast.alice, "exports:write", "leads:read")
    for name in ("accounts", "orders", "statements", "invoices"):
        answer = ask(client, narrow, name)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), name
    assert ask(client, narrow, "leads").status_code == 200
    wide = ask(client, make_token(cast.alice, "exports:write", "accounts:read"), "accounts")
    assert wide.status_code == 200
    assert b"Northwind" in b"".join(wide.streaming_content)


def test_an_export_with_an_idempotency_key_is_made_each_time(cast: Cast, client: Client) -> None:
    make_account(cast.alice, name="Northwind")
    token = make_token(cast.alice)
    for _ in range(2):
        answer = ask(client, token, "accounts", HTTP_IDEMPOTENCY_KEY="once")
        assert answer.status_code == 200
        assert b"Northwind" in b"".join(answer.streaming_content)
