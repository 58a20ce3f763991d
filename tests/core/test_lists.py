from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.http import QueryDict
from django.test import Client

from revops.core.money import Money
from revops.core.templatetags.frame import changed_query, initials, money_text, pct, shown
from revops.core.views.cells import Column, neutral, rows_of
from revops.core.views.counting import bounded_counts
from revops.core.views.lists import bounded_count, count_text

User = get_user_model()
pytestmark = pytest.mark.urls("tests.core.pages")


def make_people(count: int, start: int = 0) -> None:
    User.objects.bulk_create(
        [
            User(
                username=f"p{n:03}",
                title="Boss" if n % 4 == 0 else "Rep",
                last_name=f"=SUM(A{n})" if n == 1 else f"Name{n}",
                last_login=None if n % 3 else datetime(2026, 11, 1 + n % 28, tzinfo=UTC),
            )
            for n in range(start, start + count)
        ]
    )


@pytest.fixture
def page(alice: Any, client: Client) -> Callable[..., str]:
    """The list as alice sees it, as text."""
    make_people(12)
    client.force_login(alice)

    def get(query: str = "", status: int = 200) -> str:
        answer = client.get(f"/people/{query}")
        assert answer.status_code == status, answer.content.decode()[:2000]
        return answer.content.decode()

    return get


def names(html: str) -> list[str]:
    return re.findall(r'class="name" href="[^"]*">(\w+)<', html)


def test_the_first_page_shows_its_rows_in_order_and_the_way_on(page: Any) -> None:
    html = page()
    assert names(html) == ["p000", "p001", "p002", "p003", "p004"]
    assert 'rel="next"' in html and 'rel="prev"' not in html
    assert "People: 12, 5 on this page" in html


def test_following_next_shows_every_row_once(page: Any) -> None:
    seen, query = [], ""
    while True:
        html = page(query)
        seen += names(html)
        onward = re.search(r'href="(\?[^"]*)" rel="next"', html)
        if not onward:
            break
        query = onward[1].replace("&amp;", "&")
    assert seen == [f"p{n:03}" for n in range(12)]


def test_the_head_sorts_both_ways_and_empty_values_come_last(page: Any) -> None:
    html = page("?sort=-last_login&columns=username,last_login")
    assert names(html)[:4] == ["p009", "p006", "p003", "p000"]
    assert 'aria-sort="descending"' in html
    assert names(page("?sort=last_login"))[:4] == ["p000", "p003", "p006", "p009"]


def test_a_filter_narrows_rows_sums_and_export_alike(page: Any, client: Client) -> None:
    html = page("?title=Boss")
    assert names(html) == ["p000", "p004", "p008"]
    assert re.search(r'<a class="drill num" href="\?title=Boss">3</a>', html)
    lines = list(csv.reader(io.StringIO(body(client, "?title=Boss&export=csv"))))
    assert [line[0] for line in lines[1:]] == ["p000", "p004", "p008"]


def body(client: Client, query: str) -> str:
    answer = client.get(f"/people/{query}")
    assert answer["Content-Type"].startswith("text/csv")
    return b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]


def test_the_export_holds_the_chosen_columns_in_the_chosen_order(page: Any, client: Client) -> None:
    lines = list(csv.reader(io.StringIO(body(client, "?columns=title,username,worth&sort=-username&export=csv"))))
    assert lines[0] == ["Title", "Name", "Worth", "Worth currency"]
    assert lines[1][:2] == ["Rep", "p011"] and lines[1][3] == "USD"
    assert len(lines) == 13


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\n=1"])
def test_no_text_is_a_formula_in_the_export(text: str) -> None:
    assert neutral(text).startswith("'")


def test_a_name_that_is_a_formula_is_exported_as_text(page: Any, client: Client) -> None:
    assert "'=SUM(A1)" in body(client, "?columns=username,last_name&export=csv")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("?bogus=1", "bogus"),
        ("?title__startswith=B", "title__startswith"),
        ("?sort=password", "password"),
        ("?sort=state", "state"),
        ("?columns=username,password", "password"),
        ("?cursor=xxx", "damaged"),
        ("?joined_after=soon", "valid date"),
        ("?reach=nowhere", "nowhere"),
        ("?q=%00", "character"),
    ],
)
def test_what_the_page_does_not_know_is_said(page: Any, query: str, reason: str) -> None:
    assert reason in page(query, status=400)


def test_search_finds_parts_of_names_and_survives_in_the_form(page: Any) -> None:
    html = page("?q=p01&sort=-username")
    assert names(html) == ["p011", "p010"]
    assert 'value="p01"' in html and 'name="sort" value="-username"' in html


def test_a_quick_filter_has_its_count_and_drops_itself_when_pressed_again(page: Any) -> None:
    assert re.search(r'href="\?title=Boss"\s*>\s*Bosses <b>3</b>', page())
    assert re.search(r'href="\?"\s+aria-current="true">\s*Bosses <b>3</b>', page("?title=Boss"))


def test_an_active_filter_is_a_chip_with_its_value_and_the_way_out(page: Any) -> None:
    html = page("?joined_after=2026-01-01&reach=own&reach=all")
    assert "from 1 Jan 2026" in html and "Their own, Everybody&#x27;s" in html
    assert 'href="?joined_after=2026-01-01"' in html


def test_filtered_to_nothing_names_the_filter(page: Any) -> None:
    html = page("?title=Nobody")
    assert "No people match this" in html and "Without Title" in html


def test_the_panel_is_the_first_rows_without_the_page(page: Any) -> None:
    html = page("?panel=1&title=Rep")
    assert "<html" not in html and html.count("line-item") == 5
    assert 'href="/people/?title=Rep"' in html and "All 9" in html


