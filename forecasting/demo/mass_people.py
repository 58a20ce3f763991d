"""The people of a company that has a million leads: more teams, and some who do far more than others."""

from dataclasses import dataclass, field
from datetime import date
from random import Random

from forecasting.demo.market import DEVELOPERS, SELLERS
from forecasting.demo.names import FIRST, LAST
from forecasting.demo.people import MANAGER, Cast
from revops.users import services as users
from revops.users.models import User

RECORDS_A_TEAM = 100_000
TEAMS_AT_MOST = 20
SLOTS = 1000


@dataclass
class Staff:
    """Who sells and who develops leads."""

    cast: Cast
    sellers: list[User] = field(default_factory=list)
    developers: list[User] = field(default_factory=list)


def staff_up(cast: Cast, records: int, chance: Random, start: date) -> Staff:
    """The cast, and one more team of a lead, five sellers and a developer for every 100,000 records."""
    staff = Staff(cast, cast.of(*SELLERS), cast.of(*sorted(DEVELOPERS)))
    for number in range(1, min(records // RECORDS_A_TEAM, TEAMS_AT_MOST) + 1):
        team = users.create_team(actor=None, name=f"Region {number}", parent=cast.teams["Sales"], start=start)
        lead = _hire(f"lead{number}", "Team lead", MANAGER, "team", chance)
        users.add_manager(team=team, user=lead, start=start, actor=None)
        staff.sellers.append(lead)
        for place in range(1, 6):
            seller = _hire(f"rep{number}-{place}", "Account executive", ("Sales rep",), "own", chance)
            users.add_member(team=team, user=seller, start=start, actor=None)
            staff.sellers.append(seller)
        developer = _hire(f"sdr{number}", "Sales development", ("SDR",), "own", chance)
        users.add_member(team=team, user=developer, start=start, actor=None)
        staff.developers.append(developer)
    User.objects.update(password=User.objects.get(username="dana").password)
    return staff


def _hire(username: str, title: str, roles: tuple[str, ...], reach: str, chance: Random) -> User:
    return users.create_user(
        actor=None,
        username=username,
        email=f"{username}@trackwell.example",
        roles=roles,
        reach=reach,
        first_name=chance.choice(FIRST),
        last_name=chance.choice(LAST),
        title=title,
    )


def slots(people: list[User]) -> list[int]:
    """A thousand places in a hat: the second in line has two thirds of the first one's, the tenth a quarter."""
    shares = [10_000 // int(10 * rank**0.6) for rank in range(1, len(people) + 1)]
    whole, out = sum(shares), []
    for person, share in zip(people, shares, strict=True):
        out += [person.pk] * max(1, SLOTS * share // whole)
    return out
