"""Small things that every story in the browser needs."""

from typing import Any

from playwright.sync_api import Page

from tests.e2e.conftest import PageAs
from tests.e2e.trade import Trade

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def button(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def press(page: Page, name: str) -> None:
    """A button that leaves the page: the next step waits for the page after it."""
    with page.expect_navigation():
        button(page, name).click()


def verb(page: Page, name: str) -> Any:
    """The button of a verb, whatever it is called today."""
    return page.locator(f"form[action$='/{name}/'] button[type=submit]").last


def act(page: Page, name: str) -> None:
    with page.expect_navigation():
        verb(page, name).click()


class Story:
    """People with a browser each; every method of a story is a step and remembers what the next ones need."""

    def __init__(self, trade: Trade, page_as: PageAs) -> None:
        self.trade, self.page_as = trade, page_as
        self.pages: dict[str, Page] = {}

    def of(self, username: str) -> Page:
        """The person's own browser."""
        if username not in self.pages:
            self.pages[username] = self.page_as(username, viewport=WIDE)
        return self.pages[username]


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
