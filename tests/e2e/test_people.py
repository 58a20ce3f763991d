"""Notifications, sharing, the farewell and people to confirm, in a real browser: four looks, keyboard, live number."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.services import capture_participants, create_account, log_activity
from accounts.services.captured import note_attendees
from revops.users import services
from revops.users.models import Notification, User
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs, Watch
from tests.e2e.pages import WIDE

Axe = Callable[[Page], list[str]]


@pytest.fixture
def people(alone: None) -> Cast:
    return make_cast()


def told(cast: Cast) -> Any:
    """An account of alice's, shared, with a meeting; and three notifications."""
    account = create_account(actor=cast.alice, name="Northwind Traders")
    activity = log_activity(actor=cast.alice, kind="meeting", subject="Kick-off", account=account)
    note_attendees(activity=activity, emails=["ann.lee@northwind.example", "bo@northwind.example"], actor=cast.alice)
    capture_participants()
    services.share_record(record=account, user=cast.charlie, message="Please look", actor=cast.alice)
    services.notify(to=cast.alice, kind="job.done", title="Finished: Import of leads.csv", url="/leads/")
    services.notify(
        to=cast.alice, kind="job.failed", title="Failed: Export of accounts", body="No space left on device", url="/"
    )
    read = Notification.objects.filter(user=cast.alice).earliest("pk")
    services.read_notification(notification=read, actor=cast.alice)
    return account


def test_the_bell_is_reached_and_read_with_the_keyboard_alone(people: Cast, page_as: PageAs) -> None:
    told(people)
    page = page_as("alice", viewport=WIDE)
    page.goto("/leads/")
    bell = page.get_by_role("link", name="Notifications, 1 unread")
    bell.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Notifications")
    mark = page.get_by_role("button", name="Mark as read: Failed: Export of accounts")
    mark.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Notifications, 0 unread")).to_be_visible()
    expect(page.get_by_role("button", name="Mark as read")).to_have_count(0)
    page.get_by_role("link", name="Finished: Import of leads.csv").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url("/leads/")


def test_the_number_on_the_bell_changes_while_the_page_stays_open(people: Cast, page_as: PageAs) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/leads/")
    expect(page.get_by_role("link", name="Notifications, 0 unread")).to_be_visible()
    assert page.locator("#bell").get_attribute("aria-live") == "polite"
    services.notify(to=people.alice, kind="job.done", title="Finished", url="/")
    page.locator("#bell-link").focus()
    page.evaluate("htmx.ajax('GET', '/notifications/bell/', {target: '#bell', swap: 'innerHTML'})")
    expect(page.get_by_role("link", name="Notifications, 1 unread")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "bell-link", "the focus stays where it was"


def test_alice_shares_her_account_and_charlie_reads_it_without_the_right_to_change(
    people: Cast, page_as: PageAs, watch: Watch
) -> None:
    watch.allow(r"404 \(Not Found\)")  # what was shared is gone when the share is
    account = create_account(actor=people.alice, name="Northwind Traders")
    page = page_as("alice", viewport=WIDE)
    page.goto(account.get_absolute_url())
    page.get_by_role("link", name="Share, or see who sees it").click()
    page.select_option("select[name=user]", str(people.charlie.pk), force=True)
    page.locator("#id_message").fill("Please look")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_text("reads it, shared by Alice Reed")).to_be_visible()
    his = page_as("charlie", viewport=WIDE)
    his.goto("/notifications/")
    his.get_by_role("link", name="Alice Reed shares Northwind Traders with you").click()
    expect(his.locator("h1")).to_have_text("Northwind Traders")
    his.wait_for_load_state("networkidle")  # its panels come by themselves, and must not meet the end of the share
    page.get_by_role("button", name="Revoke the share of Charlie Voss").click()
    expect(page.get_by_text("reads it, shared by Alice Reed")).to_have_count(0)
    assert his.goto(account.get_absolute_url()).status == 404  # type: ignore[union-attr]


def test_olga_lets_alice_go_and_the_worker_hands_over(quiet: None, page_as: PageAs) -> None:
    people = make_cast()
    for number in range(3):
        create_account(actor=people.alice, name=f"Company {number}")
    page = page_as("olga", viewport=WIDE)
    page.goto(f"/admin/offboarding/{people.alice.pk}/")
    accounts = page.locator("tr").filter(has_text=re.compile(r"^\s*Accounts"))
    expect(accounts.first).to_contain_text("3")
    page.get_by_role("button", name="Hand over and deactivate").click()
    expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=20_000)
    page.get_by_role("link", name="Open the result").click()
    expect(page.get_by_text("has left")).to_be_visible()
    assert not User.objects.get(pk=people.alice.pk).is_active
