"""Numbers without gaps and money spent once, with real threads and real rollbacks."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from orders import services
from orders.models import CreditNote, Invoice, Payment, PaymentAllocation
from revops.core.errors import DomainError
from tests.cast import make_cast
from tests.orders.builders import line, make_account, make_invoice, make_order


class Undone(Exception):
    """The transaction that issued an invoice is rolled back."""


def together(work, items, workers=8):
    """Run work(item) for all items in real threads with their own connections; returns results and refusals."""
    start = threading.Barrier(min(workers, len(items)))
    first = threading.local()

    def run(item):
        if not getattr(first, "seen", False):
            first.seen = True
            start.wait(20)
        try:
            return work(item)
        except (DomainError, Undone) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, items))


@pytest.mark.spec("INV-20", "PS-02")
def test_invoice_numbers_have_no_gap_and_no_double_under_threads_and_rollbacks(transactional_db):
    cast = make_cast()
    account = make_account(cast.alice)
    orders = [make_order(cast.alice, [line()], account=account) for _ in range(40)]
    drafts = [services.draft_invoice(order=order, actor=cast.erin) for order in orders]
    undone = set(random.Random(7).sample([draft.pk for draft in drafts], 15))

    def issue(draft):
        with transaction.atomic():
            done = services.issue_invoice(invoice=draft, version=draft.version, actor=cast.erin)
            if draft.pk in undone:
                raise Undone
        return done.number

    together(issue, drafts)
    issued = list(Invoice.objects.exclude(number=None).order_by("sequence"))
    assert [row.sequence for row in issued] == list(range(1, 26))
    assert [row.number for row in issued] == [f"INV-{row.year}-{row.sequence:05d}" for row in issued]
    assert Invoice.objects.filter(status="draft", number=None).count() == 15
    left = [draft for draft in drafts if draft.pk in undone]
    undone.clear()
    together(issue, left)
    sequences = Invoice.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(sequences) == list(range(1, 41))


@pytest.mark.spec("INV-21")
def test_money_is_never_spent_twice_by_threads(transactional_db):
    cast = make_cast()
    account = make_account(cast.alice)
    invoices = [make_invoice(cast.alice, cast.erin, [line(price=30)], account=account) for _ in range(4)]
    payments = [
        services.receive_payment(
            actor=cast.erin, account=account, amount=Decimal(50), currency="USD", reference=f"R{number}"
        )
        for number in range(2)
    ]
    pairs = [(payment, invoice) for payment in payments for invoice in invoices for _ in range(3)]

    def spend(pair):
        payment, invoice = pair
        return services.allocate_payment(
            payment=payment, invoice=invoice, amount=Decimal(20), version=None, actor=cast.erin
        )

    together(spend, pairs)
    for payment in Payment.objects.annotate(spent=Sum("allocations__amount")):
        assert payment.spent == payment.allocated <= payment.amount
    for invoice in Invoice.objects.annotate(taken=Sum("allocations__amount")):
        assert (invoice.taken or 0) == invoice.paid <= invoice.total
    assert PaymentAllocation.objects.count() == 4


@pytest.mark.spec("INV-22")
def test_threads_never_credit_more_than_the_invoice(transactional_db):
    cast = make_cast()
    invoice = make_invoice(cast.alice, cast.erin, [line(price=100)])

    def credit(_number):
        return services.issue_credit_note(
            invoice=invoice, version=None, actor=cast.erin, reason="Return", amount=Decimal(30)
        )

    together(credit, list(range(8)))
    assert CreditNote.objects.count() == 3
    assert CreditNote.objects.aggregate(total=Sum("amount"))["total"] == Decimal(90)


def test_the_same_payment_sent_eight_times_at_once_is_booked_once(transactional_db):
    cast = make_cast()
    account = make_account(cast.alice)

    def receive(_number):
        return services.receive_payment(
            actor=cast.erin, account=account, amount=Decimal(10), currency="USD", reference="ONE"
        ).pk

    assert len(set(together(receive, list(range(8))))) == 1


def test_an_order_line_is_never_shipped_twice_by_threads(transactional_db):
    cast = make_cast()
    order = make_order(cast.alice, [line(quantity=5)])
    row = order.lines.get()

    def ship(_number):
        return services.fulfil_order(
            order=order, lines=[{"line": row, "quantity": Decimal(2)}], version=None, actor=cast.olga
        )

    together(ship, list(range(6)))
    row.refresh_from_db()
    assert row.fulfilled == Decimal(4)
