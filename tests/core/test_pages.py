"""Pages of the frame itself: jobs, refusals, the stale copy, the style guide."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.test import Client
from django.urls import include, path

from revops.core.errors import DomainError, NotAllowed, StaleCopy
from revops.core.models import JobRun
from revops.core.views.parts import Figure
from tests.core import pages

pytestmark = pytest.mark.urls("tests.core.test_pages")


def stale(request: HttpRequest) -> HttpResponse:
    raise StaleCopy(request.user, 1)


def refused(request: HttpRequest) -> HttpResponse:
    raise DomainError("no", "The moon is full <b>.")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise NotAllowed("Only finance may.")


def record(request: HttpRequest) -> HttpResponse:
    steps = [{"label": "Engage", "state": "done"}, {"label": "Pitch", "state": "now", "url": "/x/"}]
    panels = [{"key": "a", "title": "Orders", "url": "/orders/?account=1", "icon": ""}]
    facts = [Figure("Amount", "<i>", "/rows/")]
    context = {"title": "Fleet", "keyfacts": facts, "steps": steps, "panels": panels, "crumbs": [("All", "/all/")]}
    return render(request, "core/record.html", context)


urlpatterns = [
    path("stale/", stale),
    path("refused/", refused),
    path("forbidden/", forbidden),
    path("record/", record),
    path("", include(pages)),
]


@pytest.fixture
def signed_in(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


def make_job(person: Any, **more: Any) -> JobRun:
    job = {"kind": "leads.score", "params": {"title": "Scoring 10 leads"}, "total": 10, "done": 6} | more
    return JobRun.objects.create(created_by=person, **job)


def test_a_running_job_shows_its_progress_and_asks_again(signed_in: Client, alice: Any) -> None:
    job = make_job(alice, state="running", counts={"grade_changed": 3})
    html = signed_in.get(f"/jobs/{job.pk}/").content.decode()
    assert "Scoring 10 leads" in html and "6 / 10" in html and "pct-60" in html
    assert 'hx-trigger="every 1s"' in html and "Grade changed" in html
    fragment = signed_in.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and "6 / 10" in fragment


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_a_job_that_is_over_asks_no_more_and_shows_the_way_on(signed_in: Client, alice: Any, state: str) -> None:
    job = make_job(alice, state=state, error="Row 3 <b>", result={"url": "/r/", "errors_url": "/e/"})
    html = signed_in.get(f"/jobs/{job.pk}/").content.decode()
    assert "hx-trigger" not in re.sub(r"<details.*?</details>", "", html, flags=re.S).split('class="job"')[1]
    assert 'href="/r/"' in html and 'href="/e/"' in html and "Row 3 &lt;b&gt;" in html


def test_a_job_of_somebody_else_is_not_there(signed_in: Client, charlie: Any) -> None:
    job = make_job(charlie)
    assert signed_in.get(f"/jobs/{job.pk}/").status_code == 404
    assert signed_in.post(f"/jobs/{job.pk}/cancel/").status_code == 404
    job.refresh_from_db()
    assert not job.cancel_requested


def test_only_a_post_cancels_a_job(signed_in: Client, alice: Any) -> None:
    job = make_job(alice)
    assert signed_in.get(f"/jobs/{job.pk}/cancel/").status_code == 405


def test_the_stale_page_shows_both_versions_and_sends_the_choice_back(signed_in: Client, alice: Any) -> None:
    sent = {"version": "1", "title": "Boss", "first_name": alice.first_name, "tags": ["a", "b"], "unknown": "<x>"}
    answer = signed_in.post("/stale/?from=list", sent)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert 'name="title"' in html and "Boss" in html and "Account executive" in html
    assert f'name="version" value="{alice.version}"' in html and 'action="/stale/?from=list"' in html
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    assert ("tags", "a") in hidden and ("tags", "b") in hidden and ("unknown", "&lt;x&gt;") in hidden
    assert not any(name == "title" for name, _value in hidden)


def test_a_refusal_is_a_page_with_its_reason(signed_in: Client) -> None:
    answer = signed_in.get("/refused/")
    assert answer.status_code == 422 and "The moon is full &lt;b&gt;." in answer.content.decode()
    answer = signed_in.get("/forbidden/")
    assert answer.status_code == 403 and "Only finance may." in answer.content.decode()
    answer = signed_in.get("/nowhere/")
    assert answer.status_code == 404 and "Nothing here" in answer.content.decode()


def test_a_refusal_is_json_for_the_board(signed_in: Client) -> None:
    answer = signed_in.post("/refused/", headers={"Accept": "application/json, text/html"})
    assert answer.status_code == 422 and answer.json()["detail"] == "The moon is full <b>."
    answer = signed_in.post("/stale/", headers={"Accept": "application/json, text/html"})
    assert answer.status_code == 409


def test_a_record_page_has_steps_facts_and_panels_that_are_links_first(signed_in: Client) -> None:
    html = signed_in.get("/record/").content.decode()
    assert re.search(r'<a href="/x/" aria-current="step">', html)
    assert "Step 2 of 2: Pitch" in html and "&lt;i&gt;" in html
    assert 'hx-get="/orders/?account=1"' in html and '<a class="meta accent-text" href="/orders/?account=1">' in html


def test_every_component_renders_and_only_staff_see_the_page(signed_in: Client, olga: Any, client: Client) -> None:
    assert signed_in.get("/styleguide/").status_code == 403
    client.force_login(olga)
    html = client.get("/styleguide/").content.decode()
    assert "<c-" not in html and "c-slot" not in html and "{{" not in html and "{%" not in html
    assert " style=" not in html and "onclick" not in html


def test_the_page_for_a_broken_server_needs_nothing(db: Any) -> None:
    assert "Something broke" in render_to_string("500.html")


def test_the_offline_page_is_open_to_everybody(client: Client, db: Any) -> None:
    assert client.get("/offline/").status_code == 200


def test_the_style_guide_asks_for_the_login(client: Client, db: Any) -> None:
    assert client.get("/styleguide/").status_code == 302
