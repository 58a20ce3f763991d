"""Data (SD-05, the part about data): competitors, facts with source and day, and the queue of what is wrong."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import services as accounts
from leads import services
from leads.models import Competitor, DataQualityIssue, DataSource, Lead, MarketFact
from leads.selectors.data import latest_facts
from leads.selectors.quality import issue_list
from leads.tasks import data_quality_scan
from revops.core import clock
from tests.accounts.builders import make_account, make_contact
from tests.cast import Cast
from tests.leads.builders import make_lead

GOOD = {"country": "USA", "industry": "Retail", "phone": "+1 415 555 0163"}


def rules_of(viewer: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for issue in issue_list(viewer=viewer):
        found[issue.rule] = found.get(issue.rule, 0) + 1
    return found


@pytest.mark.spec("SD-05")
def test_the_scan_finds_what_is_wrong_once_and_it_closes_by_itself_when_mended(cast: Cast) -> None:
    make_lead(cast.sam, **GOOD)
    lead = make_lead(cast.sam, **{**GOOD, "country": "", "phone": "call me"})
    make_lead(cast.sam, **{**GOOD, "phone": "", "email": ""})
    account = make_account(cast.alice, country="", phone="12-34")
    make_contact(account, email="", phone="")
    data_quality_scan()
    data_quality_scan()
    every = {
        "lead_no_country": 1, "lead_bad_phone": 1, "lead_no_address": 1, "account_no_country": 1,
        "account_bad_phone": 1, "contact_no_address": 1,
    }  # fmt: skip
    assert rules_of(cast.dana) == every and DataQualityIssue.objects.count() == 6
    services.update_lead(lead=lead, version=None, actor=cast.sam, country="Norway", phone="+47 22 22 22 22")
    assert set(rules_of(cast.dana)) == set(every) - {"lead_no_country", "lead_bad_phone"}  # at once
    data_quality_scan()
    closed = DataQualityIssue.objects.filter(closed_at__isnull=False)
    assert set(closed.values_list("rule", flat=True)) == {"lead_no_country", "lead_bad_phone"}
    services.update_lead(lead=lead, version=None, actor=cast.sam, country="")
    data_quality_scan()
    assert rules_of(cast.dana)["lead_no_country"] == 1 and closed.count() == 2  # a new one; the old one is history


@pytest.mark.spec("SD-05")
def test_a_lead_that_nobody_touches_for_30_days_is_stale_until_somebody_does(cast: Cast) -> None:
    lead = make_lead(cast.sam, **GOOD)
    services.log_lead_activity(lead=lead, actor=cast.sam, kind="call", subject="Hello")
    with clock.at(clock.now() + timedelta(days=29)):
        data_quality_scan()
        assert rules_of(cast.sam) == {}
    with clock.at(clock.now() + timedelta(days=31)):
        data_quality_scan()
        assert rules_of(cast.sam) == {"lead_stale": 1}
        services.log_lead_activity(lead=lead, actor=cast.sam, kind="call", subject="Again")
        assert rules_of(cast.sam) == {}


def test_an_owner_without_an_address_is_told_of(cast: Cast) -> None:
    make_lead(cast.sam, **GOOD)
    type(cast.sam).objects.filter(pk=cast.sam.pk).update(email="")
    data_quality_scan()
    assert rules_of(cast.dana) == {"lead_owner_no_email": 1}


@pytest.mark.spec("SD-05")
def test_the_queue_counts_by_rule_links_the_form_and_shows_only_what_one_sees(cast: Cast, client: Client) -> None:
    lead = make_lead(cast.sam, **{**GOOD, "country": ""})
    account = make_account(cast.charlie, country="")
    client.force_login(cast.olga)
    client.post(reverse("lead-data-scan"))
    page = client.get(reverse("lead-data")).content.decode()
    assert lead.company in page and account.name in page and "No country" in page
    assert reverse("lead-edit", args=[lead.pk]) in page and reverse("account-edit", args=[account.pk]) in page
    assert "?rule=lead_no_country" in page
    narrow = client.get(reverse("lead-data") + "?rule=lead_no_country").content.decode()
    assert account.name not in narrow
    issues = client.get("/api/v1/data-quality/issues?kind=account").json()["results"]
    assert [(row["rule"], row["rule_label"], row["account"]) for row in issues] == [
        ("account_no_country", "No country", account.pk)
    ]
    assert client.post("/api/v1/data-quality/issues/scan").json() == {"opened": 0, "closed": 0}
    client.force_login(cast.sam)
    page = client.get(reverse("lead-data")).content.decode()
    assert lead.company in page and account.name not in page
    assert client.post(reverse("lead-data-scan")).status_code == 403
    assert client.get(f"/api/v1/data-quality/issues/{issues[0]['id']}").status_code == 404


def test_an_issue_is_of_one_record_and_open_once(cast: Cast) -> None:
    lead = make_lead(cast.sam)
    issue = {"rule": "lead_no_country", "severity": "low", "found_at": clock.now()}
    DataQualityIssue.objects.create(lead=lead, **issue)
    for wrong in ({"lead": lead}, {}, {"lead": lead, "account": make_account(cast.alice)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            DataQualityIssue.objects.create(**issue, **wrong)


def test_archived_records_are_nobodys_issue(cast: Cast) -> None:
    account = make_account(cast.alice, country="")
    data_quality_scan()
    accounts.archive_account(account=account, version=None, actor=cast.alice)
    lead = make_lead(cast.sam, country="")
    Lead.objects.filter(pk=lead.pk).update(archived_at=clock.now())
    data_quality_scan()
    assert rules_of(cast.dana) == {}


@pytest.mark.spec("SD-05")
def test_competitors_sources_and_facts_are_kept_on_pages(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    new = "data-record-new"
    assert client.post(reverse(new, args=["sources"]), {"name": "Eurostat", "kind": "public"}).status_code == 302
    rival = {"name": "WayTrace", "strengths": "Price", "weaknesses": "Service", "products": "Tracker, Camera"}
    assert client.post(reverse(new, args=["competitors"]), rival).status_code == 302
    competitor, source = Competitor.objects.get(), DataSource.objects.get()
    assert competitor.products == ["Tracker", "Camera"]
    fact = {"metric": "Market size", "value": "50000000", "unit": "USD", "geography": "US-West",
            "as_of": "2026-01-31", "source": source.pk}  # fmt: skip
    assert client.post(reverse(new, args=["facts"]), fact).status_code == 302
    assert client.post(reverse(new, args=["facts"]), fact).status_code == 422  # the same figure once
    later = {**fact, "as_of": "2026-06-30", "value": "52000000"}
    client.post(reverse(new, args=["facts"]), later)
    assert [row.value for row in latest_facts(viewer=cast.olga, metric="market size")] == [52_000_000]
    for name, word in (
        ("competitor-list", "WayTrace"),
        ("market-fact-list", "US-West"),
        ("data-source-list", "Eurostat"),
    ):
        assert word in client.get(reverse(name)).content.decode()
    edit = reverse("data-record-edit", args=["competitors", competitor.pk])
    assert client.post(edit, {**rival, "website": "waytrace.example", "version": "1"}).status_code == 302
    assert client.post(edit, {**rival, "version": "1"}).status_code == 409
    assert client.get(reverse(new, args=["rumours"])).status_code == 404
    client.force_login(cast.sam)
    assert client.get(reverse("data-record-edit", args=["sources", source.pk])).status_code == 403
    client.force_login(cast.erin)
    assert client.get(edit).status_code == 404


KINDS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "competitors": (Competitor, {"name": "WayTrace", "products": ["Tracker"]}, {"strengths": "Price"}),
    "data-sources": (DataSource, {"name": "Eurostat", "kind": "public"}, {"url": "https://eurostat.example"}),
    "market-facts": (
        MarketFact,
        {"metric": "Growth", "value": "3.200000", "unit": "%", "geography": "Germany", "as_of": "2026-01-31"},
        {"value": "3.400000"},
    ),
}


@pytest.mark.spec("SD-05")
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_knowledge_over_the_api(cast: Cast, client: Client, kind: str) -> None:
    model, body, change = KINDS[kind]
    client.force_login(cast.olga)
    if kind == "market-facts":
        source = services.create_setting(record=DataSource(name="Study"), actor=cast.olga)
        body = {**body, "source": source.pk}
    made = client.post(f"/api/v1/{kind}", body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert client.post(f"/api/v1/{kind}", body, content_type="application/json").status_code == 422
    path = f"/api/v1/{kind}/{made.json()['id']}"
    changed = client.patch(path, change, content_type="application/json", headers={"If-Match": made["ETag"]})
    assert (changed.status_code, changed.json()) == (200, {**made.json(), **change, "version": 2})
    assert client.patch(path, change, content_type="application/json", headers={"If-Match": '"1"'}).status_code == 412
    client.force_login(cast.erin)
    assert client.get(path).status_code == 404
    assert model.objects.get().version == 2
