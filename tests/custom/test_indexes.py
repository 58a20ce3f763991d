"""Filter and sort of a custom field are served by its indexes, which a worker builds beside the running system."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from leads.models import Lead
from leads.setup import ensure_leads
from revops.core.custom import indexes, services
from revops.core.custom.filters import narrowed, with_sort
from revops.core.keyset import paginate
from revops.core.models import CustomField
from revops.core.tasks import build_custom_indexes
from tests.builders import make_user
from tests.custom.builders import K, make_field, make_one_of_each

ROWS = 20_000


@pytest.fixture
def no_indexes(transactional_db: None) -> Iterator[None]:
    """What a test empties are tables; indexes would outlive it."""
    drop_all()
    yield
    drop_all()


def drop_all() -> None:
    with connection.cursor() as cursor:
        for name in indexes.standing("leads_lead"):
            cursor.execute(f"DROP INDEX {name}")


@pytest.fixture
def many(no_indexes: None) -> Any:
    """Twenty thousand leads with a rank, a level and a few tags each."""
    ensure_leads()
    owner = make_user("owner")
    fields = {
        "rank": make_field("leads.lead", "rank", K.INTEGER),
        "level": make_field("leads.lead", "level", K.CHOICE),
        "tags": make_field("leads.lead", "tags", K.CHOICES),
        "due": make_field("leads.lead", "due", K.DATE),
        "worth": make_field("leads.lead", "worth", K.MONEY),
        "code": make_field("leads.lead", "code"),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_lead (created_at, updated_at, version, first_name, last_name, company, title, email,
                email_key, domain, phone, website, industry, country, source, status, owner_id, do_not_route,
                competition, next_step, rejection_note, external_system, external_id, name_key, person_key, phone_key,
                region, custom)
            SELECT now(), now(), 1, '', 'L' || n, 'C' || n, '', '', '', '', '', '', '', '', '', 'new', %s, false,
                '', '', '', '', '', '', '', '', '', CASE WHEN n %% 10 = 0 THEN '{}'::jsonb ELSE jsonb_build_object(
                'rank', n, 'level', (ARRAY['low', 'mid', 'high'])[1 + n %% 3], 'code', 'K' || n,
                'tags', CASE WHEN n %% 100 = 1 THEN '["high"]'::jsonb ELSE '["low", "mid"]'::jsonb END,
                'due', to_char(date '2000-01-01' + n, 'YYYY-MM-DD'),
                'worth', jsonb_build_object('amount', n || '.50', 'currency', 'USD')) END
            FROM generate_series(1, %s) AS n
            """,
            [owner.pk, ROWS],
        )
    return fields


def nodes(rows: QuerySet[Any]) -> str:
    """The plan of the query as text."""
    return str(rows.explain())


def test_the_worker_builds_them_concurrently_and_says_so(many: Any) -> None:
    assert set(CustomField.objects.values_list("index_state", flat=True)) == {"wanted"}
    assert build_custom_indexes() == len(many)
    states = dict(CustomField.objects.values_list("key", "index_state"))
    assert set(states.values()) == {"built"}, list(CustomField.objects.values_list("key", "index_error"))
    there = indexes.standing("leads_lead")
    assert len(there) == 9  # one a field, two for the order of choices, one for parts of a text
    assert all(there.values())
    assert build_custom_indexes() == 0
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead")

    filters: list[tuple[str, str, Any]] = [
        ("rank", "", 777), ("code", "", "K777"), ("due", "", "2002-03-04"), ("worth", "gte", ROWS - 10),
        ("tags", "", "high"), ("rank", "gte", ROWS - 20), ("code", "in", ["K1", "K2"]), ("code", "contains", "k1999"),
    ]  # fmt: skip
    for key, operator, value in filters:
        rows = narrowed(Lead.objects.all(), many[key], operator, value)
        assert f"cfx_{'t' if operator == 'contains' else 'f'}_" in nodes(rows), (key, nodes(rows))
        assert 0 < rows.count() <= 200, key
    assert narrowed(Lead.objects.all(), many["rank"], "isnull", True).count() == ROWS // 10

    for key, use in (("rank", "f"), ("level", "s"), ("tags", "s"), ("due", "f"), ("worth", "f"), ("code", "f")):
        for sign in ("", "-"):
            name = f"{sign}cf_sort_{key}"
            rows = with_sort(Lead.objects.all(), [f"{sign}cf.{key}"])
            plans = Plans()
            with connection.execute_wrapper(plans):
                page = paginate(rows, [name], None, 50)
                assert len(page.rows) == 50
                onward = paginate(rows, [name], page.next_cursor, 50)
            assert len({row.pk for row in [*page.rows, *onward.rows]}) == 100
            assert plans.seen
            for plan in plans.seen:
                assert f"cfx_{use}_" in plan, (name, plan)
                assert "Sort Key" not in plan, (name, plan)


