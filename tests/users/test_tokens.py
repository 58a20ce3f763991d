"""Personal API tokens."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from revops.core import clock
from revops.core.errors import InvalidInput, NotAllowed
from revops.users import services
from revops.users.models import ApiToken
from tests.builders import make_token

PAGE = "/settings/tokens/"


def call(client, raw, path="/api/v1/users/me", method="get", **kwargs):
    return getattr(client, method)(path, headers={"Authorization": f"Bearer {raw}"}, **kwargs)


def test_a_token_acts_as_its_user(client, alice):
    response = call(client, make_token(alice))
    assert response.status_code == 200
    assert response.json()["username"] == "alice"


def test_only_the_digest_is_stored(alice):
    raw = make_token(alice)
    token = ApiToken.objects.get()
    assert raw not in str(vars(token)) and raw.startswith(token.prefix)
    assert len(token.digest) == 64


@pytest.mark.parametrize("raw", ["", "rvo_wrong", "x" * 5000, "é"])
def test_no_or_a_wrong_token_is_401_as_a_problem(client, alice, raw):
    response = call(client, raw)
    assert response.status_code == 401
    assert response["Content-Type"].startswith("application/problem+json")
    assert "Bearer" in response["WWW-Authenticate"]


def test_a_revoked_token_is_401(client, alice):
    raw = make_token(alice)
    services.revoke_token(token=ApiToken.objects.get(), actor=alice)
    assert call(client, raw).status_code == 401


def test_an_expired_token_is_401(client, alice):
    _token, raw = services.create_token(
        actor=alice, name="Short", scopes=["*:read"], expires_at=clock.now() + timedelta(hours=1)
    )
    assert call(client, raw).status_code == 200
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        assert call(client, raw).status_code == 401


def test_the_token_of_somebody_who_left_is_401(client, cast):
    raw = make_token(cast.alice)
    cast.alice.is_active = False
    cast.alice.save()
    assert call(client, raw).status_code == 401


def test_a_token_does_only_what_its_scopes_say(client, olga):
    reads = make_token(olga, "products:read")
    assert call(client, reads, "/api/v1/products").status_code == 200
    assert call(client, reads, "/api/v1/teams").status_code == 403
    body = {"sku": "A-1", "name": "Widget"}
    assert (
        call(client, reads, "/api/v1/products", "post", data=body, content_type="application/json").status_code == 403
    )
    writes = make_token(olga, "products:write")
    response = call(client, writes, "/api/v1/products", "post", data=body, content_type="application/json")
    assert response.status_code == 201


def test_a_token_never_does_more_than_its_user(client, alice):
    body = {"sku": "A-1", "name": "Widget"}
    response = call(client, make_token(alice), "/api/v1/products", "post", data=body, content_type="application/json")
    assert response.status_code == 403


def test_last_use_is_kept_at_most_once_a_minute(client, alice):
    raw = make_token(alice)
    with time_machine.travel("2026-03-02T10:00:00Z", tick=False) as traveller:
        call(client, raw)
        first = ApiToken.objects.get().last_used_at
        traveller.shift(30)
        call(client, raw)
        assert ApiToken.objects.get().last_used_at == first
        traveller.shift(31)
        call(client, raw)
        assert ApiToken.objects.get().last_used_at > first


def test_tokens_cannot_manage_tokens(client, alice):
    raw = make_token(alice)
    assert call(client, raw, PAGE).status_code == 302
    response = call(client, raw, PAGE, "post", data={"name": "Second", "whole": ["*:read"]})
    assert response.status_code == 302 and "/login/" in response["Location"]
    assert ApiToken.objects.count() == 1


def test_the_page_shows_a_new_token_once_and_revokes(client, alice):
    client.force_login(alice)
    page = client.post(PAGE, {"name": "Report", "whole": ["*:read"], "days": "30"})
    assert page.status_code == 200
    token = ApiToken.objects.get()
    raw = page.context["raw"]
    assert raw in page.content.decode() and "no-store" in page["Cache-Control"]
    assert raw not in client.get(PAGE).content.decode()
    assert token.scopes == ["*:read"] and token.expires_at.date() == clock.today() + timedelta(days=30)
    client.post(reverse("token-revoke", args=[token.pk]))
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_the_page_says_which_field_is_wrong(client, alice):
    client.force_login(alice)
    page = client.post(PAGE, {"name": "Report", "single": "everything please"})
    assert page.status_code == 422
    assert "single" in page.context["form"].errors
    assert not ApiToken.objects.exists()


def test_somebody_elses_token_is_404_and_refused(client, alice, charlie):
    make_token(alice)
    token = ApiToken.objects.get()
    client.force_login(charlie)
    assert client.post(reverse("token-revoke", args=[token.pk])).status_code == 404
    with pytest.raises(NotAllowed):
        services.revoke_token(token=token, actor=charlie)
    token.refresh_from_db()
    assert token.revoked_at is None


@pytest.mark.parametrize("scopes", [[], ["leads"], ["leads:delete"], ["LEADS:read"], ["a:read; drop"]])
def test_a_scope_that_does_not_exist_is_refused(alice, scopes):
    with pytest.raises(InvalidInput):
        services.create_token(actor=alice, name="X", scopes=scopes)
