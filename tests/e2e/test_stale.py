"""Two people save the same record: both versions stand side by side, and the second chooses field by field."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Account
from accounts.services import update_account, update_contact
from leads.models import Lead
from leads.services import update_lead
from opportunities.models import Opportunity
from opportunities.services import update_opportunity, update_quote
from opportunities.setup import ensure_pipeline
from orders.services import update_order
from postsales.models import SupportCase
from postsales.services import update_case
from tests.architecture.world import World, make_world
from tests.builders import make_price_book, make_product
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs
from tests.e2e.pages import PHONE, WIDE, press
from tests.opportunities.quote_builders import make_quote
from tests.orders.builders import line, make_order


@pytest.fixture
def cast(alone: None) -> Cast:
    return make_cast()


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast)


def choice(page: Page, label: str, side: str) -> Any:
    return page.locator("tr", has_text=label).locator(f"[data-side={side}]")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_two_people_edit_an_account_and_the_second_chooses(
    world: World, page_as: PageAs, axe: Callable[[Page], list[str]], size: Any
) -> None:
    alice, bob = page_as("alice", viewport=size), page_as("bob", viewport=size)
    address = f"/accounts/{world.keys['account']}/edit/"
    for page in (alice, bob):
        page.goto(address)
    bob.fill("[name=city]", "Plymouth")
    bob.fill("[name=phone]", "+44 1752 1")
    bob.fill("[name=industry]", "Shipping")
    press(bob, "Save")
    alice.fill("[name=city]", "Truro")
    alice.fill("[name=industry]", "Ports")
    alice.fill("[name=employees]", "12")
    press(alice, "Save")
    expect(alice.locator("h1")).to_contain_text("was saved by somebody else while you edited")
    expect(alice.locator("h1")).to_be_focused()
    assert axe(alice) == []
    assert alice.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(alice.locator("tr", has_text="City")).to_contain_text("Truro")
    expect(alice.locator("tr", has_text="City")).to_contain_text("Plymouth")
    expect(choice(alice, "City", "mine")).to_be_checked()
    expect(choice(alice, "Phone", "theirs")).to_be_checked()
    expect(alice.locator("tr", has_text="Phone")).to_contain_text("changed by them only")
    choice(alice, "Industry", "theirs").check()
    press(alice, "Save this mix")
    account = Account.objects.get(pk=world.keys["account"])
    assert (account.city, account.phone, account.industry, account.employees) == ("Truro", "+44 1752 1", "Shipping", 12)
    assert account.version == 3


def test_all_of_mine_all_of_theirs_and_a_third_version_meanwhile(world: World, cast: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    record = Account.objects.get(pk=world.keys["account"])
    page.goto(f"/accounts/{record.pk}/edit/")
    page.fill("[name=city]", "Truro")
    update_account(account=record, version=None, actor=cast.bob, city="Plymouth", phone="1")
    press(page, "Save")
    page.get_by_role("button", name="Take all of theirs").click()
    expect(choice(page, "City", "theirs")).to_be_checked()
    page.get_by_role("button", name="Keep all of mine").click()
    expect(choice(page, "Phone", "mine")).to_be_checked()
    page.get_by_role("button", name="Take all of theirs").click()
    update_account(account=record, version=None, actor=cast.bob, city="Exeter")
    press(page, "Save this mix")
    expect(page.locator("tr", has_text="City")).to_contain_text("Exeter")
    choice(page, "City", "theirs").check()
    press(page, "Save this mix")
    record.refresh_from_db()
    assert (record.city, record.phone) == ("Exeter", "1")


def test_every_edit_form_shows_both_versions(world: World, cast: Cast, page_as: PageAs) -> None:
    """Contact, lead, deal, case: the same page, and the field that only the other changed stays the other's."""
    page = page_as("alice", viewport=WIDE)
    contact = Account.objects.get(pk=world.keys["account"]).contacts.get()
    lead, deal = Lead.objects.get(pk=world.keys["lead"]), Opportunity.objects.get(pk=world.keys["opportunity"])
    case = SupportCase.objects.get(pk=world.keys["case"])
    for path, name, theirs in (
        (f"/contacts/{contact.pk}/edit/", "title", lambda: update_contact(
            contact=contact, version=None, actor=cast.bob, phone="77")),
        (f"/leads/{lead.pk}/edit/", "title", lambda: update_lead(lead=lead, version=None, actor=cast.bob, phone="77")),
        (f"/opportunities/{deal.pk}/edit/", "source", lambda: update_opportunity(
            opportunity=deal, version=None, actor=cast.bob, name="Renamed")),
        (f"/support/{case.pk}/edit/", "subject", lambda: update_case(
            case=case, version=None, actor=cast.bob, description="Renamed")),
    ):  # fmt: skip
        page.goto(path)
        page.fill(f"[name={name}]", "Mine")
        theirs()
        press(page, "Save")
        expect(page.locator("h1"), path).to_contain_text("was saved by somebody else")
        expect(page.locator("[data-side=mine]:checked")).to_have_count(1)
        expect(page.locator("[data-side=theirs]:checked")).to_have_count(1)
        press(page, "Save this mix")
        expect(page.locator(".stale")).to_have_count(0)
    for record, field in ((contact, "phone"), (lead, "phone"), (deal, "name"), (case, "description")):
        record.refresh_from_db()
        assert getattr(record, field) in ("77", "Renamed")


def test_the_lines_of_a_quote_are_chosen_as_a_whole(cast: Cast, page_as: PageAs) -> None:
    ensure_pipeline()
    quote = make_quote(cast.alice)
    page = page_as("alice", viewport=WIDE)
    page.goto(f"/quotes/{quote.pk}/edit/")
    page.fill("[name=terms]", "Net 14")
    with page.expect_response(lambda answer: "/live/" in answer.url):
        page.locator("[name=quantity]").first.fill("9")
    lines = [{"product": quote.lines.first().product, "quantity": Decimal(2), "unit_price": Decimal(1000)}]
    update_quote(quote=quote, version=None, actor=cast.bob, lines=lines)
    press(page, "Save")
    row = page.locator("tr", has_text="Lines")
    expect(row).to_contain_text("9 ×")
    expect(row).to_contain_text("2 ×")
    choice(page, "Lines", "theirs").check()
    press(page, "Save this mix")
    quote.refresh_from_db()
    assert (quote.terms, quote.lines.get().quantity) == ("Net 14", 2)


def test_the_lines_of_an_order_are_chosen_as_a_whole(cast: Cast, page_as: PageAs) -> None:
    product = make_product(price=10, cost=1, book=make_price_book(is_default=True))
    order = make_order(cast.alice, [line(product, 3, 10)], book=False)
    page = page_as("alice", viewport=WIDE)
    for side, kept in (("theirs", 5), ("mine", 9)):
        page.goto(reverse("order-edit", args=[order.pk]))
        page.locator("[name=lines-0-quantity]").fill("9")
        theirs = [{"product": product, "quantity": Decimal(5), "unit_price": Decimal(10), "unit_cost": Decimal(1)}]
        update_order(order=order, version=None, actor=cast.alice, lines=theirs)
        press(page, "Save lines")
        expect(page.locator("tr", has_text="Lines")).to_contain_text("9 ×")
        choice(page, "Lines", side).check()
        press(page, "Save this mix")
        assert order.lines.get().quantity == kept
