"""Nonsense in addresses, bodies, forms and files: refused with a word, never an error page, never SQL."""

import itertools
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from leads.models import Lead
from revops.users.models import User
from tests.builders import make_token
from tests.custom.builders import examples, make_one_of_each
from tests.integrations.files import imported, refused
from tests.leads.builders import make_lead

NAMES = (
    "cf.", "cf.x__y", "cf.nothing", "cf.district__regex", "cf.district__", "cf.district____in", "cf.district__in__gte",
    "cf.district'", 'cf.district"', "cf.district;drop table leads_lead", "cf.district%27", "cf.district)--",
    "cf.custom__district",
    "cf.district__iexact", "cf.budget__amount", "cf.district\x00", "cf.DISTRICT", "cf.owner__password", "cf.__class__",
    "cf.budget__amount__gte", "cf.notes", "cf.notes__gte", "cf.newsletter__gte", "cf.interests__contains",
)  # fmt: skip
VALUES = (
    "'", '"', "' or 1=1 --", "%", "\\", "NaN", "Infinity", "1e400", "-1", "9" * 400, "a" * 5000, "0000-00-00", "[]",
    "{}", "null", "😀", "1,2,x", ",", ",,", "true", "\ud83d",
)  # fmt: skip


def api_of(user: User) -> APIClient:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(user)}")
    return api


@pytest.fixture
def lead(alice: User) -> Lead:
    make_one_of_each("leads.lead", alice)
    return make_lead(alice, custom={key: value for key, (_k, value, _b) in examples(alice).items()})


def test_no_name_of_a_filter_reaches_the_database_unless_its_field_exists(lead: Lead, alice: User) -> None:
    client, api = Client(), api_of(alice)
    client.force_login(alice)
    for name in NAMES:
        query = urlencode({name: "x"})
        assert client.get(f"{reverse('lead-list')}?{query}").status_code == 400, name
        assert api.get(f"/api/v1/leads?{query}").status_code == 400, name
        if name != "cf.notes":  # a column to sort by, but no filter: long texts are asked for what they contain
            order = urlencode({"sort": name})
            assert client.get(f"{reverse('lead-list')}?{order}").status_code == 400, name
            assert api.get(f"/api/v1/leads?{order}").status_code == 400, name
            columns = urlencode({"columns": f"name,{name}"})
            assert client.get(f"{reverse('lead-list')}?{columns}").status_code == 400, name
    assert Lead.objects.filter(pk=lead.pk).exists()


