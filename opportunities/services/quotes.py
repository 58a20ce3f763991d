"""Drafting a quote, sending it, and what the customer says."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from opportunities.events import QuoteAccepted
from opportunities.models import Opportunity, Quote
from opportunities.selectors.pricing import check_sellable, price_lines
from opportunities.selectors.quotes import keep_agreed
from opportunities.services import _quote_rows
from opportunities.services.approvals import void_approvals
from opportunities.services.moves import win_by_quote
from revops.catalog.models import PriceBook
from revops.catalog.selectors import default_book
from revops.core import audit, clock, outbox
from revops.core.acting import refuse_readers
from revops.core.custom import values as custom_values
from revops.core.errors import IllegalState, InvalidInput
from revops.core.numbers import document_number
from revops.core.organisation import default_entity
from revops.core.registries import guards, steps_for
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.users.models import User

STATUS = Quote.Status
VALID_DAYS = timedelta(days=30)
EDITABLE = frozenset({"valid_until", "terms", "discount", "shipping", "price_book"})
UNSENT = frozenset({STATUS.DRAFT, STATUS.IN_APPROVAL, STATUS.APPROVED})
ENDED = frozenset({STATUS.SENT, STATUS.REJECTED, STATUS.EXPIRED})
ZERO = Decimal(0)


@transaction.atomic
def create_quote(
    *,
    actor: User,
    opportunity: Opportunity,
    lines: Sequence[Mapping[str, Any]] = (),
    price_book: PriceBook | None = None,
    valid_until: date | None = None,
    discount: Decimal = ZERO,
    shipping: Decimal = ZERO,
    terms: str = "",
    custom: Mapping[str, Any] | None = None,
) -> Quote:
    """A draft. `lines`: {"product", "quantity", "unit_price", "discount_percent", "tax_percent", "description"};
    prices, costs and taxes that a line leaves out are copied from the catalogue today.
    """
    require(actor, "opportunities.add_quote", _("Your role does not make quotes."))
    refuse_readers(opportunity)
    if opportunity.status == Opportunity.Status.LOST:
        raise IllegalState("closed", _("This opportunity is lost. Reopen it to quote again."))
    today = clock.today()
    book = price_book or default_book(opportunity.currency, today)
    _quote_rows.check_terms(book=book, valid_until=valid_until or today, terms=terms)
    check_sellable([line["product"] for line in lines], today)
    priced = price_lines(lines, currency=book.currency, on=today, book=book, discount=discount, shipping=shipping)
    quote = Quote(
        number=document_number(prefix="Q", entity=default_entity(), kind="quote", year=today.year),
        opportunity=opportunity,
        price_book=book,
        currency=book.currency,
        valid_until=valid_until or today + VALID_DAYS,
        terms=terms.strip(),
        created_by=actor,
    )
    quote.custom = custom_values.for_new(quote, custom, asked=custom is not None)
    _quote_rows.set_totals(quote, priced)
    quote.save(force_insert=True)
    _quote_rows.write_lines(quote, priced)
    audit.record("quote.created", quote, actor=actor, opportunity=opportunity, net=quote.net, currency=quote.currency)
    return quote


@transaction.atomic
def note_on_quote(*, quote: Quote, version: int | None, actor: User, custom: Mapping[str, Any]) -> Quote:
    """Custom fields are notes of our own beside the document: they change in any state, and no approval ends."""
    require(actor, "opportunities.change_quote", _("Your role does not change quotes."))
    quote = lock(quote, version)
    changed = edit(quote, {"custom": custom_values.merged(quote, custom)})
    if changed:
        audit.record("quote.noted", quote, actor=actor, changed=changed)
    return quote


@transaction.atomic
def update_quote(
    *, quote: Quote, version: int | None, actor: User, custom: Mapping[str, Any] | None = None, **facts: Any
) -> Quote:
    """Change a quote that was not sent: its lines, what EDITABLE names. One that waits for approval or has it becomes
    a draft again (INV-10). Only `custom` changes in any state.
    """
    if custom:
        quote = note_on_quote(quote=quote, version=version, actor=actor, custom=custom)
        version = quote.version
    return quote if custom and not facts else _change_unsent(quote, version, actor, **facts)


def _change_unsent(
    quote: Quote,
    version: int | None,
    actor: User,
    *,
    lines: Sequence[Mapping[str, Any]] | None = None,
    **changes: Any,
) -> Quote:
    require(actor, "opportunities.change_quote", _("Your role does not change quotes."))
    quote = lock(quote, version)
    if quote.status not in UNSENT:
        raise IllegalState("frozen", _("A sent quote stays as it is. Revise it: the new quote replaces it."))
    unknown = sorted(set(changes) - EDITABLE)
    if unknown:
        raise InvalidInput.of(**{unknown[0]: _("A quote has no such field to set.")})
    before = _quote_rows.said(quote)
    for name, value in changes.items():
        setattr(quote, name, value.strip() if isinstance(value, str) else value)
    _reprice(quote, lines, before["price_book"])
    after = _quote_rows.said(quote)
    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    if not changed:
        return quote
    if quote.status == STATUS.DRAFT:
        quote.version += 1
    else:
        void_approvals(quote=quote, actor=actor)
    quote.save()
    audit.record("quote.updated", quote, actor=actor, changed=changed)
    return quote


def _reprice(quote: Quote, lines: Sequence[Mapping[str, Any]] | None, book_before: Any) -> None:
    """Price the quote again; what stood on it keeps its agreed prices, unless another price book was chosen."""
    today, book = clock.today(), quote.price_book
    _quote_rows.check_terms(book=book, valid_until=quote.valid_until, terms=quote.terms)
    stored = list(quote.lines.select_related("product"))
    asked = [_quote_rows.as_asked(row) for row in stored] if lines is None else list(lines)
    known = {row.product_id for row in stored}
    check_sellable([line["product"] for line in asked if line["product"].pk not in known], today)
    if book.pk == book_before:
        asked = keep_agreed(asked, stored)
    elif lines is None:
        asked = [{"product": line["product"], "quantity": line["quantity"]} for line in asked]
    quote.currency = book.currency
    priced = price_lines(
        asked, currency=book.currency, on=today, book=book, discount=quote.discount, shipping=quote.shipping
    )
    _quote_rows.set_totals(quote, priced)
    _quote_rows.write_lines(quote, priced)


@transaction.atomic
def send_quote(*, quote: Quote, version: int | None, actor: User) -> Quote:
    """Offer it to the customer: prices and terms are frozen from here."""
    require(actor, "opportunities.change_quote")
    quote = lock(quote, version)
    advance(quote, STATUS.SENT, Quote.TRANSITIONS)
    _quote_rows.refuse_past(quote)
    quote.sent_at = clock.now()
    quote.save(update_fields=["status", "sent_at", "version", "updated_at"])
    audit.record("quote.sent", quote, actor=actor, total=quote.total, valid_until=quote.valid_until)
    return quote


@transaction.atomic
def accept_quote(*, quote: Quote, version: int | None, actor: User, accepted_by_name: str) -> Quote:
    """The customer says yes: the quote is accepted, the deal won and the order on its way, or none of it."""
    require(actor, "opportunities.change_quote")
    opportunity = lock(quote.opportunity)
    quote = lock(quote, version)
    if quote.status == STATUS.EXPIRED:
        raise IllegalState("quote_expired", _("This quote has expired. Revise it to offer it again."))
    advance(quote, STATUS.ACCEPTED, Quote.TRANSITIONS)
    _quote_rows.refuse_past(quote)
    name = accepted_by_name.strip()
    if not name or len(name) > 120 or "\x00" in name:
        raise InvalidInput.of(accepted_by_name=_("Say who accepted it for the customer."))
    if opportunity.quotes.filter(status=STATUS.ACCEPTED).exists():
        raise IllegalState("accepted_already", _("Another quote of this opportunity was accepted already."))
    for guard in steps_for(guards, "opportunities.accept_quote"):
        guard.run(opportunity=opportunity, actor=actor)
    quote.accepted_at, quote.accepted_by_name = clock.now(), name
    quote.save(update_fields=["status", "accepted_at", "accepted_by_name", "version", "updated_at"])
    win_by_quote(opportunity=opportunity, quote=quote, actor=actor)
    audit.record("quote.accepted", quote, actor=actor, accepted_by=name, net=quote.net)
    outbox.publish(QuoteAccepted(quote_id=quote.pk, opportunity_id=opportunity.pk))
    return quote


@transaction.atomic
def reject_quote(*, quote: Quote, version: int | None, actor: User, reason: str = "") -> Quote:
    """The customer says no; the deal stays open."""
    require(actor, "opportunities.change_quote")
    quote = lock(quote, version)
    advance(quote, STATUS.REJECTED, Quote.TRANSITIONS)
    quote.closed_reason = reason.strip()[:400]
    quote.save(update_fields=["status", "closed_reason", "version", "updated_at"])
    audit.record("quote.rejected", quote, actor=actor, reason=quote.closed_reason)
    return quote


@transaction.atomic
def revise_quote(*, quote: Quote, version: int | None, actor: User) -> Quote:
    """A new draft with the same lines that takes the place of a sent, rejected or expired quote."""
    require(actor, "opportunities.add_quote", _("Your role does not make quotes."))
    old = lock(quote, version)
    if old.status not in ENDED:
        raise IllegalState("not_sent", _("Only a sent, rejected or expired quote is revised. Edit this one."))
    if Quote.objects.filter(supersedes=old).exists():
        raise IllegalState("revised", _("This quote was revised already."))
    if old.status == STATUS.SENT:
        advance(old, STATUS.SUPERSEDED, Quote.TRANSITIONS)
        old.save(update_fields=["status", "version", "updated_at"])
    today = clock.today()
    new = Quote(
        number=document_number(prefix="Q", entity=default_entity(), kind="quote", year=today.year),
        supersedes=old,
        created_by=actor,
        valid_until=max(old.valid_until, today + VALID_DAYS),
        custom=dict(old.custom),
        **{name: getattr(old, name) for name in _quote_rows.COPIED},
    )
    new.save(force_insert=True)
    _quote_rows.copy_lines(old, new)
    audit.record("quote.revised", new, actor=actor, supersedes=old)
    return new


@transaction.atomic
def expire_quotes(*, actor: User | None = None) -> int:
    """Sent quotes whose last day is over. Safe to run at any time, and twice."""
    done = 0
    for row in Quote.objects.past_validity(clock.today()).order_by("pk"):
        quote = lock(row)
        if quote.status != STATUS.SENT:
            continue
        advance(quote, STATUS.EXPIRED, Quote.TRANSITIONS)
        quote.save(update_fields=["status", "version", "updated_at"])
        audit.record("quote.expired", quote, actor=actor, valid_until=quote.valid_until)
        done += 1
    return done
