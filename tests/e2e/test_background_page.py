"""The page of background jobs in the browser: readable wide and on a phone, light and dark, and by keyboard."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from revops.core import clock, taskruns
from revops.core.models import Delivery, JobRun, OutboxEvent, TaskRun
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs, eventually
from tests.e2e.pages import PHONE, WIDE

Axe = Callable[[Page], list[str]]


@pytest.fixture
def people(quiet: None) -> Cast:
    return make_cast()


@pytest.fixture
def trouble(people: Cast) -> Cast:
    """A job that failed, one that runs, an import that waits, and an event that nobody could take."""
    taskruns.known(list(taskruns.timetable()))
    taskruns.began("leads.score_all")
    taskruns.ended("leads.score_all", "failed", timedelta(minutes=3), ValueError("There is no scorecard for “EMEA”."))
    taskruns.ended("postsales.sla_watch", "succeeded", timedelta(milliseconds=240))
    JobRun.objects.create(
        kind="integrations.commit", state=JobRun.State.FAILED, tries=5, done=40_000, total=100_000,
        created_by=people.olga, params={"title": "Import leads: fleet-fair.csv"},
        error="IntegrityError: duplicate key value violates unique constraint \"lead_external_ref\"",
    )  # fmt: skip
    event = OutboxEvent.objects.create(name="orders.OrderBooked", payload={})
    Delivery.objects.create(
        event=event, handler="forecasting.handlers.compensation.credit_order", state=Delivery.State.DEAD, tries=5,
        next_try_at=clock.now(), last_error="MissingRate: There is no exchange rate from EUR to USD on 2026-11-19.",
    )  # fmt: skip
    return people


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_page_is_accessible_and_fits(trouble: Cast, page_as: PageAs, axe: Axe, size: Any, scheme: str) -> None:
    page = page_as("olga", viewport=size, color_scheme=scheme)
    page.goto("/settings/jobs/")
    expect(page.get_by_role("heading", name="Background jobs")).to_be_visible()
    if os.environ.get("SHOTS"):
        page.screenshot(path=Path(os.environ["SHOTS"]) / f"jobs-{size['width']}-{scheme}.png", full_page=True)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_job_is_started_by_keyboard_and_a_worker_does_it(people: Cast, page_as: PageAs) -> None:
    page = page_as("olga", viewport=WIDE)
    page.goto("/settings/jobs/")
    assert not TaskRun.objects.filter(task="core.forget_sessions", succeeded__gt=0).exists()
    page.get_by_role("button", name=re.compile("Run now.*Forget ended sessions")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The job waits for the next free worker.")).to_be_visible()
    eventually(lambda: TaskRun.objects.filter(task="core.forget_sessions", succeeded=1).exists(), 20, "it did not run")
    page.reload()
    expect(page.get_by_role("row", name="Forget ended sessions")).to_contain_text("Done")
