"""Signing in: by user name or e-mail, with a second factor, slowed down when it fails."""

import re

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.urls import reverse

from revops.users import services
from tests.builders import PASSWORD


def sign_in(client, login, password=PASSWORD):
    return client.post("/login/", {"login": login, "password": password})


def is_in(client):
    return "_auth_user_id" in client.session


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


@pytest.mark.parametrize("login", ["alice", "alice@example.com", "ALICE@example.com"])
def test_one_signs_in_by_user_name_or_e_mail(client, alice, login):
    assert sign_in(client, login).status_code == 302
    assert is_in(client)


def test_a_wrong_password_does_not_sign_in(client, alice):
    assert sign_in(client, "alice", "wrong").status_code == 200
    assert not is_in(client)


def test_who_may_not_sign_in_does_not_get_in_even_with_a_right_password(client, alice):
    services.update_user(user=alice, actor=None, can_sign_in=False)
    response = sign_in(client, "alice")
    assert response.status_code == 302 and "inactive" in response["Location"]
    assert not is_in(client)


def test_a_running_session_ends_when_its_person_may_no_longer_sign_in(client, alice):
    sign_in(client, "alice")
    assert client.get(reverse("token-list")).status_code == 200
    services.update_user(user=alice, actor=None, can_sign_in=False)
    assert client.get(reverse("token-list")).status_code == 302


def test_who_left_does_not_get_in(client, cast):
    services.deactivate_user(user=cast.alice, actor=cast.olga)
    sign_in(client, "alice")
    assert not is_in(client)


def test_after_five_failures_even_the_right_password_waits(client, alice):
    for _ in range(5):
        sign_in(client, "alice", "wrong")
    response = sign_in(client, "alice")
    assert not is_in(client)
    assert "Too many failed login attempts" in response.content.decode()


def test_nobody_signs_up(client, db):
    assert client.get("/account/signup/").status_code == 404


def test_the_second_factor_is_set_up_asked_for_and_replaced_by_a_recovery_code(client, alice):
    sign_in(client, "alice")
    assert client.get(reverse("mfa_index")).status_code == 200
    ask = client.get(reverse("mfa_activate_totp"))
    assert "reauthenticate" in ask["Location"], "the password is asked again first"
    assert client.get(ask["Location"]).status_code == 200
    client.post(ask["Location"], {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    secret = client.session["mfa.totp.secret"]
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    codes = re.findall(r"\b[0-9a-f]{8}\b", client.get(reverse("mfa_view_recovery_codes")).content.decode())
    assert len(codes) == 10

    client.logout()
    response = sign_in(client, "alice")
    assert not is_in(client) and response["Location"] == reverse("mfa_authenticate")
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not is_in(client)
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert is_in(client)

    client.logout()
    sign_in(client, "alice")
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert not is_in(client), "a recovery code works once"


def test_django_admin_has_no_door_of_its_own(client, olga):
    response = client.get("/admin/login/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/login/")


def test_admin_is_for_staff_only(client, alice):
    client.force_login(alice)
    assert client.get("/admin/").status_code in (302, 403)
