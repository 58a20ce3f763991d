"""The harness itself: the product starts, people log in, a breach of the policy is noticed."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from tests.e2e.conftest import PageAs, Watch

PASSWORD = "correct horse battery"


@pytest.fixture
def person(quiet: None) -> Any:
    user = get_user_model().objects.create(username="paula", email="paula@example.com")
    user.set_password(PASSWORD)
    user.save()
    return user


def test_a_person_logs_in_with_a_password(new_page: PageAs, person: Any) -> None:
    page = new_page()
    page.goto("/login/")
    page.fill("input[name=login]", "paula")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def test_a_breach_of_the_policy_fails_the_page(new_page: PageAs, watch: Watch) -> None:
    page = new_page()
    page.goto("/login/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    page.wait_for_timeout(200)
    with pytest.raises(AssertionError, match="Content Security Policy"):
        watch.check()
    watch.problems.clear()
