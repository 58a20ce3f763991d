"""Invoices, payments, credit notes and what an account owes."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction

from orders import services
from orders.models import CreditNote, Invoice, Payment, PaymentAllocation
from orders.selectors import account_balance, bucket_of
from revops.core.errors import DomainError, IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import OutboxEvent
from tests.orders.builders import line, make_account, make_invoice, make_order


def pay(erin, account, amount, reference="BANK-1", **more):
    return services.receive_payment(
        actor=erin, account=account, amount=Decimal(amount), currency="USD", reference=reference, **more
    )


def settle(erin, payment, invoice, amount=None):
    value = None if amount is None else Decimal(amount)
    return services.allocate_payment(
        payment=payment, invoice=invoice, amount=value, version=payment.version, actor=erin
    )


def credit(erin, invoice, amount=None, **more):
    value = None if amount is None else Decimal(amount)
    return services.issue_credit_note(
        invoice=invoice, version=invoice.version, actor=erin, reason="Returned", amount=value, **more
    )


def fresh(record):
    return type(record).objects.get(pk=record.pk)


@pytest.mark.spec("PS-02")
def test_the_worked_example_of_billing(alice, erin):
    invoice = make_invoice(alice, erin, [line(price=132_000, tax="8.25")])
    assert (invoice.tax, invoice.total) == (Decimal(10_890), Decimal(142_890))
    assert (invoice.due_on - invoice.issued_on).days == 30
    payment = settle(erin, pay(erin, invoice.account, 100_000), invoice)
    invoice = fresh(invoice)
    assert (invoice.status, invoice.open_amount) == ("partially_paid", Decimal(42_890))
    assert payment.status == Payment.Status.ALLOCATED
    [balance] = account_balance(invoice.account)
    assert balance.balance == Decimal(42_890)


@pytest.mark.spec("PS-02", "INV-21")
def test_an_overpayment_stays_unapplied_credit_and_no_balance_is_negative(alice, erin):
    invoice = make_invoice(alice, erin, [line(price=100)])
    payment = settle(erin, pay(erin, invoice.account, 130), invoice)
    assert (payment.status, payment.unapplied) == ("partially_allocated", Decimal(30))
    assert fresh(invoice).status == Invoice.Status.PAID
    [balance] = account_balance(invoice.account)
    assert (balance.balance, balance.unapplied) == (Decimal(0), Decimal(30))
    assert OutboxEvent.objects.filter(name="orders.InvoicePaid").count() == 1


@pytest.mark.spec("B6", "PS-02")
def test_forty_five_days_past_due_stands_under_31_to_60(alice, erin):
    assert bucket_of(date(2027, 2, 14), date(2027, 3, 31)) == "31-60"
    with time_machine.travel(datetime(2027, 1, 15, 12, tzinfo=UTC), tick=False):
        invoice = make_invoice(alice, erin, [line(price=500)])
    assert invoice.due_on == date(2027, 2, 14)
    [balance] = account_balance(invoice.account, as_of=date(2027, 3, 31))
    assert balance.buckets["31-60"] == Decimal(500) == balance.balance == balance.overdue


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (0, "current"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "90+"),
    ],
)
def test_every_day_past_due_has_one_bucket(days, bucket):
    due = date(2026, 1, 1)
    assert bucket_of(due, date.fromordinal(due.toordinal() + days)) == bucket


def test_a_draft_has_no_number_and_an_issued_invoice_keeps_its_own(alice, erin):
    order = make_order(alice)
    draft = services.draft_invoice(order=order, actor=erin)
    assert (draft.number, draft.status) == (None, "draft")
    with pytest.raises(DomainError, match="Every line"):
        services.draft_invoice(order=order, actor=erin)
    issued = services.issue_invoice(invoice=draft, version=draft.version, actor=erin)
    assert issued.number == f"INV-{issued.issued_on.year}-00001"
    for change in ({"number": "INV-1"}, {"total": 1, "net": 1, "tax": 0}):
        with pytest.raises(DatabaseError, match="credit it instead"), transaction.atomic():
            Invoice.objects.filter(pk=issued.pk).update(**change)
    with pytest.raises(DatabaseError, match="credit it instead"), transaction.atomic():
        Invoice.objects.filter(pk=issued.pk).delete()
    with pytest.raises(IllegalState):
        services.issue_invoice(invoice=issued, version=issued.version, actor=erin)


def test_lines_are_billed_once_and_the_first_bill_carries_the_shipping(alice, erin):
    order = make_order(alice, [line(price=10), line(price=20)], shipping=Decimal(5))
    one, two = order.lines.all()
    first = services.draft_invoice(order=order, actor=erin, lines=[two])
    second = services.draft_invoice(order=order, actor=erin)
    assert (first.total, second.total) == (Decimal(25), Decimal(10))
    with pytest.raises(DomainError):
        services.draft_invoice(order=order, actor=erin, lines=[one])


def test_who_may_not_bill_bills_nothing(alice, erin):
    order = make_order(alice)
    with pytest.raises(NotAllowed):
        services.draft_invoice(order=order, actor=alice)
    draft = services.draft_invoice(order=order, actor=erin)
    with pytest.raises(NotAllowed):
        services.issue_invoice(invoice=draft, version=draft.version, actor=alice)
    with pytest.raises(NotAllowed):
        pay(alice, order.account, 5)
    with pytest.raises(StaleCopy):
        services.issue_invoice(invoice=draft, version=draft.version + 1, actor=erin)
    with pytest.raises(IllegalState):
        services.draft_invoice(order=make_order(alice, book=False), actor=erin)
    assert Invoice.objects.get().status == "draft"


def test_the_same_payment_is_booked_once_and_another_under_its_reference_is_refused(alice, erin):
    account = make_account(alice)
    first = pay(erin, account, 70, "SEPA 42")
    assert pay(erin, account, 70, " SEPA 42 ") == first
    with pytest.raises(DomainError, match="SEPA 42"):
        pay(erin, account, 71, "SEPA 42")
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "NaN"])
def test_an_amount_that_is_none_is_refused(alice, erin, amount):
    account = make_account(alice)
    with pytest.raises(InvalidInput):
        pay(erin, account, amount)
    assert not Payment.objects.exists()


@pytest.mark.spec("INV-21")
def test_neither_side_of_an_allocation_is_exceeded(alice, erin):
    invoice = make_invoice(alice, erin, [line(price=100)])
    payment = pay(erin, invoice.account, 60)
    with pytest.raises(DomainError, match="60.00"):
        settle(erin, payment, invoice, 61)
    payment = settle(erin, payment, invoice, 60)
    with pytest.raises(IllegalState):
        settle(erin, payment, invoice, 1)
    with pytest.raises(DomainError, match="40.00"):
        settle(erin, pay(erin, invoice.account, 90, "B2"), invoice, 41)
    assert PaymentAllocation.objects.get().amount == Decimal(60)
    with pytest.raises(IntegrityError, match="payment_not_overallocated"), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(allocated=61)
    with pytest.raises(IntegrityError, match="invoice_not_overpaid"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(paid=101)


def test_a_payment_settles_only_its_own_accounts_and_currencys_invoices(alice, erin):
    invoice = make_invoice(alice, erin)
    with pytest.raises(InvalidInput, match="another account"):
        settle(erin, pay(erin, make_account(alice), 5), invoice)
    other = services.receive_payment(
        actor=erin, account=invoice.account, amount=Decimal(5), currency="EUR", reference="E"
    )
    with pytest.raises(DomainError, match="currencies"):
        settle(erin, other, invoice)
    assert not PaymentAllocation.objects.exists()


@pytest.mark.spec("INV-22")
def test_credit_notes_never_exceed_the_invoice_or_its_line(alice, erin):
    invoice = make_invoice(alice, erin, [line(price=100, tax=10), line(price=50)])
    first, second = invoice.lines.all()
    with pytest.raises(InvalidInput, match="more than is left"):
        credit(erin, invoice, lines=[{"line": second, "amount": Decimal("50.01")}])
    credit(erin, invoice, lines=[{"line": first, "amount": Decimal(110)}])
    with pytest.raises(InvalidInput, match="more than is left"):
        credit(erin, fresh(invoice), lines=[{"line": first, "amount": Decimal("0.01")}])
    with pytest.raises(DomainError, match="can still be credited"):
        credit(erin, fresh(invoice), "50.01")
    assert credit(erin, fresh(invoice)).amount == Decimal(50)
    assert sum(note.amount for note in CreditNote.objects.all()) == invoice.total
    assert fresh(invoice).status == Invoice.Status.VOID


def test_a_full_credit_voids_the_invoice_and_its_lines_are_billed_again(alice, erin):
    invoice = make_invoice(alice, erin, [line(price=100)])
    note = credit(erin, invoice)
    assert (note.status, note.number[:3]) == ("applied", "CN-")
    assert fresh(invoice).status == Invoice.Status.VOID
    assert services.draft_invoice(order=invoice.order, actor=erin).total == Decimal(100)
    with pytest.raises(IllegalState):
        credit(erin, fresh(invoice))


def test_crediting_what_was_paid_gives_the_money_back_as_unapplied_credit(alice, erin):
    invoice = make_invoice(alice, erin, [line(price=100)])
    payment = settle(erin, pay(erin, invoice.account, 80), invoice)
    credit(erin, fresh(invoice), 50)
    invoice, payment = fresh(invoice), fresh(payment)
    assert (invoice.status, invoice.paid, invoice.credited) == ("paid", Decimal(50), Decimal(50))
    assert (payment.status, payment.unapplied) == ("partially_allocated", Decimal(30))
    credit(erin, invoice)
    assert (fresh(invoice).status, fresh(payment).status) == ("void", "received")
    assert not PaymentAllocation.objects.exists()


def test_a_reversed_payment_opens_its_invoices_again(alice, erin):
    invoice = make_invoice(alice, erin, [line(price=100)])
    payment = settle(erin, pay(erin, invoice.account, 100), invoice)
    with pytest.raises(InvalidInput):
        services.reverse_payment(payment=payment, version=payment.version, actor=erin, reason="")
    done = services.reverse_payment(payment=payment, version=payment.version, actor=erin, reason="Bounced")
    assert (done.status, done.unapplied) == ("reversed", Decimal(0))
    assert (fresh(invoice).status, fresh(invoice).open_amount) == ("issued", Decimal(100))


@pytest.mark.spec("INV-23")
def test_the_balance_is_issued_less_credited_less_allocated_and_the_buckets_add_up_to_it(alice, erin):
    account = make_account(alice)
    with time_machine.travel(datetime(2026, 1, 10, 12, tzinfo=UTC), tick=False):
        old = make_invoice(alice, erin, [line(price="333.33", tax="8.25")], account=account)
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        middle = make_invoice(alice, erin, [line(price=200)], account=account)
        settle(erin, pay(erin, account, 150), old, 100)
        credit(erin, middle, 20)
    with time_machine.travel(datetime(2026, 4, 15, 12, tzinfo=UTC), tick=False):
        new = make_invoice(alice, erin, [line(price=50)], account=account)
        services.draft_invoice(order=make_order(alice, [line(price=999)], account=account), actor=erin)
        [balance] = account_balance(account)
    issued = old.total + middle.total + new.total
    assert (balance.issued, balance.credited, balance.allocated) == (issued, Decimal(20), Decimal(100))
    assert balance.balance == issued - 120
    assert balance.buckets == {
        "current": Decimal(50),
        "1-30": Decimal(180),
        "31-60": Decimal(0),
        "61-90": old.total - 100,
        "90+": Decimal(0),
    }
    assert sum(balance.buckets.values()) == balance.balance
    assert balance.unapplied == Decimal(50)
    columns = Invoice.objects.exclude(status="draft")
    assert balance.balance == sum(row.open_amount for row in columns)


def test_currencies_are_never_added_up(alice, erin):
    account = make_account(alice)
    make_invoice(alice, erin, account=account)
    make_invoice(alice, erin, account=account, currency="EUR")
    assert [row.currency for row in account_balance(account)] == ["EUR", "USD"]


def test_reps_see_the_bills_of_their_own_customers_only(alice, charlie, erin):
    invoice = make_invoice(alice, erin)
    pay(erin, invoice.account, 5)
    for rows in (Invoice.objects, Payment.objects):
        assert rows.visible_to(alice).count() == 1 == rows.visible_to(erin).count()
        assert not rows.visible_to(charlie).exists()
