"""Deals and quotes for tests, through the services."""

from decimal import Decimal
from itertools import count
from typing import Any

from accounts import services as accounts
from opportunities import services
from opportunities.models import ApprovalRequest, Opportunity, Quote
from opportunities.setup import ensure_pipeline
from revops.catalog.models import PriceBook
from revops.catalog.selectors import default_book
from revops.core import clock
from revops.core.errors import DomainError
from revops.users.models import User
from tests.builders import make_price_book, make_product

_serial = count(1)


def make_deal(owner: User, *, name: str = "", company: str = "", **fields: Any) -> Opportunity:
    """An open deal with an account and a close date."""
    ensure_pipeline()
    number = next(_serial)
    account = accounts.create_account(actor=None, name=company or f"Customer {number}", owner=owner)
    return services.create_opportunity(
        actor=owner,
        name=name or f"Deal {number}",
        owner=owner,
        account=account,
        amount=Decimal(1000),
        close_on=clock.today(),
        **fields,
    )


def the_book(currency: str = "USD") -> PriceBook:
    try:
        return default_book(currency, clock.today())
    except DomainError:
        return make_price_book(f"Standard {currency}", currency=currency, is_default=True)


def make_quote(
    owner: User,
    net: Any = 1000,
    margin: Any = 40,
    *,
    deal: Opportunity | None = None,
    currency: str = "USD",
    **more: Any,
) -> Quote:
    """A draft of one line with this net amount and margin per cent."""
    book, net = the_book(currency), Decimal(net)
    cost = net * (100 - Decimal(margin)) / 100
    product = make_product(price=net, cost=cost, book=book)
    return services.create_quote(
        actor=owner,
        opportunity=deal or make_deal(owner),
        price_book=book,
        lines=[{"product": product, "quantity": Decimal(1), "tax_percent": Decimal(more.pop("tax", 0))}],
        **more,
    )


def submit(quote: Quote, actor: User) -> Quote:
    return services.submit_quote(quote=quote, version=quote.version, actor=actor)


def make_sent_quote(owner: User, **more: Any) -> Quote:
    """Approved without a rule and sent."""
    quote = submit(make_quote(owner, **more), owner)
    return services.send_quote(quote=quote, version=quote.version, actor=owner)


def open_request(quote: Quote) -> ApprovalRequest:
    return ApprovalRequest.objects.open().get(quote=quote)


def decide(quote: Quote, actor: User, note: str = "", *, yes: bool = True) -> Quote:
    request = open_request(quote)
    verb = services.approve_quote_step if yes else services.reject_quote_step
    return verb(approval=request, version=request.version, actor=actor, note=note)
