"""A case in the browser, tokens and the second factor: by mouse and keyboard, wide and narrow, light and dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from postsales.models import SupportCase
from tests.accounts.builders import make_account
from tests.builders import PASSWORD
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs

WIDE = {"width": 1440, "height": 900}
Axe = Callable[[Page], list[str]]


@pytest.fixture
def people(quiet: None) -> Cast:
    return make_cast()


def test_alice_opens_a_case_on_the_account_and_solves_it(people: Cast, page_as: PageAs) -> None:
    account = make_account(people.alice, "Northwind Traders")
    page = page_as("alice", viewport=WIDE)
    page.goto(f"/support/new/?account={account.pk}")
    page.get_by_label("Subject").fill("The pump leaks")
    page.get_by_label("Priority").select_option("P2")
    page.get_by_role("button", name="Open case").click()
    expect(page.locator("h1")).to_have_text("The pump leaks")
    expect(page.locator(".sla").first).to_contain_text("left")
    page.get_by_role("button", name="Answer", exact=True).click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Text").fill("A technician is on the way.")
    dialog.get_by_role("button", name="Answer").click()
    expect(page.get_by_text("A technician is on the way.")).to_be_visible()
    page.get_by_role("button", name="Solve").click()
    page.locator("dialog[open]").get_by_label("Text").fill("New seal.")
    page.locator("dialog[open]").get_by_role("button", name="Solve").click()
    expect(page.locator(".record-head .pill").first).to_have_text("Solved")
    page.get_by_role("button", name="Close", exact=True).first.click()
    expect(page.locator(".record-head .pill").first).to_have_text("Closed")
    assert SupportCase.objects.get().status == "closed"


def test_a_token_is_shown_once_and_revoked(people: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/settings/tokens/")
    page.get_by_label("What it is for").fill("Weekly report")
    page.get_by_role("button", name="Create token").click()
    expect(page.locator("#new-token")).to_contain_text("rvo_")
    page.goto("/settings/tokens/")
    expect(page.locator("#new-token")).to_have_count(0)
    page.get_by_role("button", name="Revoke Weekly report").click()
    expect(page.locator("td .pill")).to_have_text("Revoked")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_second_factor_is_set_up_on_accessible_pages(people: Cast, page_as: PageAs, axe: Axe, scheme: str) -> None:
    page = page_as("alice", viewport=WIDE, color_scheme=scheme)
    page.goto("/account/2fa/")
    assert axe(page) == []
    page.goto("/account/2fa/totp/activate/")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("input[type=password]").press("Enter")
    page.wait_for_url("**/totp/activate/")
    expect(page.locator("main img")).to_be_visible()
    assert axe(page) == []
