"""Target markets (SD-01): who belongs to them, version by version, and the fit of leads with its reasons."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from leads import services
from leads.models import FitResult, Lead, TargetMarket
from leads.selectors.markets import fits_in, matching
from leads.tasks import refresh_fits
from revops.core import jobs
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from tests.accounts.builders import make_account
from tests.cast import Cast
from tests.leads.builders import make_lead

US_WEST = {"regions": ["US-West", "California"]}
CRITERIA: dict[str, Any] = {
    "industries": ["Manufacturing"], **US_WEST, "employees_min": 200, "employees_max": 2000,
}  # fmt: skip
# (industry, state, country, employees): the first four are in it, both bounds among them.
COMPANIES = [
    ("Manufacturing", "California", "USA", 200),
    ("manufacturing", "California", "USA", 2000),
    ("Manufacturing", "", "US-West", 640),
    ("MANUFACTURING", "california", "USA", 1999),
    ("Manufacturing", "California", "USA", 199),
    ("Manufacturing", "California", "USA", 2001),
    ("Manufacturing", "Texas", "USA", 640),
    ("Retail", "California", "USA", 640),
    ("Manufacturing", "California", "USA", None),
    ("", "", "", None),
]


def make_market(actor: Any, name: str = "Makers in the West", **fields: Any) -> TargetMarket:
    return services.create_market(actor=actor, name=name, **{**CRITERIA, **fields})


def make_companies(owner: Any) -> list[Account]:
    return [
        make_account(owner, name=f"Company {number}", industry=industry, state=state, country=country, employees=heads)
        for number, (industry, state, country, heads) in enumerate(COMPANIES)
    ]


def activated(market: TargetMarket, actor: Any) -> TargetMarket:
    market, job = services.activate_market(market=market, version=market.version, actor=actor)
    jobs.run(str(job.pk))
    return market


@pytest.mark.spec("SD-01")
def test_makers_in_the_west_of_200_to_2000_are_exactly_the_four(client: Client, cast: Cast) -> None:
    rows = make_companies(cast.alice)
    market = make_market(cast.dana)
    client.force_login(cast.dana)
    answer = client.post(f"/api/v1/target-markets/{market.pk}/preview")
    assert (answer.json()["accounts"], answer.json()["capped"]) == (4, False)
    assert {row["id"] for row in answer.json()["sample"]} == {row.pk for row in rows[:4]}
    typed = {"name": "New", "industries": "Manufacturing", "regions": "US-West; California", "employees_min": "200"}
    shown = client.post(reverse("target-market-preview"), {**typed, "employees_max": "2000", "currency": "USD"})
    text = shown.content.decode()
    assert shown.status_code == 200 and all(f"Company {n}<" in text for n in range(4)) and "Company 4<" not in text
    assert TargetMarket.objects.count() == 1  # a preview saves nothing
    client.force_login(cast.charlie)  # another team: the same market, none of these accounts
    assert client.post(f"/api/v1/target-markets/{market.pk}/preview").json()["accounts"] == 0


@pytest.mark.spec("SD-01")
def test_the_list_of_matches_and_the_fit_of_each_row_are_one_definition(cast: Cast) -> None:
    rows = make_companies(cast.alice)
    market = make_market(cast.dana, excluded_regions=["us-west"], revenue_min=Decimal(1000), revenue_max=None)
    Account.objects.filter(pk__in=[row.pk for row in rows[:3]]).update(annual_revenue=1000)
    found = set(matching(Account.objects.all(), market).values_list("pk", flat=True))
    fits = {row.pk: fit for row, fit in fits_in(Account.objects.all(), market)}
    assert found == {pk for pk, fit in fits.items() if fit.fit == 100} == {rows[0].pk, rows[1].pk}
    assert (fits[rows[2].pk].fit, fits[rows[2].pk].failed) == (0, ["excluded"])
    assert (fits[rows[3].pk].fit, fits[rows[3].pk].failed) == (75, ["revenue"])
    assert (fits[rows[9].pk].fit, fits[rows[9].pk].matched) == (0, [])
    for row, (industry, _state, _country, heads) in zip(rows, COMPANIES, strict=True):  # told once more, in Python
        told = fits[row.pk]
        assert ("industries" in told.matched) == (industry.lower() == "manufacturing")
        assert ("employees" in told.matched) == (heads is not None and 200 <= heads <= 2000)


@pytest.mark.spec("SD-01")
def test_activation_scores_every_open_lead_once(cast: Cast) -> None:
    facts = {"industry": "Manufacturing", "region": "US-West"}
    fit = make_lead(cast.sam, employees=200, **facts)
    small = make_lead(cast.sam, employees=150, **facts)
    bad = make_lead(cast.sam, employees=500, industry="Tobacco", region="US-West")
    closed = make_lead(cast.sam, employees=500, **facts)
    Lead.objects.filter(pk=closed.pk).update(archived_at=closed.created_at)
    market = make_market(cast.dana, excluded_industries=["Tobacco"])
    market, job = services.activate_market(market=market, version=market.version, actor=cast.dana)
    done = jobs.run(str(job.pk))
    assert (done.done, done.total, done.counts) == (3, 3, {"leads": 3, "full": 1})
    stored = {row.lead_id: row for row in FitResult.objects.filter(market=market)}
    assert {key: row.fit for key, row in stored.items()} == {fit.pk: 100, small.pk: 67, bad.pk: 0}
    assert stored[small.pk].failed == ["employees"] and stored[bad.pk].failed == ["excluded", "industries"]
    before = stored[fit.pk].computed_at
    jobs.run(str(job.pk))
    refresh_fits()
    assert FitResult.objects.get(lead=fit, market=market).computed_at == before
    with pytest.raises(IllegalState):
        services.activate_market(market=market, version=None, actor=cast.dana)


@pytest.mark.spec("SD-01")
def test_criteria_stand_once_in_force_and_the_next_version_takes_over(cast: Cast) -> None:
    market = activated(make_market(cast.dana), cast.dana)
    with pytest.raises(IllegalState):
        services.update_market(market=market, version=None, actor=cast.dana, employees_min=100)
    with pytest.raises(IntegrityError), transaction.atomic():
        TargetMarket.objects.filter(pk=market.pk).update(employees_min=100)
    with pytest.raises(IntegrityError), transaction.atomic():
        market.delete()
    market = services.update_market(
        market=market, version=None, actor=cast.dana, tam_accounts=4000, tam_value=Decimal(50_000_000)
    )
    draft = services.revise_market(market=market, actor=cast.dana)
    assert (draft.number, draft.status, draft.industries) == (2, "draft", ["Manufacturing"])
    with pytest.raises(IllegalState):
        services.revise_market(market=market, actor=cast.dana)
    draft = services.update_market(market=draft, version=1, actor=cast.dana, employees_min=100)
    with pytest.raises(StaleCopy):
        services.update_market(market=draft, version=1, actor=cast.dana, employees_min=50)
    activated(draft, cast.dana)
    market.refresh_from_db()
    assert (market.status, market.employees_min) == ("retired", 200)
    assert list(TargetMarket.objects.active()) == [draft]


def test_a_lead_that_comes_in_or_changes_has_its_fit_at_once(cast: Cast) -> None:
    market = activated(make_market(cast.dana), cast.dana)
    lead = make_lead(cast.sam, industry="Manufacturing", region="California", employees=100)
    assert FitResult.objects.get(lead=lead, market=market).fit == 67
    services.update_lead(lead=lead, version=None, actor=cast.sam, employees=300)
    assert FitResult.objects.get(lead=lead, market=market).fit == 100
    FitResult.objects.all().delete()  # as after an import, which writes its rows at once
    refresh_fits()
    assert FitResult.objects.get(lead=lead, market=market).fit == 100


@pytest.mark.spec("SD-01")
def test_technologies_and_triggers_are_matched_by_what_was_seen(cast: Cast) -> None:
    market = activated(make_market(cast.dana, technologies=["SAP", "Oracle"], triggers=["New plant"]), cast.dana)
    lead = make_lead(cast.sam, industry="Manufacturing", region="California", employees=300)
    assert FitResult.objects.get(lead=lead, market=market).fit == 60
    for kind, value in (("technology", "sap"), ("trigger", "New plant"), ("technology", "sap")):
        services.note_signal(kind=kind, value=value, source="Job advert", lead=lead, actor=cast.sam)
    assert FitResult.objects.get(lead=lead, market=market).fit == 100 and lead.signals.count() == 2
    with pytest.raises(InvalidInput):
        services.note_signal(kind="trigger", value="Merger", source=" ", lead=lead, actor=cast.sam)


def test_what_makes_no_sense_is_refused_and_nothing_is_kept(cast: Cast) -> None:
    for wrong in (
        {"employees_min": 5, "employees_max": 4},
        {"sam": Decimal(2), "som": Decimal(3)},
        {"revenue_min": Decimal(-1)},
        {"name": " "},
    ):
        with pytest.raises(InvalidInput):
            make_market(cast.dana, **wrong)
    empty = services.create_market(actor=cast.dana, name="Nobody")
    with pytest.raises(MissingFields):
        services.activate_market(market=empty, version=1, actor=cast.dana)
    with pytest.raises(InvalidInput):
        services.create_market(actor=cast.dana, name="Nobody")
    with pytest.raises(NotAllowed):
        make_market(cast.sam)
    assert [row.name for row in TargetMarket.objects.all()] == ["Nobody"]


def test_the_builder_saves_and_the_pages_show_versions_and_reasons(client: Client, cast: Cast) -> None:
    client.force_login(cast.dana)
    typed = {"name": "Makers", "industries": "Manufacturing, Chemicals", "employees_min": "200", "currency": "USD"}
    refused = client.post(reverse("target-market-new"), {**typed, "employees_max": "100"})
    assert refused.status_code == 422 and not TargetMarket.objects.exists()
    client.post(reverse("target-market-new"), typed)
    market = TargetMarket.objects.get()
    assert market.industries == ["Manufacturing", "Chemicals"]
    page = client.get(market.get_absolute_url()).content.decode()
    assert "Manufacturing, Chemicals" in page and "from 200" in page
    client.post(reverse("target-market-edit", args=[market.pk]), {**typed, "version": "1", "regions": "Germany"})
    started = client.post(reverse("target-market-verb", args=[market.pk, "activate"]), {"version": "2"})
    assert started.status_code == 302 and "/jobs/" in started.url
    lead = make_lead(cast.sam, industry="Chemicals", employees=10, country="Germany")
    panel = client.get(reverse("lead-markets", args=[lead.pk]) + "?panel=1").content.decode()
    assert "Industry: Manufacturing, Chemicals" in panel and "Employees: from 200" in panel and ">67 %<" in panel
    assert client.get(reverse("target-market-list")).status_code == 200
    listed = client.get(reverse("lead-list") + f"?market={market.pk}").content.decode()
    assert lead.company not in listed
    client.force_login(cast.charlie)
    assert client.get(reverse("lead-markets", args=[lead.pk])).status_code == 404
    assert client.post(reverse("target-market-verb", args=[market.pk, "retire"]), {"version": "3"}).status_code == 403


def test_markets_over_the_api(client: Client, cast: Cast) -> None:
    client.force_login(cast.dana)
    body = {"name": "Makers", "industries": ["Manufacturing"], "tam_value": "50000000", "som": "6000000"}
    made = client.post("/api/v1/target-markets", body, content_type="application/json")
    assert made.status_code == 201, made.content
    path = f"/api/v1/target-markets/{made.json()['id']}"
    stale = client.patch(path, {"regions": ["Ohio"]}, content_type="application/json", headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    changed = client.patch(path, {"regions": ["Ohio"]}, content_type="application/json")
    assert (changed.status_code, changed.json()["regions"]) == (200, ["Ohio"])
    active = client.post(f"{path}/activate")
    assert active.json()["status"] == "active" and active.json()["job"]
    assert client.patch(path, {"regions": []}, content_type="application/json").status_code == 409
    assert client.post(f"{path}/revise").json()["number"] == 2
    assert client.post(f"{path}/retire").json()["status"] == "retired"
    client.force_login(cast.erin)  # finance works with no leads
    assert client.get(path).status_code == 404
