"""People, teams and products for tests; each through the services, so no test starts where the product cannot get."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from revops.catalog import services as catalog
from revops.catalog.models import PriceBook, Product
from revops.users import services
from revops.users.models import Team, User

PASSWORD = "correct horse battery"
_serial = count(1)


def make_user(
    username: str = "",
    *,
    roles: Iterable[str] = ("Sales rep",),
    reach: str = "own",
    team: Team | None = None,
    manages: Team | None = None,
    start: date | None = None,
    **fields: Any,
) -> User:
    """A person who can sign in with PASSWORD, in a team and managing one if asked."""
    username = username or f"person{next(_serial)}"
    fields.setdefault("email", f"{username}@example.com")
    fields.setdefault("first_name", username.title())
    user = services.create_user(actor=None, username=username, password=PASSWORD, roles=roles, reach=reach, **fields)
    if team is not None:
        services.add_member(team=team, user=user, start=start, actor=None)
    if manages is not None:
        services.add_manager(team=manages, user=user, start=start, actor=None)
    return user


def make_team(name: str = "", *, parent: Team | None = None, start: date | None = None) -> Team:
    return services.create_team(actor=None, name=name or f"Team {next(_serial)}", parent=parent, start=start)


def make_product(
    name: str = "",
    *,
    price: Decimal | int | str | None = None,
    cost: Decimal | int | str | None = None,
    book: PriceBook | None = None,
    floor: Decimal | int | str | None = None,
    cost_from: date = date(2000, 1, 1),
    **fields: Any,
) -> Product:
    """A product, with a price in `book` and a cost in the book's currency if they are given."""
    serial = next(_serial)
    fields.setdefault("sku", f"SKU-{serial}")
    product = catalog.create_product(actor=None, name=name or f"Product {serial}", **fields)
    if price is not None and book is not None:
        floor_price = Decimal(floor) if floor is not None else None
        catalog.set_price(book=book, product=product, list_price=Decimal(price), floor_price=floor_price, actor=None)
    if cost is not None:
        currency = book.currency if book else "USD"
        catalog.set_cost(product=product, unit_cost=Decimal(cost), currency=currency, valid_from=cost_from, actor=None)
    return product


def make_price_book(name: str = "", *, currency: str = "USD", is_default: bool = False, **fields: Any) -> PriceBook:
    return catalog.create_price_book(
        actor=None, name=name or f"Book {next(_serial)}", currency=currency, is_default=is_default, **fields
    )


def make_token(user: User, *scopes: str) -> str:
    """The raw token; send it as `Authorization: Bearer <token>`."""
    return services.create_token(actor=user, name="Test", scopes=scopes or ("*:read", "*:write"))[1]