class Plans:
    """Explains each SELECT on leads before it runs."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and "leads_lead" in sql:
            execute("EXPLAIN " + sql, params, many, context)
            self.seen.append("\n".join(row[0] for row in context["cursor"].fetchall()))
        return execute(sql, params, many, context)


def test_pages_of_a_custom_sort_show_every_row_once_both_ways_with_empty_ones_last(many: Any) -> None:
    Lead.objects.filter(pk__gt=Lead.objects.order_by("pk")[120].pk).delete()
    rows = with_sort(Lead.objects.all(), ["-cf.rank"])
    seen: list[int] = []
    cursor, pages = None, []
    while True:
        page = paginate(rows, ["-cf_sort_rank"], cursor, 7)
        pages.append([row.pk for row in page.rows])
        seen += pages[-1]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 121
    ranks = [row.custom.get("rank") for row in Lead.objects.in_bulk(seen).values()]
    ordered = [Lead.objects.in_bulk(seen)[pk].custom.get("rank") for pk in seen]
    held = [rank for rank in ordered if rank is not None]
    assert held == sorted((rank for rank in ranks if rank is not None), reverse=True)
    assert ordered[len(held) :] == [None] * (121 - len(held))
    back: list[list[int]] = []
    previous = page.previous_cursor
    while previous is not None:
        page = paginate(rows, ["-cf_sort_rank"], previous, 7)
        back.insert(0, [row.pk for row in page.rows])
        previous = page.previous_cursor
    assert back == pages[:-1]


def test_what_is_not_wanted_any_more_is_dropped_and_what_changed_is_built_anew(many: Any) -> None:
    build_custom_indexes()
    before = set(indexes.standing("leads_lead"))
    services.update_field(field=many["rank"], version=None, actor=None, is_indexed=False)
    services.update_field(field=many["code"], version=None, actor=None, is_active=False)
    services.update_field(
        field=many["level"],
        version=None,
        actor=None,
        choices=[{"label": "High"}, {"label": "Medium"}, {"label": "Low"}],
    )
    assert set(CustomField.objects.filter(index_state="wanted").values_list("key", flat=True)) == {
        "rank", "code", "level",
    }  # fmt: skip
    build_custom_indexes()
    after = set(indexes.standing("leads_lead"))
    assert len(after) == 6
    assert len(after - before) == 1  # the order of the choices
    assert dict(CustomField.objects.values_list("key", "index_state")) == {
        "rank": "none", "code": "none", "level": "built", "tags": "built", "due": "built", "worth": "built",
    }  # fmt: skip
    rows = with_sort(Lead.objects.all(), ["cf.level"]).order_by("cf_sort_level")
    assert rows.first().custom["level"] == "high"  # type: ignore[union-attr]


def test_an_index_of_a_build_that_was_cut_short_is_made_again(many: Any) -> None:
    build_custom_indexes()
    name = next(iter(indexes.wants(many["rank"])))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])
    assert indexes.standing("leads_lead")[name] is False
    CustomField.objects.filter(key="rank").update(index_state="failed")
    build_custom_indexes()
    assert indexes.standing("leads_lead")[name] is True


def test_two_workers_do_not_build_at_once(many: Any) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [indexes.LOCK])
        assert build_custom_indexes() == 0
        assert not indexes.standing("leads_lead")
        with other.cursor() as cursor:  # a session that is closed lets go of it a moment later
            cursor.execute("SELECT pg_advisory_unlock(%s)", [indexes.LOCK])
    finally:
        other.close()
    assert build_custom_indexes() == len(many)


def test_every_kind_can_be_indexed(no_indexes: None, alice: Any) -> None:
    fields = make_one_of_each("leads.lead", alice)
    build_custom_indexes()
    errors = dict(CustomField.objects.exclude(index_error="").values_list("key", "index_error"))
    assert not errors
    wanted = {name for field in fields.values() for name in indexes.wants(field)}
    assert set(indexes.standing("leads_lead")) == wanted and len(wanted) > len(fields)
