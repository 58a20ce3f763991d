from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services
from accounts.models import Account, Activity, Contact
from revops.core import clock
from revops.core.registries import day_for, searchers
from revops.users.models import User
from tests.accounts.builders import make_account, make_call, make_contact


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, address: str, /, *args: Any, **data: Any) -> Any:
    return client.post(reverse(address, args=args), data)


FACTS = {"name": "Tamar Bus Company", "kind": "company", "currency": "USD", "website": "tamar.example"}


def test_an_account_is_made_read_changed_and_archived_on_its_pages(alice: User) -> None:
    client = signed_in(alice)
    made = post(client, "account-new", **FACTS, owner=alice.pk, employees=310)
    account = Account.objects.get()
    assert (made.status_code, made.url) == (302, account.get_absolute_url())
    page = client.get(account.get_absolute_url()).content.decode()
    assert "Tamar Bus Company" in page and "Account created" in page
    post(client, "account-edit", account.pk, version=1, **FACTS, owner=alice.pk, industry="Transport", employees=312)
    account.refresh_from_db()
    assert (account.industry, account.employees, account.version) == ("Transport", 312, 2)
    post(client, "account-archive", account.pk, version=2)
    assert "Tamar" not in client.get(reverse("account-list")).content.decode()
    assert "Tamar" in client.get(reverse("account-list"), {"archived": "true"}).content.decode()
    post(client, "account-archive", account.pk, version=3)
    account.refresh_from_db()
    assert account.archived_at is None


def test_a_twin_is_asked_about_and_what_was_typed_stays(alice: User) -> None:
    make_account(alice, "Tamar Bus Co.", website="tamar.example")
    client = signed_in(alice)
    asked = post(client, "account-new", **FACTS, owner=alice.pk, city="Saltash")
    page = asked.content.decode()
    assert asked.status_code == 409 and "Tamar Bus Co." in page and "Saltash" in page
    assert post(client, "account-new", **FACTS, owner=alice.pk, allow_duplicate="1").status_code == 302
    assert Account.objects.count() == 2


def test_a_stale_form_is_answered_with_both_versions(alice: User) -> None:
    account = make_account(alice, "Tamar")
    services.update_account(account=account, version=1, actor=alice, name="Tamar Bus")
    answer = post(signed_in(alice), "account-edit", account.pk, version=1, **FACTS, owner=alice.pk)
    page = answer.content.decode()
    assert answer.status_code == 409 and "Tamar Bus Company" in page and "Tamar Bus<" in page.replace("\n", "")
    assert Account.objects.get().name == "Tamar Bus"


def test_a_contact_is_made_and_changed_on_its_pages(alice: User) -> None:
    account, client = make_account(alice, "Tamar"), signed_in(alice)
    assert client.get(reverse("contact-new"), {"account": account.pk}).status_code == 200
    post(client, "contact-new", account=account.pk, last_name="Pike", email="pike@tamar.example")
    contact = Contact.objects.get()
    again = post(client, "contact-new", account=account.pk, last_name="Pike", email="PIKE@tamar.example")
    assert again.status_code == 409
    post(client, "contact-edit", contact.pk, version=1, account=account.pk, last_name="Pike", title="Director")
    contact.refresh_from_db()
    assert (contact.title, contact.owner) == ("Director", alice)
    page = client.get(account.get_absolute_url()).content.decode()
    assert "Pike" in page and "Director" in page
    post(client, "contact-archive", contact.pk, version=contact.version)
    assert "Pike" not in client.get(reverse("contact-list")).content.decode()


def test_one_field_and_one_click_log_a_touch(alice: User) -> None:
    account, client = make_account(alice), signed_in(alice)
    assert post(client, "account-log", account.pk, kind="call", text="<i>They</i> renew").status_code == 302
    page = client.get(account.get_absolute_url()).content.decode()
    assert "&lt;i&gt;They&lt;/i&gt; renew" in page
    assert post(client, "account-log", account.pk, kind="call").status_code == 422
    post(client, "account-log", account.pk, kind="note", next_subject="Send prices", next_at="2099-01-05T10:00")
    task = Activity.objects.planned().get()
    assert (task.kind, task.account) == ("task", account)
    post(client, "activity-move", task.pk, version=1, due_at="2099-01-06T10:00")
    done = post(client, "activity-done", task.pk, version=2)
    task.refresh_from_db()
    assert (done.url, task.status) == (account.get_absolute_url(), "completed")
    contact = make_contact(account)
    post(client, "contact-log", contact.pk, kind="note", text="Met at the fair")
    assert "Met at the fair" in client.get(contact.get_absolute_url()).content.decode()
    assert "Met at the fair" in client.get(account.get_absolute_url()).content.decode()


