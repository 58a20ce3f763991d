"""Who works where, and whose records a person sees. The tree is dated, so every question names its day."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from revops.core import clock
from revops.users.models import Absence, ApiToken, Team, TeamMembership, TeamPlacement, User

Role = TeamMembership.Role


def user_list(*, viewer: User) -> QuerySet[User]:
    """People as lists and the API show them."""
    return User.objects.visible_to(viewer).prefetch_related("groups")


def team_list(*, viewer: User) -> QuerySet[Team]:
    """Teams as they stand today, for lists and the API."""
    today = clock.today()
    if not (viewer.is_authenticated and viewer.is_active):
        return Team.objects.none()
    placed = TeamPlacement.objects.filter(team=OuterRef("pk"), during__contains=today)
    current = TeamMembership.objects.filter(during__contains=today)
    return Team.objects.annotate(parent_today=Subquery(placed.values("parent_id")[:1])).prefetch_related(
        Prefetch("memberships", queryset=current)
    )


def token_list(*, viewer: User) -> QuerySet[ApiToken]:
    """A person's own tokens, newest first."""
    return ApiToken.objects.filter(user=viewer).order_by("-pk")


# The tree ---------------------------------------------------------------------------------


def parents_on(on: date) -> dict[int, int]:
    """Team -> the team above it on a day."""
    return dict(TeamPlacement.objects.filter(during__contains=on).values_list("team_id", "parent_id"))


def teams_below(roots: Iterable[int], on: date) -> set[int]:
    """These teams and all teams below them on a day."""
    children: dict[int, list[int]] = defaultdict(list)
    for team, parent in parents_on(on).items():
        children[parent].append(team)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        team = waiting.pop()
        if team not in found:
            found.add(team)
            waiting += children[team]
    return found


def chain_above(team_id: int, on: date) -> list[int]:
    """The team, the team above it, and so on to the root."""
    parents, chain = parents_on(on), [team_id]
    while (above := parents.get(chain[-1])) is not None and above not in chain:
        chain.append(above)
    return chain


def team_of(user: User, on: date) -> Team | None:
    """The team of a person on a day: where they are a member, else the one that they manage."""
    rows = TeamMembership.objects.filter(user=user, during__contains=on).select_related("team")
    by_role = sorted(rows, key=lambda row: (row.role != Role.MEMBER, row.team.name))
    return by_role[0].team if by_role else None


def people_of(team: Team, on: date, below: bool = True) -> QuerySet[User]:
    """Members and managers of a team on a day; with those of the teams below it unless told otherwise."""
    teams = teams_below([team.pk], on) if below else {team.pk}
    return User.objects.filter(pk__in=_people(teams, on).values("user_id"))


def _people(teams: Collection[int], on: date) -> QuerySet[TeamMembership]:
    return TeamMembership.objects.filter(team_id__in=teams, during__contains=on)


def managers_above(user: User, on: date) -> list[User]:
    """Everybody who manages this person on a day, nearest first: managers of the own team, of the team above, ..."""
    rows = list(TeamMembership.objects.filter(user=user, during__contains=on).values_list("team_id", flat=True))
    parents = parents_on(on)
    levels: dict[int, int] = {}
    for team in rows:
        level, here = 0, team
        while here not in levels or levels[here] > level:
            levels[here] = level
            if here not in parents:
                break
            level, here = level + 1, parents[here]
    managers = _people(levels, on).filter(role=Role.MANAGER).exclude(user=user).select_related("user")
    ordered = sorted(managers, key=lambda row: (levels[row.team_id], row.user.first_name, row.user_id))
    return list(dict.fromkeys(row.user for row in ordered))


def manager_of(user: User, on: date) -> User | None:
    """The nearest manager who still works here."""
    return next((manager for manager in managers_above(user, on) if manager.is_active), None)


# Reach ------------------------------------------------------------------------------------


def reach_ids_of(user: User) -> frozenset[int] | None:
    """Ids of the people whose records `user` sees today; None means everybody's. Remembered per user object and day.

    Who comes from outside has no reach: what a portal shows, its models say.
    """
    if user.is_portal:
        return frozenset()
    if user.reach == User.Reach.ALL:
        return None
    today = clock.today()
    remembered = getattr(user, "_reach", None)
    if remembered is None or remembered[:2] != (today, user.reach):
        remembered = (today, user.reach, _reach(user, today))
        user._reach = remembered  # type: ignore[attr-defined]
    return remembered[2]


def _reach(user: User, today: date) -> frozenset[int]:
    if user.reach == User.Reach.OWN:
        return frozenset({user.pk})
    managed = TeamMembership.objects.filter(user=user, role=Role.MANAGER, during__contains=today)
    below = teams_below(managed.values_list("team_id", flat=True), today)
    return frozenset({user.pk, *_people(below, today).values_list("user_id", flat=True)})


def away(users: Iterable[User], on: date) -> set[int]:
    """Ids of those who are out of office on a day."""
    rows = Absence.objects.filter(during__contains=on, user__in=list(users))
    return set(rows.values_list("user_id", flat=True))
