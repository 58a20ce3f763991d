"""A file comes in by the browser, with a real worker: columns, dry run, commit, undo."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs
from tests.integrations.files import imported

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Axe = Callable[[Page], list[str]]
BEFORE = (
    "Badge,Mail,First name,Surname,Firm,Job,Tel,Trucks\n"
    "B-1,helena@lindauer.example,Helena,Brandt,Lindauer Lifts,Buyer,+49 30 555 0142,38\n"
    "B-2,samuel@northgate.example,Samuel,Adeyemi,Northgate Ambulance,Dispatcher,+44 20 7946 0018,12\n"
    "B-3,naomi@cairn.example,Naomi,Fraser,Cairn University,Fleet lead,+44 131 496 0011,8\n"
)
AFTER = (
    BEFORE.replace("0142,38", "0177,44").replace("Dispatcher", "Operations")
    + "B-4,ulla@@vasa.example,Ulla,Sjögren,Vasa Elevators,CEO,+46 8 5250 01,9\n"
    + "B-5,ines@tejo.example,Ines,Carvalho,Tejo Ferries,COO,+351 21 000 01,61\n"
    + "B-6,karl@rheinland.example,Karl,Weiss,Rheinland Towing,Owner,+49 221 555 01,about 30\n"
)
MAPPING = {
    "Badge": "external_id",
    "Mail": "email",
    "First name": "first_name",
    "Surname": "last_name",
    "Firm": "company",
    "Job": "title",
    "Tel": "phone",
    "Trucks": "employees",
}


@pytest.fixture
def people(quiet: None) -> Cast:
    return make_cast()


def look(page: Page, name: str) -> None:
    """A picture for whoever looks at the pages (SHOTS=folder)."""
    if os.environ.get("SHOTS"):
        page.screenshot(path=Path(os.environ["SHOTS"]) / f"import-{name}.png", full_page=True)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide", "phone"])
def test_a_file_is_read_checked_written_and_taken_back(
    people: Cast, page_as: PageAs, axe: Axe, size: Any, scheme: str
) -> None:
    imported("leads", BEFORE, people.olga, MAPPING, system="fair")
    page = page_as("olga", viewport=size, color_scheme=scheme)
    page.goto("/imports/new/?kind=leads")
    assert axe(page) == [] and fits(page)
    look(page, f"1-file-{scheme}")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "fleet-fair.csv", "mimeType": "text/csv", "buffer": AFTER.encode()}
    )
    page.get_by_role("button", name="Upload and read it").click()
    expect(page.get_by_role("heading", name="Import leads: columns")).to_be_visible()
    # The head is known from last time.
    expect(page.get_by_label("Field for Surname")).to_have_value("last_name")
    assert axe(page) == [] and fits(page)
    look(page, f"2-columns-{scheme}")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name="Import leads: dry run")).to_be_visible()
    assert axe(page) == [] and fits(page)
    look(page, f"3-check-{scheme}")
    page.get_by_role("button", name="Import 3 rows").click()
    page.get_by_role("link", name="Open the result").click(timeout=30_000)
    expect(page.get_by_role("heading", name="Import leads: done")).to_be_visible()
    assert Lead.objects.get(external_id="B-1").employees == 44 and Lead.objects.count() == 4
    assert axe(page) == []
    look(page, f"4-done-{scheme}")
    page.get_by_role("button", name="Undo this import").click()
    page.get_by_role("button", name="Undo the import").click()
    page.get_by_role("link", name="Open the result").click(timeout=30_000)
    expect(page.get_by_role("heading", name="Import leads: undone")).to_be_visible()
    assert Lead.objects.get(external_id="B-1").employees == 38 and Lead.objects.count() == 3
    page.goto("/imports/")
    assert axe(page) == [] and fits(page)
    look(page, f"5-list-{scheme}")
