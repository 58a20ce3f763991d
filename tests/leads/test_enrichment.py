"""Enrichment and finances (SD-06, DA-04): asked of a real local server; what a person typed is never overwritten."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads import services
from leads.models import EnrichmentProvider, EnrichmentRun, Lead, LeadFinancials
from leads.tasks import enrich_financials
from revops.core import clock, outbox
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry
from tests.cast import Cast
from tests.leads.builders import answered, make_lead
from tests.leads.oracle import Oracle, answering

KNOWN = {
    "revenue": 42_000_000, "currency": "USD", "employees": 310, "credit_rating": "BB+", "industry": "Veterinary",
    "technologies": ["SAP"],
}  # fmt: skip


@pytest.fixture
def oracle(settings: Any) -> Iterator[Oracle]:
    settings.WEBHOOK_ALLOW_HTTP = True
    settings.WEBHOOK_PRIVATE_HOSTS = ["localhost"]
    with answering() as running:
        yield running


def make_provider(oracle: Oracle, actor: Any = None, **fields: Any) -> EnrichmentProvider:
    fields = {"name": "Register", "url": oracle.url, **fields}
    return services.create_provider(actor=actor, **fields)


def run_of(lead: Lead) -> EnrichmentRun:
    return EnrichmentRun.objects.get(lead=lead)


@pytest.mark.spec("SD-06", "DA-04")
def test_a_new_lead_has_its_finances_with_source_and_day_within_one_run(oracle: Oracle, cast: Cast) -> None:
    oracle.answers = [(200, {**KNOWN, "company": {"turnover": 42_000_000.0}, "revenue": None})]
    make_provider(oracle, cast.olga, secret="Bearer s3cret", mapping={"revenue": "company.turnover"})
    lead = make_lead(cast.sam, website="https://elmbridge.example", industry="")
    outbox.deliver_due()
    enrich_financials(run_of(lead).pk)
    found = LeadFinancials.objects.get(lead=lead)
    assert (found.revenue, found.currency, found.employees, found.credit_rating) == (42_000_000, "USD", 310, "BB+")
    assert (found.source, found.as_of, found.typed) == ("Register", clock.today(), [])
    lead.refresh_from_db()
    assert (lead.industry, lead.employees) == ("Veterinary", 310)
    assert [str(one) for one in lead.signals.all()] == ["SAP"]
    path, headers = oracle.asked[0]
    assert "domain=elmbridge.example" in path and headers["authorization"] == "Bearer s3cret"
    assert "s3cret" not in EnrichmentProvider.objects.get().secret
    enrich_financials(run_of(lead).pk)
    outbox.deliver_due()
    assert len(oracle.asked) == 1 and run_of(lead).status == "done"  # once a day, however often it is told


@pytest.mark.spec("SD-06")
def test_after_three_failures_the_run_has_failed_and_the_lead_is_saved(
    oracle: Oracle, cast: Cast, client: Client
) -> None:
    oracle.answers = [(500, {}), (200, b"<html>"), (503, {})]
    make_provider(oracle)
    lead = make_lead(cast.sam)
    outbox.deliver_due()
    now = clock.now()
    for number, minutes in enumerate((0, 1.5, 10), start=1):
        with clock.at(now + timedelta(minutes=minutes)):
            enrich_financials()
            assert (len(oracle.asked), run_of(lead).attempts) == (number, number)
            enrich_financials()  # not before its back-off is over
            assert len(oracle.asked) == number
    run = run_of(lead)
    assert (run.status, run.attempts, run.error) == ("failed", 3, "It answered 503.")
    assert not LeadFinancials.objects.filter(lead=lead).exists() and Lead.objects.filter(pk=lead.pk).exists()
    client.force_login(cast.sam)
    page = client.get(reverse("lead-finances", args=[lead.pk]) + "?panel=1")
    assert page.status_code == 200 and "Register could not be asked" in page.content.decode()
    oracle.answers = [(200, KNOWN)]
    with clock.at(now + timedelta(minutes=12)):
        again = client.post(reverse("lead-enrich", args=[lead.pk]))
        assert again.status_code == 302
        enrich_financials(run.pk)
    assert run_of(lead).status == "done" and LeadFinancials.objects.get(lead=lead).revenue == 42_000_000


@pytest.mark.spec("SD-06")
def test_what_a_person_entered_is_never_overwritten(oracle: Oracle, cast: Cast) -> None:
    oracle.answers = [(200, KNOWN)]
    make_provider(oracle)
    lead = make_lead(cast.sam, employees=12, industry="")
    services.set_financials(
        lead=lead, version=None, actor=cast.sam, revenue=Decimal("8400000"), currency="EUR", source="Accounts 2025"
    )
    services.ask_enrichment(lead=lead, actor=cast.sam)
    enrich_financials()
    found = LeadFinancials.objects.get(lead=lead)
    assert (found.revenue, found.currency, found.credit_rating) == (8_400_000, "EUR", "BB+")
    assert found.source == "Accounts 2025; Register"
    lead.refresh_from_db()
    assert (lead.employees, lead.industry) == (12, "Veterinary")
    services.update_lead(lead=lead, version=None, actor=cast.sam, industry="Clinics")
    oracle.answers = [(200, {**KNOWN, "industry": "Pets", "credit_rating": "A"})]
    with clock.at(clock.now() + timedelta(days=1)):
        services.ask_enrichment(lead=lead, actor=cast.sam)
        enrich_financials()
    lead.refresh_from_db()
    found.refresh_from_db()
    assert (lead.industry, found.credit_rating) == ("Clinics", "A")  # typed over by hand; filled by the machine


def test_a_machines_own_value_follows_it_and_an_emptied_one_stays_empty(oracle: Oracle, cast: Cast) -> None:
    make_provider(oracle)
    lead, now = make_lead(cast.sam, industry="", country=""), clock.now()
    for day, (said, kept) in enumerate([("Pets", "Pets"), ("Clinics", "Clinics")]):
        oracle.answers = [(200, {"industry": said, "country": "Norway"})]
        with clock.at(now + timedelta(days=day)):
            services.ask_enrichment(lead=lead, actor=cast.sam)
            enrich_financials()
        lead.refresh_from_db()
        assert lead.industry == kept
    services.update_lead(lead=lead, version=None, actor=cast.sam, country="")
    with clock.at(now + timedelta(days=2)):
        services.ask_enrichment(lead=lead, actor=cast.sam)
        enrich_financials()
    lead.refresh_from_db()
    assert lead.country == ""


@pytest.mark.spec("SD-06")
def test_failures_in_a_row_open_the_breaker_and_nobody_is_asked_meanwhile(oracle: Oracle, cast: Cast) -> None:
    oracle.answers = [(500, {})]
    provider = make_provider(oracle, breaker_after=2, breaker_minutes=5)
    leads = [make_lead(cast.sam) for _ in range(4)]
    outbox.deliver_due()
    enrich_financials()
    provider.refresh_from_db()
    assert (len(oracle.asked), provider.failures, provider.version) == (2, 2, 1)
    waiting = EnrichmentRun.objects.filter(lead__in=leads[2:])
    assert {(run.status, run.attempts, run.next_try_at) for run in waiting} == {("queued", 0, provider.open_until)}
    oracle.answers = [(200, KNOWN)]
    with clock.at(clock.now() + timedelta(minutes=6)):
        enrich_financials()
    provider.refresh_from_db()
    assert len(oracle.asked) == 6 and (provider.failures, provider.open_until) == (0, None)


@pytest.mark.spec("SD-06")
def test_a_provider_is_asked_no_more_often_than_its_rate(oracle: Oracle, cast: Cast) -> None:
    oracle.answers = [(200, KNOWN)]
    make_provider(oracle, rate_per_minute=2)
    for _ in range(5):
        make_lead(cast.sam)
    outbox.deliver_due()
    now = clock.now()
    for minute, asked in ((0, 2), (0.5, 2), (1.2, 4), (2.5, 5)):
        with clock.at(now + timedelta(minutes=minute)):
            enrich_financials()
        assert len(oracle.asked) == asked


@pytest.mark.spec("SD-06")
def test_questions_that_are_asked_again_count_towards_the_rate(oracle: Oracle, cast: Cast) -> None:
    """Whatever fails and is tried anew, no minute sees more questions than the provider takes."""
    oracle.answers = [(500, {})]
    make_provider(oracle, rate_per_minute=3, breaker_after=100)
    for _ in range(4):
        make_lead(cast.sam)
    outbox.deliver_due()
    now, asked = clock.now(), []
    for seconds in range(0, 300, 10):
        with clock.at(now + timedelta(seconds=seconds)):
            before = len(oracle.asked)
            enrich_financials()
            asked += [seconds] * (len(oracle.asked) - before)
    assert len(asked) >= 8
    assert all(len([one for one in asked if at <= one < at + 60]) <= 3 for at in asked)


def test_a_provider_that_never_answers_is_cut_off(oracle: Oracle, cast: Cast) -> None:
    oracle.answers = [(200, None)]
    make_provider(oracle, timeout_seconds=1)
    lead = make_lead(cast.sam)
    outbox.deliver_due()
    enrich_financials()
    assert (run_of(lead).status, run_of(lead).error) == ("queued", "It did not answer in time.")


def test_nonsense_in_an_answer_is_left_out(oracle: Oracle, cast: Cast) -> None:
    oracle.answers = [
        (
            200,
            {"revenue": "much", "employees": -4, "credit_rating": ["A"], "industry": "x" * 900, "as_of": "2999-01-01"},
        )
    ]
    make_provider(oracle)
    lead = make_lead(cast.sam, industry="")
    outbox.deliver_due()
    enrich_financials()
    lead.refresh_from_db()
    found = LeadFinancials.objects.get(lead=lead)
    assert (found.revenue, found.employees, found.credit_rating, lead.industry) == (None, None, "", "x" * 80)


def test_addresses_inside_and_strange_settings_are_refused(cast: Cast) -> None:
    for wrong in (
        {"url": "https://127.0.0.1/{domain}"},
        {"url": "https://register.example/{domain.__class__}"},
        {"url": "ftp://register.example/"},
        {"url": "https://register.example/", "rate_per_minute": 0},
    ):
        with pytest.raises(InvalidInput):
            services.create_provider(actor=cast.olga, **{"name": "Register", **wrong})
    with pytest.raises(NotAllowed):
        services.create_provider(actor=cast.sam, name="Register", url="https://register.example/")
    assert not EnrichmentProvider.objects.exists()
    with pytest.raises(IllegalState):
        services.ask_enrichment(lead=make_lead(cast.sam), actor=cast.sam)


@pytest.mark.spec("SD-06", "DA-04")
def test_the_api_shows_industry_finances_and_criteria_and_asks_providers(
    oracle: Oracle, cast: Cast, client: Client
) -> None:
    oracle.answers = [(200, KNOWN)]
    lead = answered(make_lead(cast.sam, industry="Veterinary"), cast.sam)
    client.force_login(cast.sam)
    path = f"/api/v1/leads/{lead.pk}"
    assert client.post(f"{path}/enrich").status_code == 409
    make_provider(oracle)
    asked = client.post(f"{path}/enrich")
    assert (asked.status_code, [row["status"] for row in asked.json()]) == (202, ["queued"])
    enrich_financials()
    shown = client.get(path).json()
    assert shown["industry"] == "Veterinary" and set(shown["answers"]) == {
        "needs", "finances", "reputation", "budget", "authority",
    }  # fmt: skip
    assert shown["financials"]["revenue"] == "42000000.000" and shown["financials"]["source"] == "Register"
    body = {"revenue": "9000000.00", "currency": "EUR", "source": "Annual report"}
    put = client.put(f"{path}/financials", body, content_type="application/json", headers={"If-Match": '"1"'})
    assert (put.status_code, put.json()["typed"], put["ETag"]) == (200, ["revenue"], '"2"')
    stale = client.put(f"{path}/financials", body, content_type="application/json", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    runs = client.get(f"/api/v1/enrichment-runs?lead={lead.pk}").json()["results"]
    assert runs[0]["payload"]["revenue"] == 42_000_000
    client.force_login(cast.charlie)
    assert client.post(f"{path}/enrich").status_code == 404
    assert client.get(f"/api/v1/enrichment-runs/{runs[0]['id']}").status_code == 404
    assert client.put(f"{path}/financials", body, content_type="application/json").status_code == 404


def test_finances_are_entered_on_the_page_and_a_stale_copy_is_refused(cast: Cast, client: Client) -> None:
    lead = make_lead(cast.sam)
    client.force_login(cast.sam)
    page = reverse("lead-finances", args=[lead.pk])
    typed = {"version": "0", "revenue": "8400000", "currency": "USD", "source": "Accounts 2025", "as_of": "2026-01-31"}
    assert client.post(page, {**typed, "source": ""}).status_code == 422
    assert client.post(page, typed).status_code == 302
    panel = client.get(page + "?panel=1").content.decode()
    assert "$8,400,000" in panel and "Accounts 2025" in panel
    with pytest.raises(StaleCopy):
        services.set_financials(lead=lead, version=0, actor=cast.sam, source="Later")
    assert AuditEntry.objects.filter(action="lead.finances_set", object_id=str(lead.pk)).count() == 1


def test_settings_are_the_administrators_and_never_show_the_secret(cast: Cast, client: Client) -> None:
    client.force_login(cast.olga)
    typed = {
        "name": "Register", "url": "https://register.example/{domain}", "header": "X-Key", "secret": "s3cret",
        "is_active": "on", "timeout_seconds": "5", "rate_per_minute": "30",
        "breaker_after": "5", "breaker_minutes": "5",
    }  # fmt: skip
    assert client.post(reverse("enrichment-provider-new"), typed).status_code == 302
    provider = EnrichmentProvider.objects.get()
    page = client.get(provider.get_absolute_url()).content.decode()
    assert "s3cret" not in page and provider.secret not in page
    before = provider.secret
    client.post(provider.get_absolute_url(), {**typed, "secret": "", "rate_per_minute": "10", "version": "1"})
    provider.refresh_from_db()
    assert (provider.rate_per_minute, provider.secret) == (10, before)
    assert "Register" in client.get(reverse("enrichment-settings")).content.decode()
    shown = client.get(f"/api/v1/enrichment-providers/{provider.pk}").json()
    assert "secret" not in shown
    made = client.post(
        "/api/v1/enrichment-providers", {"name": "Second", "url": "https://second.example/", "secret": "x"},
        content_type="application/json",
    )  # fmt: skip
    assert made.status_code == 201, made.content
    client.force_login(cast.sam)
    assert client.get(reverse("enrichment-settings")).status_code == 403
    assert client.get("/api/v1/enrichment-providers").json()["results"] == []
