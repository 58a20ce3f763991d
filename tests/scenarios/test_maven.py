"""A real sales history through the import pipeline: to the unit, twice, and taken back; by command and by screens."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db.models import Count, Sum
from django.test import Client

from accounts.models import Account
from opportunities.maven import load
from opportunities.models import Opportunity, OpportunitySplit, StageHistory
from opportunities.setup import ensure_pipeline
from revops.catalog.models import Product, ProductFamily
from revops.core import jobs
from revops.core.models import AuditEntry, OutboxEvent
from revops.integrations.models import ImportRun
from revops.users.models import Team, User
from tests.builders import make_product
from tests.integrations.files import undone
from tests.scenarios.maven_pages import assert_pages_show_the_figures_of_that_day

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "maven_crm"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="needs ../shared/data/maven_crm"),
    pytest.mark.timeout(600),
]
WON_BY_MONTH = [1134672, 721932, 1025713, 1338466, 696932, 1050059, 1235264, 731980, 938943, 1131573]
KINDS = ("teams", "users", "accounts", "products", "opportunities")


def deals() -> Any:
    return Opportunity.objects.filter(external_system="maven")


def latest_runs() -> dict[str, ImportRun]:
    return {kind: ImportRun.objects.filter(kind=kind).latest("pk") for kind in KINDS}


def assert_the_deals_are_all_there() -> None:
    by_stage = dict(deals().values_list("stage__key").annotate(Count("pk")))
    assert by_stage == {"closed_won": 4238, "closed_lost": 2473, "discover_needs": 1589, "engage": 500}
    months = [
        int(deals().won().filter(closed_on__year=2017, closed_on__month=month).aggregate(s=Sum("amount"))["s"])
        for month in range(3, 13)
    ]
    assert months == WON_BY_MONTH
    assert deals().open().aggregate(n=Count("pk"), s=Sum("amount")) == {"n": 2089, "s": Decimal(4966215)}
    assert not deals().open().filter(close_on__isnull=False).exists()
    quarter = deals().won().filter(closed_on__range=(date(2017, 10, 1), date(2017, 12, 31)))
    assert quarter.aggregate(s=Sum("amount"))["s"] == 2802496
    assert deals().filter(product__name="GTX Pro").count() == 1480
    assert deals().filter(account__isnull=True).count() == 1425


def assert_it_is_history() -> None:
    """Marked as such, credited whole, and with its way through the stages."""
    assert not deals().filter(imported=False).exists()
    splits = OpportunitySplit.objects.filter(opportunity__external_system="maven")
    assert splits.count() == splits.filter(percent=100).count() == 8800
    assert splits.aggregate(s=Sum("amount"))["s"] == Decimal(10005534 + 4966215)
    assert StageHistory.objects.count() == 2089 + 2 * (4238 + 2473)


def assert_it_is_said(runs: Iterable[ImportRun]) -> None:
    said = {remark["text"]: remark["rows"] for run in runs for remark in run.remarks}
    assert said["“GTXPro” was read as “GTX Pro”."] == 1480
    assert said["No account: the deal is kept without one."] == 1425
    assert said["“technolgy” was read as “technology”."] == 12
    assert said["No first day: taken as opened on 2017-12-31, the last day in the file."] == 500
    assert said["No amount: open deals take their product's list price."] == 2089


@pytest.mark.spec("RO-04")
def test_the_sales_history_arrives_to_the_unit_changes_nothing_twice_and_goes_again(olga: User) -> None:
    events, out = OutboxEvent.objects.count(), StringIO()
    call_command("load_maven", str(FOLDER), stdout=out)
    assert "opportunities: 8,800 rows; 8,800 created" in out.getvalue()
    assert "“GTXPro” was read as “GTX Pro”. (1,480 rows)" in out.getvalue()
    runs = latest_runs()
    # The cast has an East and a West already.
    assert [runs[kind].counts["create"] for kind in KINDS] == [7, 41, 85, 7, 8800]
    assert not any(run.counts["error"] for run in runs.values())
    assert OutboxEvent.objects.count() == events, "history tells nobody anything"
    assert_the_deals_are_all_there()
    assert_it_is_history()
    assert_it_is_said(runs.values())
    assert Account.objects.filter(parent__isnull=False).count() == 15
    agent = User.objects.get(username="moses.frase")
    assert not agent.can_sign_in and not agent.has_usable_password()
    assert agent.memberships.get().team.name == "Central, Dustin Brinkmann"
    assert Team.objects.get(name="Central, Dustin Brinkmann").placements.get().parent.name == "Central"

    assert_pages_show_the_figures_of_that_day(olga)
    for loaded in load(FOLDER, olga):
        assert loaded.run.counts["same"] == loaded.run.row_count, (loaded.kind, loaded.run.counts)
    assert set(deals().values_list("version", flat=True)) == {1}

    assert_undo_leaves_only_what_was_changed_since(runs, olga)


def assert_undo_leaves_only_what_was_changed_since(runs: dict[str, ImportRun], olga: User) -> None:
    deal = deals().open().filter(account__isnull=False).order_by("pk")[0]
    Opportunity.objects.filter(pk=deal.pk).update(name="Now ours", version=2)
    entries = AuditEntry.objects.filter(model="opportunities.opportunity").count()
    for kind in ("opportunities", "products", "accounts", "users", "teams"):
        runs[kind] = undone(runs[kind], olga)
    assert list(deals()) == [deal]
    kept = runs["opportunities"].rows.get(outcome="kept")
    assert (kept.record_id, kept.kept) == (deal.pk, "Changed since the import.")
    # What the kept deal stands on is kept with it, and says so.
    assert {row.kept for row in runs["accounts"].rows.filter(outcome="kept")} == {"In use: opportunity."}
    assert Account.objects.count() == Product.objects.count() == ProductFamily.objects.count() == 1
    assert AuditEntry.objects.filter(model="opportunities.opportunity").count() == entries + 8799


@pytest.mark.spec("RO-04")
def test_the_same_history_comes_in_through_the_screens(olga: User, price_book: Any) -> None:
    ensure_pipeline()
    for product in _products():
        make_product(product[0], price=product[1], book=price_book)
    for loaded in load(FOLDER, olga):
        if loaded.kind == "users":
            break
    client = Client()
    client.force_login(olga)
    accounts = _by_screens(client, "accounts", "accounts.csv")
    assert accounts.counts["create"] == 85
    run = _by_screens(client, "opportunities", "sales_pipeline.csv")
    assert run.counts["create"] == 8800
    assert_the_deals_are_all_there()
    page = client.get(f"/imports/{run.pk}/?verdict=create")
    assert "8,800" in page.content.decode()


def _products() -> list[tuple[str, str]]:
    lines = (FOLDER / "products.csv").read_text().splitlines()[1:]
    return [(line.split(",")[0], line.split(",")[2]) for line in lines]


def _by_screens(client: Client, kind: str, name: str) -> ImportRun:
    """Upload, take the suggested columns, look at the dry run, commit."""
    upload = SimpleUploadedFile(name, (FOLDER / name).read_bytes(), "text/csv")
    answer = client.post("/imports/new/", {"kind": kind, "file": upload, "system": "maven"})
    run = ImportRun.objects.latest("pk")
    assert answer.headers["Location"] == f"/imports/{run.pk}/columns/"
    columns = {f"column-{place}": key for place, key in run.mapping.items()}
    if kind == "accounts":
        columns |= {"column-0": "name", "column-3": "annual_revenue_m"}
    shape = {"encoding": run.encoding, "delimiter": run.delimiter, "system": "maven", "version": run.version}
    answer = client.post(f"/imports/{run.pk}/columns/", columns | shape)
    assert answer.headers["Location"] == f"/imports/{run.pk}/", answer.content.decode()[-3000:]
    run.refresh_from_db()
    assert client.get(f"/imports/{run.pk}/").status_code == 200
    answer = client.post(f"/imports/{run.pk}/commit/", {"version": run.version, "go_on": "1"})
    run.refresh_from_db()
    assert answer.headers["Location"] == f"/jobs/{run.job_id}/"
    jobs.run(str(run.job_id))
    run.refresh_from_db()
    return run
