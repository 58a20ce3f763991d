"""A mail with a document is written by keys alone, and its pages fit a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Page, expect

from accounts.services import upload_document
from leads.models import SentMessage
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs
from tests.leads.builders import make_lead, make_template

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Axe = Callable[[Page], list[str]]


@pytest.fixture
def people(alone: None) -> Cast:
    return make_cast()


@pytest.mark.spec("DA-07")
def test_a_mail_with_a_document_is_written_by_keys_alone(
    people: Cast, page_as: PageAs, axe: Axe, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    lead = make_lead(people.alice, first_name="Ann", company="Westmoor Rail")
    make_template(people.bob, name="Hello")
    upload = ContentFile(b"%PDF-1.7 prices", "prices.pdf")
    upload_document(actor=people.alice, upload=upload, title="Price list", access="everyone")
    page = page_as("alice", viewport=WIDE)
    page.goto(lead.get_absolute_url())
    page.get_by_role("link", name="Write", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Write to Ann", exact=False)).to_be_visible()
    page.get_by_label("Template").focus()
    page.keyboard.type("Hello")
    expect(page.get_by_label("Subject")).to_have_value("A question for Westmoor Rail")
    page.get_by_label("Subject").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Our prices, {first_name}")
    page.get_by_role("combobox", name="Documents").focus()
    page.keyboard.type("price")
    expect(page.get_by_role("option", name="Price list, version 1", exact=False)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".ts-control .item")).to_contain_text("Price list")
    page.keyboard.press("Escape")
    assert axe(page) == []
    page.get_by_label("Text").focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("On its way to", exact=False)).to_be_visible()
    mail = SentMessage.objects.get()
    assert (mail.subject, mail.enclosures.get().document.title) == ("Our prices, Ann", "Price list")
    phone = page_as("alice", viewport=PHONE)
    for address in (mail.get_absolute_url(), f"{lead.get_absolute_url()}write/"):
        phone.goto(address, wait_until="networkidle")
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert axe(phone) == []
