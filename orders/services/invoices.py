"""Invoices: drafted from an order, numbered without gaps when issued, never edited afterwards."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from orders.events import InvoiceIssued, InvoicePaid
from orders.models import Invoice, InvoiceLine, Order, OrderLine
from orders.selectors import unbilled
from orders.services import _stages
from revops.core import audit, clock, outbox
from revops.core.errors import DomainError, IllegalState, InvalidInput
from revops.core.numbers import next_number
from revops.core.scope import require
from revops.core.status import advance, lock
from revops.users.models import User

STATUS = Invoice.Status
NOT_BILLED = frozenset({Order.Status.DRAFT, Order.Status.CANCELLED})


@transaction.atomic
def draft_invoice(
    *, order: Order, actor: User, version: int | None = None, lines: Sequence[OrderLine] | None = None
) -> Invoice:
    """A bill for what was not billed yet (or for `lines` of it). It has no number until it is issued."""
    require(actor, "orders.issue_invoice", _("Your role does not write invoices."))
    order = lock(order, version)
    if order.status in NOT_BILLED:
        raise IllegalState("not_booked", _("Only a booked order is billed."))
    billable = unbilled(order)
    wanted = billable if lines is None else list(lines)
    if not wanted:
        raise DomainError("nothing_to_bill", _("Every line of this order is on an invoice."))
    keys = {line.pk for line in billable}
    if any(line.pk not in keys for line in wanted):
        raise InvalidInput.of(lines=_("One of these lines is billed already or belongs to another order."))
    invoice = Invoice.objects.create(
        entity=order.entity, account=order.account, order=order, currency=order.currency, **_sums(order, wanted)
    )
    InvoiceLine.objects.bulk_create(_stages.bill_lines(invoice, wanted))
    audit.record("invoice.drafted", invoice, actor=actor, order=order, total=invoice.total)
    return invoice


def _sums(order: Order, lines: Sequence[OrderLine]) -> dict[str, Decimal]:
    """The first living invoice of an order carries its shipping."""
    net = sum((line.net for line in lines), Decimal(0))
    tax = sum((line.tax for line in lines), Decimal(0))
    charged = order.invoices.exclude(status=STATUS.VOID).filter(shipping__gt=0).exists()
    shipping = Decimal(0) if charged else order.shipping
    return {"net": net, "tax": tax, "shipping": shipping, "total": net + tax + shipping}


@transaction.atomic
def discard_invoice(*, invoice: Invoice, version: int | None, actor: User) -> None:
    """Throw a draft away. It had no number, so no gap remains."""
    require(actor, "orders.issue_invoice", _("Your role does not write invoices."))
    lock(invoice.order)
    invoice = lock(invoice, version)
    if invoice.status != STATUS.DRAFT:
        raise IllegalState("issued", _("An issued invoice stays. Credit it instead."))
    audit.record("invoice.discarded", invoice, actor=actor, order=invoice.order, total=invoice.total)
    invoice.delete()


@transaction.atomic
def issue_invoice(*, invoice: Invoice, version: int | None, actor: User) -> Invoice:
    """Give the invoice its number (gapless per entity and year, INV-20) and its due date, 30 days from today."""
    require(actor, "orders.issue_invoice", _("Your role does not issue invoices."))
    lock(invoice.order)  # first, as cancelling does: an order is billed or cancelled, never both
    invoice = lock(invoice, version)
    if invoice.total <= 0 and invoice.status == STATUS.DRAFT:
        raise DomainError("nothing_to_pay", _("There is nothing to pay on this invoice."))
    today = clock.today()
    _stages.stamp(invoice, today, next_number(entity=invoice.entity, kind="invoice", year=today.year))
    invoice.save(update_fields=[*_stages.STAMPED, "version", "updated_at"])
    audit.record("invoice.issued", invoice, actor=actor, number=invoice.number, total=invoice.total)
    outbox.publish(InvoiceIssued(invoice_id=invoice.pk))
    return invoice


@transaction.atomic
def settle_invoice(*, invoice: Invoice, actor: User | None) -> Invoice:
    """Bring the status of a locked invoice in line with what was paid and credited, and save it."""
    was, target = invoice.status, _target(invoice)
    if target == was:
        invoice.version += 1
    else:
        if target not in Invoice.TRANSITIONS[STATUS(was)]:
            advance(invoice, STATUS.ISSUED, Invoice.TRANSITIONS)
        if target != invoice.status:
            advance(invoice, target, Invoice.TRANSITIONS)
    invoice.save(update_fields=["status", "paid", "credited", "version", "updated_at"])
    if target != was:
        audit.record("invoice.settled", invoice, actor=actor, changed={"status": (was, target)}, paid=invoice.paid)
    if target == STATUS.PAID and was != STATUS.PAID:
        outbox.publish(InvoicePaid(invoice_id=invoice.pk))
    return invoice


def _target(invoice: Invoice) -> str:
    if invoice.credited == invoice.total:
        return STATUS.VOID
    if invoice.paid + invoice.credited == invoice.total:
        return STATUS.PAID
    return STATUS.PARTIALLY_PAID if invoice.paid > 0 else STATUS.ISSUED
