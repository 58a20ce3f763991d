"""Two sellers of one customer: neither reads the other's bills through notes, payments or expansions."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from orders import services
from tests.accounts.builders import make_call, make_contact
from tests.cast import Cast
from tests.orders.builders import line, make_account, make_invoice, make_order


@pytest.fixture
def shared(cast: Cast) -> Any:
    """alice's account with an order of hers and a bill of charlie's that erin credited and settled in part."""
    account = make_account(cast.alice)
    make_order(cast.alice, [line()], account=account)
    bill = make_invoice(cast.charlie, cast.erin, [line(price=7777)], account=account)
    note = services.issue_credit_note(
        invoice=bill, version=None, actor=cast.erin, reason="Charlie's discount", amount=Decimal(77)
    )
    payment = services.receive_payment(
        actor=cast.erin, account=account, amount=Decimal(500), currency="USD", reference="R-500"
    )
    services.allocate_payment(payment=payment, invoice=bill, amount=Decimal(333), version=None, actor=cast.erin)
    return account, bill, note, payment


def test_a_credit_note_is_seen_with_its_invoice_only(shared: Any, cast: Cast, client: Client) -> None:
    _account, bill, note, _payment = shared
    for person, sees in ((cast.alice, False), (cast.bob, False), (cast.charlie, True), (cast.erin, True)):
        client.force_login(person)
        assert (client.get(f"/api/v1/invoices/{bill.pk}").status_code == 200) is sees
        assert (client.get(f"/api/v1/credit-notes/{note.pk}").status_code == 200) is sees, person
        assert len(client.get("/api/v1/credit-notes").json()["results"]) == int(sees)


def test_a_payment_names_the_invoices_that_the_reader_sees(shared: Any, cast: Cast, client: Client) -> None:
    _account, bill, _note, payment = shared
    for person, sees in ((cast.alice, False), (cast.charlie, True), (cast.erin, True)):
        client.force_login(person)
        told = client.get(f"/api/v1/payments/{payment.pk}").json()
        assert [row["invoice"] for row in told["allocations"]] == ([bill.pk] if sees else [])
        page = client.get(payment.get_absolute_url())
        assert page.status_code == 200
        assert (str(bill.number) in page.content.decode()) is sees


def test_expand_shows_what_the_caller_sees_and_leaves_the_id_of_what_he_does_not(cast: Cast, client: Client) -> None:
    account = make_account(cast.alice, name="Hidden Holdings")
    person = make_contact(account, owner=cast.charlie)
    call = make_call(account, owner=cast.charlie)
    for address in ("contacts", f"contacts/{person.pk}", "activities", f"activities/{call.pk}"):
        client.force_login(cast.charlie)
        answer = client.get(f"/api/v1/{address}?expand=account,owner")
        assert answer.status_code == 200
        assert "Hidden Holdings" not in answer.content.decode(), address
        row = answer.json().get("results", [answer.json()])[0]
        assert (row["account"], row["owner"]["id"]) == (account.pk, cast.charlie.pk)
        client.force_login(cast.alice)
        assert "Hidden Holdings" in client.get(f"/api/v1/{address}?expand=account").content.decode()