def test_queries_stay_the_same_with_more_rows(page: Any, django_assert_max_num_queries: Any) -> None:
    page()
    with django_assert_max_num_queries(14) as few:
        page()
    make_people(200, start=100)
    with django_assert_max_num_queries(len(few.captured_queries)):
        page()


def test_a_list_asks_for_login_and_for_its_permission(alice: Any, client: Client) -> None:
    assert client.get("/people/").status_code == 302
    client.force_login(alice)
    assert client.get("/guarded/").status_code == 403


def test_the_board_shares_the_filter_and_shows_lanes_and_rails(page: Any, client: Client) -> None:
    html = client.get("/people-board/?title=Boss").content.decode()
    assert re.findall(r'data-label="(\w+)"', html) == ["p000", "p004", "p008"]
    assert 'data-lane="won"' in html and "data-rail" in html
    assert client.get("/people-board/?bogus=1").status_code == 400


def test_html_in_a_value_stays_text(page: Any) -> None:
    User.objects.create(username="p<b>x</b>", title="<script>alert(1)</script>")
    html = page("?q=p<b>")
    assert "<b>x" not in html and "<script>alert" not in html and "&lt;b&gt;x" in html


def test_no_count_goes_beyond_its_limit(db: Any) -> None:
    make_people(12)
    rows = User.objects.filter(username__startswith="p")
    assert bounded_count(rows, limit=10) == 11
    assert count_text(11, limit=10) == "10+" and count_text(10_001) == "10,000+" and count_text(9_999) == "9,999"


def test_many_counts_are_one_statement_and_each_is_its_own(db: Any, django_assert_num_queries: Any) -> None:
    make_people(12)
    rows = User.objects.filter(username__startswith="p")
    wanted = [(rows, 100), (rows.filter(title="Boss"), 100), (rows, 10), (rows.none(), 5), (rows.filter(pk__in=[]), 5)]
    with django_assert_num_queries(1):
        assert bounded_counts(wanted) == [12, 3, 11, 0, 0]
    with django_assert_num_queries(0):
        assert bounded_counts([(rows.none(), 5)]) == [0]


def test_a_chip_counts_what_its_address_shows(page: Any) -> None:
    for query in ("", "?q=p00", "?title=Rep", "?title=Boss"):
        html = page(query)
        link, count = re.findall(r'class="chip[^"]*"\s*href="([^"]*)"[^>]*>\s*Bosses <b>(\d+)</b>', html)[0]
        shown = page(query if "title=Boss" in query else link.replace("&amp;", "&"))
        assert f"People: {count}," in shown or (count == "0" and "People:" not in shown), query


def test_a_number_on_a_phone_s_card_says_what_it_is_and_money_where_it_is_not_alone() -> None:
    deal = SimpleNamespace(pk=1, name="Fleet", steps=3, worth=Money(Decimal(5), "USD"), cost=Money(Decimal(2), "USD"))
    one = [Column("name", "Deal"), Column("steps", "Steps", kind="number"), Column("worth", "Worth", kind="money")]
    two = [*one, Column("cost", "Cost", kind="money")]
    for columns, said in ((one, ["", "Steps", ""]), (two, ["", "Steps", "Worth", "Cost"])):
        row = rows_of([deal], columns, lambda row: "/")[0]
        assert [cell.label for cell in row.cells] == said
        assert 'data-ph="Steps"' in row.markup(ticked=False)


def test_a_money_column_has_one_precision() -> None:
    class Deal:
        pk = 1

        def __init__(self, amount: str) -> None:
            self.worth = Money(Decimal(amount), "USD")

    columns = [Column("worth", "Worth", kind="money")]
    texts = [row.cells[0].text for row in rows_of([Deal("1200"), Deal("-3.5")], columns, lambda deal: "/")]
    assert texts == ["$1,200.00", "−$3.50"]
    texts = [row.cells[0].text for row in rows_of([Deal("1200"), Deal("3.000")], columns, lambda deal: "/")]
    assert texts == ["$1,200", "$3"]


@pytest.mark.parametrize(
    ("amount", "currency", "style", "text"),
    [
        ("132000.5", "USD", "full", "$132,000.50"),
        ("132000", "USD", "auto", "$132,000"),
        ("132000.5", "USD", "whole", "$132,001"),
        ("1500", "JPY", "full", "¥1,500"),
        ("1.5", "KWD", "full", "KWD\xa01.500"),
        ("-0.01", "EUR", "auto", "−€0.01"),
    ],
)
def test_money_is_written_by_currency_and_style(amount: str, currency: str, style: str, text: str) -> None:
    assert money_text(Money(Decimal(amount), currency), style) == text


def test_small_tags_do_what_they_say() -> None:
    assert [initials(name) for name in ("Alice Moreau", "Cher", "", "ann@example.com")] == ["AM", "C", "?", "AE"]
    assert [pct(part, whole) for part, whole in ((61, 100), (5, 0), (7, 3), (None, 1), (-1, 3))] == [
        "pct-61",
        "pct-0",
        "pct-100",
        "pct-0",
        "pct-0",
    ]
    assert shown(1234567) == "1,234,567" and shown(None) == "–" and shown(Decimal("1.50")) == "1.5"


def test_a_changed_address_never_keeps_a_cursor() -> None:
    query = QueryDict("stage=a&stage=b&cursor=x&export=csv")
    assert changed_query(query, sort="-name") == "?stage=a&stage=b&sort=-name"
    assert changed_query(query, stage="") == "?"
