"""Sequences in the browser: three steps built by keys alone, a lead enrolled, and both pages fit a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from leads.models import Sequence
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs
from tests.leads.builders import make_lead

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Axe = Callable[[Page], list[str]]


@pytest.fixture
def people(alone: None) -> Cast:
    return make_cast()


def typed(page: Page, text: str) -> None:
    """Into the field that has the focus, over what stands there."""
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_a_sequence_of_three_steps_is_built_by_keys_and_takes_a_lead(people: Cast, page_as: PageAs, axe: Axe) -> None:
    lead = make_lead(people.olga, first_name="Ann", company="Westmoor Rail")
    page = page_as("olga", viewport=WIDE)
    page.goto("/leads/sequences/new/")
    page.get_by_label("Name", exact=True).focus()
    typed(page, "Spring")
    page.get_by_label("Subject").focus()
    typed(page, "Dear {first_name}")
    page.keyboard.press("Tab")
    typed(page, "About {company}.")
    page.keyboard.press("Tab")
    typed(page, "First words")
    expect(page.get_by_role("heading", name="Dear Ann")).to_be_visible()
    for number, (kind, words) in enumerate((("call", "Ask"), ("visit", "Drop by")), start=2):
        page.locator("#add-step").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"[name=s{number}-day_offset]")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.type(kind)
        expect(page.locator(f"[name=s{number}-body]")).to_have_count(0)
        page.locator(f"[name=s{number}-subject]").focus()
        typed(page, words)
    page.locator("#up-3").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-step]").nth(1)).to_have_attribute("data-step", "3")
    expect(page.locator("#up-3")).to_be_focused()
    expect(page.get_by_role("heading", name="Dear Ann")).to_be_visible()
    page.locator("#down-3").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-step]").nth(2)).to_have_attribute("data-step", "3")
    assert axe(page) == []
    page.locator("#id_name").focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="What became of each step")).to_be_visible()
    steps = Sequence.objects.get().steps.order_by("position").values_list("kind", "day_offset")
    assert list(steps) == [("email", 0), ("call", 3), ("visit", 6)]
    page.get_by_role("button", name="Activate").press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.goto(lead.get_absolute_url())
    page.locator("summary", has_text="Enrol in a sequence").press("Enter")
    page.get_by_label("Sequence", exact=True).focus()
    page.keyboard.type("Spring")
    page.get_by_role("button", name="Enrol", exact=True).press("Enter")
    expect(page.get_by_role("link", name="Spring")).to_be_visible()
    page.goto(Sequence.objects.get().get_absolute_url())
    expect(page.get_by_role("link", name="Ann", exact=False)).to_be_visible()
    phone = page_as("olga", viewport=PHONE)
    for address in (Sequence.objects.get().get_absolute_url(), "/leads/sequences/new/", "/leads/replies/"):
        phone.goto(address, wait_until="networkidle")  # a preview under way when the page goes is an error to it
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_what_is_pressed_and_typed_while_the_steps_are_drawn_again_is_kept(people: Cast, page_as: PageAs) -> None:
    page = page_as("olga", viewport=WIDE)
    page.goto("/leads/sequences/new/", wait_until="networkidle")
    for number in (2, 3):
        page.locator("#add-step").press("Enter")
        expect(page.locator(f"[name=s{number}-day_offset]")).to_be_focused()
    page.evaluate("""() => {
        const at = (id) => document.getElementById(id);
        at('up-3').click();
        at('up-3').click();
        at('id_s1-subject').value = 'Typed meanwhile';
    }""")
    expect(page.locator("[data-step]").nth(0)).to_have_attribute("data-step", "3")
    expect(page.locator("#id_s1-subject")).to_have_value("Typed meanwhile")
    page.wait_for_load_state("networkidle")
