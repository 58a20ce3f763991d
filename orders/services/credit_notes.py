"""Credit notes: the only way to take back an issued invoice, and never more of it than there is (INV-22)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from orders.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from orders.services import _access
from orders.services.invoices import settle_invoice
from orders.services.payments import release_allocations
from revops.core import audit, clock
from revops.core.errors import DomainError, FieldError, IllegalState, InvalidInput
from revops.core.numbers import document_number
from revops.core.scope import require
from revops.core.status import advance, lock
from revops.users.models import User


@transaction.atomic
def issue_credit_note(
    *,
    invoice: Invoice,
    version: int | None,
    actor: User,
    reason: str,
    amount: Decimal | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
) -> CreditNote:
    """Take back an amount of an issued invoice, or (None, no lines) all that is left; `lines`: {"line", "amount"}.

    It lowers what is open first; beyond that, allocated money becomes unapplied credit. All of it voids the invoice.
    """
    require(actor, "orders.issue_invoice", _("Your role does not write credit notes."))
    invoice = lock(invoice, version)
    if invoice.status in (Invoice.Status.DRAFT, Invoice.Status.VOID):
        raise IllegalState("not_issued", _("Only an issued invoice is credited."))
    if not reason.strip():
        raise InvalidInput.of(reason=_("Say why the money is given back."))
    parts = _parts(invoice, lines)
    value = _amount(invoice, amount, parts)
    note = CreditNote(
        invoice=invoice, account=invoice.account, currency=invoice.currency, amount=value, reason=reason.strip()[:200]
    )
    today = clock.today()
    note.number = document_number(prefix="CN", entity=invoice.entity, kind="credit_note", year=today.year)
    note.issued_on = today
    advance(note, CreditNote.Status.ISSUED, CreditNote.TRANSITIONS)
    advance(note, CreditNote.Status.APPLIED, CreditNote.TRANSITIONS)
    note.save(force_insert=True)
    CreditNoteLine.objects.bulk_create(
        CreditNoteLine(credit_note=note, invoice_line=line, amount=part) for line, part in parts
    )
    _apply(invoice, value, actor)
    audit.record("credit_note.issued", note, actor=actor, invoice=invoice, amount=value, reason=note.reason)
    return note


def _amount(invoice: Invoice, amount: Decimal | None, parts: Sequence[tuple[InvoiceLine, Decimal]]) -> Decimal:
    """What is credited, within what can still be credited."""
    left = invoice.total - invoice.credited
    if amount is None:
        value = sum((part for _line, part in parts), Decimal(0)) if parts else left
    else:
        value = _access.amount_of(amount, invoice.currency)
        if parts and value != sum((part for _line, part in parts), Decimal(0)):
            raise InvalidInput.of(amount=_("The lines do not add up to this amount."))
    if value > left:
        raise DomainError(
            "over_invoice",
            _("Only %(left)s of this invoice can still be credited.") % {"left": f"{left} {invoice.currency}"},
        )
    return value


def _parts(invoice: Invoice, lines: Sequence[Mapping[str, Any]]) -> list[tuple[InvoiceLine, Decimal]]:
    """Lines with their amounts (net and tax together), each within its own line."""
    own = {line.pk: line for line in invoice.lines.annotate(taken=Sum("credit_lines__amount", default=Decimal(0)))}
    if len({row["line"].pk for row in lines}) != len(lines):
        raise InvalidInput.of(lines=_("Name each line once."))
    parts: list[tuple[InvoiceLine, Decimal]] = []
    for index, row in enumerate(lines):
        line = own.get(row["line"].pk)
        if line is None:
            raise _refused(index, _("This line belongs to another invoice."))
        value = _access.amount_of(row["amount"], invoice.currency, f"lines.{index}.amount")
        if value > line.net + line.tax - line.taken:
            raise _refused(index, _("%(name)s: that is more than is left of this line.") % {"name": line.description})
        parts.append((line, value))
    return parts


def _refused(index: int, message: str) -> InvalidInput:
    return InvalidInput("invalid", message, errors=[FieldError(f"lines.{index}.amount", "invalid", message)])


def _apply(invoice: Invoice, value: Decimal, actor: User) -> None:
    beyond = value - (invoice.total - invoice.credited - invoice.paid)
    if beyond > 0:
        release_allocations(invoice=invoice, amount=beyond, actor=actor)
    invoice.credited += value
    settle_invoice(invoice=invoice, actor=actor)
