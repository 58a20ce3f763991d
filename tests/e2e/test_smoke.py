"""The harness itself: the product starts, people log in, a breach of the policy is noticed, the worker works."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from revops.core.tasks import relay
from tests.cast import Cast
from tests.e2e.conftest import PageAs, Watch, eventually
from tests.e2e.product import Product

PASSWORD = "correct horse battery"


def test_a_person_logs_in_with_a_password(new_page: PageAs, cast: Cast) -> None:
    cast.alice.set_password(PASSWORD)
    cast.alice.save(update_fields=["password"])
    page = new_page()
    page.goto("/login/")
    page.fill("input[name=login]", "alice")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_page_is_accessible(new_page: PageAs, axe: Callable[[Page], list[str]], scheme: str) -> None:
    page = new_page(color_scheme=scheme)
    page.goto("/login/")
    assert axe(page) == []


def test_a_breach_of_the_policy_fails_the_page(new_page: PageAs, watch: Watch) -> None:
    page = new_page()
    page.goto("/login/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    page.wait_for_timeout(200)
    with pytest.raises(AssertionError, match="Content Security Policy"):
        watch.check()
    watch.problems.clear()


def test_a_task_sent_while_the_worker_is_dead_is_done_by_the_next(quiet: None, product: Product) -> None:
    product.kill_worker()
    sent = relay.apply_async()
    assert sent.id not in product.log("worker")
    product.start_worker()
    eventually(lambda: f"core.relay[{sent.id}] succeeded" in product.log("worker"), what="the task was not done")
