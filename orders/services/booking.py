"""Booking: the moment from which revenue, margin and credit count."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from opportunities.models import Opportunity, Quote
from opportunities.selectors.pricing import price_lines
from orders.events import OrderBooked
from orders.models import Order, OrderSplit
from orders.services import _rows
from revops.core import audit, clock, outbox
from revops.core.errors import DomainError, IllegalState, InvalidInput, MissingFields
from revops.core.scope import require
from revops.core.status import advance, lock
from revops.users.models import User


@transaction.atomic
def book_order(*, order: Order, version: int | None, actor: User | None, booked_at: datetime | None = None) -> Order:
    """Close the sale. A sales order needs its accepted quote, or an actor who may book without one (RO-03)."""
    if actor is not None:
        require(actor, "orders.book_order", _("Your role does not book orders."))
    if order.opportunity is not None:
        lock(order.opportunity)  # first, as accepting a quote does: a deal is booked by its quote or by hand, once
    order = lock(order, version)
    _require_quote(order, actor)
    _refuse_second_sale(order)
    return _book(order, actor, booked_at)


def _refuse_second_sale(order: Order) -> None:
    """An accepted quote of the deal is on its way to this draft: the worker books it, with the quote's lines."""
    accepted = Quote.objects.filter(opportunity=order.opportunity_id, status=Quote.Status.ACCEPTED)
    if order.quote_id is None and order.opportunity_id is not None and accepted.filter(order__isnull=True).exists():
        raise IllegalState("quote_accepted", _("A quote of this deal was accepted: its order is booked in a moment."))


def _require_quote(order: Order, actor: User | None) -> None:
    if order.channel != Order.Channel.CRM or order.quote_id is not None:
        return
    if actor is not None and not actor.has_perm("orders.book_without_quote"):
        raise DomainError("quote_required", _("A sales order is booked by its accepted quote."))


def _book(order: Order, actor: User | None, booked_at: datetime | None) -> Order:
    """The change itself, on a locked order."""
    at = booked_at or clock.now()
    if at > clock.now():
        raise InvalidInput.of(booked_at=_("An order is not booked in the future."))
    advance(order, Order.Status.BOOKED, Order.TRANSITIONS)
    if not order.lines.exists():
        raise MissingFields(_("An order needs at least one line."), ["lines"])
    shares = order.splits.filter(kind=OrderSplit.Kind.REVENUE).values_list("percent", flat=True)
    if sum(shares, Decimal(0)) != 100:
        raise DomainError("splits", _("Revenue shares must add up to 100 % before an order is booked."))
    _rows.write_amounts(order)
    order.booked_at, order.booked_on = at, clock.business_day(at)
    order.save(update_fields=["status", "booked_at", "booked_on", "version", "updated_at"])
    audit.record("order.booked", order, actor=actor, booked_on=order.booked_on, total=order.total)
    outbox.publish(OrderBooked(order_id=order.pk))
    return order


@transaction.atomic
def book_order_from_quote(*, quote: Quote, actor: User | None = None) -> Order:
    """The accepted quote's order, booked once however often this is called (INV-09).

    Prices, costs, taxes and credit are copied. A draft order that waits for the same deal is taken over.
    """
    opportunity = lock(Opportunity.objects.get(pk=quote.opportunity_id))
    quote = lock(quote)
    booked = Order.objects.filter(quote=quote).first()
    if booked is not None:
        return booked
    if quote.status != Quote.Status.ACCEPTED:
        raise IllegalState("not_accepted", _("Only an accepted quote becomes an order."))
    if opportunity.account is None:
        raise MissingFields(_("An order needs an account."), ["account"])
    waiting = Order.objects.filter(opportunity=opportunity, status=Order.Status.DRAFT).first()
    if waiting is not None:
        order = lock(waiting)
    else:
        order = _rows.new_order(account=opportunity.account, owner=opportunity.owner, opportunity=opportunity)
    order.quote, order.account, order.owner = quote, opportunity.account, opportunity.owner
    _rows.copy_quote(order, quote)
    order.save(update_fields=["quote", "account", "owner", "terms", *_rows.TOTALS, "updated_at"])
    _rows.write_splits(order, _rows.splits_of_deal(opportunity))
    return _book(order, actor, None)


@transaction.atomic
def draft_order_for_won_deal(*, opportunity: Opportunity, actor: User | None = None) -> Order | None:
    """A deal won by hand waits with one draft order, unless a quote was accepted or an order is there."""
    opportunity = lock(opportunity)
    quoted = opportunity.quotes.filter(status=Quote.Status.ACCEPTED).exists()
    ordered = opportunity.orders.exclude(status=Order.Status.CANCELLED).exists()
    won = opportunity.status == Opportunity.Status.WON and opportunity.account is not None
    if not won or quoted or ordered or opportunity.imported or opportunity.account is None:
        return None
    order = _rows.new_order(account=opportunity.account, owner=opportunity.owner, opportunity=opportunity)
    order.currency = opportunity.currency
    if opportunity.product is not None and opportunity.amount is not None:
        line = {"product": opportunity.product, "quantity": Decimal(1), "unit_price": opportunity.amount}
        _rows.write_priced(order, price_lines([line], currency=opportunity.currency, on=clock.today()))
    order.save(update_fields=[*_rows.TOTALS, "updated_at"])
    _rows.write_splits(order, _rows.splits_of_deal(opportunity))
    audit.record("order.drafted", order, actor=actor, opportunity=opportunity)
    return order
