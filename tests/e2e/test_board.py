"""Moving a deal over the board by mouse, keyboard and touch: what the server says is what the board shows."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from opportunities import services
from opportunities.models import Opportunity
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs
from tests.opportunities.builders import lose, make_account, make_deal

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Axe = Callable[[Page], list[str]]


@pytest.fixture
def deals(quiet: None) -> Cast:
    cast = make_cast()
    account = make_account(cast.alice, name="Nordhaven Shipping")
    make_deal(cast.alice, name="Dispatch Cloud", amount=48_700, account=account)
    make_deal(cast.alice, name="Route planning", amount=14_200, account=account)
    make_deal(cast.alice, name="Claims app", amount=61_800, stage="develop_proposal", account=account)
    return cast


def card(page: Page, name: str) -> Any:
    return page.locator(".deal", has=page.get_by_role("link", name=name))


def lane(page: Page, key: str) -> Any:
    return page.locator(f"[data-lane={key}]")


def expect_titles(page: Page, key: str, names: list[str]) -> None:
    """Waits: a card that was refused travels back."""
    expect(lane(page, key).locator(".deal-title")).to_have_text(names)


def drag(page: Page, name: str, to: str) -> None:
    """By mouse, in small steps, as a hand does it."""
    start, end = card(page, name).bounding_box(), lane(page, to).bounding_box()
    page.mouse.move(start["x"] + 60, start["y"] + 45)
    page.mouse.down()
    page.mouse.move(start["x"] + 80, start["y"] + 60, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + min(140, end["height"] - 20), steps=12)
    page.wait_for_timeout(80)
    page.mouse.up()


def stage_of(name: str) -> str:
    return Opportunity.objects.select_related("stage").get(name=name).stage.key


def test_a_card_moves_by_mouse_and_the_lanes_count_again(deals: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/opportunities/")
    expect(lane(page, "engage").locator(".lane-sums b")).to_have_text("$62,900")
    drag(page, "Dispatch Cloud", "discover_needs")
    expect(lane(page, "discover_needs").locator(".lane-sums b")).to_have_text("$48,700")
    expect(lane(page, "engage").locator(".lane-sums b")).to_have_text("$14,200")
    expect_titles(page, "discover_needs", ["Dispatch Cloud"])
    assert stage_of("Dispatch Cloud") == "discover_needs"
    drag(page, "Dispatch Cloud", "develop_proposal")
    expect(lane(page, "develop_proposal").locator(".count")).to_have_text("2")
    assert stage_of("Dispatch Cloud") == "develop_proposal"


def test_a_drop_asks_for_what_is_missing_and_cancel_puts_the_card_back(deals: Cast, page_as: PageAs, axe: Axe) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/opportunities/")
    drag(page, "Route planning", "pitch")
    dialog = page.locator("#ask")
    expect(dialog).to_contain_text("Move to Pitch")
    expect(dialog.locator("input:visible")).to_have_count(1)
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect_titles(page, "engage", ["Dispatch Cloud", "Route planning"])
    assert stage_of("Route planning") == "engage"
    drag(page, "Route planning", "pitch")
    dialog.locator("input[name=close_on]").fill("2030-06-30")
    dialog.get_by_role("button", name="Move").click()
    expect(lane(page, "pitch").locator(".count")).to_have_text("1")
    expect(dialog).not_to_be_visible()
    assert stage_of("Route planning") == "pitch"


def test_a_card_moves_by_keyboard_with_each_step_announced(deals: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/opportunities/")
    live = page.locator("#live")
    page.get_by_role("link", name="Dispatch Cloud").focus()
    page.keyboard.press("Space")
    expect(live).to_contain_text("Dispatch Cloud")
    page.keyboard.press("ArrowRight")
    expect(live).to_contain_text("Discover needs")
    page.keyboard.press("Escape")
    expect_titles(page, "engage", ["Dispatch Cloud", "Route planning"])
    assert stage_of("Dispatch Cloud") == "engage"
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(lane(page, "discover_needs").locator(".count")).to_have_text("1")
    expect(page.get_by_role("link", name="Dispatch Cloud")).to_be_focused()
    assert stage_of("Dispatch Cloud") == "discover_needs"


def test_a_card_moves_by_touch(deals: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport={"width": 1024, "height": 800}, has_touch=True)
    page.goto("/opportunities/")
    start, end = card(page, "Dispatch Cloud").bounding_box(), lane(page, "discover_needs").bounding_box()
    touch = page.context.new_cdp_session(page)

    def point(kind: str, *at: float) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = start["x"] + 60, start["y"] + 45
    point("touchStart", x, y)
    page.wait_for_timeout(300)
    goal_x, goal_y = end["x"] + end["width"] / 2, end["y"] + min(140, end["height"] - 20)
    for step in range(1, 16):
        point("touchMove", x + (goal_x - x) * step / 15, y + (goal_y - y) * step / 15)
        page.wait_for_timeout(20)
    page.wait_for_timeout(100)
    point("touchEnd")
    expect(lane(page, "discover_needs").locator(".count")).to_have_text("1")
    assert stage_of("Dispatch Cloud") == "discover_needs"


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_a_refused_move_stands_where_it_was_and_says_why(deals: Cast, page_as: PageAs, way: str) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/opportunities/")
    lose(Opportunity.objects.get(name="Dispatch Cloud"), deals.alice)  # somebody else, in the meantime
    services.move_opportunity(
        opportunity=Opportunity.objects.get(name="Route planning"), stage="discover_needs", version=1, actor=deals.bob
    )
    if way == "mouse":
        drag(page, "Dispatch Cloud", "discover_needs")
    else:
        page.get_by_role("link", name="Dispatch Cloud").focus()
        for key in ("Space", "ArrowRight", "Space"):
            page.keyboard.press(key)
    expect(page.locator("#toasts")).to_contain_text("Somebody changed this")
    expect_titles(page, "engage", ["Dispatch Cloud", "Route planning"])
    assert stage_of("Dispatch Cloud") == "closed_lost"


def test_won_and_lost_take_a_drop_with_their_reason(deals: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/opportunities/")
    drag(page, "Dispatch Cloud", "closed_lost")
    dialog = page.locator("#ask")
    dialog.locator("select[name=loss_reason]").select_option(label="Price")
    dialog.get_by_role("button", name="Close as lost").click()
    expect(page.locator("[data-lane-head=closed_lost]")).to_contain_text("Lost · 1")
    expect(card(page, "Dispatch Cloud")).to_have_count(0)
    assert Opportunity.objects.get(name="Dispatch Cloud").loss_reason.label == "Price"


def test_a_stage_of_the_record_page_asks_in_the_same_dialog(deals: Cast, page_as: PageAs) -> None:
    deal = Opportunity.objects.get(name="Claims app")
    page = page_as("alice", viewport=WIDE)
    page.goto(f"/opportunities/{deal.pk}/")
    page.locator(".stepper").get_by_role("link", name="Negotiate").click()
    page.locator("#ask input[name=close_on]").fill("2030-06-30")
    page.locator("#ask").get_by_role("button", name="Move").click()
    expect(page.locator(".stepper [aria-current=step]")).to_contain_text("Negotiate")
    assert stage_of("Claims app") == "negotiate"


def test_an_account_is_found_by_typing(deals: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/opportunities/new/")
    page.locator("input[name=name]").fill("Typed in")
    page.get_by_role("combobox", name="Account").click()
    page.keyboard.type("nordh")
    page.get_by_role("option", name="Nordhaven Shipping").click()
    page.get_by_role("button", name="Open opportunity").click()
    expect(page.locator("h1")).to_have_text("Typed in")
    assert Opportunity.objects.get(name="Typed in").account.name == "Nordhaven Shipping"
    page.goto("/opportunities/")
    page.locator("#filter-menu summary").click()
    page.locator("#filter-menu").get_by_role("combobox", name="Account").click()
    page.keyboard.type("nordh")
    page.get_by_role("option", name="Nordhaven Shipping").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".chip-on")).to_contain_text("Account: Nordhaven Shipping")
