"""The people, the calendar and the catalogue that the demo's company starts with."""

import os
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.contrib.auth.hashers import make_password

from revops.catalog import services as catalog
from revops.catalog.models import PriceBook, Product
from revops.core import company
from revops.core.models import ExchangeRate
from revops.core.organisation import default_entity, organisation
from revops.users import services as users
from revops.users.models import Team, User

MANAGER = ("Sales manager", "Sales rep")
# username, first name, last name, title, roles, reach, team, managed team
PEOPLE: tuple[tuple[str, str, str, str, tuple[str, ...], str, str, str], ...] = (
    ("dana", "Dana", "Reyes", "Sales director", ("Executive", *MANAGER), "all", "", "Sales"),
    ("bob", "Bob", "Lindqvist", "Team lead West", MANAGER, "team", "", "West"),
    ("alice", "Alice", "Moreau", "Account executive", ("Sales rep",), "own", "West", ""),
    ("ben", "Ben", "Okafor", "Account executive", ("Sales rep",), "own", "West", ""),
    ("sam", "Sam", "Ito", "Sales development", ("SDR",), "own", "West", ""),
    ("clara", "Clara", "Nunez", "Team lead East", MANAGER, "team", "", "East"),
    ("charlie", "Charlie", "Voss", "Account executive", ("Sales rep",), "own", "East", ""),
    ("elif", "Elif", "Demir", "Account executive", ("Sales rep",), "own", "East", ""),
    ("theo", "Theo", "Lang", "Sales development", ("SDR",), "own", "East", ""),
    ("erin", "Erin", "Frost", "Finance", ("Finance",), "own", "", ""),
    (
        "olga",
        "Olga",
        "Brandt",
        "Revenue operations",
        ("RevOps admin", "Compensation admin", "Deal desk"),
        "all",
        "",
        "",
    ),
    ("nadia", "Nadia", "Haddad", "Customer support", ("Support",), "all", "", ""),
)
# sku, name, family, kind, months of one price, list price, floor price, unit cost
PRODUCTS: tuple[tuple[str, str, str, str, int | None, str, str, str], ...] = (
    ("DC-SEAT", "Dispatch Cloud, seat, a year", "Software", "subscription", 12, "540", "432", "108"),
    ("FA-SEAT", "Field App, seat, a year", "Software", "subscription", 12, "336", "264", "72"),
    ("RP-VAN", "Route Planner, van, a year", "Software", "subscription", 12, "384", "300", "84"),
    ("TG-200", "Telemetry gateway TG-200", "Hardware", "goods", None, "320", "260", "205"),
    ("TG-SENS", "Cold-chain sensor", "Hardware", "goods", None, "85", "65", "48"),
    ("SV-IMPL", "Implementation day", "Services", "service", None, "1450", "1200", "820"),
    ("SV-TRAIN", "Training day", "Services", "service", None, "1200", "950", "640"),
    ("SV-PREM", "Premium support, a year", "Services", "subscription", 12, "9600", "8200", "4100"),
)


@dataclass
class Cast:
    """Who is who, and what is sold."""

    people: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    book: PriceBook | None = None

    def of(self, *names: str) -> list[User]:
        """People by username."""
        return [self.people[name] for name in names]


def hire(start: date) -> Cast:
    """Make the organisation, twelve people in three teams, the calendar, price book and rates, valid from `start`."""
    users.sync_roles()
    company.update_organisation(actor=None, name="Trackwell Systems", tax_percent=Decimal("8.25"))
    organisation()
    default_entity()
    calendar = users.create_calendar(actor=None, name="Office", is_default=True)
    users.fill_holidays(calendar=calendar, country="US", years=range(start.year, start.year + 4), actor=None)
    cast = Cast()
    cast.teams["Sales"] = users.create_team(actor=None, name="Sales", start=start)
    for name in ("West", "East"):
        cast.teams[name] = users.create_team(actor=None, name=name, parent=cast.teams["Sales"], start=start)
    for username, first, last, title, roles, reach, team, managed in PEOPLE:
        person = users.create_user(
            actor=None,
            username=username,
            email=f"{username}@trackwell.example",
            roles=roles,
            reach=reach,
            first_name=first,
            last_name=last,
            title=title,
            is_staff=username == "olga",
            calendar=calendar,
        )
        cast.people[username] = person
        if team:
            users.add_member(team=cast.teams[team], user=person, start=start, actor=None)
        if managed:
            users.add_manager(team=cast.teams[managed], user=person, start=start, actor=None)
    # One hash for all: hashing is slow on purpose, and twelve of the same password protect nobody better.
    User.objects.update(password=make_password(os.environ.get("DEMO_PASSWORD", "try-revops-2026")))
    _stock(cast, start)
    return cast


def _stock(cast: Cast, start: date) -> None:
    cast.book = catalog.create_price_book(actor=None, name="List, US dollars", currency="USD", is_default=True)
    euro = catalog.create_price_book(actor=None, name="List, euro", currency="EUR", is_default=True)
    families = {name: catalog.create_family(actor=None, name=name) for name in ("Software", "Hardware", "Services")}
    for sku, name, family, kind, months, price, floor, cost in PRODUCTS:
        product = catalog.create_product(
            actor=None, sku=sku, name=name, family=families[family], kind=kind, recurring_months=months
        )
        cast.products[sku] = product
        for book, factor in ((cast.book, Decimal(1)), (euro, Decimal("0.95"))):
            catalog.set_price(
                book=book,
                product=product,
                list_price=Decimal(price) * factor,
                floor_price=Decimal(floor) * factor,
                actor=None,
            )
        catalog.set_cost(product=product, unit_cost=Decimal(cost), valid_from=start, actor=None)
        catalog.set_cost(
            product=product, unit_cost=Decimal(cost) * Decimal("0.95"), currency="EUR", valid_from=start, actor=None
        )
    ExchangeRate.objects.bulk_create(
        [ExchangeRate(source="EUR", target="USD", on=start, rate=Decimal("1.0850"), provider="demo")]
    )