def test_a_planned_activity_is_dropped_and_opens_where_it_belongs(alice: User) -> None:
    account, client = make_account(alice), signed_in(alice)
    task = services.plan_activity(actor=alice, kind="task", subject="Call", due_at=clock.now(), account=account)
    assert client.get(reverse("activity-open", args=[task.pk])).url == account.get_absolute_url()
    post(client, "activity-drop", task.pk, version=1)
    assert Activity.objects.get().status == "cancelled"


@pytest.mark.spec("INV-92")
def test_an_outsider_finds_nothing_behind_any_address(alice: User, charlie: User) -> None:
    account = make_account(alice, "Tamar")
    contact, call = make_contact(account, "Pike"), make_call(account)
    client = signed_in(charlie)
    for name, record in (
        ("account-detail", account),
        ("account-edit", account),
        ("contact-detail", contact),
        ("contact-edit", contact),
        ("activity-open", call),
    ):
        assert client.get(reverse(name, args=[record.pk])).status_code == 404, name
    for name, record in (
        ("account-log", account),
        ("account-archive", account),
        ("contact-log", contact),
        ("contact-archive", contact),
        ("activity-done", call),
        ("activity-drop", call),
        ("activity-move", call),
    ):
        assert post(client, name, record.pk, version=1).status_code == 404, name
    for name in ("account-list", "contact-list", "activity-list", "account-pick"):
        page = client.get(reverse(name)).content.decode()
        assert "Tamar" not in page and "Pike" not in page and "budget" not in page, name
    for searcher in searchers:
        assert not list(searcher.search(charlie, "Tamar", 8)), searcher.key
    assert Client().get(account.get_absolute_url()).status_code == 302


def test_a_missing_right_is_403(alice: User, dana: User) -> None:
    account = make_account(alice)
    dana.groups.clear()
    client = signed_in(dana)
    for name in ("account-new", "contact-new", "account-list", "contact-list", "activity-list"):
        assert client.get(reverse(name)).status_code == 403, name
    for name in ("account-detail", "account-edit"):
        assert client.get(reverse(name, args=[account.pk])).status_code == 403, name
    assert post(client, "account-archive", account.pk, version=1).status_code == 403


def test_lists_cost_the_same_queries_with_many_rows(alice: User) -> None:
    client = signed_in(alice)

    def cost() -> list[int]:
        counts = []
        for name in ("account-list", "contact-list", "activity-list"):
            client.get(reverse(name))
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(name)).status_code == 200
            counts.append(len(queries))
        return counts

    def grow(rows: int) -> None:
        for _ in range(rows):
            make_contact(make_account(alice))
            make_call(Account.objects.order_by("-pk").first())  # type: ignore[arg-type]

    grow(3)
    few = cost()
    grow(27)
    assert cost() == few


def test_lists_filter_sort_and_refuse_what_they_do_not_know(alice: User) -> None:
    make_account(alice, "Tamar", industry="Transport", country="UK")
    make_account(alice, "Moldau", industry="Freight")
    client = signed_in(alice)
    page = client.get(reverse("account-list"), {"industry": "transport", "q": "tam"}).content.decode()
    assert "Tamar" in page and "Moldau" not in page
    for sort in ("name", "-employees", "contacts", "-touched"):
        assert client.get(reverse("account-list"), {"sort": sort}).status_code == 200
    for due in ("late", "today", "later"):
        assert client.get(reverse("activity-list"), {"due": due}).status_code == 200
    for query in ({"colour": "red"}, {"sort": "colour"}, {"kind": "planet"}):
        assert client.get(reverse("account-list"), query).status_code == 400


def test_search_finds_the_domain_and_the_address_exactly_and_names_by_their_start(alice: User) -> None:
    account = make_account(alice, "Tamar Bus Company", website="https://tamar.example")
    contact = make_contact(account, "Pike", first_name="Joanna", email="pike@tamar.example")
    find = {searcher.key: searcher.search for searcher in searchers}
    assert [(hit.url, hit.exact) for hit in find["account"](alice, "tamar.example", 8)] == [
        (account.get_absolute_url(), True)
    ]
    assert find["account"](alice, "tam", 8)[0].label == find["account"](alice, "bus", 8)[0].label == account.name
    assert find["contact"](alice, "PIKE@tamar.example", 8)[0].exact
    assert find["contact"](alice, "jo pi", 8)[0].url == contact.get_absolute_url()
    assert find["account"](alice, "zzz", 8) == find["contact"](alice, "zzz", 8) == []


def test_my_day_holds_what_is_planned_for_today_and_before(alice: User) -> None:
    account = make_account(alice, "Tamar")
    services.plan_activity(actor=alice, kind="call", subject="Call Joanna", due_at=clock.now(), account=account)
    item = next(item for item in day_for(alice, clock.today()) if item.kind == "call")
    assert (item.title, item.sub, item.url) == ("Call Joanna", "Tamar", account.get_absolute_url())
