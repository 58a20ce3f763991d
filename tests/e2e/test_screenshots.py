"""The README's pictures: board and dashboard with demo data. `make pictures` writes them, `make test` only looks."""

import os
import re

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from revops.embedded import DEFAULT_DIR, ROOT
from tests.e2e.conftest import PageAs

FOLDER = ROOT / "docs" if os.environ.get("PICTURES") else DEFAULT_DIR / "pictures"

LIMIT = 200_000


def _shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    assert 20_000 < path.stat().st_size < LIMIT


@pytest.fixture
def demo(alone: None) -> None:
    call_command("load_demo", share=1.0 if os.environ.get("PICTURES") else 0.1, verbosity=0)


def figures(page: Page, selector: str) -> list[str]:
    """Amounts that are shown: a currency sign, digits, and not nothing."""
    return [text for text in page.locator(selector).all_inner_texts() if re.search(r"\$[1-9]", text)]


def test_the_board_and_the_dashboard_of_the_demo_can_be_shown(demo: None, page_as: PageAs) -> None:
    page = page_as("dana", viewport={"width": 1440, "height": 900}, color_scheme="light")
    page.goto("/opportunities/")
    assert page.locator(".deal").count() > 1
    assert len(figures(page, "[data-lane] .lane-sums b")) >= 1, "the lanes count their sums"
    assert len(figures(page, ".deal")) > 1, "each card names its amount"
    page.set_viewport_size({"width": 1440, "height": 640})
    _shoot(page, "board")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/dashboard/")
    expect(page.locator("[data-chart] svg").first).to_be_visible()
    assert len(figures(page, ".kpis > *")) >= 2
    assert int(page.locator(".funnel .num").first.inner_text().replace(",", "")) > 0
    _shoot(page, "dashboard")
