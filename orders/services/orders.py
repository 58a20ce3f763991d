"""Making, changing and ending an order."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.services import wind_down
from opportunities.models import Opportunity
from opportunities.selectors.pricing import price_lines
from orders.events import OrderCancelled
from orders.models import Invoice, Order, OrderLine
from orders.services import _rows
from revops.core import audit, clock, merging, outbox
from revops.core.custom import values as custom_values
from revops.core.errors import IllegalState, InvalidInput
from revops.core.models import LegalEntity
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.users.models import User

ZERO = Decimal(0)
SHIP_TO = ("ship_mode", "ship_city", "ship_postal_code", "ship_state", "ship_country", "region")
EDITABLE = frozenset({"owner", "terms", "channel", *SHIP_TO})


@transaction.atomic
def create_order(
    *,
    actor: User | None,
    account: Account,
    lines: Sequence[Mapping[str, Any]] = (),
    owner: User | None = None,
    channel: str = Order.Channel.CRM,
    splits: Sequence[Mapping[str, Any]] | None = None,
    currency: str = "USD",
    opportunity: Opportunity | None = None,
    discount: Decimal = ZERO,
    shipping: Decimal = ZERO,
    terms: str = "",
    entity: LegalEntity | None = None,
    reference: tuple[str, str] | None = None,
    custom: Mapping[str, Any] | None = None,
    **ship_to: str,
) -> Order:
    """A draft order. `lines`: {"product", "quantity", "unit_price", "discount_percent", "tax_percent", "unit_cost"};
    what a line leaves out comes from the catalogue today. `splits` default to the deal's, else the owner has all.
    `reference` is the order's (system, id) elsewhere, `ship_to` how and where it goes (SHIP_TO).
    """
    if actor is not None:
        require(actor, "orders.add_order", _("Your role does not make orders."))
    owner = owner or actor
    if owner is None:
        raise InvalidInput.of(owner=_("An order has an owner."))
    _check(channel, account, opportunity)
    merging.hold(account)
    _check_ship_to(ship_to)
    if opportunity is not None:
        _refuse_second_draft(opportunity)
    currency = _rows.currency_of(currency)
    priced = price_lines(lines, currency=currency, on=clock.today(), discount=discount, shipping=shipping)
    order = _rows.new_order(
        account=account,
        owner=owner,
        opportunity=opportunity,
        channel=channel,
        terms=terms,
        entity=entity,
        reference=reference,
        custom=custom_values.for_new(Order(), custom, asked=custom is not None),
        **ship_to,
        **_rows.totals_of(priced),
    )
    OrderLine.objects.bulk_create(_rows.lines_of(order, priced))
    _rows.write_splits(order, splits if splits is not None else _default_splits(opportunity, owner))
    audit.record("order.created", order, actor=actor, total=order.total, currency=order.currency, channel=channel)
    return order


def _default_splits(opportunity: Opportunity | None, owner: User) -> list[dict[str, Any]]:
    shared = _rows.splits_of_deal(opportunity) if opportunity is not None else []
    return shared or [{"user": owner, "percent": Decimal(100)}]


def _check(channel: str, account: Account, opportunity: Opportunity | None) -> None:
    if channel not in Order.Channel.values:
        raise InvalidInput.of(channel=_("Choose one of the channels."))
    if opportunity is not None and opportunity.account_id != account.pk:
        raise InvalidInput.of(opportunity=_("This deal belongs to another account."))


def _check_ship_to(values: Mapping[str, Any]) -> None:
    """Texts that the columns hold; nothing else comes in as `**ship_to`."""
    for name, value in values.items():
        if name not in SHIP_TO:
            raise InvalidInput.of(**{name: _("An order has no such field to set.")})
        longest: int = getattr(Order._meta.get_field(name), "max_length", 0)
        if not isinstance(value, str) or "\x00" in value or len(value) > longest:
            raise InvalidInput.of(**{name: _("A text of at most %(n)d characters.") % {"n": longest}})


def _refuse_second_draft(opportunity: Opportunity) -> None:
    """Lock the deal: it has one draft order at a time."""
    waiting = lock(opportunity).orders.filter(status=Order.Status.DRAFT).first()
    if waiting is not None:
        raise IllegalState(
            "draft_waits", _("Order %(number)s of this deal is a draft: go on with it.") % {"number": waiting}
        )


@transaction.atomic
def note_on_order(*, order: Order, version: int | None, actor: User, custom: Mapping[str, Any]) -> Order:
    """Custom fields are notes of our own beside the order: they change in any state."""
    require(actor, "orders.change_order")
    order = lock(order, version)
    changed = edit(order, {"custom": custom_values.merged(order, custom)})
    if changed:
        audit.record("order.noted", order, actor=actor, changed=changed)
    return order


@transaction.atomic
def update_order(
    *, order: Order, version: int | None, actor: User, custom: Mapping[str, Any] | None = None, **facts: Any
) -> Order:
    """Change a draft: lines, splits, shipping, what EDITABLE names. A booked order is a snapshot and stays as it is
    (INV-08); only `custom` changes in any state.
    """
    if custom:
        order = note_on_order(order=order, version=version, actor=actor, custom=custom)
        version = order.version
    return order if custom and not facts else _change_draft(order, version, actor, **facts)


def _change_draft(
    order: Order,
    version: int | None,
    actor: User,
    *,
    lines: Sequence[Mapping[str, Any]] | None = None,
    splits: Sequence[Mapping[str, Any]] | None = None,
    discount: Decimal = ZERO,
    shipping: Decimal | None = None,
    **changes: Any,
) -> Order:
    require(actor, "orders.change_order")
    order = lock(order, version)
    if order.status != Order.Status.DRAFT:
        raise IllegalState("booked", _("What was booked stays as it is. Cancel the order, or change it by a new one."))
    unknown = sorted(set(changes) - EDITABLE)
    if unknown:
        raise InvalidInput.of(**{unknown[0]: _("An order has no such field to set.")})
    _check(changes.get("channel", order.channel), order.account, None)
    _check_ship_to({name: value for name, value in changes.items() if name in SHIP_TO})
    changed = {name: (getattr(order, name), value) for name, value in changes.items() if getattr(order, name) != value}
    for name, (_before, value) in changed.items():
        setattr(order, name, value)
    if lines is not None or shipping is not None:
        changed["total"] = (order.total, _reprice(order, lines, discount, shipping))
    if splits is not None:
        before = [f"{row.user} {row.percent:f}" for row in order.splits.select_related("user")]
        _rows.write_splits(order, splits)
        changed["splits"] = (before, [f"{row.user} {row.percent:f}" for row in order.splits.select_related("user")])
    if not changed:
        return order
    order.version += 1
    order.save(update_fields=[*EDITABLE, *_rows.TOTALS, "version", "updated_at"])
    audit.record("order.updated", order, actor=actor, changed=changed)
    return order


def _reprice(
    order: Order, lines: Sequence[Mapping[str, Any]] | None, discount: Decimal, shipping: Decimal | None
) -> Decimal:
    if lines is None:
        order.shipping = shipping if shipping is not None else order.shipping
        order.total = order.net + order.tax + order.shipping
        return order.total
    freight = order.shipping if shipping is None else shipping
    priced = price_lines(lines, currency=order.currency, on=clock.today(), discount=discount, shipping=freight)
    _rows.write_priced(order, priced)
    return order.total


@transaction.atomic
def cancel_order(*, order: Order, version: int | None, actor: User, reason: str = "") -> Order:
    """Cancel a draft, booked or just started order. What was delivered or billed is never cancelled."""
    require(actor, "orders.book_order", _("Your role does not cancel orders."))
    order = lock(order, version)
    advance(order, Order.Status.CANCELLED, Order.TRANSITIONS)
    if order.lines.filter(fulfilled__gt=0).exists():
        raise IllegalState("delivered", _("Part of this order was delivered. Return the goods or end the service."))
    if order.invoices.exclude(status__in=[Invoice.Status.DRAFT, Invoice.Status.VOID]).exists():
        raise IllegalState("billed", _("This order was billed. Credit its invoices first."))
    order.invoices.filter(status=Invoice.Status.DRAFT).delete()
    order.save(update_fields=["status", "version", "updated_at"])
    audit.record("order.cancelled", order, actor=actor, reason=reason.strip()[:400])
    wind_down(record=order, actor=actor, keep=False, reason=_("The order is cancelled."))
    outbox.publish(OrderCancelled(order_id=order.pk))
    return order


@transaction.atomic
def close_order(*, order: Order, version: int | None, actor: User) -> Order:
    """File an order of which everything was delivered."""
    require(actor, "orders.fulfil_order", _("Your role does not close orders."))
    order = lock(order, version)
    advance(order, Order.Status.CLOSED, Order.TRANSITIONS)
    order.save(update_fields=["status", "version", "updated_at"])
    audit.record("order.closed", order, actor=actor)
    wind_down(record=order, actor=actor, keep=True, reason=_("The order is closed."))
    return order
