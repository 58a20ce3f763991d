"""Who has which say at an account, product by product."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import ContactRole
from accounts.selectors.contact_roles import roles_of, undecided
from opportunities.services import create_quote
from revops.core.errors import IllegalState, InvalidInput, StaleCopy
from revops.core.models import AuditEntry
from tests.accounts.builders import make_account, make_contact
from tests.accounts.test_documents import client_of
from tests.builders import make_price_book, make_product, make_token
from tests.opportunities.builders import make_deal

pytestmark = pytest.mark.django_db


def say(contact: Any, actor: Any, *roles: tuple[str, Any]) -> Any:
    rows = [{"role": role, "product": product} for role, product in roles]
    return services.set_contact_roles(contact=contact, roles=rows, version=None, actor=actor)


@pytest.mark.spec("DA-03")
def test_one_contact_holds_several_roles_product_by_product(alice: Any) -> None:
    contact, pump, valve = make_contact(make_account(alice)), make_product(), make_product()
    say(contact, alice, ("decision_maker", pump), ("technical", pump), ("purchasing", None), ("purchasing", None))
    held = {(row.role, row.product) for row in roles_of(contact)}
    assert held == {("decision_maker", pump), ("technical", pump), ("purchasing", None)}
    before = set(ContactRole.objects.filter(role="technical").values_list("pk"))
    say(contact, alice, ("technical", pump), ("technical", valve))
    assert before <= set(ContactRole.objects.values_list("pk"))  # what stays is the same row
    assert roles_of(contact).count() == 2
    assert AuditEntry.objects.filter(action="contact.changed").count() == 2
    say(contact, alice, ("technical", pump), ("technical", valve))
    assert AuditEntry.objects.filter(action="contact.changed").count() == 2


def test_a_role_that_is_none_a_stale_copy_and_an_archived_contact_change_nothing(alice: Any) -> None:
    contact = make_contact(make_account(alice))
    say(contact, alice, ("technical", None))
    with pytest.raises(InvalidInput):
        say(contact, alice, ("king", None))
    with pytest.raises(StaleCopy):
        services.set_contact_roles(contact=contact, roles=[], version=contact.version, actor=alice)
    services.archive_contact(contact=contact, version=None, actor=alice)
    with pytest.raises(IllegalState):
        say(contact, alice)
    assert [str(row) for row in roles_of(contact)] == ["Technical"]


def test_the_database_keeps_a_role_once(alice: Any) -> None:
    contact = make_contact(make_account(alice))
    ContactRole.objects.create(contact=contact, role="technical")
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactRole.objects.create(contact=contact, role="technical")


@pytest.mark.spec("DA-03")
def test_an_offer_warns_of_products_on_which_nobody_decides(alice: Any) -> None:
    book = make_price_book(is_default=True)
    pump, valve = (make_product(name=name, price=10, cost=4, book=book) for name in ("Pump", "Valve"))
    account = make_account(alice)
    contact = make_contact(account)
    deal = make_deal(alice, account=account)
    lines = [{"product": one, "quantity": Decimal(1)} for one in (pump, valve)]
    quote = create_quote(actor=alice, opportunity=deal, lines=lines, price_book=book)
    warned = "We know nobody at"

    def page() -> str:
        return client_of(alice).get(quote.get_absolute_url()).content.decode()

    assert undecided(account, [pump, valve]) == [pump, valve]
    assert warned in page() and "Pump, Valve." in page()
    say(contact, alice, ("decision_maker", pump), ("technical", None))
    assert undecided(account, [pump, valve]) == [valve]
    assert warned in page() and "Pump, Valve." not in page()
    say(contact, alice, ("decision_maker", None))
    assert undecided(account, [pump, valve]) == [] and warned not in page()
    say(contact, alice)
    services.update_contact(contact=contact, version=None, actor=alice, role="decision_maker")
    assert warned not in page()
    services.archive_contact(contact=contact, version=None, actor=alice)
    assert warned in page()


def test_roles_are_said_on_the_contacts_page(alice: Any, charlie: Any) -> None:
    contact, pump = make_contact(make_account(alice)), make_product(name="Pump")
    address, client = reverse("contact-roles", args=[contact.pk]), client_of(alice)
    assert client.get(address).status_code == 200
    data = {"decision_maker_products": [pump.pk], "technical_all": "on", "version": contact.version}
    assert client.post(address, data).headers["Location"] == contact.get_absolute_url()
    assert {(row.role, row.product) for row in roles_of(contact)} == {("decision_maker", pump), ("technical", None)}
    page = client.get(contact.get_absolute_url()).content.decode()
    assert "Pump" in page and "all products" in page
    assert client.post(address, data).status_code == 409
    assert client.post(address, {**data, "technical_products": [999999]}).status_code == 422
    assert client_of(charlie).get(address).status_code == 404
    assert client_of(charlie).post(address, data).status_code == 404


def test_the_api_reads_and_sets_roles(alice: Any, charlie: Any) -> None:
    contact, pump = make_contact(make_account(alice)), make_product(name="Pump")
    address = f"/api/v1/contacts/{contact.pk}"

    def ask(person: Any, version: int) -> Any:
        heads = {"Authorization": f"Bearer {make_token(person, '*:write')}", "If-Match": f'"{version}"'}
        body = {"roles": [{"role": "decision_maker", "product": pump.pk}, {"role": "technical"}]}
        return Client().post(f"{address}/set-roles", body, content_type="application/json", headers=heads)

    answer = ask(alice, contact.version)
    assert answer.status_code == 200, answer.content
    assert [(row["role"], row["product"]) for row in answer.json()] == [
        ("decision_maker", pump.pk),
        ("technical", None),
    ]
    assert ask(alice, contact.version).status_code == 412
    assert ask(charlie, contact.version).status_code == 404
    heads = {"Authorization": f"Bearer {make_token(alice, '*:read')}"}
    assert len(Client().get(f"{address}/roles", headers=heads).json()) == 2


def test_a_merge_takes_the_roles_along_and_keeps_each_once(alice: Any, bob: Any) -> None:
    account, pump = make_account(alice), make_product()
    winner, loser = make_contact(account, "Pike"), make_contact(account, "Pyke")
    say(winner, alice, ("technical", None))
    say(loser, alice, ("technical", None), ("decision_maker", pump))
    services.merge_contacts(winner=winner, loser=loser, version=None, actor=bob)
    assert {(row.role, row.product) for row in roles_of(winner)} == {("technical", None), ("decision_maker", pump)}
