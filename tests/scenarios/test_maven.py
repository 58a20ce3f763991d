"""A real sales history through the import pipeline: to the unit, twice, and taken back."""

from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum

from accounts.models import Account
from opportunities.maven import load
from opportunities.models import Opportunity, OpportunitySplit, StageHistory
from revops.catalog.models import PriceBookEntry, Product, ProductFamily
from revops.core.models import AuditEntry, OutboxEvent
from revops.integrations.models import ImportRun
from revops.users.models import Team, User
from tests.integrations.files import undone

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "maven_crm"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"needs {FOLDER.name} of the shared data"),
    pytest.mark.timeout(300),
]
WON_BY_MONTH = [1134672, 721932, 1025713, 1338466, 696932, 1050059, 1235264, 731980, 938943, 1131573]


@pytest.fixture
def runs(olga: User) -> dict[str, ImportRun]:
    return {loaded.kind: loaded.run for loaded in load(FOLDER, olga)}


def deals() -> Any:
    return Opportunity.objects.filter(external_system="maven")


@pytest.mark.spec("RO-04")
def test_the_sales_history_arrives_to_the_unit(runs: dict[str, ImportRun]) -> None:
    assert {kind: (run.counts["create"], run.counts["error"]) for kind, run in runs.items()} == {
        "teams": (9, 0),
        "users": (41, 0),
        "accounts": (85, 0),
        "products": (7, 0),
        "opportunities": (8800, 0),
    }
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
    assert Account.objects.filter(parent__isnull=False).count() == 15


def test_what_was_read_otherwise_or_left_open_is_said(runs: dict[str, ImportRun]) -> None:
    said = {remark["text"]: remark["rows"] for run in runs.values() for remark in run.remarks}
    assert said["“GTXPro” was read as “GTX Pro”."] == 1480
    assert said["No account: the deal is kept without one."] == 1425
    assert said["“technolgy” was read as “technology”."] == 12
    assert said["No first day: taken as opened on 2017-12-31, the last day in the file."] == 500
    assert said["No amount: open deals take their product's list price."] == 2089
    assert deals().filter(product__name="GTX Pro").count() == 1480
    assert deals().filter(account__isnull=True).count() == 1425


def test_agents_are_people_in_teams_who_cannot_sign_in(runs: dict[str, ImportRun]) -> None:
    agent = User.objects.get(username="moses.frase")
    assert not agent.can_sign_in and not agent.has_usable_password()
    assert agent.memberships.get().team.name == "Central, Dustin Brinkmann"
    assert Team.objects.get(name="Central, Dustin Brinkmann").placements.get().parent.name == "Central"


def test_history_makes_no_work_and_no_event(olga: User) -> None:
    before = OutboxEvent.objects.count()
    list(load(FOLDER, olga))
    assert OutboxEvent.objects.count() == before
    assert not deals().filter(imported=False).exists()


def test_each_deal_has_its_whole_credit_and_its_way_through_the_stages(runs: dict[str, ImportRun]) -> None:
    splits = OpportunitySplit.objects.filter(opportunity__external_system="maven")
    assert splits.count() == 8800 and splits.filter(percent=100).count() == 8800
    assert splits.aggregate(s=Sum("amount"))["s"] == Decimal(10005534 + 4966215)
    assert StageHistory.objects.count() == 2089 + 2 * (4238 + 2473)


def test_a_second_import_changes_nothing(runs: dict[str, ImportRun], olga: User) -> None:
    versions = set(deals().values_list("version", flat=True))
    again = {loaded.kind: loaded.run for loaded in load(FOLDER, olga)}
    for kind, run in again.items():
        assert run.counts["same"] == run.row_count, (kind, run.counts)
    assert set(deals().values_list("version", flat=True)) == versions == {1}


def test_undo_leaves_no_imported_record_but_what_was_changed_since(runs: dict[str, ImportRun], olga: User) -> None:
    deal = deals().open().filter(account__isnull=False).order_by("pk")[0]
    Opportunity.objects.filter(pk=deal.pk).update(name="Now ours", version=2)
    entries = AuditEntry.objects.filter(model="opportunities.opportunity").count()
    for kind in ("opportunities", "products", "accounts", "users", "teams"):
        runs[kind] = undone(runs[kind], olga)
    assert list(deals()) == [deal]
    kept = runs["opportunities"].rows.get(outcome="kept")
    assert (kept.record_id, kept.kept) == (deal.pk, "Changed since the import.")
    # What the kept deal stands on is kept with it, and says so.
    assert [row.kept for row in runs["accounts"].rows.filter(outcome="kept")] == ["In use: opportunity."]
    assert Account.objects.count() == Product.objects.count() == ProductFamily.objects.count() == 1
    assert AuditEntry.objects.filter(model="opportunities.opportunity").count() == entries + 8799
    assert PriceBookEntry.objects.count() <= 1


def test_the_command_says_what_it_did(olga: User) -> None:
    out = StringIO()
    call_command("load_maven", str(FOLDER), stdout=out)
    assert "opportunities: 8,800 rows; 8,800 created" in out.getvalue()
    assert "“GTXPro” was read as “GTX Pro”. (1,480 rows)" in out.getvalue()
