"""Requests that are wrong: unknown filters, ids of others, stale copies, double submits. Nothing is half-written."""

import json
from typing import Any

import pytest
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import get_resolver

from accounts.models import Account
from leads.models import Lead
from orders.models import Payment
from revops.core.models import AuditEntry, OutboxEvent
from revops.core.views.lists import ListPage
from revops.users import roles
from revops.users.models import User
from tests.accounts.builders import make_account, make_contact
from tests.architecture.addresses import addresses
from tests.builders import make_token, make_user
from tests.cast import Cast
from tests.integrations.files import checked
from tests.leads.builders import make_lead
from tests.opportunities.quote_builders import make_deal, make_quote
from tests.orders.builders import make_order
from tests.postsales.builders import make_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(cast: Cast) -> User:
    return make_user("ada", roles=roles.ROLES, reach="all", is_superuser=True, is_staff=True)


def list_pages() -> list[str]:
    found = []
    for address in addresses():
        match = get_resolver().resolve(address.path)
        page = getattr(match.func, "view_class", None)
        if not address.keys and isinstance(page, type) and issubclass(page, ListPage):
            found.append(address.path)
    return found


def test_every_list_names_the_filter_that_it_does_not_know(ada: User, client: Client) -> None:
    client.force_login(ada)
    pages = list_pages()
    assert len(pages) > 10
    for path in pages:
        answer = client.get(f"{path}?no_such_filter=1")
        assert answer.status_code == 400 and "no_such_filter" in answer.content.decode(), path


def test_every_resource_names_the_filter_that_it_does_not_know(ada: User, client: Client) -> None:
    client.force_login(ada)
    asked = 0
    for address in addresses():
        if not address.is_api or address.keys or not address.name.endswith("-list"):
            continue
        answer = client.get(f"{address.path}?no_such_filter=1")
        if answer.status_code == 405:  # takes things in, lists nothing
            continue
        asked += 1
        body = answer.json()
        assert answer.status_code == 400, (address.path, body)
        assert "no_such_filter" in json.dumps(body), (address.path, body)
    assert asked > 15


def test_ids_of_others_are_not_there(cast: Cast, client: Client) -> None:
    alice, charlie = cast.alice, cast.charlie
    account = make_account(alice)
    deal = make_deal(alice)
    records = [account, make_contact(account), make_lead(alice), deal, make_quote(alice, deal=deal),
               make_order(alice), make_case(account)]  # fmt: skip
    nouns = ("accounts", "contacts", "leads", "opportunities", "quotes", "orders", "cases")
    client.force_login(charlie)
    token = {"Authorization": f"Bearer {make_token(charlie)}"}
    for record, noun in zip(records, nouns, strict=True):
        assert client.get(record.get_absolute_url()).status_code == 404, noun
        assert client.get(f"{record.get_absolute_url()}edit/").status_code == 404, noun
        path = f"/api/v1/{noun}/{record.pk}"
        assert client.get(path, headers=token).status_code == 404, noun
        body = client.patch(path, "{}", content_type="application/json", headers=token | {"If-Match": '"1"'})
        assert body.status_code == 404, noun
        listed = client.get(f"/api/v1/{noun}", headers=token).json()["results"]
        assert record.pk not in [row["id"] for row in listed], noun
    run = checked("leads", "Last name,Company\nLee,Acme\n", cast.olga)
    client.force_login(cast.sam)
    assert client.get(f"/imports/{run.pk}/").status_code == 404
    assert client.post(f"/imports/{run.pk}/commit/", {"version": run.version}).status_code == 404


def test_a_stale_form_saves_nothing_and_shows_both_versions(cast: Cast, client: Client) -> None:
    alice = cast.alice
    client.force_login(alice)
    account = make_account(alice)
    for record in (account, make_contact(account), make_lead(alice), make_deal(alice), make_case(account)):
        url = f"{record.get_absolute_url()}edit/"
        form = client.get(url).context["form"]
        data = {name: form[name].value() for name in form.fields}
        data = {name: value for name, value in data.items() if value not in (None, "")}
        text = next(name for name in ("name", "last_name", "subject") if name in form.fields)
        type(record)._base_manager.filter(pk=record.pk).update(version=7)
        before = model_to_dict(type(record)._base_manager.get(pk=record.pk))
        seen = AuditEntry.objects.count(), OutboxEvent.objects.count()
        answer = client.post(url, data | {text: "Mine, not theirs", "version": 1})
        assert answer.status_code == 409, (url, answer.status_code)
        assert "Mine, not theirs" in answer.content.decode(), url
        assert model_to_dict(type(record)._base_manager.get(pk=record.pk)) == before, url
        assert (AuditEntry.objects.count(), OutboxEvent.objects.count()) == seen, url


def test_a_form_sent_twice_makes_one_record(cast: Cast, ada: User, client: Client) -> None:
    make_lead(cast.sam)
    client.force_login(cast.sam)
    data = {"last_name": "Lee", "company": "Acme", "email": "lee@acme.example"}
    assert client.post("/leads/new/", data).status_code == 302
    again = client.post("/leads/new/", data)
    assert again.status_code in (409, 422) and "exist" in again.content.decode()
    assert Lead.objects.filter(last_name="Lee").count() == 1
    client.force_login(ada)
    order = make_order(ada)
    body = {"account": order.account_id, "amount": {"amount": "5.00", "currency": "USD"}, "reference": "BANK-1"}
    first, second = (
        client.post("/api/v1/payments", json.dumps(body), content_type="application/json") for _time in range(2)
    )
    assert first.status_code == 201 and second.status_code in (200, 201, 409, 422), second.content
    assert Payment.objects.filter(reference="BANK-1").count() == 1


def test_the_same_request_under_one_key_is_done_once(cast: Cast, client: Client) -> None:
    head = {"Authorization": f"Bearer {make_token(cast.alice)}", "Idempotency-Key": "once"}
    answers: list[Any] = [
        client.post("/api/v1/accounts", '{"name": "Acme"}', content_type="application/json", headers=head)
        for _time in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert Account.objects.filter(name="Acme").count() == 1
