"""Teams and who belongs to them, day by day."""

from datetime import date
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock
from revops.users.models import Team, TeamMembership, TeamPlacement, User
from revops.users.selectors import chain_above

Role = TeamMembership.Role


def _may(actor: User | None) -> None:
    if actor is not None:
        require(actor, "users.change_team")


@transaction.atomic
def create_team(
    *, actor: User | None, name: str, parent: Team | None = None, start: date | None = None, **fields: Any
) -> Team:
    """Add a team, under `parent` from `start` on (default: from the beginning of time)."""
    _may(actor)
    name = name.strip()
    if not name:
        raise InvalidInput.of(name=_("A team needs a name."))
    if Team.objects.filter(name__iexact=name).exists():
        raise InvalidInput.of(name=_("There is a team of this name."))
    team = Team.objects.create(name=name, **fields)
    audit.record("team.created", team, actor=actor)
    if parent is not None:
        place_team(team=team, parent=parent, start=start, actor=actor)
    return team


@transaction.atomic
def rename_team(*, team: Team, name: str, version: int | None = None, actor: User | None) -> Team:
    """Change a team's name."""
    _may(actor)
    team = lock(team, version)
    if not name.strip() or Team.objects.filter(name__iexact=name.strip()).exclude(pk=team.pk).exists():
        raise InvalidInput.of(name=_("A team needs a name of its own."))
    changed = edit(team, {"name": name.strip()})
    if changed:
        audit.record("team.renamed", team, actor=actor, changed=changed)
    return team


@transaction.atomic
def place_team(
    *, team: Team, parent: Team | None, start: date | None = None, actor: User | None
) -> TeamPlacement | None:
    """Put a team under another (or, with None, make it a root) from `start` on. What was before stays as history."""
    _may(actor)
    team = lock(team)
    before = list(TeamPlacement.objects.select_for_update().filter(team=team).order_by("during"))
    _refuse_later(before, start)
    _refuse_circle(team, parent, start)
    _end(before, start)
    placement = None
    if parent is not None:
        placement = TeamPlacement.objects.create(team=team, parent=parent, during=DateRange(start, None))
    audit.record("team.placed", team, actor=actor, parent=parent, start=start)
    return placement


@transaction.atomic
def add_member(
    *, team: Team, user: User, role: str = Role.MEMBER, start: date | None = None, actor: User | None
) -> TeamMembership:
    """Put a person into a team from `start` on (default: from the beginning of time)."""
    _may(actor)
    if role not in Role.values:
        raise InvalidInput.of(role=_("In a team one is a member or a manager."))
    user = lock(user)
    same = TeamMembership.objects.filter(user=user, role=role, during__overlap=DateRange(start, None))
    if role == Role.MANAGER:
        same = same.filter(team=team)
    taken = same.select_related("team").first()
    if taken is not None:
        message = _("%(user)s is in %(team)s on these days already.") % {"user": user, "team": taken.team}
        raise IllegalState("already_in_a_team", message)
    row = TeamMembership.objects.create(team=team, user=user, role=role, during=DateRange(start, None))
    audit.record("team.joined", team, actor=actor, user=user, role=role, start=start)
    return row


@transaction.atomic
def add_manager(*, team: Team, user: User, start: date | None = None, actor: User | None) -> TeamMembership:
    """Let a person manage a team from `start` on."""
    return add_member(team=team, user=user, role=Role.MANAGER, start=start, actor=actor)


@transaction.atomic
def move_member(*, user: User, team: Team, start: date | None = None, actor: User | None) -> TeamMembership:
    """Move a member to another team from `start` (default: today) on; earlier days keep the old team."""
    _may(actor)
    user, start = lock(user), start or clock.today()
    before = list(TeamMembership.objects.select_for_update().filter(user=user, role=Role.MEMBER).order_by("during"))
    _refuse_later(before, start)
    _end(before, start)
    row = TeamMembership.objects.create(team=team, user=user, role=Role.MEMBER, during=DateRange(start, None))
    audit.record("team.moved", team, actor=actor, user=user, start=start)
    return row


@transaction.atomic
def end_membership(*, membership: TeamMembership, end: date | None = None, actor: User | None) -> None:
    """The person is out of the team from `end` (default: today) on."""
    _may(actor)
    row = TeamMembership.objects.select_for_update().get(pk=membership.pk)
    end = end or clock.today()
    if row.during.upper is not None and row.during.upper <= end:
        raise IllegalState("membership_over", _("This membership has ended already."))
    _end([row], end)
    audit.record("team.left", row.team, actor=actor, user=row.user, end=end)


def _refuse_later(rows: list[Any], start: date | None) -> None:
    if any(row.during.lower is not None and (start is None or row.during.lower > start) for row in rows):
        raise InvalidInput.of(start=_("There is a later change already: end that one first."))


def _refuse_circle(team: Team, parent: Team | None, start: date | None) -> None:
    """A team must stand below none of its own, on no day from `start` on."""
    if parent is None:
        return
    lowers = TeamPlacement.objects.filter(during__endswith__isnull=True).values_list("during__startswith", flat=True)
    days = {start or date(1, 1, 1), *(day for day in lowers if day and (start is None or day > start))}
    if any(team.pk in chain_above(parent.pk, day) for day in days):
        raise InvalidInput.of(parent=_("%(parent)s stands below %(team)s.") % {"parent": parent, "team": team})


def _end(rows: list[Any], day: date | None) -> None:
    """End what is open on `day`; what would have begun that very day never was."""
    for row in rows:
        during = row.during
        if during.upper is not None and day is not None and during.upper <= day:
            continue
        if during.lower == day:
            row.delete()
            continue
        row.during = DateRange(during.lower, day)
        row.save(update_fields=["during", "updated_at"])
