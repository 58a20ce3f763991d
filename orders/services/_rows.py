"""The rows under an order: lines and splits, written the same way by every service that makes or changes a draft."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Account
from opportunities.models import Opportunity, Quote
from opportunities.selectors.pricing import Priced
from orders.models import Order, OrderLine, OrderSplit
from revops.core import clock, merging
from revops.core.errors import InvalidInput
from revops.core.models import LegalEntity
from revops.core.money import allocate, currencies, money
from revops.core.numbers import document_number
from revops.core.organisation import default_entity
from revops.users.models import User

REVENUE, OVERLAY = OrderSplit.Kind.REVENUE, OrderSplit.Kind.OVERLAY
TOTALS = ("currency", "net", "tax", "shipping", "total", "cost")


def new_order(
    *,
    account: Account,
    owner: User,
    entity: LegalEntity | None = None,
    reference: tuple[str, str] | None = None,
    **fields: Any,
) -> Order:
    """A draft with its number (taken in this transaction); `reference` is its (system, id) elsewhere."""
    entity = entity or default_entity()
    if reference is not None:
        fields |= {"external_system": reference[0], "external_id": reference[1]}
    number = document_number(prefix="O", entity=entity, kind="order", year=clock.today().year)
    account = merging.standing(account)  # a merge of it waits for this order, or this order follows it
    return Order.objects.create(number=number, entity=entity, account=account, owner=owner, **fields)


def currency_of(code: str) -> str:
    if code not in currencies():
        raise InvalidInput.of(currency=_("“%(code)s” is not a currency.") % {"code": str(code)[:10]})
    return code


def totals_of(priced: Priced) -> dict[str, Any]:
    """What the order stores of its lines."""
    return {name: getattr(priced, name) for name in TOTALS}


def lines_of(order: Order, priced: Priced) -> list[OrderLine]:
    """Unsaved lines with every amount."""
    return [
        OrderLine(
            order=order,
            position=position,
            product=line.product,
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount=line.discount + line.allocated_discount,
            net=line.net,
            tax_percent=line.tax_percent,
            tax=line.tax,
            unit_cost=line.unit_cost,
            recurring_months=line.recurring_months,
        )
        for position, line in enumerate(priced.lines, start=1)
    ]


def write_priced(order: Order, priced: Priced) -> None:
    """Replace a draft's lines and totals by priced lines; the caller saves the order."""
    order.lines.all().delete()
    OrderLine.objects.bulk_create(lines_of(order, priced))
    for name, value in totals_of(priced).items():
        setattr(order, name, value)


def copy_quote(order: Order, quote: Quote) -> None:
    """Replace a draft's lines and totals by what the customer accepted, to the coin; the caller saves the order."""
    order.lines.all().delete()
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            position=line.position,
            product_id=line.product_id,
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount=line.discount + line.allocated_discount,
            net=line.net,
            tax_percent=line.tax_percent,
            tax=line.tax,
            unit_cost=line.unit_cost,
            recurring_months=line.recurring_months,
        )
        for line in quote.lines.all()
    )
    for name in TOTALS:
        setattr(order, name, getattr(quote, name))
    order.terms = quote.terms


def splits_of_deal(opportunity: Opportunity) -> list[dict[str, Any]]:
    """Who shares the deal's credit, as `write_splits` takes it."""
    rows = opportunity.splits.order_by("kind", "pk").select_related("user")
    return [{"user": row.user, "percent": row.percent, "kind": row.kind} for row in rows]


def write_splits(order: Order, splits: Sequence[Mapping[str, Any]]) -> None:
    """Replace a draft's splits."""
    rows = splits_of(order, splits)
    order.splits.all().delete()
    OrderSplit.objects.bulk_create(rows)


def splits_of(order: Order, splits: Sequence[Mapping[str, Any]]) -> list[OrderSplit]:
    """Unsaved splits; revenue shares add up to exactly 100 % (INV-03)."""
    rows = [_split(order, number, split) for number, split in enumerate(splits)]
    who = [(row.user_id, row.kind) for row in rows]
    if len(who) != len(set(who)):
        raise InvalidInput.of(splits=_("Each person stands in a split once."))
    total = sum((row.percent for row in rows if row.kind == REVENUE), Decimal(0))
    if total != 100:
        raise InvalidInput.of(
            splits=_("Revenue shares add up to %(total)s %%, not to 100 %%.") % {"total": f"{total.normalize():f}"}
        )
    return rows


def write_amounts(order: Order) -> None:
    """Each person's part of the net."""
    rows = list(order.splits.order_by("pk"))
    share_out(rows, list(order.lines.values_list("net", flat=True)), order.currency)
    OrderSplit.objects.bulk_update(rows, ["amount"])


def share_out(rows: Sequence[OrderSplit], nets: Sequence[Decimal], currency: str) -> None:
    """Fill in the amounts, line by line, so that the parts of every line add up to the line (INV-03)."""
    revenue = [row for row in rows if row.kind == REVENUE]
    for row in rows:
        row.amount = Decimal(0)
    for net in nets:
        for row, part in zip(revenue, allocate(net, [row.percent for row in revenue], currency), strict=True):
            row.amount += part
        for row in rows:
            if row.kind == OVERLAY:
                row.amount += money(net * row.percent / 100, currency)


def _split(order: Order, number: int, split: Mapping[str, Any]) -> OrderSplit:
    percent, kind = Decimal(split["percent"]), split.get("kind", REVENUE)
    if kind not in (REVENUE, OVERLAY):
        raise InvalidInput.of(**{f"splits.{number}.kind": _("A split is revenue or overlay.")})
    fine = percent.is_finite() and percent == percent.quantize(Decimal("0.0001"))
    if not fine or percent < 0 or percent > 100 or (kind == REVENUE and percent == 0):
        raise InvalidInput.of(
            **{f"splits.{number}.percent": _("A share is more than 0 and at most 100 %, with at most four decimals.")}
        )
    return OrderSplit(order=order, user=split["user"], percent=percent, kind=kind)
