"""The frame in a real browser: no breach of the policy, no violation of accessibility, everything by keyboard."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs, Watch

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Axe = Callable[[Page], list[str]]


@pytest.fixture
def people(quiet: None) -> Cast:
    return make_cast()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_component_is_accessible(people: Cast, page_as: PageAs, axe: Axe, size: Any, scheme: str) -> None:
    page = page_as("olga", viewport=size, color_scheme=scheme)
    page.goto("/styleguide/")
    expect(page.locator("[data-chart] svg")).to_have_count(3)
    assert page.locator("html").get_attribute("data-bs-theme") == scheme
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_style_guide_is_for_staff(people: Cast, page_as: PageAs, watch: Watch) -> None:
    watch.allow("status of 403")
    page = page_as("alice")
    answer = page.goto("/styleguide/")
    assert answer and answer.status == 403
    expect(page.locator("h1")).to_have_text("You cannot do this")


def test_the_command_menu_works_by_keyboard_and_is_accessible(people: Cast, page_as: PageAs, axe: Axe) -> None:
    page = page_as("olga", viewport=WIDE)
    page.goto("/styleguide/")
    page.keyboard.press("Control+k")
    options = page.locator("#cmd-list [role=option]")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert page.locator("#command input").get_attribute("aria-activedescendant") == "cmd-1"
    assert axe(page) == []
    page.keyboard.type("new lead")
    expect(page.locator("#cmd-list .cmd-group").first).to_have_text("On this page")
    page.keyboard.press("Escape")
    expect(page.locator("#command")).not_to_be_visible()


def test_a_question_mark_lists_the_shortcuts(people: Cast, page_as: PageAs, axe: Axe) -> None:
    page = page_as("olga", viewport=WIDE)
    page.goto("/styleguide/")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    assert axe(page) == []


def test_the_theme_is_kept_and_set_before_the_first_paint(people: Cast, page_as: PageAs, watch: Watch) -> None:
    watch.allow("ERR_FAILED .*app.js")  # the test itself withholds the module
    page = page_as("olga", viewport=WIDE, color_scheme="light")
    page.goto("/styleguide/")
    page.click("#user-menu summary")
    page.click("[data-preference=theme] [value=dark]")
    before = page.locator("#sg-bar + [data-chart] svg").inner_html()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.click("[data-preference=theme] [value=light]")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    assert page.locator("#sg-bar + [data-chart] svg").inner_html() != before
    page.click("[data-preference=theme] [value=dark]")
    page.route("**/app.js", lambda route: route.abort())
    page.reload(wait_until="commit")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.unroute("**/app.js")


def test_errors_of_a_form_take_the_focus_and_lead_to_their_field(people: Cast, page_as: PageAs) -> None:
    page = page_as("olga", viewport=WIDE)
    page.goto("/styleguide/")
    expect(page.locator("[data-focus-first]")).to_be_focused()
    page.locator(".errors a", has_text="E-mail").click()
    expect(page.locator("#id_bad-mail")).to_be_focused()


def test_unsaved_changes_warn(people: Cast, page_as: PageAs) -> None:
    page = page_as("olga", viewport=WIDE)
    page.goto("/styleguide/")
    page.fill("#id_name", "Somebody else")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/offline/")
    assert asked == ["beforeunload"]
