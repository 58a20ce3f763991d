"""Twenty custom fields cost a list as many queries as none, and are edited in its cells and in bulk."""

import io
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook
from rest_framework.test import APIClient

from leads.models import Lead
from revops.core import bulk, jobs
from revops.core.models import AuditEntry, JobRun
from revops.users.models import User
from tests.builders import make_token
from tests.custom.builders import K, examples, make_field, make_one_of_each
from tests.leads.builders import make_lead


def queries(client: Any, address: str) -> int:
    cache.clear()
    client.get(address)  # what is kept from request to request is kept by now, and for long enough
    with CaptureQueriesContext(
        connection,
    ) as seen:
        answer = client.get(address)
        assert answer.status_code == 200
        b"".join(answer.streaming_content) if answer.streaming else answer.content
    return len(seen)


def test_twenty_fields_cost_three_queries_however_many_rows(alice: User) -> None:
    client, api = Client(), APIClient()
    client.force_login(alice)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(alice)}")
    lead = make_lead(alice)
    columns = ",".join(["name", *(f"cf.{key}" for key in examples(alice)), *(f"cf.more{n}" for n in range(5))])
    pages = {
        "list": (client, reverse("lead-list") + f"?columns={columns}&sort=-cf.seats"),
        "export": (client, reverse("lead-list") + f"?columns={columns}&export=csv"),
        "record": (client, lead.get_absolute_url()),
        "form": (client, reverse("lead-edit", args=[lead.pk])),
        "api": (api, "/api/v1/leads?sort=cf.seats&cf.seats__gte=0"),
        "detail": (api, f"/api/v1/leads/{lead.pk}"),
    }
    bare = {
        "list": queries(client, reverse("lead-list") + "?columns=name&sort=-score"),
        "export": queries(client, reverse("lead-list") + "?columns=name&export=csv"),
        "record": queries(client, pages["record"][1]),
        "form": queries(client, pages["form"][1]),
        "api": queries(api, "/api/v1/leads"),
        "detail": queries(api, pages["detail"][1]),
    }
    make_one_of_each("leads.lead", alice)
    for n in range(5):
        make_field("leads.lead", f"more{n}", K.CHOICE)
    values = {key: value for key, (_kind, value, _b) in examples(alice).items()} | {f"more{n}": "low" for n in range(5)}
    for _n in range(3):
        make_lead(alice, custom=values)
    few = {name: queries(*page) for name, page in pages.items()}
    for _n in range(30):
        make_lead(alice, custom=values)
    many = {name: queries(*page) for name, page in pages.items()}
    assert few == many
    # The definitions, the names of persons, the choice of persons in panel or form, the rows without a value.
    most = {"list": 4, "export": 2, "record": 2, "form": 2, "api": 2, "detail": 1}
    for name, count in many.items():
        assert count <= bare[name] + most[name], (name, bare[name], count)


def test_a_custom_cell_is_edited_in_place_and_a_stale_one_is_told(alice: User, charlie: User) -> None:
    make_field("leads.lead", "seats", K.INTEGER, in_list=True)
    lead = make_lead(alice, custom={"seats": 5})
    client = Client()
    client.force_login(alice)
    address = reverse("lead-list")
    control = client.get(address, {"cell": lead.pk, "field": "custom.seats"})
    assert 'value="5"' in control.content.decode()
    data = {"do": "cell", "cell": lead.pk, "field": "custom.seats", "version": lead.version, "custom.seats": "8"}
    assert client.post(address, data).status_code == 200
    lead.refresh_from_db()
    assert lead.custom == {"seats": 8}
    assert client.post(address, data).status_code == 409
    assert client.post(address, {**data, "version": lead.version, "custom.seats": "many"}).status_code == 422
    client.force_login(charlie)
    assert client.post(address, {**data, "version": lead.version, "custom.seats": "9"}).status_code == 404
    lead.refresh_from_db()
    assert lead.custom == {"seats": 8}


def test_a_custom_field_is_edited_for_many_rows_and_taken_back(alice: User) -> None:
    make_field("leads.lead", "level", K.CHOICE)
    make_field("leads.lead", "seats", K.INTEGER)
    leads = [make_lead(alice, custom={"level": "low", "seats": n}) for n in range(3)]
    leads.append(make_lead(alice))
    client = Client()
    client.force_login(alice)
    address = reverse("lead-list")
    question = client.get(address, {"field": "custom.level", "edit-field": "custom.level"})
    assert "Medium" in question.content.decode()
    token = client.get(address).context["bulk_token"]
    data = {
        "do": "bulk",
        "action": "edit",
        "edit-field": "custom.level",
        "edit-value": "high",
        "all": "1",
        "token": token,
    }
    assert client.post(address, data).status_code == 302
    assert [lead.custom.get("level") for lead in Lead.objects.order_by("pk")] == ["high"] * 4
    assert AuditEntry.objects.filter(action="lead.changed", after={"custom.level": "high"}).count() == 4
    job = JobRun.objects.filter(kind=bulk.KIND).latest("created_at")
    undo = bulk.start_undo(job=job, actor=alice)
    jobs.run(str(undo.pk))
    assert [lead.custom for lead in Lead.objects.order_by("pk")] == [
        {"level": "low", "seats": 0}, {"level": "low", "seats": 1}, {"level": "low", "seats": 2}, {},
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_saved_address_with_a_retired_field_says_so(alice: User, olga: User) -> None:
    from revops.core.custom import services

    field = make_field("leads.lead", "level", K.CHOICE)
    client = Client()
    client.force_login(alice)
    address = reverse("lead-list") + "?cf.level=low"
    assert client.get(address).status_code == 200
    services.update_field(field=field, version=None, actor=olga, is_active=False)
    answer = client.get(address)
    assert answer.status_code == 400
    assert "cf.level" in answer.content.decode()


def test_a_chip_taken_off_leaves_the_filter_of_a_field_called_alike(alice: User) -> None:
    make_field("leads.lead", "district")
    make_field("leads.lead", "district_code")
    client = Client()
    client.force_login(alice)
    active = client.get(
        reverse("lead-list"), {"cf.district__contains": "n", "cf.district_code__contains": "x"}
    ).context["active"]
    assert [chip["label"] for chip in active] == ["District contains", "District code contains"]
    assert "cf.district_code__contains=x" in active[0]["url"]
    assert "cf.district__contains" not in active[0]["url"]


def test_a_spreadsheet_holds_them_as_numbers_and_days(alice: User) -> None:
    make_one_of_each("leads.lead", alice)
    make_lead(alice, custom={key: value for key, (_kind, value, _b) in examples(alice).items()})
    client = Client()
    client.force_login(alice)
    columns = "cf.seats,cf.weight,cf.budget,cf.renewal,cf.level,cf.interests,cf.engineer,cf.newsletter"
    answer = client.get(reverse("lead-list"), {"export": "xlsx", "columns": columns})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
    heads, row = ([cell.value for cell in line] for line in list(sheet.iter_rows())[:2])
    assert heads[:4] == ["Seats", "Weight", "Budget", "Budget currency"]
    assert [str(value) for value in row[:4]] == ["12", "0.1", "1200.5", "EUR"]
    assert str(row[4]).startswith("2026-03-01")
    assert row[5:] == ["Low", "Low; High", "Alice Reed", "no"]
