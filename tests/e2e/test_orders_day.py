"""An order's next action by keyboard: L to the log box, a task for the day that its text names, done from the page."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from accounts.models import Activity
from tests.cast import make_cast
from tests.e2e.conftest import PageAs
from tests.e2e.pages import PHONE, WIDE
from tests.orders.builders import make_order


def test_a_task_is_planned_on_an_order_and_done(alone: None, page_as: PageAs, axe: Callable[[Page], list[str]]) -> None:
    order = make_order(make_cast().alice)
    page = page_as("alice", viewport=WIDE)
    page.goto(order.get_absolute_url())
    expect(page.locator("#main")).to_contain_text("No next action")
    page.keyboard.press("l")
    expect(page.locator("[name=text]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowLeft")  # from the first kind round to the last
    expect(page.locator("[name=next_subject]")).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.type("Send the dates in 3 days at 15:00")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast-text").first).to_contain_text("Planned for")
    expect(page.locator("#main")).to_contain_text("Send the dates in 3 days at 15:00, ")
    page.get_by_role("button", name="Tomorrow: Send the dates").press("Enter")
    expect(page.locator(".toast-text").first).to_contain_text("Moved to")
    for scheme, size in (("light", WIDE), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for address in (order.get_absolute_url(), "/orders/", "/my-day/changes/"):
            page.goto(address)
            assert axe(page) == []
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.goto(order.get_absolute_url())
    page.get_by_role("button", name="Done: Send the dates").press("Enter")
    expect(page.locator("#main")).to_contain_text("Task: Send the dates")
    assert Activity.objects.get().status == Activity.Status.COMPLETED
