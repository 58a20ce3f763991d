"""The sales data set of Maven Analytics, through the import pipeline: five files, in the order of their references."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile, File

from opportunities.models import Opportunity, OpportunitySplit, StageHistory
from opportunities.setup import ensure_pipeline
from revops.catalog import services as catalog
from revops.catalog.models import PriceBook
from revops.core import clock, copying, jobs
from revops.integrations import services
from revops.integrations.models import ImportRun

SYSTEM = "maven"
MAPPINGS: dict[str, dict[str, str]] = {
    "accounts": {
        "account": "name",
        "sector": "industry",
        "year_established": "year_established",
        "revenue": "annual_revenue_m",
        "employees": "employees",
        "office_location": "country",
        "subsidiary_of": "parent",
    },
    "products": {"product": "name", "series": "family", "sales_price": "list_price"},
    "teams": {"team": "name", "part_of": "parent"},
    "users": {"name": "name", "team": "team", "role": "role", "title": "title"},
    "opportunities": {
        "opportunity_id": "external_id",
        "sales_agent": "owner",
        "product": "product",
        "account": "account",
        "deal_stage": "stage",
        "engage_date": "opened_on",
        "close_date": "close_date",
        "close_value": "amount",
    },
}


@dataclass(frozen=True)
class Loaded:
    """One file's result."""

    kind: str
    run: ImportRun


def load(folder: Path, actor: Any) -> Iterator[Loaded]:
    """Import the folder; each file is uploaded, mapped, checked and committed as on the screens."""
    ensure_pipeline()
    if not PriceBook.objects.filter(is_default=True, currency="USD", during__contains=clock.today()).exists():
        catalog.create_price_book(actor=actor, name="Standard", is_default=True)
    people, teams = _sales_teams(folder / "sales_teams.csv")
    yield _import("teams", teams, actor)
    yield _import("users", people, actor)
    for kind, name in (("accounts", "accounts"), ("products", "products"), ("opportunities", "sales_pipeline")):
        with (folder / f"{name}.csv").open("rb") as file:
            yield _import(kind, File(file, name=f"{name}.csv"), actor)
    # What the session planned while these tables were empty is planned anew.
    copying.count_anew(Opportunity, OpportunitySplit, StageHistory)


def _import(kind: str, file: File, actor: Any) -> Loaded:
    run = services.create_run(actor=actor, kind=kind, upload=file, system=SYSTEM)
    places = {column["name"]: str(place) for place, column in enumerate(run.columns)}
    mapping = {places[name]: key for name, key in MAPPINGS[kind].items()}
    run = services.map_run(run=run, version=run.version, actor=actor, mapping=mapping, system=SYSTEM)
    run = services.check_run(run=run, version=run.version, actor=actor)
    job = services.start_commit(run=run, version=run.version, actor=actor)
    jobs.run(str(job.pk))
    run.refresh_from_db()
    return Loaded(kind, run)


def _sales_teams(path: Path) -> tuple[File, File]:
    """One file names agents, managers and regions; here it becomes two: teams (a region's, a manager's) and people."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    managers = dict.fromkeys((row["manager"], row["regional_office"]) for row in rows)
    regions = dict.fromkeys(region for _manager, region in managers)
    teams = [(region, "") for region in regions] + [(_team(*pair), pair[1]) for pair in managers]
    people = [(name, _team(name, region), "manager", "Sales manager") for name, region in managers]
    people += [
        (row["sales_agent"], _team(row["manager"], row["regional_office"]), "member", "Sales agent") for row in rows
    ]
    return _file("people.csv", ("name", "team", "role", "title"), people), _file(
        "teams.csv", ("team", "part_of"), teams
    )


def _team(manager: str, region: str) -> str:
    return f"{region}, {manager}"


def _file(name: str, head: tuple[str, ...], rows: list[Any]) -> File:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return ContentFile(text.getvalue().encode(), name=name)
