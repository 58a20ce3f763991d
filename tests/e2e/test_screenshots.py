"""The README's pictures: board and dashboard with demo data. `make pictures` writes them, `make test` only looks."""

import os
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Page

from revops.embedded import DEFAULT_DIR, ROOT
from tests.e2e.conftest import PageAs

FOLDER = ROOT / "docs" if os.environ.get("PICTURES") else DEFAULT_DIR / "pictures"


def _shoot(page: Page, name: str) -> Path:
    page.wait_for_load_state("networkidle")
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    return path


@pytest.fixture
def demo(quiet: None) -> None:
    call_command("load_demo", share=1.0 if os.environ.get("PICTURES") else 0.1, verbosity=0)


def test_the_board_and_the_dashboard_of_the_demo_can_be_shown(demo: None, page_as: PageAs) -> None:
    page = page_as("dana", viewport={"width": 1440, "height": 900})
    page.goto("/opportunities/")
    assert page.locator(".card, [data-card]").count() > 5
    _shoot(page, "board")
    page.goto("/dashboard/")
    page.locator("canvas, svg").first.wait_for()
    assert _shoot(page, "dashboard").stat().st_size > 20_000
