"""Deals by day: one filter with board and list, counts and overflow, and a move that goes through the service."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from opportunities.models import Opportunity
from revops.core.models import AuditEntry
from tests.opportunities.builders import make_account, make_deal, win

PAGE = "/opportunities/calendar/"


@pytest.fixture
def page(alice: Any, client: Client) -> Client:
    client.force_login(alice)
    return client


def deals_on(owner: Any, day: date, count: int = 1, **fields: Any) -> list[Opportunity]:
    account = make_account(owner)
    return [make_deal(owner, name=f"Deal {n}", close_on=day, account=account, **fields) for n in range(count)]


def cell(html: str, day: date) -> str:
    found = re.search(rf'<td[^>]*data-day="{day}".*?</td>', html, re.DOTALL)
    assert found, f"{day} is not in view"
    return found[0]


def entries(html: str) -> list[str]:
    return re.findall(r'data-label="([^"]*)"', html)


def move(client: Client, deal: Opportunity, day: Any, version: int | None = None, query: str = "") -> Any:
    data = {"do": "reschedule", "pk": deal.pk, "version": version or deal.version, "day": str(day)}
    return client.post(PAGE + query, data, headers={"Accept": "application/json, text/html"})


def test_a_month_shows_whole_weeks_and_each_deal_on_its_day(page: Client, alice: Any) -> None:
    (deal,) = deals_on(alice, date(2026, 11, 19), amount=14_200)
    html = page.get(f"{PAGE}?on=2026-11-02").content.decode()
    days = re.findall(r'data-day="([\d-]+)"', html)
    assert (days[0], days[-1], len(days)) == ("2026-10-26", "2026-12-06", 42)
    assert entries(cell(html, date(2026, 11, 19))) == ["Deal 0"]
    assert deal.get_absolute_url() in html and "$14,200" in html and "November 2026" in html
    assert 'href="?on=2026-10-01"' in html and 'href="?on=2026-12-01"' in html


def test_a_week_is_seven_days_and_shows_more_of_each(page: Client, alice: Any) -> None:
    deals_on(alice, date(2026, 11, 19), 5)
    html = page.get(f"{PAGE}?span=week&on=2026-11-18").content.decode()
    days = re.findall(r'data-day="([\d-]+)"', html)
    assert days == [f"2026-11-{n}" for n in range(16, 23)]
    assert len(entries(cell(html, date(2026, 11, 19)))) == 5
    assert 'href="?span=week&amp;on=2026-11-11"' in html


def test_what_does_not_fit_is_counted_and_leads_to_that_day_under_the_same_filter(page: Client, alice: Any) -> None:
    deals_on(alice, date(2026, 11, 19), 5)
    deals_on(alice, date(2026, 11, 20), 4)
    html = page.get(f"{PAGE}?on=2026-11-02&amount__gte=500").content.decode()
    day = cell(html, date(2026, 11, 19))
    assert len(entries(day)) == 3 and "+2 more" in day
    link = re.search(r'class="cal-more" href="([^"]*)"', day)
    assert link
    listed = page.get(link[1].replace("&amp;", "&")).content.decode()
    assert "amount__gte=500" in link[1] and "Opportunities: 5, 5 on this page" in listed


def test_switching_between_board_list_and_calendar_keeps_the_filter(page: Client, alice: Any) -> None:
    for address in ("/opportunities/", "/opportunities/list/", PAGE):
        html = page.get(f"{address}?amount__gte=500").content.decode()
        segment = re.search(r'<div class="segment push.*?</div>', html, re.DOTALL)
        assert segment
        links = [link for link in re.findall(r'href="([^"]*)"', segment[0]) if link]
        assert len(links) == 2 and all("amount__gte=500" in link for link in links), address
        assert not any("on=" in link.replace("close_on", "") or "span=" in link for link in links)


def test_a_deal_moves_through_the_service_and_both_days_come_back(page: Client, alice: Any) -> None:
    (deal,) = deals_on(alice, date(2026, 11, 19))
    answer = move(page, deal, "2026-11-25")
    assert answer.status_code == 200
    html = answer.content.decode()
    assert entries(cell(html, date(2026, 11, 19))) == [] and entries(cell(html, date(2026, 11, 25))) == ["Deal 0"]
    assert 'data-version="2"' in html
    deal.refresh_from_db()
    assert deal.close_on == date(2026, 11, 25)
    assert AuditEntry.objects.filter(action="opportunity.updated", object_id=str(deal.pk)).exists()


def test_a_stale_copy_and_a_closed_deal_stay_where_they_are(page: Client, alice: Any) -> None:
    (deal,) = deals_on(alice, date(2026, 11, 19))
    assert move(page, deal, "2026-11-25", version=9).status_code == 409
    won = win(deal, alice)
    answer = move(page, won, "2026-11-25")
    assert answer.status_code == 409 and answer.json()["code"] == "closed"
    html = page.get(f"{PAGE}?on=2026-11-02").content.decode()
    assert "data-movable" not in cell(html, date(2026, 11, 19))
    deal.refresh_from_db()
    assert deal.close_on == date(2026, 11, 19)


def test_an_outsider_sees_and_moves_nothing(alice: Any, charlie: Any, client: Client) -> None:
    (deal,) = deals_on(alice, date(2026, 11, 19))
    client.force_login(charlie)
    assert entries(client.get(f"{PAGE}?on=2026-11-02").content.decode()) == []
    assert move(client, deal, "2026-11-25").status_code == 404
    deal.refresh_from_db()
    assert deal.close_on == date(2026, 11, 19)


def test_who_may_not_change_deals_drags_none(alice: Any, client: Client) -> None:
    (deal,) = deals_on(alice, date(2026, 11, 19))
    alice.groups.clear()
    from django.contrib.auth.models import Permission

    alice.user_permissions.add(Permission.objects.get(codename="view_opportunity"))
    client.force_login(alice)
    html = client.get(f"{PAGE}?on=2026-11-02").content.decode()
    assert entries(html) == ["Deal 0"] and "data-movable" not in html
    assert move(client, deal, "2026-11-25").status_code == 403


@pytest.mark.parametrize(
    "query", ["?on=soon", "?on=0001-01-01", "?on=9999-12-31", "?span=year", "?bogus=1", "?on=2026-02-30"]
)
def test_what_the_calendar_does_not_know_is_said(page: Client, query: str) -> None:
    assert page.get(PAGE + query).status_code == 400


@pytest.mark.parametrize("day", ["", "soon", "2026-02-30"])
def test_a_day_that_is_none_moves_nothing(page: Client, alice: Any, day: str) -> None:
    (deal,) = deals_on(alice, date(2026, 11, 19))
    assert move(page, deal, day).status_code == 400
    deal.refresh_from_db()
    assert deal.close_on == date(2026, 11, 19)


def test_a_month_costs_the_same_with_many_deals(page: Client, alice: Any, django_assert_max_num_queries: Any) -> None:
    deals_on(alice, date(2026, 11, 19), 2)
    address = f"{PAGE}?on=2026-11-02"
    page.get(address)
    with django_assert_max_num_queries(40) as few:
        page.get(address)
    for n in range(8):
        deals_on(alice, date(2026, 11, 2) + timedelta(days=n), 4)
    with django_assert_max_num_queries(len(few.captured_queries)):
        page.get(address)


def test_an_export_from_the_calendar_is_that_of_the_list(page: Client) -> None:
    answer = page.get(f"{PAGE}?on=2026-11-02&span=week&amount__gte=500&export=csv")
    assert answer.headers["Location"] == f"{reverse('opportunity-list')}?amount__gte=500&export=csv"
