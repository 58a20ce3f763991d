"""Browser tests: real server, real worker, real Chromium; a page that breaks the policy or throws fails its test."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker
from redis import Redis

from revops.embedded import DEFAULT_DIR, ROOT
from tests import chromium, flush
from tests.e2e.product import Product

# Playwright's loop runs in this thread, and Django would take every query for one inside a coroutine.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

HERE = Path(__file__).parent
WAIT_MS = 10_000
PHONE_WIDTH = 600
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# An answer that refuses is part of the product; the browser reports it as a console error all the same.
REFUSALS = r"status of (409|412|422) "

PageAs = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("e2e")
            item.add_marker(pytest.mark.django_db(transaction=True))
            item.add_marker(pytest.mark.timeout(240))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    if report.when == "call":
        item.stash[OUTCOME] = report.failed
    return report


OUTCOME = pytest.StashKey[bool]()


@pytest.fixture(scope="package")
def product(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Product]:
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
    logs = Path(os.environ.get("REVOPS_VAR", DEFAULT_DIR)) / "e2e"
    running = Product(database=str(name), logs=logs)
    # What other tests sent while no worker ran would all be done first.
    Redis.from_url(os.environ["CELERY_BROKER_URL"]).flushdb()
    try:
        running.start()
        yield running
    finally:
        running.stop()
        with django_db_blocker.unblock():
            flush.after_others()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.installed()
    assert path, "No Chromium: `make test` gets one, or name one with CHROMIUM=/path/to/chromium."
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


class Watch:
    """What went wrong in the browser, apart from what a test allows."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.allowed = [REFUSALS]

    def follow(self, context: BrowserContext) -> None:
        context.on("page", self._page)
        context.on("response", self._response)

    def allow(self, pattern: str) -> None:
        self.allowed.append(pattern)

    def check(self) -> None:
        bad = [text for text in self.problems if not any(re.search(pattern, text) for pattern in self.allowed)]
        assert not bad, "The browser reported:\n" + "\n".join(bad)

    def _page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.problems.append(f"exception on {page.url}: {error}"))
        # Chromium reports each breach of the content security policy as a console error.
        page.on(
            "console",
            lambda message: (
                self.problems.append(f"console on {page.url}: {message.text} {message.location.get('url', '')}")
                if message.type == "error"
                else None
            ),
        )

    def _response(self, response: Any) -> None:
        if response.status >= 500 or (response.status == 404 and "/static/" in response.url):
            self.problems.append(f"{response.status} from {response.url}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    watching = Watch()
    yield watching
    watching.check()


@pytest.fixture
def quiet(transactional_db: None, product: Product) -> Iterator[None]:
    """Tables are emptied after the test; whoever still works on them must finish first and then hold still."""
    product.resume_worker()
    yield
    _hold_still(product)


@pytest.fixture
def alone(quiet: None, product: Product) -> None:
    """The worker sleeps through this test: what is written is written by the test."""
    _hold_still(product)


def _hold_still(product: Product) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not _busy():
            product.pause_worker()
            if not _busy():
                return
            product.resume_worker()
        time.sleep(0.05)


def _busy() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        return bool(cursor.fetchone()[0])


@pytest.fixture
def new_page(
    quiet: None, product: Product, browser: Browser, watch: Watch, request: pytest.FixtureRequest
) -> Iterator[PageAs]:
    """A page in a browser context of its own; keywords go to the context (viewport, has_touch, color_scheme)."""
    contexts: list[BrowserContext] = []

    def opened(**options: Any) -> Page:
        context = browser.new_context(base_url=product.url, **({"viewport": {"width": 1280, "height": 860}} | options))
        contexts.append(context)
        watch.follow(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        return page

    yield opened
    for number, context in enumerate(contexts):
        if request.node.stash.get(OUTCOME, False):
            _picture(context, request.node.name, number)
        context.close()


def _picture(context: BrowserContext, name: str, number: int) -> None:
    folder = DEFAULT_DIR / "e2e-failures"
    folder.mkdir(parents=True, exist_ok=True)
    for page in context.pages:
        page.screenshot(path=folder / f"{re.sub(r'[^a-z0-9]+', '_', name.lower())}_{number}.png")


@pytest.fixture
def page_as(new_page: PageAs, product: Product) -> PageAs:
    """page_as("alice") is a page on which she is logged in; each person is opened at most once a test."""
    opened: dict[str, Page] = {}

    def of(username: str, **options: Any) -> Page:
        if username in opened and not options:
            return opened[username]
        client = Client()
        client.force_login(get_user_model().objects.get(username=username))
        page = new_page(**options)
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": product.url}]
        )
        opened.setdefault(username, page)
        return page

    return of


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """The accessibility violations of a page, one line each."""
    source = (ROOT / "node_modules/axe-core/axe.min.js").read_text()

    def run(page: Page) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(source + "; undefined")
        with _unrolled(page):
            found = page.evaluate("(tags) => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS)
        return [
            f"{violation['id']} ({violation['impact']}): {node['target']} {node['html'][:120]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    return run


@contextmanager
def _unrolled(page: Page) -> Iterator[None]:
    """A phone as tall as its page: what just now lies under a bar that stays put is no smaller a target."""
    size = page.viewport_size
    if size is None or size["width"] > PHONE_WIDTH:
        yield
        return
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(tall + 100, size["height"])})
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    yield
    page.set_viewport_size(size)


def eventually(check: Callable[[], Any], seconds: float = 60, what: str = "it did not happen") -> Any:
    """Wait for the worker: polls until the check gives something true. The bound is for a machine with much to do."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = check()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError(f"After {seconds} s {what}")
