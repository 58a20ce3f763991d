"""Payments: received once, allocated to invoices, never more than there is on either side (INV-21)."""

from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from orders.models import Invoice, Payment, PaymentAllocation
from orders.services import _access
from orders.services._rows import currency_of
from orders.services.invoices import settle_invoice
from revops.core import audit, clock
from revops.core.errors import DomainError, IllegalState, InvalidInput, StaleCopy
from revops.core.scope import require
from revops.core.status import advance, lock
from revops.users.models import User

STATUS = Payment.Status
PAYABLE = frozenset({Invoice.Status.ISSUED, Invoice.Status.PARTIALLY_PAID, Invoice.Status.UNCOLLECTIBLE})


@transaction.atomic
def receive_payment(
    *,
    actor: User,
    account: Account,
    amount: Decimal,
    currency: str,
    reference: str,
    received_on: date | None = None,
) -> Payment:
    """Book money that came in. The bank's reference makes it once: the same payment again answers with the first."""
    require(actor, "orders.add_payment", _("Your role does not book payments."))
    reference = reference.strip()
    if not reference or len(reference) > 80 or "\x00" in reference:
        raise InvalidInput.of(reference=_("The bank's reference, with at most 80 characters."))
    amount = _access.amount_of(amount, currency_of(currency))
    day = received_on or clock.today()
    if day > clock.today():
        raise InvalidInput.of(received_on=_("A payment is not received in the future."))
    row = Payment(
        account=account, amount=amount, currency=currency, reference=reference, received_on=day, created_by=actor
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return _replayed(row)
    audit.record("payment.received", row, actor=actor, amount=amount, currency=currency, account=account)
    return row


def _replayed(row: Payment) -> Payment:
    first = Payment.objects.get(reference=row.reference)
    same = (first.account_id, first.amount, first.currency) == (row.account_id, row.amount, row.currency)
    if not same:
        raise DomainError(
            "reference_taken",
            _("Another payment carries the reference %(reference)s already.") % {"reference": row.reference},
        )
    return first


@transaction.atomic
def allocate_payment(
    *, payment: Payment, invoice: Invoice, amount: Decimal | None, version: int | None, actor: User
) -> Payment:
    """Settle so much of an invoice with a payment; None takes as much as fits. The rest stays unapplied credit."""
    require(actor, "orders.add_payment", _("Your role does not allocate payments."))
    invoice = lock(invoice)
    payment = lock(payment, version)
    _check_pair(payment, invoice)
    fits = min(payment.unapplied, invoice.open_amount)
    wanted = fits if amount is None else _access.amount_of(amount, payment.currency)
    if wanted > payment.unapplied:
        raise DomainError(
            "over_payment", _("Only %(left)s is left of this payment.") % {"left": payment.unapplied_money.format()}
        )
    if wanted > invoice.open_amount:
        raise DomainError(
            "over_invoice", _("Only %(left)s is open on this invoice.") % {"left": invoice.open_money.format()}
        )
    PaymentAllocation.objects.create(payment=payment, invoice=invoice, amount=wanted)
    invoice.paid += wanted
    settle_invoice(invoice=invoice, actor=actor)
    payment.allocated += wanted
    _restate(payment)
    audit.record("payment.allocated", payment, actor=actor, invoice=invoice, amount=wanted)
    return payment


def _check_pair(payment: Payment, invoice: Invoice) -> None:
    if _home(payment.account) != _home(invoice.account):
        raise InvalidInput.of(invoice=_("This invoice belongs to another account."))
    if payment.currency != invoice.currency:
        raise DomainError("mixed_currencies", _("The payment and the invoice have different currencies."))
    if invoice.status not in PAYABLE:
        state = invoice.get_status_display().lower()
        raise IllegalState("not_payable", _("This invoice is %(state)s.") % {"state": state})
    if payment.unapplied <= 0:
        raise IllegalState("spent", _("Nothing is left of this payment."))


def _home(account: Account) -> int:
    """Who it is by now: bills and payments stay under the name that they came with."""
    return account.merged_into_id or account.pk


def _restate(payment: Payment) -> None:
    """Bring a payment's status in line with what is allocated, and save it."""
    if payment.allocated == payment.amount:
        target = STATUS.ALLOCATED
    else:
        target = STATUS.PARTIALLY_ALLOCATED if payment.allocated else STATUS.RECEIVED
    if target == payment.status:
        payment.version += 1
    else:
        advance(payment, target, Payment.TRANSITIONS)
    payment.save(update_fields=["status", "allocated", "version", "updated_at"])


@transaction.atomic
def release_allocations(*, invoice: Invoice, amount: Decimal, actor: User | None) -> None:
    """Take `amount` back from a locked invoice's allocations, newest first: it becomes unapplied credit again.

    The caller settles the invoice.
    """
    left = amount
    for row in invoice.allocations.order_by("-pk").select_for_update():
        if left <= 0:
            break
        part = min(left, row.amount)
        payment = lock(row.payment)
        payment.allocated -= part
        _restate(payment)
        if part == row.amount:
            row.delete()
        else:
            row.amount -= part
            row.save(update_fields=["amount", "updated_at"])
        invoice.paid -= part
        left -= part
        audit.record("payment.released", payment, actor=actor, invoice=invoice, amount=part)


@transaction.atomic
def reverse_payment(*, payment: Payment, version: int | None, actor: User, reason: str) -> Payment:
    """The bank took it back: what it had settled is open again."""
    require(actor, "orders.add_payment", _("Your role does not reverse payments."))
    invoices = [lock(row) for row in Invoice.objects.filter(allocations__payment=payment).distinct().order_by("pk")]
    payment = lock(payment, version)
    if payment.allocations.exclude(invoice__in=invoices).exists():
        raise StaleCopy(payment, payment.version - 1)  # allocated to one more invoice while we waited
    if not reason.strip():
        raise InvalidInput.of(reason=_("Say why the payment is reversed."))
    advance(payment, STATUS.REVERSED, Payment.TRANSITIONS)
    for invoice in invoices:
        rows = list(payment.allocations.filter(invoice=invoice))
        invoice.paid -= sum((row.amount for row in rows), Decimal(0))
        settle_invoice(invoice=invoice, actor=actor)
    payment.allocations.all().delete()
    payment.allocated = Decimal(0)
    payment.save(update_fields=["status", "allocated", "version", "updated_at"])
    audit.record(
        "payment.reversed", payment, actor=actor, reason=reason.strip()[:200], invoices=[i.pk for i in invoices]
    )
    return payment
