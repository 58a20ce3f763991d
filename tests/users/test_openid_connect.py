"""Signing in by OpenID Connect, against a provider that runs here; and everybody whom it must not let in."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount, SocialToken
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpResponse
from django.test import Client

from revops.users import services
from revops.users.models import User
from tests.cast import Cast
from tests.users.provider import CLIENT, SECRET, Provider

pytestmark = pytest.mark.django_db
START = "/login/company/"


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    server = Provider()
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "provider_class": "revops.users.oidc.Provider",
            "APPS": [
                {
                    "provider_id": "company",
                    "name": "Acme ID",
                    "client_id": CLIENT,
                    "secret": SECRET,
                    "settings": {"server_url": server.address, "oauth_pkce_enabled": True},
                }
            ],
        }
    }
    yield server
    server.shutdown()
    server.server_close()


def come_back(client: Client, **changes: str) -> HttpResponse:
    """Press the button, go to the provider as a browser does, and come back; `changes` to what comes back."""
    away = client.post(START)
    assert away.status_code == 302, away.content
    back = requests.get(away["Location"], allow_redirects=False, timeout=5).headers["Location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()} | changes
    answer: HttpResponse = client.get(f"{urlsplit(back).path}?{urlencode(query)}")  # type: ignore[assignment]
    return answer


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def refusal(client: Client, answer: HttpResponse) -> str:
    """The word on the sign-in page."""
    assert answer.status_code == 302 and answer["Location"] == "/login/" and not is_in(client)
    return client.get("/login/").content.decode()


def test_a_known_person_signs_in_and_is_the_same_one_the_next_time(
    cast: Cast, client: Client, provider: Provider
) -> None:
    assert "Sign in with Acme ID" in client.get("/login/").content.decode()
    provider.claims["email"] = "Alice@Example.com"
    answer = come_back(client)
    assert answer.status_code == 302 and answer["Location"] == "/"
    assert client.session["_auth_user_id"] == str(cast.alice.pk)
    asked = provider.asked[0]
    assert asked["code_challenge_method"] == "S256" and len(asked["nonce"]) > 20 and "openid" in asked["scope"].split()
    # By the subject now: the address may change over there.
    provider.claims["email"] = "reed@example.com"
    again = Client()
    come_back(again)
    assert again.session["_auth_user_id"] == str(cast.alice.pk)
    assert provider.asked[1]["nonce"] != asked["nonce"]
    assert SocialAccount.objects.get().user == cast.alice
    assert not SocialToken.objects.exists()


def test_without_a_configured_server_there_is_no_button_and_no_address(cast: Cast, client: Client) -> None:
    assert "Sign in with" not in client.get("/login/").content.decode()
    assert client.post(START).status_code == 404
    assert client.get("/login/company/callback/?code=1&state=2").status_code == 404


def test_a_sign_in_starts_by_a_post_of_our_own_page_only(cast: Cast, provider: Provider) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(START).status_code == 405
    assert strict.post(START).status_code == 403
    assert not provider.asked


def test_an_unknown_person_is_refused_unless_people_may_come_by_themselves(
    cast: Cast, client: Client, provider: Provider, settings: Any
) -> None:
    provider.claims |= {"email": "new@example.com", "given_name": "Nina", "family_name": "New", "sub": "5"}
    before = User.objects.count()
    assert "Nobody here has the address new@example.com" in refusal(client, come_back(client))
    assert User.objects.count() == before and not SocialAccount.objects.exists()
    settings.OIDC_CREATE_USERS, settings.OIDC_ROLES = True, ["Sales rep"]
    come_back(client)
    made = User.objects.get(email="new@example.com")
    assert (made.first_name, made.last_name, made.username) == ("Nina", "New", "new")
    assert [group.name for group in made.groups.all()] == ["Sales rep"]
    assert not made.has_usable_password() and made.reach == "own" and not made.is_staff
    assert client.session["_auth_user_id"] == str(made.pk)


@pytest.mark.parametrize("verified", [False, None, "true", "maybe"])
def test_an_address_that_the_provider_has_not_verified_counts_for_nothing(
    cast: Cast, client: Client, provider: Provider, verified: Any
) -> None:
    provider.claims["email_verified"] = verified
    assert "has not verified" in refusal(client, come_back(client))
    assert not SocialAccount.objects.exists()


def test_whoever_left_or_may_not_sign_in_stays_outside_also_when_known(
    cast: Cast, client: Client, provider: Provider
) -> None:
    come_back(client)
    assert is_in(client)
    services.deactivate_user(user=cast.alice, actor=cast.olga)
    again = Client()
    assert "This account is closed" in refusal(again, come_back(again))
    provider.claims |= {"sub": "8", "email": "bob@example.com"}
    services.update_user(user=cast.bob, actor=None, can_sign_in=False)
    third = Client()
    assert "This account is closed" in refusal(third, come_back(third))
    assert SocialAccount.objects.count() == 1


def test_a_state_that_is_not_ours_or_was_used_is_refused(cast: Cast, client: Client, provider: Provider) -> None:
    assert "That did not work" in refusal(client, come_back(client, state="forged"))
    other = Client()
    away = other.post(START)
    back = requests.get(away["Location"], allow_redirects=False, timeout=5).headers["Location"]
    path = f"{urlsplit(back).path}?{urlsplit(back).query}"
    assert "That did not work" in refusal(client, client.get(path))  # type: ignore[arg-type]
    other.get(path)
    assert is_in(other)
    other.logout()
    assert "That did not work" in refusal(other, other.get(path))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spoil",
    [
        {"nonce": "replayed"},
        {"nonce": ""},
        {"aud": "another-client"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 3600},
    ],
    ids=["wrong nonce", "no nonce", "for another client", "of another issuer", "expired"],
)
def test_an_id_token_that_does_not_hold_is_refused(
    cast: Cast, client: Client, provider: Provider, spoil: dict[str, Any]
) -> None:
    provider.spoil = spoil
    assert "That did not work" in refusal(client, come_back(client))
    assert not SocialAccount.objects.exists()


def test_a_token_signed_by_another_key_or_by_none_is_refused(cast: Cast, client: Client, provider: Provider) -> None:
    provider.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "That did not work" in refusal(client, come_back(client))
    for algorithm in ("HS256", "none"):
        provider.algorithm = algorithm
        assert "That did not work" in refusal(client, come_back(client))


def test_user_info_about_somebody_else_is_refused(cast: Cast, client: Client, provider: Provider) -> None:
    provider.userinfo = {"sub": "4712", "email": "dana@example.com"}
    assert "That did not work" in refusal(client, come_back(client))
    assert not SocialAccount.objects.exists()


def test_a_code_without_its_verifier_is_worth_nothing(cast: Cast, client: Client, provider: Provider) -> None:
    away = client.post(START)
    back = requests.get(away["Location"], allow_redirects=False, timeout=5).headers["Location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    status, _answer = provider.token({"code": code, "client_id": CLIENT, "client_secret": SECRET})
    assert status == 400


def test_cancelling_over_there_comes_back_with_a_word(cast: Cast, client: Client, provider: Provider) -> None:
    away = client.post(START)
    state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
    answer = client.get(f"{START}callback/?{urlencode({'error': 'access_denied', 'state': state})}")
    assert "That did not work" in refusal(client, answer)  # type: ignore[arg-type]


def test_the_address_in_the_sign_in_request_cannot_change_what_is_asked(
    cast: Cast, client: Client, provider: Provider
) -> None:
    away = client.post(f"{START}?scope=admin&auth_params=nonce%3Dmine%26prompt%3Dnone&process=connect")
    asked = parse_qs(urlsplit(away["Location"]).query)
    assert (
        set(asked["scope"][0].split()) == {"openid", "profile", "email"}
        and asked["nonce"] != ["mine"]
        and "prompt" not in asked
    )
