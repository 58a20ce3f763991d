"""Activities by day: a drag keeps the hour, in the company's time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import Activity
from accounts.services import complete_activity, plan_activity

PAGE = "/activities/calendar/"
DUE = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)


@pytest.fixture
def call(alice: Any, client: Client, settings: Any) -> Activity:
    client.force_login(alice)
    return plan_activity(actor=alice, kind="call", subject="Call Ingrid", due_at=DUE)


def move(client: Client, activity: Activity, day: str) -> Any:
    data = {"do": "reschedule", "pk": activity.pk, "version": activity.version, "day": day}
    return client.post(PAGE, data, headers={"Accept": "application/json, text/html"})


def day_of(html: str, subject: str) -> str:
    before = html[: html.index(subject)]
    return re.findall(r'data-day="([\d-]+)"', before)[-1]


def test_an_activity_stands_on_the_companys_day_with_its_hour(call: Activity, client: Client) -> None:
    html = client.get(f"{PAGE}?on=2026-11-02").content.decode()
    assert day_of(html, "Call Ingrid") == "2026-11-19" and "23:30" in html


def test_moved_to_another_day_it_keeps_its_hour(call: Activity, client: Client) -> None:
    assert move(client, call, "2026-11-24").status_code == 200
    call.refresh_from_db()
    assert call.due_at == datetime(2026, 11, 24, 23, 30, tzinfo=UTC)


def test_what_is_done_does_not_move(call: Activity, alice: Any, client: Client) -> None:
    done = complete_activity(activity=call, version=None, actor=alice)
    answer = move(client, done, "2026-11-24")
    assert answer.status_code == 409 and answer.json()["code"] == "not_planned"
    call.refresh_from_db()
    assert call.due_at == DUE


def test_an_outsider_finds_nothing_to_move(call: Activity, charlie: Any, client: Client) -> None:
    client.force_login(charlie)
    assert "Call Ingrid" not in client.get(f"{PAGE}?on=2026-11-02").content.decode()
    assert move(client, call, "2026-11-24").status_code == 404


def test_more_than_fit_lead_to_the_list_of_that_day(call: Activity, alice: Any, client: Client) -> None:
    for n in range(4):
        plan_activity(actor=alice, kind="call", subject=f"Call {n}", due_at=DUE.replace(hour=9, minute=n))
    html = client.get(f"{PAGE}?on=2026-11-02").content.decode()
    link = re.search(r'class="cal-more" href="([^"]*)"', html)
    assert link and "+2 more" in html
    assert "Activities: 5, 5 on this page" in client.get(link[1].replace("&amp;", "&")).content.decode()
