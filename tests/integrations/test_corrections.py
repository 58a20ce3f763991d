"""Single rows of a dry run: put right, or left out, and the file is checked again."""

from typing import Any

import pytest
from django.test import Client

from leads.models import Lead
from revops.core.errors import IllegalState, InvalidInput, StaleCopy
from revops.core.models import AuditEntry
from revops.integrations import services
from revops.users.models import User
from tests.integrations.files import checked, committed, refused

pytestmark = pytest.mark.django_db
TEXT = (
    "First name,Last name,Company,E-mail,Employees\n"
    "Ulla,Sjögren,Vasa Elevators,ulla@@vasa.example,9\n"
    "Karl,Weiss,Rheinland Towing,karl@rheinland.example,about 30\n"
    "Ines,Carvalho,Tejo Ferries,ines@tejo.example,61\n"
)


def test_a_refused_row_is_put_right_and_another_is_left_out(olga: User) -> None:
    run = checked("leads", TEXT, olga)
    assert set(refused(run)) == {2, 3}
    services.correct_row(run=run, number=2, version=run.version, actor=olga, cells={"email": "ulla@vasa.example"})
    run.refresh_from_db()
    assert (run.counts["create"], run.counts["error"]) == (2, 1)
    services.correct_row(run=run, number=3, version=run.version, actor=olga, cells={}, leave_out=True)
    run.refresh_from_db()
    assert (run.counts["create"], run.counts["error"], run.counts["skip"]) == (2, 0, 1)
    assert run.rows.get(number=3).notes == ["Left out by hand."]
    said = AuditEntry.objects.filter(action="import.row_corrected").order_by("pk")
    assert [(row.facts["row"], row.before, row.after) for row in said] == [
        (2, {"email": "ulla@@vasa.example"}, {"email": "ulla@vasa.example"}),
        (3, {"left_out": False}, {"left_out": True}),
    ]
    committed(run, olga)
    assert set(Lead.objects.values_list("email", flat=True)) == {"ulla@vasa.example", "ines@tejo.example"}


def test_a_row_that_is_left_out_stands_in_nobodys_way_and_can_come_back(olga: User) -> None:
    twice = TEXT + "Ines,Carvalho,Tejo Ferries,ines@tejo.example,62\n"
    run = checked("leads", twice, olga)
    assert 5 in refused(run)
    services.correct_row(run=run, number=4, version=None, actor=olga, cells={}, leave_out=True)
    assert 5 not in refused(run)
    services.correct_row(run=run, number=4, version=None, actor=olga, cells={}, leave_out=False)
    assert 5 in refused(run)


def test_what_cannot_be_corrected_is_refused_and_nothing_happens(olga: User) -> None:
    run = checked("leads", TEXT, olga)
    before = list(run.rows.values_list("raw", "verdict", "skipped"))
    for number, version, cells, error in (
        (2, run.version - 1, {"email": "a@b.example"}, StaleCopy),
        (2, run.version, {"phone": "1"}, InvalidInput),
        (2, run.version, {"email": "a\x00"}, InvalidInput),
        (99, run.version, {"email": "a@b.example"}, IllegalState),
    ):
        with pytest.raises(error):
            services.correct_row(run=run, number=number, version=version, actor=olga, cells=cells)
    assert list(run.rows.values_list("raw", "verdict", "skipped")) == before
    run = committed(run, olga)
    with pytest.raises(IllegalState):
        services.correct_row(run=run, number=2, version=None, actor=olga, cells={"email": "a@b.example"})


def test_the_page_shows_the_cells_with_what_was_said_and_saves_them(olga: User, charlie: User, client: Client) -> None:
    run = checked("leads", TEXT, olga)
    client.force_login(olga)
    html = client.get(f"/imports/{run.pk}/").content.decode()
    assert "Correct row 2 or leave it out" in html
    address = f"/imports/{run.pk}/rows/2/?verdict=error"
    html = client.get(address).content.decode()
    assert "ulla@@vasa.example" in html and "This is no e-mail address." in html
    cells: dict[str, Any] = {
        "first_name": "Ulla", "last_name": "Sjögren", "company": "Vasa Elevators", "email": "ulla@vasa.example",
        "employees": "9", "version": run.version,
    }  # fmt: skip
    answer = client.post(address, cells)
    assert (answer.status_code, answer["Location"]) == (302, f"/imports/{run.pk}/?verdict=error")
    assert run.rows.get(number=2).verdict == "create"
    assert client.get(f"/imports/{run.pk}/rows/77/").status_code == 404
    client.force_login(charlie)
    assert client.get(address).status_code in (403, 404)
    assert client.post(address, cells).status_code in (403, 404)


def test_the_api_corrects_a_row(olga: User, client: Client) -> None:
    run = checked("leads", TEXT, olga)
    client.force_login(olga)
    body = {"row": 3, "cells": {"employees": "30"}}
    answer = client.post(f"/api/v1/imports/{run.pk}/correct", body, content_type="application/json")
    assert answer.status_code == 200 and answer.json()["counts"]["error"] == 1
    body = {"row": 2, "leave_out": True}
    answer = client.post(f"/api/v1/imports/{run.pk}/correct", body, content_type="application/json")
    assert answer.json()["counts"]["error"] == 0 and answer.json()["counts"]["skip"] == 1
