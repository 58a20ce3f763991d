"""Lists by hand and by keyboard: views, columns, cells edited in place, many rows at once, files, the calendar."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from opportunities.models import Opportunity
from revops.core import clock
from revops.core.models import JobRun, SavedView
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs, eventually
from tests.leads.builders import make_lead
from tests.opportunities.builders import make_account, make_deal

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
VARIANTS = [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")]
NAMES = ["wide-light", "wide-dark", "phone-light", "phone-dark"]
Axe = Callable[[Page], list[str]]
FIRMS = ("Carrow Waste", "Westmoor Rail", "Lindauer Lifts", "Savanna Cold Stores", "Kitano Hotels", "Skagen Ferries")


def look(page: Page, name: str) -> None:
    """A picture for whoever looks at the pages (SHOTS=folder)."""
    if os.environ.get("SHOTS"):
        page.screenshot(path=Path(os.environ["SHOTS"]) / f"lists-{name}.png")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.fixture
def leads(quiet: None) -> Cast:
    cast = make_cast()
    for number, firm in enumerate(FIRMS):
        make_lead(
            cast.sam, company=firm, last_name=f"Person{number}", source="Referral" if number % 2 else "Trade fair",
            industry="Transport", employees=10 * number,
        )  # fmt: skip
    return cast


def cell(page: Page, firm: str, field: str) -> Any:
    return page.locator("tr", has_text=firm).locator(f"td[data-field={field}]")


def open_menu(page: Page, menu: str) -> Any:
    page.locator(f"#{menu} > summary").click()
    return page.locator(f"#{menu}")


def heads(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".list-table thead th").all_inner_texts() if text.strip()]


# Views --------------------------------------------------------------------------------------


def test_a_view_is_kept_shared_pinned_changed_and_found_by_a_colleague(leads: Cast, page_as: PageAs, axe: Axe) -> None:
    page = page_as("bob", viewport=WIDE)
    page.goto("/leads/?source=Referral&sort=company")
    page.get_by_role("button", name="Save view").click()
    dialog = page.locator("#view-create")
    dialog.get_by_label("Name").fill("From referrals")
    dialog.get_by_label("Share with everybody").check()
    assert axe(page) == []
    look(page, "view-dialog")
    dialog.get_by_role("button", name="Save view").click()
    view = eventually(SavedView.objects.first)
    expect(page).to_have_url(f"{page.url.split('/leads')[0]}/leads/?view={view.pk}")
    expect(page.get_by_role("navigation", name="Views")).to_contain_text("From referrals")
    assert view.shared and view.params == {"source": ["Referral"]} and view.sort == "company"

    page.get_by_role("link", name="Company").first.click()  # the other way round
    expect(page.locator("#view-unsaved")).to_have_text("Unsaved change")
    look(page, "view-unsaved")
    page.get_by_role("button", name="Save view").click()
    expect(page.locator("#view-unsaved")).to_have_count(0)
    view.refresh_from_db()
    assert view.sort == "-company"

    other = page_as("alice", viewport=WIDE)
    other.goto("/leads/")
    open_menu(other, "view-menu").get_by_role("link", name="From referrals").click()
    expect(other).to_have_url(f"{other.url.split('/leads')[0]}/leads/?view={view.pk}")
    menu = open_menu(other, "view-menu")
    look(other, "view-menu")
    assert axe(other) == []
    menu.get_by_role("button", name="Pin").click()
    other.goto("/leads/")
    tab = other.get_by_role("navigation", name="Views").get_by_role("link", name="From referrals")
    tab.click()
    expect(tab).to_have_attribute("aria-current", "page")
    menu = open_menu(other, "view-menu")
    expect(menu.get_by_role("button", name="Delete")).to_have_count(0)
    menu.get_by_role("button", name="Open this list with this view").click()
    other.goto("/leads/")
    expect(other).to_have_url(f"{other.url.split('/leads')[0]}/leads/?view={view.pk}")


# Columns ------------------------------------------------------------------------------------


def test_columns_are_put_in_order_by_drag_and_by_keyboard(leads: Cast, page_as: PageAs, axe: Axe) -> None:
    page = page_as("sam", viewport=WIDE)
    page.goto("/leads/?columns=name,company,status,source")
    menu = open_menu(page, "column-menu")
    expect(menu.locator("ul[data-ready]")).to_be_visible()
    line = menu.locator("li[data-key=source] [data-grip]").bounding_box()
    goal = menu.locator("li[data-key=company]").bounding_box()
    page.mouse.move(line["x"] + 4, line["y"] + 8)
    page.mouse.down()
    page.mouse.move(line["x"] + 4, line["y"] - 4, steps=4)
    page.mouse.move(goal["x"] + 12, goal["y"] + 4, steps=20)
    page.wait_for_timeout(80)
    page.mouse.up()
    expect(menu.locator("li").nth(1)).to_have_attribute("data-key", "source")
    look(page, "columns")
    assert axe(page) == []
    menu.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".list-table thead")).to_contain_text("Source")
    assert heads(page) == ["Lead", "Source", "Company", "State"]

    menu = open_menu(page, "column-menu")
    menu.get_by_role("button", name="Move Source down").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_have_text("Source is now number 3")
    page.keyboard.press("Tab")
    menu.locator("li[data-key=status] input").focus()
    page.keyboard.press("Space")
    menu.get_by_role("button", name="Show", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**columns=name%2Ccompany%2Csource**")
    assert heads(page) == ["Lead", "Company", "Source"]


# Cells --------------------------------------------------------------------------------------


def test_a_cell_is_edited_by_keyboard_alone(leads: Cast, page_as: PageAs, axe: Axe) -> None:
    page = page_as("sam", viewport=WIDE)
    page.goto("/leads/?sort=company&columns=name,company,source,employees")
    first = cell(page, "Carrow Waste", "company")
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(cell(page, "Carrow Waste", "source")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    control = page.locator("[data-cell-editor] input")
    expect(control).to_be_focused()
    expect(control).to_have_value("Trade fair")
    assert axe(page) == []
    look(page, "cell-open")
    control.fill("Web form")
    page.keyboard.press("Enter")
    expect(cell(page, "Carrow Waste", "source")).to_have_text("Web form")
    expect(cell(page, "Carrow Waste", "source")).to_be_focused()
    expect(page.locator("#live")).to_have_text("Saved.")
    assert Lead.objects.get(company="Carrow Waste").source == "Web form"

    page.keyboard.press("e")
    expect(control).to_be_focused()
    control.fill("Nonsense")
    page.keyboard.press("Escape")
    expect(cell(page, "Carrow Waste", "source")).to_have_text("Web form")
    page.keyboard.press("Enter")
    control.fill("Partner")
    page.keyboard.press("Tab")
    expect(cell(page, "Carrow Waste", "source")).to_have_text("Partner")
    expect(page.locator("[data-cell-editor] input[name=employees]")).to_be_focused()
    page.keyboard.press("Escape")
    assert Lead.objects.get(company="Carrow Waste").source == "Partner"


def test_a_click_edits_a_refusal_stays_beside_the_cell_and_a_stale_copy_shows_both(
    leads: Cast, page_as: PageAs, axe: Axe
) -> None:
    page = page_as("sam", viewport=WIDE)
    page.goto("/leads/?sort=company&columns=name,company,source,employees")
    cell(page, "Kitano Hotels", "employees").click(position={"x": 4, "y": 4})
    control = page.locator("[data-cell-editor] input")
    control.fill("-5")
    page.keyboard.press("Enter")
    expect(page.locator("[data-cell-editor] [role=alert]")).to_contain_text("0")
    expect(control).to_have_attribute("aria-invalid", "true")
    look(page, "cell-refused")
    assert axe(page) == []
    page.keyboard.press("Escape")
    lead = Lead.objects.get(company="Kitano Hotels")
    assert lead.employees == 40

    Lead.objects.filter(pk=lead.pk).update(source="Fair in June", version=lead.version + 1)
    cell(page, "Kitano Hotels", "employees").click(position={"x": 4, "y": 4})
    cell(page, "Kitano Hotels", "employees").locator("input").fill("41")
    Lead.objects.filter(pk=lead.pk).update(employees=99, version=lead.version + 2)
    page.keyboard.press("Enter")
    expect(page.locator("[data-cell-editor] [role=alert]")).to_contain_text("Somebody saved “99” meanwhile.")
    look(page, "cell-stale")
    assert axe(page) == []
    assert Lead.objects.get(pk=lead.pk).employees == 99
    page.get_by_role("button", name="Save mine").click()
    expect(cell(page, "Kitano Hotels", "employees")).to_have_text("41")
    assert Lead.objects.get(pk=lead.pk).employees == 41


# Many at once -------------------------------------------------------------------------------


def test_rows_are_assigned_together_and_taken_back(leads: Cast, page_as: PageAs, axe: Axe) -> None:
    page = page_as("sam", viewport=WIDE)
    page.goto("/leads/?sort=company")
    for firm in ("Carrow Waste", "Kitano Hotels"):
        page.locator("tr", has_text=firm).locator("input[name=pk]").check()
    look(page, "bulk-bar")
    page.get_by_role("toolbar", name="Selected rows").get_by_role("button", name="Assign").click()
    dialog = page.locator("#bulk-assign")
    expect(dialog).to_contain_text("Assign: 2")
    dialog.get_by_label("Owner").select_option(label=str(leads.alice))
    assert axe(page) == []
    look(page, "bulk-dialog")
    dialog.get_by_role("button", name="Assign").click()
    expect(page.locator("#toasts")).to_contain_text("2 rows changed.")
    look(page, "bulk-done")
    assert axe(page) == []
    assert Lead.objects.filter(owner=leads.alice).count() == 2
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: not Lead.objects.filter(owner=leads.alice).exists(), what="the leads were not given back")
    assert Lead.objects.filter(owner=leads.sam).count() == len(FIRMS)


def test_a_field_is_edited_for_the_whole_filter_as_a_job_with_progress_and_undo(
    leads: Cast, page_as: PageAs, axe: Axe
) -> None:
    rows = [make_lead(leads.sam, company=f"Bulk {n:03}", source="List", email="") for n in range(60)]
    page = page_as("sam", viewport=WIDE)
    page.goto("/leads/?source=List")
    page.locator("[data-select-page]").check()
    page.locator("[data-select-all]").check()
    page.get_by_role("button", name="Edit a field").click()
    dialog = page.locator("#bulk-edit")
    expect(dialog).to_contain_text("Edit a field: 60")
    dialog.locator("select").select_option("country")
    dialog.get_by_label("Country").fill("Norway")
    assert axe(page) == []
    dialog.get_by_role("button", name="Edit a field").click()
    expect(page.get_by_role("heading", name="Finished")).to_be_visible()
    expect(page.get_by_text("60 / 60")).to_be_visible()
    assert axe(page) == []
    look(page, "bulk-job")
    assert Lead.objects.filter(country="Norway").count() == len(rows)
    Lead.objects.filter(pk=rows[0].pk).update(country="Sweden", version=9)
    page.get_by_role("button", name="Undo, until").click()
    expect(page.get_by_text("Left alone")).to_be_visible()
    expect(page.get_by_role("heading", name="Finished")).to_be_visible()
    assert Lead.objects.filter(country="").count() == len(rows) - 1 + len(FIRMS)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the errors").click()
    assert "Somebody changed it since." in Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert JobRun.objects.filter(kind="core.bulk").count() == 1


def test_a_file_of_the_list_is_downloaded(leads: Cast, page_as: PageAs) -> None:
    page = page_as("sam", viewport=WIDE)
    page.goto("/leads/?source=Referral")
    menu = open_menu(page, "export-menu")
    with page.expect_download() as download:
        menu.get_by_role("link", name="Excel").click()
    assert download.value.suggested_filename == "leads.xlsx"
    assert Path(download.value.path()).read_bytes().startswith(b"PK")


# The calendar ---------------------------------------------------------------------------------


@pytest.fixture
def deals(quiet: None) -> Cast:
    cast = make_cast()
    account = make_account(cast.alice, name="Nordhaven Shipping")
    first = clock.today().replace(day=1)
    for number in range(5):
        make_deal(
            cast.alice, name=f"Deal {number}", amount=1000 * (number + 1), account=account,
            close_on=first + timedelta(days=9),
        )  # fmt: skip
    make_deal(cast.alice, name="Route planning", amount=14_200, account=account, close_on=first + timedelta(days=16))
    return cast


def day(page: Page, number: int) -> Any:
    """A day of this month."""
    when = clock.today().replace(day=1) + timedelta(days=number - 1)
    return page.locator(f"[data-day='{when.isoformat()}']")


def test_a_deal_moves_to_another_day_by_mouse_and_by_keyboard(deals: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/opportunities/calendar/")
    entry = page.locator("[data-entry]", has_text="Route planning")
    expect(day(page, 17)).to_contain_text("Route planning")
    start, goal = entry.bounding_box(), day(page, 19).bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 30, start["y"] + 14, steps=4)
    page.mouse.move(goal["x"] + 40, goal["y"] + 40, steps=12)
    page.wait_for_timeout(80)
    page.mouse.up()
    expect(page.locator("#live")).to_contain_text("Route planning moved to")
    expect(day(page, 19)).to_contain_text("Route planning")
    first = clock.today().replace(day=1)
    assert Opportunity.objects.get(name="Route planning").close_on == first + timedelta(days=18)

    entry.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(day(page, 13)).to_contain_text("Route planning")
    page.keyboard.press("Escape")
    expect(day(page, 19)).to_contain_text("Route planning")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(page.locator("#live")).to_contain_text("moved to")
    expect(entry).to_be_focused()
    assert Opportunity.objects.get(name="Route planning").close_on == first + timedelta(days=11)


def test_a_refused_day_puts_the_entry_back_and_says_why(deals: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/opportunities/calendar/")
    deal = Opportunity.objects.get(name="Route planning")
    Opportunity.objects.filter(pk=deal.pk).update(version=7)
    page.locator("[data-entry]", has_text="Route planning").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator("#toasts")).to_contain_text("Somebody changed this since you opened the calendar")
    expect(day(page, 17)).to_contain_text("Route planning")
    assert Opportunity.objects.get(pk=deal.pk).close_on == deal.close_on


def test_more_than_fit_lead_to_the_list_of_that_day_and_the_filter_goes_along(deals: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/opportunities/calendar/?amount__gte=2000")
    expect(day(page, 10).locator("[data-entry]")).to_have_count(3)
    day(page, 10).get_by_role("link", name="+1 more").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    assert "amount__gte=2000" in page.url
    page.go_back()
    page.get_by_role("link", name="Board", exact=True).click()
    expect(page.locator(".deal")).to_have_count(5)
    assert "amount__gte=2000" in page.url
    page.get_by_role("link", name="Calendar", exact=True).click()
    page.get_by_role("link", name="Week", exact=True).click()
    expect(page.locator("[data-day]")).to_have_count(7)


@pytest.mark.parametrize(("size", "scheme"), VARIANTS, ids=NAMES)
def test_the_calendar_suits_every_screen(
    deals: Cast, page_as: PageAs, axe: Axe, size: Any, scheme: str, request: pytest.FixtureRequest
) -> None:
    page = page_as("alice", viewport=size, color_scheme=scheme)
    for span in ("month", "week"):
        where = (clock.today().replace(day=1) + timedelta(days=9)).isoformat()
        page.goto(f"/opportunities/calendar/?span={span}&on={where}")
        expect(page.locator("[data-entry]").first).to_be_visible()
        look(page, f"calendar-{span}-{request.node.callspec.id}")
        assert axe(page) == [], span
        assert fits(page), span


@pytest.mark.parametrize(("size", "scheme"), VARIANTS, ids=NAMES)
def test_the_list_suits_every_screen(
    leads: Cast, page_as: PageAs, axe: Axe, size: Any, scheme: str, request: pytest.FixtureRequest
) -> None:
    page = page_as("bob", viewport=size, color_scheme=scheme)
    page.goto("/leads/?source=Referral&sort=company")
    expect(page.locator("tbody tr").first).to_be_visible()
    look(page, f"list-{request.node.callspec.id}")
    assert axe(page) == []
    assert fits(page)
    page.locator("#view-menu > summary").click()
    look(page, f"list-menu-{request.node.callspec.id}")
    assert axe(page) == []
    assert fits(page)


def test_the_board_of_a_phone_shows_its_button_and_its_figures_whole(deals: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=PHONE)
    page.goto("/opportunities/")
    new = page.get_by_role("link", name="New opportunity").first
    box = new.bounding_box()
    assert box["height"] <= 48, "the words of the button wrap"
    assert box["x"] + box["width"] <= PHONE["width"]
    look(page, "board-phone")
    for figure in page.locator(".strip > div").all():
        at = figure.bounding_box()
        assert at["x"] >= 0 and at["x"] + at["width"] <= PHONE["width"], "a figure of the strip is cut"
    assert fits(page)
