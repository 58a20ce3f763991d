"""The heaviest lists: an index gives the rows in order, with scope and filter; no table is read through or sorted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from forecasting.demo.mass import Size, fill
from revops.core.views.lists import ListPage
from revops.users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
SIZE = Size(leads=4000, accounts=4000, opportunities=4000, orders=4000)
# who, address, the table that is large
LISTS = [
    ("dana", "/leads/", "leads_lead"),
    ("dana", "/leads/?status=qualified", "leads_lead"),
    ("dana", "/leads/?sort=company", "leads_lead"),
    ("dana", "/leads/?sort=name", "leads_lead"),
    ("dana", "/leads/?sort=next", "leads_lead"),
    ("dana", "/accounts/", "accounts_account"),
    ("dana", "/contacts/", "accounts_contact"),
    ("dana", "/opportunities/list/?sort=-amount", "opportunities_opportunity"),
    ("dana", "/opportunities/list/?sort=close_on", "opportunities_opportunity"),
    ("dana", "/opportunities/list/?sort=name", "opportunities_opportunity"),
    ("dana", "/orders/", "orders_order"),
    ("dana", "/orders/?status=booked", "orders_order"),
    ("erin", "/billing/invoices/", "orders_invoice"),
    ("alice", "/leads/", "leads_lead"),
    ("alice", "/accounts/", "accounts_account"),
    ("alice", "/opportunities/list/?sort=-amount", "opportunities_opportunity"),
    ("alice", "/orders/", "orders_order"),
]


def page_query(who: str, address: str, table: str) -> str:
    """The statement that reads the rows of the page."""
    client = Client()
    client.force_login(User.objects.get(username=who))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    found = [q["sql"] for q in queries if f'FROM "{table}"' in q["sql"] and q["sql"].endswith("LIMIT 51")]
    assert found, f"{address} reads no page of {table}"
    return str(found[-1])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        if child.get("Parent Relationship") != "SubPlan":
            yield from nodes(child)


def complaints(who: str, address: str, table: str) -> Iterator[str]:
    """What is wrong with the plan of a list's page."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + page_query(who, address, table))
        (answer,) = cursor.fetchone()
    plan = answer if isinstance(answer, list) else json.loads(answer)
    for node in nodes(plan[0]["Plan"]):
        if node["Node Type"] == "Seq Scan" and node.get("Relation Name") == table:
            yield f"{who} {address}: reads {table} through"
        if node["Node Type"] == "Sort" and node.get("Plan Rows", 0) > 51:
            yield f"{who} {address}: sorts {node['Plan Rows']} rows"


def test_an_index_gives_the_rows_of_each_heavy_list_in_order(db: Any) -> None:
    fill(size=SIZE)
    with connection.cursor() as cursor:  # of so few rows, reading and sorting all is sometimes as cheap
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    bad = [line for who, address, table in LISTS for line in complaints(who, address, table)]
    assert not bad, "\n".join(bad)
    assert list(complaints("dana", "/leads/?sort=industry", "leads_lead")), "a sort without an index is caught"


def plain_lists(patterns: Any = None) -> Iterator[str]:
    """Addresses of all list pages that need no key."""
    for pattern in patterns or get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and not pattern.pattern.converters:
            for rest in plain_lists(pattern.url_patterns):
                yield f"{pattern.pattern}{rest}"
        elif isinstance(pattern, URLPattern) and not pattern.pattern.converters:
            view = getattr(pattern.callback, "view_class", None)
            if view is not None and issubclass(view, ListPage):
                yield str(pattern.pattern)


def costs() -> tuple[dict[str, int], dict[str, int]]:
    """Statements and rows of each list, for somebody who may see everything."""
    root = User.objects.get(username="olga")
    root.is_superuser = True
    root.save()
    client = Client()
    client.force_login(root)
    statements, rows = {}, {}
    for address in sorted(set(plain_lists())):
        client.get(f"/{address}")
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"/{address}")
        assert answer.status_code == 200, address
        statements[address] = len(queries)
        rows[address] = len(answer.context["rows"]) if "rows" in answer.context else 0
    return statements, rows


def test_no_list_costs_more_statements_with_many_rows_than_with_few() -> None:
    from django.db import transaction

    found = []
    for many in (6, 60):
        try:
            with transaction.atomic():
                fill(size=Size(many, many, many, many))
                found.append(costs())
                raise InterruptedError
        except InterruptedError:
            pass
    (few, few_rows), (much, much_rows) = found
    grown = [address for address in few if much_rows[address] > few_rows[address]]
    assert len(grown) >= 8, grown
    assert {address: much[address] for address in grown} == {address: few[address] for address in grown}
