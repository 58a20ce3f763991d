"""Orders and bills for tests, through the services."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from accounts import services as accounts
from accounts.models import Account
from orders import services
from orders.models import Invoice, Order
from revops.catalog.models import Product
from revops.users.models import User
from tests.builders import make_product

_serial = count(1)


def make_account(owner: User, name: str = "") -> Account:
    return accounts.create_account(actor=None, name=name or f"Company {next(_serial)}", owner=owner)


def line(product: Product | None = None, quantity: Any = 1, price: Any = 100, **more: Any) -> dict[str, Any]:
    """A line with a price and a cost of its own: no price book is needed."""
    return {
        "product": product or make_product(),
        "quantity": Decimal(quantity),
        "unit_price": Decimal(price),
        "unit_cost": Decimal(more.pop("cost", 0)),
        "tax_percent": Decimal(more.pop("tax", 0)),
        **more,
    }


def make_order(
    owner: User,
    lines: Sequence[Mapping[str, Any]] | None = None,
    *,
    book: bool = True,
    account: Account | None = None,
    channel: str = "pos",
    **fields: Any,
) -> Order:
    """A booked order of the shop counter (no quote asked), or its draft."""
    order = services.create_order(
        actor=owner,
        account=account or make_account(owner),
        lines=[line()] if lines is None else lines,
        channel=channel,
        **fields,
    )
    return services.book_order(order=order, version=order.version, actor=owner) if book else order


def make_invoice(
    owner: User, finance: User, lines: Sequence[Mapping[str, Any]] | None = None, **fields: Any
) -> Invoice:
    """An issued invoice over a whole booked order."""
    order = make_order(owner, lines, **fields)
    draft = services.draft_invoice(order=order, actor=finance)
    return services.issue_invoice(invoice=draft, version=draft.version, actor=finance)
