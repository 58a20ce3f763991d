"""Custom fields in the browser: added in the administration, filled in by a seller, found in the list."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from revops.core.models import CustomField
from tests.cast import Cast, make_cast
from tests.custom.builders import examples, make_field, make_one_of_each
from tests.e2e.conftest import PageAs, Watch, eventually
from tests.e2e.pages import DARK, NARROW, PHONE, WIDE
from tests.leads.builders import make_lead


@pytest.fixture
def cast(alone: None) -> Cast:
    return make_cast()


def test_a_field_added_in_the_administration_is_filled_in_shown_and_filtered_at_once(
    quiet: None, page_as: PageAs, watch: Watch
) -> None:
    watch.allow("favicon.ico")  # Django's own pages of the administration name no icon
    people = make_cast()
    lead = make_lead(people.alice, last_name="Halvorsen", company="Nordhaven")
    office, seller = page_as("olga"), page_as("alice")
    seller.goto(lead.get_absolute_url())
    expect(seller.get_by_text("Berths", exact=True)).to_have_count(0)

    office.goto("/admin/core/customfield/add/")
    office.select_option("select[name=model]", "leads.lead")
    office.fill("input[name=label]", "Berths")
    office.select_option("select[name=kind]", "choice")
    office.fill("textarea[name=choices_text]", "Up to ten\nMore than ten")
    office.fill("input[name=group]", "Harbour")
    office.check("input[name=in_list]")
    office.click("input[name=_save]")
    expect(office.locator(".messagelist")).to_contain_text("Berths")

    seller.reload()
    expect(seller.locator("#custom-facts")).to_contain_text("Harbour")
    seller.get_by_role("link", name="Change further fields").click()
    seller.get_by_label("Berths").select_option(label="More than ten")
    seller.get_by_role("button", name="Save").click()
    expect(seller.locator("#custom-facts")).to_contain_text("More than ten")
    expect(seller.locator("#timeline")).to_contain_text("Berths")

    seller.goto("/leads/")
    expect(seller.get_by_role("columnheader", name="Berths")).to_be_visible()
    seller.locator("#filter-menu summary").click()
    seller.locator("select[name='cf.berths']").select_option(label="More than ten")
    seller.locator("#filter-menu button[type=submit]").click()
    expect(seller.locator(".chip-on").filter(has_text="Berths: More than ten")).to_be_visible()
    expect(seller.get_by_role("row").filter(has_text="Halvorsen")).to_have_count(1)
    eventually(
        lambda: CustomField.objects.filter(key="berths", index_state="built").exists(), what="no index was built"
    )


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_kind_is_accessible_and_fits_on_form_record_and_list(
    cast: Cast, page_as: PageAs, axe: Callable[[Page], list[str]], size: Any
) -> None:
    make_one_of_each("leads.lead", cast.alice, group="Fit", in_list=True)
    make_field("leads.lead", "extra", help_text="What else there is.")
    make_field("accounts.activity", "mood", "choice")
    lead = make_lead(cast.alice, custom={key: value for key, (_k, value, _b) in examples(cast.alice).items()})
    found: list[str] = []
    page = page_as("alice", viewport=size, color_scheme="light")
    places = ["/leads/new/", f"/leads/{lead.pk}/edit/", f"/leads/{lead.pk}/", "/leads/",
              f"/custom/leads.lead/{lead.pk}/", "/leads/?cf.seats__gte=5&cf.level=low"]  # fmt: skip
    for place in places:
        answer = page.goto(place)
        assert answer is not None
        assert answer.ok, place
        if place.startswith("/leads/?"):
            page.locator("#filter-menu summary").click()
        for look in ("light", "dark"):
            if look == "dark":
                page.evaluate(DARK)
            found += [f"{place} {look}: {line}" for line in axe(page)]
        if not page.evaluate(NARROW):
            found.append(f"{place} is wider than the screen")
    assert not found, "\n".join(found)


def test_every_kind_is_filled_in_by_hand(cast: Cast, page_as: PageAs) -> None:
    make_one_of_each("leads.lead", cast.alice)
    lead = make_lead(cast.alice)
    page = page_as("alice")
    page.goto(f"/custom/leads.lead/{lead.pk}/")
    for label, text in (
        ("District", "North"), ("Notes", "First\nsecond"), ("Seats", "12"), ("Weight", "0.1"),
        ("Budget, amount", "9.50"),
        ("Likelihood", "7.5"), ("Renewal", "2026-03-01"), ("Met at", "2026-11-17T12:30"),
        ("Second mail", "ann@example.com"), ("Hotline", "+49 30 12345"), ("Wiki", "example.com"),
    ):  # fmt: skip
        page.get_by_label(label, exact=False).first.fill(text)
    page.get_by_label("Budget, currency").select_option("EUR")
    page.get_by_label("Newsletter").select_option("false")
    page.get_by_label("Level").first.select_option("high")
    page.get_by_label("Medium").check()
    page.get_by_label("Engineer").select_option(label="Alice Reed")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#custom-facts")).to_contain_text("€9.50")
    assert Lead.objects.get(pk=lead.pk).custom == {
        "district": "North", "notes": "First\nsecond", "seats": 12, "weight": "0.1",
        "budget": {"amount": "9.50", "currency": "EUR"}, "likelihood": "7.5", "newsletter": False,
        "renewal": "2026-03-01", "met_at": "2026-11-17T12:30:00Z", "level": "high", "interests": ["mid"],
        "second_mail": "ann@example.com", "hotline": "+49 30 12345", "wiki": "https://example.com",
        "engineer": cast.alice.pk,
    }  # fmt: skip
