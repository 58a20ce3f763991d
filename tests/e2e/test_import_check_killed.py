"""The check of a large file whose worker is killed in the middle: it goes on by itself, and each row is read once."""

import re

import pytest
from django.db import transaction
from playwright.sync_api import expect

from leads.models import Lead
from revops.core.models import JobRun
from revops.integrations.models import ImportRow
from revops.integrations.services import CHECKED_AT_ONCE
from revops.integrations.services.plans import PART
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs, eventually
from tests.e2e.product import Product
from tests.e2e.test_worker_killed import others_at_work, waits_for_a_lock
from tests.integrations.files import uploaded

ROWS = CHECKED_AT_ONCE + 2
WIDE = {"width": 1280, "height": 860}


@pytest.fixture
def people(quiet: None) -> Cast:
    return make_cast()


@pytest.mark.spec("RO-10")
def test_the_check_of_a_large_file_survives_its_worker(people: Cast, product: Product, page_as: PageAs) -> None:
    lines = [f"L-{n},Person {n},Firm {n}" for n in range(1, ROWS)]
    run = uploaded("leads", "\n".join(["Id,Last name,Company", *lines, "L-1,Second,Other"]), people.olga)
    page = page_as("olga", viewport=WIDE)
    page.goto(f"/imports/{run.pk}/columns/")
    try:
        with transaction.atomic():
            # Whoever plans must wait here, in the middle of the second part.
            ImportRow.objects.select_for_update().get(run=run, number=PART + 1000)
            page.get_by_role("button", name="Check the file").click()
            expect(page.get_by_role("heading", name="Working")).to_be_visible(timeout=60_000)
            expect(page.get_by_text(re.compile(f"{PART:,} / {ROWS:,}|{PART} / {ROWS}"))).to_be_visible(timeout=60_000)
            eventually(waits_for_a_lock, what="no worker came to the row")
            product.kill_worker()
        eventually(lambda: not others_at_work(), what="the dead worker's transaction did not end")
        job = JobRun.objects.get()
        assert (job.state, job.done) == ("running", PART)
        assert ImportRow.objects.exclude(verdict="").count() == PART, "half a part was kept"
    finally:
        if "worker" not in product.processes:
            product.start_worker()
    expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=120_000)
    job.refresh_from_db()
    run.refresh_from_db()
    assert (job.state, job.done, run.state) == ("done", ROWS, "checked")
    assert (run.counts["create"], run.counts["error"]) == (ROWS - 1, 1) and not Lead.objects.exists()
    # Its twin was read by the worker that died.
    assert run.rows.get(verdict="error").errors[0]["message"] == "Row 2 is the same one."
    page.get_by_role("link", name="Open the result").click()
    expect(page.get_by_role("heading", name="Import leads: dry run")).to_be_visible()
