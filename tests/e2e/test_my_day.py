"""My day by keyboard: log with L, finish a row, put one off; as light and dark, wide and narrow as it is shown."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from accounts.models import Activity
from accounts.services import plan_activity, plan_repeated
from revops.core import clock
from tests.cast import make_cast
from tests.e2e.conftest import PageAs
from tests.e2e.pages import PHONE, WIDE


def test_a_day_goes_by_keyboard(alone: None, page_as: PageAs, axe: Callable[[Page], list[str]]) -> None:
    alice = make_cast().alice
    due = clock.now() - timedelta(minutes=5)
    plan_repeated(actor=alice, rule="FREQ=WEEKLY", kind="call", subject="Weekly call", due_at=due)
    plan_activity(actor=alice, kind="task", subject="Send prices", due_at=due + timedelta(minutes=1))
    page = page_as("alice", viewport=WIDE)
    page.goto("/my-day/")
    page.keyboard.press("l")
    expect(page.locator("#log-line")).to_be_focused()
    page.keyboard.type("called Ingrid, PO Monday")
    page.keyboard.press("Enter")
    expect(page.locator(".toast-text").first).to_contain_text("Logged: Call")
    page.get_by_role("button", name="Done: Weekly call").press("Enter")
    expect(page.locator("#main")).not_to_contain_text("Weekly call")
    page.get_by_role("button", name="Tomorrow: Send prices").press("Enter")
    expect(page.locator("#main")).to_contain_text("Nothing waits")
    page.get_by_role("link", name="Tomorrow", exact=True).click()
    expect(page.locator("#main")).to_contain_text("Send prices")
    assert Activity.objects.planned().filter(series__isnull=False).count() == 1
    planned = Activity.objects.planned().filter(series__isnull=False).get()
    edit = f"/activities/{planned.pk}/edit/"
    for scheme, size in (("light", WIDE), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for address in ("/my-day/?on=week", edit, "/settings/calendar/", "/activities/import/"):
            page.goto(address)
            assert axe(page) == []