def test_no_value_of_a_filter_is_an_error_page(lead: Lead, alice: User, settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 100_000
    api = api_of(alice)
    filters = [one for row in api.get("/api/v1/meta/leads").json()["custom"] for one in row["filters"]]
    assert len(filters) > 50
    found, turn = 0, itertools.cycle(VALUES)
    for name in filters:
        for value in itertools.islice(turn, 4):  # another four for each
            query = urlencode({name: value.encode("utf-8", "surrogatepass")})
            status = api.get(f"/api/v1/leads?{query}").status_code
            assert status in (200, 400), (name, value)
            found += status == 400
    assert found > 60


def test_a_cursor_of_a_custom_sort_that_was_tampered_with_is_400(lead: Lead, alice: User) -> None:
    import base64
    import json

    api = api_of(alice)
    for key, good in (("seats", 5), ("renewal", "2026-01-01"), ("level", 1), ("budget", {"n": "5"}), ("district", "x")):
        name = f"cf_sort_{key}"
        for value in ([good, "a" * 50], [{"n": "NaN"}, 1], [{"x": 1}, 1], ["\x00", 1], [{"t": "x"}, 1], [[], 1]):
            body = json.dumps([[name, "-pk"], 0, value])
            cursor = base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")
            assert api.get(f"/api/v1/leads?sort=cf.{key}&cursor={cursor}").status_code in (200, 400), (key, value)


BODIES: tuple[Any, ...] = (
    None, "x", 5, [], [{"district": "x"}], True, {"district": {"$ne": 1}}, {"nothing": 1}, {"": 1},
    {"district\x00": "x"},
    {"district": "a\x00b"}, {"__proto__": 1}, {"district": "x" * 100_000}, {"seats": 10**400}, {"seats": 1.5},
    {"budget": {"amount": [], "currency": {}}}, {"budget": {"amount": 1e300}}, {"interests": [[["low"]]]},
    {"engineer": "1 or 1=1"}, {"engineer": 2**63}, {"met_at": "9999-12-31T23:59:59-14:00"}, {"renewal": 5},
    {"level": ["low"]}, {"newsletter": "maybe"}, {"wiki": "javascript:alert(1)"}, {"weight": "NaN"},
)  # fmt: skip


def test_no_body_is_an_error_page_and_a_refused_one_writes_nothing(lead: Lead, alice: User) -> None:
    api = api_of(alice)
    before = Lead.objects.get(pk=lead.pk)
    for body in BODIES:
        answer = api.patch(f"/api/v1/leads/{lead.pk}", {"custom": body}, format="json")
        assert answer.status_code in (400, 422), (body, answer.content)
        assert answer.json()["errors"][0]["pointer"].startswith("custom")
        made = api.post("/api/v1/leads", {"last_name": "N", "company": "N", "custom": body}, format="json")
        assert made.status_code in (400, 422), body
    after = Lead.objects.get(pk=lead.pk)
    assert (after.custom, after.version, Lead.objects.count()) == (before.custom, before.version, 1)


def test_nonsense_in_a_form_and_in_a_cell_is_422(lead: Lead, alice: User) -> None:
    client = Client()
    client.force_login(alice)
    address = reverse("core:custom-values", args=["leads.lead", lead.pk])
    wrong = {
        "custom.seats": "9" * 400, "custom.budget_amount": "x",
        "custom.level": "other", "custom.engineer": "0", "custom.renewal": "31.31.31", "custom.wiki": "javascript:1",
        "custom.weight": "NaN", "custom.met_at": "never", "custom.newsletter": "perhaps", "custom.interests": "x",
        "custom.second_mail": "nobody", "custom.hotline": "call", "custom.district": "x" * 300,
    }  # fmt: skip
    for name, value in wrong.items():
        answer = client.post(address, {"version": lead.version, name: value})
        assert answer.status_code == 422, name
        assert any(name.startswith(one) for one in answer.context["form"].errors), name
    assert client.post(address, {"version": "x"}).status_code == 400
    assert Lead.objects.get(pk=lead.pk).version == lead.version


def test_bad_cells_of_a_file_are_refused_by_field_and_the_good_rows_come_in(lead: Lead, olga: User) -> None:
    rows = (
        "Last name,Company,Seats,Budget,Level,Engineer,Renewal,Wiki,Newsletter,Interests,Met at,Weight\n"
        "A,F1,1.5,,,,,,,,,\nB,F2,,12 XXX,,,,,,,,\nC,F3,,,other,,,,,,,\nD,F4,,,,nobody,,,,,,\nE,F5,,,,,soon,,,,,\n"
        "F,F6,,,,,,javascript:1,,,,\nG,F7,,,,,,,perhaps,,,\nH,F8,,,,,,,,low;x,,\nI,F9,,,,,,,,,never,\n"
        "J,F10,,,,,,,,,,1e5\n"
        "K,F11,7,EUR 12.50,High,Alice Reed,2026-05-05,example.com,yes,high;low,2026-01-01 08:00,-1.5\n"
    )
    run = imported("leads", rows, olga)
    told = {number: errors[0]["field"] for number, errors in refused(run).items()}
    fields = ["seats", "budget", "level", "engineer", "renewal", "wiki", "newsletter", "interests", "met_at", "weight"]
    assert told == {number: f"cf.{key}" for number, key in enumerate(fields, 2)}
    made = Lead.objects.get(last_name="K")
    assert made.custom["budget"] == {"amount": "12.50", "currency": "EUR"}
    assert made.custom["interests"] == ["low", "high"]
    assert (made.custom["weight"], made.custom["wiki"]) == ("-1.5", "https://example.com")
