"""What was typed and not saved is asked about before it goes; what was saved is not."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from accounts.models import Account
from tests.architecture.world import World, make_world
from tests.cast import make_cast
from tests.e2e.conftest import PageAs
from tests.e2e.pages import WIDE, press


@pytest.fixture
def world(alone: None) -> World:
    return make_world(make_cast())


class Asked:
    """Counts the browser's own questions, and answers them."""

    def __init__(self, page: Page) -> None:
        self.kinds: list[str] = []
        self.go = False
        page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        self.kinds.append(dialog.type)
        if self.go:
            dialog.accept()
        else:
            dialog.dismiss()


def test_leaving_a_changed_form_asks_saving_it_does_not(world: World, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto(f"/accounts/{world.keys['account']}/edit/")
    asked = Asked(page)
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url(f"**/accounts/{world.keys['account']}/")
    assert asked.kinds == [], "nothing was changed"
    page.go_back()
    page.fill("[name=city]", "Plymouth")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("[name=city]")).to_have_value("Plymouth")
    assert asked.kinds == ["beforeunload"]
    page.fill("[name=city]", "")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url(f"**/accounts/{world.keys['account']}/")
    assert asked.kinds == ["beforeunload"], "put back as it was: nothing to lose"
    page.goto(f"/accounts/{world.keys['account']}/edit/")
    page.fill("[name=city]", "Truro")
    press(page, "Save")
    page.get_by_role("link", name="Edit").first.click()
    page.wait_for_url("**/edit/")
    assert asked.kinds == ["beforeunload"]
    assert Account.objects.get(pk=world.keys["account"]).city == "Truro"


def test_a_refused_form_still_has_something_to_lose_and_sends_after_all(world: World, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto(f"/accounts/{world.keys['account']}/edit/")
    asked = Asked(page)
    page.fill("[name=name]", "")
    press(page, "Save")
    expect(page.locator("[data-focus-first]")).to_be_focused()
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_timeout(300)
    assert asked.kinds == ["beforeunload"]
    page.fill("[name=name]", "Zanzibar Works")
    press(page, "Save")
    expect(page.locator("h1")).to_have_text("Zanzibar Works")
    assert asked.kinds == ["beforeunload"]


def test_a_verb_beside_a_note_that_was_begun_asks(world: World, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto(f"/accounts/{world.keys['account']}/")
    asked = Asked(page)
    page.fill("[name=text]", "They want a second")
    page.keyboard.press("g")
    page.locator(".app-nav a").first.click()
    page.wait_for_timeout(300)
    assert asked.kinds == ["beforeunload"]
    expect(page.locator("[name=text]")).to_have_value("They want a secondg")
    asked.go = True
    page.locator(".app-nav a").first.click()
    page.wait_for_url("**/my-day/")


def test_a_dialog_asks_before_it_throws_away_and_gives_the_focus_back(
    world: World, page_as: PageAs, axe: Callable[[Page], list[str]]
) -> None:
    page = page_as("erin", viewport=WIDE)
    page.goto(f"/billing/invoices/{world.keys['invoice']}/")
    opener: Any = page.locator("main [data-open-dialog]").first
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.locator(f"#{opener.get_attribute('data-open-dialog')}")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    field = dialog.locator("input:not([type=hidden]), textarea").first
    field.fill("1")
    question = page.locator("#unsaved")
    for way in ("Escape", "button", "beside"):
        if way == "button":
            dialog.locator("[data-close-dialog]").first.click()
        elif way == "beside":
            page.mouse.click(5, 5)
        else:
            page.keyboard.press("Escape")
        expect(question).to_be_visible()
        expect(question.get_by_role("button", name="Keep editing")).to_be_focused()
        assert axe(page) == []
        page.keyboard.press("Enter")
        expect(question).not_to_be_visible()
        expect(field).to_have_value("1")
    page.keyboard.press("Escape")
    expect(question.get_by_role("button", name="Keep editing")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(dialog).not_to_be_visible()
    expect(opener).to_be_focused()
    asked = Asked(page)
    page.goto("/my-day/")
    assert asked.kinds == []


def test_a_cell_that_is_open_in_a_list_asks(world: World, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/accounts/")
    cell = page.locator("td[data-field]").first
    cell.focus()
    page.keyboard.press("Enter")
    page.locator("[data-cell-editor] :is(input, textarea)").first.fill("Other")
    asked = Asked(page)
    page.evaluate("window.location.assign('/my-day/')")
    page.wait_for_timeout(300)
    assert asked.kinds == ["beforeunload"]
