from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revops.core.errors import BadRequest
from revops.core.keyset import Page, decode, encode, paginate

User = get_user_model()
START = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = [
    ["pk"],
    ["-pk"],
    ["title", "pk"],
    ["-title"],
    ["last_login"],
    ["-last_login", "pk"],
    ["title", "-last_login", "username"],
    ["calendar__name", "-pk"],
]
FORGIVING = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def people(db: Any) -> list[Any]:
    """Thirty people with ties in every column and empty values in some."""
    rows = [
        User(
            username=f"person{n:02}",
            title=["", "Rep", "Boss"][n % 3],
            last_login=None if n % 4 == 0 else START + timedelta(days=n % 7),
        )
        for n in range(30)
    ]
    User.objects.bulk_create(rows)
    return list(User.objects.filter(username__startswith="person").order_by("username"))


def value(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = getattr(row, step, None)
    return row


def sorted_nulls_last(rows: list[Any], order: list[str]) -> list[Any]:
    """What the pages must add up to: the same ordering in plain Python."""
    if not any(key.lstrip("-") == "pk" for key in order):
        order = [*order, "-pk" if order[0].startswith("-") else "pk"]
    for key in reversed(order):
        path, down = key.lstrip("-"), key.startswith("-")
        full = [row for row in rows if value(row, path) is not None]
        empty = [row for row in rows if value(row, path) is None]
        rows = sorted(full, key=lambda row, path=path: value(row, path), reverse=down) + empty
    return rows


def walk(queryset: Any, order: list[str], limit: int) -> list[Page[Any]]:
    pages = [paginate(queryset, order, None, limit)]
    while pages[-1].next_cursor:
        pages.append(paginate(queryset, order, pages[-1].next_cursor, limit))
        assert len(pages) < 100
    return pages


@FORGIVING
@given(order=st.sampled_from(ORDERS), limit=st.integers(1, 13), chosen=st.sets(st.integers(0, 29)))
def test_pages_concatenate_to_the_whole_ordered_list(
    people: list[Any], order: list[str], limit: int, chosen: set[int]
) -> None:
    rows = [people[n] for n in sorted(chosen)]
    queryset = User.objects.filter(pk__in=[row.pk for row in rows])
    pages = walk(queryset, order, limit)
    seen = [row.pk for page in pages for row in page.rows]
    assert seen == [row.pk for row in sorted_nulls_last(rows, order)]
    assert all(len(page.rows) == limit for page in pages[:-1])


@FORGIVING
@given(order=st.sampled_from(ORDERS), limit=st.integers(1, 13))
def test_walking_back_shows_the_same_pages(people: list[Any], order: list[str], limit: int) -> None:
    queryset = User.objects.filter(username__startswith="person")
    pages = walk(queryset, order, limit)
    assert pages[0].previous_cursor is None
    page = pages[-1]
    for expected in reversed(pages[:-1]):
        assert page.previous_cursor
        page = paginate(queryset, order, page.previous_cursor, limit)
        assert [row.pk for row in page.rows] == [row.pk for row in expected.rows]
        assert page.next_cursor
    assert page.previous_cursor is None


def test_a_row_inserted_before_the_page_does_not_shift_it(people: list[Any]) -> None:
    queryset = User.objects.filter(username__startswith="person")
    first = paginate(queryset, ["username"], None, 10)
    User.objects.create(username="person00a")
    second = paginate(queryset, ["username"], first.next_cursor, 10)
    assert second.rows[0].username == "person10"


def test_the_cost_of_a_late_page_is_one_query(people: list[Any], django_assert_num_queries: Any) -> None:
    queryset = User.objects.filter(username__startswith="person")
    cursor = paginate(queryset, ["username"], None, 25).next_cursor
    with django_assert_num_queries(1):
        paginate(queryset, ["username"], cursor, 25)


def packed(body: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        "ünïcode",
        packed([]),
        packed({"a": 1}),
        packed([["username", "pk"], 0, ["a"]]),
        packed([["username", "pk"], 2, ["a", 1]]),
        packed([["title", "pk"], 0, ["a", 1]]),
        packed([["username", "pk"], 0, ["a", "not a number"]]),
        packed([["username", "pk"], 0, ["a\x00", 1]]),
        packed([["username", "pk"], 0, [["a"], 1]]),
        packed([["username", "pk"], 0, [{"z": "a"}, 1]]),
        packed([["username", "pk"], 0, ["a", {"n": "NaN"}]]),
        packed([["username", "pk"], 0, [{"t": "yesterday"}, 1]]),
        "W" * 5000,
    ],
)
def test_a_damaged_cursor_is_a_bad_request(people: list[Any], cursor: str) -> None:
    with pytest.raises(BadRequest) as refused:
        paginate(User.objects.all(), ["username", "pk"], cursor, 5)
    assert refused.value.code == "bad_cursor"


@FORGIVING
@given(cursor=st.text(min_size=1, max_size=80))
def test_no_text_breaks_the_cursor(people: list[Any], cursor: str) -> None:
    try:
        page = paginate(User.objects.all(), ["username"], cursor, 5)
    except BadRequest:
        return
    assert len(page.rows) <= 5


@given(
    values=st.lists(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
        | st.decimals(allow_nan=False, allow_infinity=False)
        | st.dates()
        | st.datetimes()
        | st.uuids(),
        min_size=1,
        max_size=4,
    ),
    backwards=st.booleans(),
)
def test_a_cursor_carries_every_value_unchanged(values: list[Any], backwards: bool) -> None:
    order = [f"key{n}" for n in range(len(values))]
    assert decode(encode(order, values, backwards=backwards), order) == (values, backwards)
