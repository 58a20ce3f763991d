"""The cast: the same people in every test. They are made once a test, on first use.

Sales (dana) stands over West (bob; alice and sam are members) and East (clara; charlie is a member).
erin is finance, olga the RevOps admin; neither is in a sales team.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from revops.catalog.models import PriceBook
from revops.users import calendars, services
from revops.users.models import Team, User, WorkingCalendar
from tests.builders import make_price_book, make_team, make_user


@dataclass(frozen=True)
class Cast:
    alice: User
    bob: User
    charlie: User
    clara: User
    dana: User
    erin: User
    sam: User
    olga: User
    sales: Team
    west: Team
    east: Team


def make_cast() -> Cast:
    """Everybody, with roles written."""
    services.sync_roles()
    sales = make_team("Sales")
    west, east = make_team("West", parent=sales), make_team("East", parent=sales)
    manager = ("Sales manager", "Sales rep")
    return Cast(
        alice=make_user("alice", first_name="Alice", last_name="Reed", title="Account executive", team=west),
        bob=make_user("bob", first_name="Bob", last_name="Hale", roles=manager, reach="team", manages=west),
        charlie=make_user("charlie", first_name="Charlie", last_name="Voss", title="Account executive", team=east),
        clara=make_user("clara", first_name="Clara", last_name="Nunez", roles=manager, reach="team", manages=east),
        dana=make_user(
            "dana", first_name="Dana", last_name="Okafor", roles=("Executive", *manager), reach="all", manages=sales
        ),
        erin=make_user("erin", first_name="Erin", last_name="Frost", roles=("Finance",)),
        sam=make_user("sam", first_name="Sam", last_name="Ito", roles=("SDR",), team=west),
        olga=make_user(
            "olga", first_name="Olga", last_name="Brandt", roles=("RevOps admin",), reach="all", is_staff=True
        ),
        sales=sales,
        west=west,
        east=east,
    )


@pytest.fixture
def cast(db: Any) -> Cast:
    return make_cast()


@pytest.fixture
def alice(cast: Cast) -> User:
    return cast.alice


@pytest.fixture
def bob(cast: Cast) -> User:
    return cast.bob


@pytest.fixture
def charlie(cast: Cast) -> User:
    return cast.charlie


@pytest.fixture
def clara(cast: Cast) -> User:
    return cast.clara


@pytest.fixture
def dana(cast: Cast) -> User:
    return cast.dana


@pytest.fixture
def erin(cast: Cast) -> User:
    return cast.erin


@pytest.fixture
def sam(cast: Cast) -> User:
    return cast.sam


@pytest.fixture
def olga(cast: Cast) -> User:
    return cast.olga


@pytest.fixture
def west(cast: Cast) -> Team:
    return cast.west


@pytest.fixture
def east(cast: Cast) -> Team:
    return cast.east


@pytest.fixture
def calendar(db: Any) -> WorkingCalendar:
    """The default calendar: 09:00 to 17:00 UTC, Monday to Friday, no holidays."""
    return calendars.default_calendar()


@pytest.fixture
def price_book(db: Any) -> PriceBook:
    """The default price book in US dollars, valid always."""
    return make_price_book("Standard", is_default=True)
