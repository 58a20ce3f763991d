"""Public forms: what comes in becomes lead, member, touch and consent; nothing that strangers send does harm."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from leads import services
from leads.models import CampaignMember, ConsentRecord, IntakeForm, Lead, TouchPoint
from leads.setup import ensure_leads
from revops.core import clock
from revops.core.errors import InvalidInput
from revops.users.models import Notification
from tests.cast import Cast
from tests.leads.builders import make_lead
from tests.leads.test_campaigns import make_campaign

WORDS = "Yes, write to me about fleets."
POST = {"name": "Ann Lee", "email": "ann@fleet.example", "company": "Fleet Co", "consent": "on"}
ADDRESS = "/intake/forms/contact"


def make_form(actor: Any, **fields: Any) -> IntakeForm:
    ensure_leads()
    facts = {"name": "Contact", "key": "contact", "consent_text": WORDS, "allowed_sites": ["https://www.fleet.example"]}
    return services.create_form(actor=actor, **{**facts, **fields})


def nothing_written() -> bool:
    return not any(model.objects.exists() for model in (Lead, TouchPoint, ConsentRecord, CampaignMember))


@pytest.fixture
def form(cast: Cast) -> IntakeForm:
    return make_form(cast.olga, asks_phone=True)


@pytest.mark.spec("SD-07")
def test_a_post_with_a_campaign_makes_a_lead_a_responded_member_and_a_first_touch(
    cast: Cast, form: IntakeForm, client: Client
) -> None:
    campaign = make_campaign(cast.bob, code="C1")
    traces = {
        "utm_campaign": "c1",
        "utm_source": "news",
        "utm_medium": "mail",
        "landing": "https://www.fleet.example/a",
    }
    answer = client.post(ADDRESS, {**POST, **traces, "message": "Call me"}, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 200
    lead = Lead.objects.get()
    assert (lead.first_name, lead.last_name, lead.company, lead.source) == ("Ann", "Lee", "Fleet Co", "web form")
    assert lead.queue is not None and lead.owner is None  # the router finds its owner
    member = campaign.members.get()
    assert (member.lead, member.status) == (lead, "responded")
    touch = TouchPoint.objects.get()
    assert (touch.campaign, touch.utm_source, touch.utm_campaign, touch.note) == (campaign, "news", "c1", "Call me")
    consent = ConsentRecord.objects.get()
    assert (consent.lead, consent.text, consent.address) == (lead, WORDS, "203.0.113.9")
    assert consent.given_at == touch.at
    # The same person again: a touch, not a lead; and whoever looks after the lead hears of it.
    again = client.post(ADDRESS, {**POST, "email": " ANN@Fleet.example ", "name": "A. Lee", "message": "Well?"})
    assert again.status_code == 200
    assert Lead.objects.count() == 1 and lead.touches.count() == 2
    assert lead.touches.order_by("at").first() == touch
    assert campaign.members.count() == 1
    services.rollup_campaign(campaign=campaign)
    campaign.refresh_from_db()
    assert (campaign.lead_count, campaign.touch_count) == (1, 1)


def test_known_and_unknown_people_get_the_same_answer(cast: Cast, form: IntakeForm, client: Client) -> None:
    lead = make_lead(cast.alice, email="known@fleet.example")
    known = client.post(ADDRESS, {**POST, "email": "known@fleet.example"}, headers={"Accept": "application/json"})
    fresh = client.post(ADDRESS, {**POST, "email": "fresh@fleet.example"}, headers={"Accept": "application/json"})
    assert (known.status_code, known.json()) == (fresh.status_code, fresh.json()) == (202, fresh.json())
    assert set(known.json()) == {"received", "message"}
    assert lead.touches.count() == 1 and Lead.objects.count() == 2
    note = Notification.objects.get(user=cast.alice, kind="intake.received")
    assert note.url == lead.get_absolute_url()


def test_a_contact_who_writes_is_touched_and_no_new_lead(cast: Cast, form: IntakeForm, client: Client) -> None:
    from accounts.services import create_account, create_contact

    account = create_account(actor=cast.alice, name="Fleet Co")
    contact = create_contact(actor=cast.alice, account=account, last_name="Lee", email="ann@fleet.example")
    client.post(ADDRESS, POST)
    assert not Lead.objects.exists()
    assert contact.touches.get().consent.text == WORDS
    assert Notification.objects.filter(user=cast.alice, kind="intake.received").count() == 1


def test_whoever_sends_an_empty_form_reads_what_is_missing_and_not_what_is_wrong(
    form: IntakeForm, client: Client
) -> None:
    page = client.post(ADDRESS, {"name": "", "email": ""}).content.decode()
    assert "Tell us your e-mail address." in page and "no e-mail address" not in page
    assert ">We may write to you only if you agree.</a>" in page, "a sentence is no label"


@pytest.mark.parametrize(
    "facts",
    [
        {"consent": ""},
        {"consent": "no"},
        {"email": "ann@"},
        {"email": ""},
        {"name": "   "},
        {"name": "x" * 121},
        {"message": "x" * 4001},
        {"phone": "1" * 41},
    ],
)
def test_nonsense_is_422_field_by_field_and_nothing_is_written(
    form: IntakeForm, client: Client, facts: dict[str, str]
) -> None:
    page = client.post(ADDRESS, {**POST, **facts})
    assert page.status_code == 422 and "field-err" in page.content.decode()
    answer = client.post(ADDRESS, json.dumps({**POST, **facts}), content_type="application/json")
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == list(facts)
    assert nothing_written()


@pytest.mark.parametrize(
    "body", ["", "[]", "7", "null", '"text"', "{", "[" * 30_000, '{"name": {"$ne": 1}, "email": ["a"]}', "\xff\xfe"]
)
def test_what_is_no_form_is_refused_and_never_an_error_of_ours(form: IntakeForm, client: Client, body: str) -> None:
    answer = client.post(ADDRESS, body.encode("latin-1"), content_type="application/json")
    assert answer.status_code in (400, 422)
    assert nothing_written()


def test_scripts_null_bytes_and_half_characters_are_kept_as_harmless_text(
    cast: Cast, form: IntakeForm, client: Client
) -> None:
    evil = "<script>alert(1)</script>"
    answer = client.post(
        ADDRESS,
        json.dumps({**POST, "name": f"{evil}\x00\ud800", "message": evil, "utm_source": evil * 40, "other": [1]}),
        content_type="application/json",
    )
    assert answer.status_code == 202
    lead = Lead.objects.get()
    client.force_login(cast.olga)
    shown = client.get(reverse("lead-touches", args=[lead.pk])).content.decode()
    assert evil not in shown and "&lt;script&gt;" in shown
    assert evil not in client.get(f"{ADDRESS}?utm_source={evil}").content.decode()


def test_too_much_is_413_too_fast_is_429_and_the_trap_says_thanks(form: IntakeForm, client: Client) -> None:
    assert client.post(ADDRESS, {**POST, "message": "x" * 40_000}).status_code == 413
    trapped = client.post(ADDRESS, {**POST, "fax_number": "1"})
    assert trapped.status_code == 200 and nothing_written()
    codes = [client.post(ADDRESS, {**POST, "email": f"a{n}@fleet.example"}).status_code for n in range(12)]
    assert codes[:8] == [200] * 8 and codes[-1] == 429
    flooded = client.post(ADDRESS, POST)
    assert flooded["Retry-After"] == "60"
    assert client.post(ADDRESS, POST, REMOTE_ADDR="198.51.100.7").status_code == 200  # others are let in


def test_a_form_takes_so_many_an_hour_whatever_the_addresses(cast: Cast, client: Client) -> None:
    make_form(cast.olga, hourly_limit=2)
    for number in range(3):
        answer = client.post(ADDRESS, {**POST, "email": f"a{number}@fleet.example"}, REMOTE_ADDR=f"203.0.113.{number}")
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert Lead.objects.count() == 2


def test_only_its_sites_may_frame_it_or_read_its_answer(form: IntakeForm, client: Client) -> None:
    page = client.get(f"{ADDRESS}?utm_campaign=C1", headers={"Origin": "https://www.fleet.example"})
    assert "frame-ancestors https://www.fleet.example" in page["Content-Security-Policy"]
    assert "'none'" not in page["Content-Security-Policy"].split("frame-ancestors")[1].split(";")[0]
    assert "X-Frame-Options" not in page and "default-src 'self'" in page["Content-Security-Policy"]
    assert page["Access-Control-Allow-Origin"] == "https://www.fleet.example"
    assert 'name="utm_campaign" value="C1"' in page.content.decode()
    assert "csrfmiddlewaretoken" not in page.content.decode() and not page.cookies
    other = client.options(ADDRESS, headers={"Origin": "https://evil.example"})
    assert other.status_code == 204 and "Access-Control-Allow-Origin" not in other


def test_a_form_without_sites_is_framed_by_nobody_and_a_closed_one_is_not_there(cast: Cast, client: Client) -> None:
    form = make_form(cast.olga, allowed_sites=[])
    page = client.get(ADDRESS)
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"] and page["X-Frame-Options"] == "DENY"
    services.update_form(form=form, version=form.version, actor=cast.olga, is_active=False)
    assert client.get(ADDRESS).status_code == client.post(ADDRESS, POST).status_code == 404
    assert client.get("/intake/forms/none").status_code == 404


@pytest.mark.parametrize(
    "site",
    [
        "fleet.example",
        "https://*.fleet.example",
        "javascript:alert(1)",
        "https://a.example; script-src *",
        "https://u@a.example",
        "https://a.example/x",
    ],
)
def test_what_is_no_site_never_gets_into_the_policy(cast: Cast, site: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_form(cast.olga, allowed_sites=[site])
    assert refused.value.errors[0].pointer == "allowed_sites"


def test_the_words_that_were_agreed_to_stand_whatever_the_form_says_later(
    cast: Cast, form: IntakeForm, client: Client
) -> None:
    client.post(ADDRESS, POST)
    form.refresh_from_db()
    services.update_form(form=form, version=form.version, actor=cast.olga, consent_text="Something else")
    assert ConsentRecord.objects.get().text == WORDS
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentRecord.objects.update(text="Something else")
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentRecord.objects.update(given_at=clock.now() - timedelta(days=1))


@pytest.mark.django_db(transaction=True)
def test_posts_of_one_address_in_the_same_second_make_one_lead(request: pytest.FixtureRequest) -> None:
    cast: Cast = request.getfixturevalue("cast")
    form = make_form(cast.olga)
    campaign = make_campaign(cast.bob, code="rush")

    def post(_number: int) -> None:
        try:
            services.receive_form(
                form=form, name="Ann Lee", email="ann@fleet.example", consent=True, traces={"utm_campaign": "rush"}
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(post, range(4)))
    assert Lead.objects.count() == 1
    assert TouchPoint.objects.count() == ConsentRecord.objects.count() == 4
    assert campaign.members.count() == 1


def test_the_settings_page_shows_how_to_embed_it_and_refuses_who_may_not(
    cast: Cast, form: IntakeForm, client: Client
) -> None:
    client.force_login(cast.olga)
    page = client.get(reverse("intake-form-page", args=[form.pk])).content.decode()
    assert "data-revops-form" in page and "/intake/forms/contact" in page and WORDS in page
    facts = {
        "name": "Demo", "key": "demo", "is_active": "on", "headline": "See it", "consent_text": "Yes", "source": "web",
        "allowed_sites": "https://a.example, https://b.example:8443", "hourly_limit": "10",
    }  # fmt: skip
    assert client.post(reverse("intake-form-new"), {**facts, "key": "contact"}).status_code == 422
    assert client.post(reverse("intake-form-new"), {**facts, "allowed_sites": "nonsense"}).status_code == 422
    assert client.post(reverse("intake-form-new"), facts).status_code == 302
    made = IntakeForm.objects.get(key="demo")
    assert made.allowed_sites == ["https://a.example", "https://b.example:8443"]
    edit = reverse("intake-form-edit", args=[made.pk])
    assert client.post(edit, {**facts, "version": made.version, "name": "Demo 2"}).status_code == 302
    assert client.post(edit, {**facts, "version": made.version, "name": "Demo 3"}).status_code == 409
    client.force_login(cast.alice)
    assert client.get(edit).status_code == 403
