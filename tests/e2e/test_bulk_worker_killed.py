"""A bulk action whose worker is killed in the middle: it goes on by itself, and each row is done once."""

import re

import pytest
from django.db import transaction
from playwright.sync_api import expect

from accounts.models import Account
from revops.core import bulk
from revops.core.models import AuditEntry, BulkRow, JobRun
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs, eventually
from tests.e2e.product import Product
from tests.e2e.test_worker_killed import all_delivered, others_at_work, waits_for_a_lock

ROWS = 450
WIDE = {"width": 1280, "height": 860}


@pytest.fixture
def many(quiet: None) -> Cast:
    """More accounts than two steps do; nothing else works on accounts meanwhile."""
    cast = make_cast()
    rows = [Account(name=f"Firm {n:03}", name_key=f"firm{n:03}", owner=cast.alice) for n in range(ROWS)]
    Account.objects.bulk_create(rows)
    eventually(all_delivered, what="the events before were not delivered")
    return cast


def test_a_bulk_action_survives_its_worker_and_does_each_row_once(
    many: Cast, product: Product, page_as: PageAs
) -> None:
    page = page_as("alice", viewport=WIDE)
    page.goto("/accounts/?sort=name")
    page.locator("[data-select-page]").check()
    page.locator("[data-select-all]").check()
    page.get_by_role("button", name="Edit a field").click()
    dialog = page.locator("#bulk-edit")
    dialog.locator("select").select_option("industry")
    dialog.get_by_label("Industry").fill("Killed once")
    in_the_middle = Account.objects.order_by("pk")[bulk.CHUNK + 30]
    try:
        with transaction.atomic():
            # Whoever works must wait here, in the middle of the second chunk.
            Account.objects.select_for_update().get(pk=in_the_middle.pk)
            dialog.get_by_role("button", name="Edit a field").click()
            expect(page.get_by_role("heading", name="Working")).to_be_visible(timeout=60_000)
            expect(page.get_by_text(f"{bulk.CHUNK} / {ROWS}")).to_be_visible()  # the page tells how far it is
            eventually(waits_for_a_lock, what="no worker came to the row")
            product.kill_worker()
        eventually(lambda: not others_at_work(), what="the dead worker's transaction did not end")
        job = JobRun.objects.get()
        assert (job.state, job.done) == ("running", bulk.CHUNK)
        assert Account.objects.filter(industry="Killed once").count() == bulk.CHUNK, "half a chunk was kept"
    finally:
        if "worker" not in product.processes:
            product.start_worker()
    expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=90_000)
    expect(page.get_by_text(f"{ROWS} / {ROWS}")).to_be_visible()
    job.refresh_from_db()
    assert (job.state, job.done, job.counts) == ("done", ROWS, {"changed": ROWS})
    assert Account.objects.filter(industry="Killed once", version=2).count() == ROWS
    assert BulkRow.objects.filter(job=job, outcome="changed").count() == ROWS
    assert AuditEntry.objects.filter(action="account.changed").count() == ROWS
    assert re.search(r"/jobs/[0-9a-f-]+/$", page.url)
