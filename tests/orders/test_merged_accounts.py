"""What was booked, issued and received stays under the old name, and every total of the winner counts it."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts import services as account_services
from accounts.models import Account
from orders import services
from orders.models import Invoice, Order, Payment
from orders.selectors import account_balance, ageing
from revops.core.models import MergeRecord
from tests.accounts.builders import make_account
from tests.builders import make_price_book, make_product
from tests.cast import Cast


def billed(account: Account, cast: Cast) -> Invoice:
    product = make_product(price=100, cost=60, book=make_price_book(is_default=True))
    order = services.create_order(
        actor=cast.alice, account=account, lines=[{"product": product, "quantity": Decimal(2)}], channel="pos"
    )
    order = services.book_order(order=order, version=order.version, actor=None)
    invoice = services.draft_invoice(order=order, actor=cast.erin)
    return services.issue_invoice(invoice=invoice, version=invoice.version, actor=cast.erin)


@pytest.fixture
def case(cast: Cast) -> tuple[Account, Account, Invoice, MergeRecord]:
    winner, loser = make_account(cast.alice, "Acme"), make_account(cast.alice, "Acme Corp", allow_duplicate=True)
    invoice = billed(loser, cast)
    owed = account_balance(loser)[0].balance
    assert owed == invoice.total > 0
    done = account_services.merge_accounts(winner=winner, loser=loser, version=None, actor=cast.alice)
    return winner, loser, invoice, done


Case = tuple[Account, Account, Invoice, MergeRecord]


@pytest.mark.spec("DA-02")
def test_issued_papers_stay_and_count_for_the_winner(case: Case, cast: Cast) -> None:
    winner, loser, invoice, _done = case
    assert set(Order.objects.values_list("account", flat=True)) == {loser.pk}
    assert Invoice.objects.get().account_id == loser.pk
    (balance,) = account_balance(winner)
    assert balance.balance == invoice.total
    (row,) = ageing(invoices=Invoice.objects.all(), payments=Payment.objects.all()).rows
    assert (row.account.pk, row.balance) == (winner.pk, invoice.total)


def test_lists_of_the_winner_show_them(case: Case, cast: Cast, client: Client) -> None:
    winner, loser, invoice, _done = case
    client.force_login(cast.erin)
    for name in ("order-list", "invoice-list"):
        page = client.get(f"{reverse(name)}?account={winner.pk}").content.decode()
        assert (invoice.order.number if name == "order-list" else invoice.number) in page
    page = client.get(f"{reverse('invoice-ageing')}?account={winner.pk}").content.decode()
    assert "Acme" in page
    client.force_login(cast.alice)
    assert reverse("account-detail", args=[winner.pk]) in client.get(invoice.get_absolute_url()).content.decode()


def test_a_payment_of_the_winner_settles_a_bill_under_the_old_name(case: Case, cast: Cast) -> None:
    winner, _loser, invoice, _done = case
    payment = services.receive_payment(
        actor=cast.erin, account=winner, amount=invoice.total, currency=invoice.currency, reference="B1"
    )
    services.allocate_payment(payment=payment, invoice=invoice, amount=None, version=None, actor=cast.erin)
    (balance,) = account_balance(winner)
    assert (balance.balance, balance.unapplied) == (0, 0)


def test_a_draft_goes_along_and_stays_with_the_winner_once_it_is_booked(cast: Cast) -> None:
    winner, loser = make_account(cast.alice, "Acme"), make_account(cast.alice, "Acme Corp", allow_duplicate=True)
    product = make_product(price=100, cost=60, book=make_price_book(is_default=True))
    draft, other = (
        services.create_order(
            actor=cast.alice, account=loser, lines=[{"product": product, "quantity": Decimal(1)}], channel="pos"
        )
        for _place in range(2)
    )
    done = account_services.merge_accounts(winner=winner, loser=loser, version=None, actor=cast.alice)
    draft.refresh_from_db()
    assert draft.account_id == winner.pk
    services.book_order(order=draft, version=draft.version, actor=None)
    done = account_services.take_apart(merge=done, actor=cast.alice)
    draft.refresh_from_db()
    other.refresh_from_db()
    assert (draft.account_id, other.account_id) == (winner.pk, loser.pk)
    assert [(line["what"], line["why"]) for line in done.kept] == [("order", "issued since")]
