"""Every main page in a real browser: accessible in light and dark, no wider than a screen or a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.architecture.world import World, make_world
from tests.cast import make_cast
from tests.e2e.conftest import PageAs
from tests.e2e.pages import PHONE, WIDE

# Board, list and record of deals, service and catalogue have the same test beside their own stories.
PAGES = {
    "alice": [
        "/my-day/", "/leads/", "/leads/new/", "/leads/{lead}/", "/handoffs/inbox/", "/accounts/",
        "/accounts/{account}/", "/accounts/new/", "/contacts/", "/contacts/{contact}/", "/activities/",
        "/quotes/", "/quotes/{quote}/", "/opportunities/{opportunity}/", "/comp/statements/",
        "/comp/statements/{statement}/", "/comp/statements/me/", "/comp/plans/",
    ],
    "bob": ["/dashboard/", "/forecast/", "/forecast/rows/", "/deal-desk/"],
    "erin": [
        "/orders/", "/orders/{order}/", "/billing/invoices/", "/billing/invoices/{invoice}/", "/billing/payments/",
        "/billing/payments/new/", "/billing/payments/{payment}/", "/billing/aging/",
    ],
    "olga": [
        "/imports/", "/imports/new/", "/change-requests/", "/change-requests/new/", "/settings/webhooks/",
        "/settings/webhooks/new/", "/settings/webhooks/{webhook}/",
    ],
}  # fmt: skip
NARROW = """document.documentElement.scrollWidth <= window.innerWidth
    && [...document.querySelectorAll("[data-chart] svg")].every((svg) => {
        const box = svg.closest(".panel").getBoundingClientRect();
        return svg.getBoundingClientRect().right <= box.right;
    })"""
# Colours fade over; what counts is where they end.
DARK = """() => {
    document.documentElement.dataset.bsTheme = 'dark';
    document.documentElement.offsetWidth;
    document.getAnimations().filter((one) => one instanceof CSSTransition).forEach((one) => one.finish());
}"""


@pytest.fixture
def world(alone: None) -> World:
    """One record of each kind."""
    return make_world(make_cast())


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_main_page_is_accessible_and_fits(
    world: World, page_as: PageAs, axe: Callable[[Page], list[str]], size: Any
) -> None:
    found: list[str] = []
    for person, places in PAGES.items():
        page = page_as(person, viewport=size, color_scheme="light")
        for place in places:
            address = place.format(**world.keys)
            answer = page.goto(address)
            if answer is None or answer.status != 200:
                found.append(f"{address} answers {answer and answer.status}")
                continue
            found += [f"{address} light: {line}" for line in axe(page)]
            if not page.evaluate(NARROW):
                found.append(f"{address} is wider than the screen, or a chart than its panel")
            page.evaluate(DARK)
            found += [f"{address} dark: {line}" for line in axe(page)]
    assert not found, "\n".join(found)
