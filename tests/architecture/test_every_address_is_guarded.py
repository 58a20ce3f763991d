"""House rule 6, walked: nobody gets anything but the way to the login; an outsider gets 404."""

import pytest
from django.test import Client
from django.urls import path

from tests.architecture.addresses import Address, addresses

# What a person needs before logging in, and the machine-readable description of the API.
OPEN = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    "account_email_verification_sent",
    "api_docs",
    "schema",
    "offline",
    "home",  # forwards to a guarded page
    # Machines ask these without a session; tests/operations shows who gets the figures.
    "healthz",
    "readyz",
    "metrics",
}
REFUSED = (401, 403, 404, 405)


def breaches(address: Address, client: Client) -> list[str]:
    found = []
    for method in ("get", "post"):
        answer = getattr(client, method)(address.path)
        to_login = answer.status_code == 302 and "/login/" in answer["Location"]
        if not to_login and answer.status_code not in REFUSED:
            found.append(f"{method.upper()} {address.path} ({address.name}) answers nobody with {answer.status_code}")
    return found


@pytest.mark.django_db
def test_nobody_sees_anything(client: Client) -> None:
    walked = [address for address in addresses() if address.name not in OPEN]
    assert len(walked) > 50
    assert not [line for address in walked for line in breaches(address, client)]


def _open_page(request: object) -> object:
    from django.http import HttpResponse

    return HttpResponse("everybody's deals")


urlpatterns = [path("leak/", _open_page, name="leak")]


@pytest.mark.urls("tests.architecture.test_every_address_is_guarded")
def test_a_page_without_a_guard_is_caught(client: Client) -> None:
    (address,) = addresses()
    assert len(breaches(address, client)) == 2
