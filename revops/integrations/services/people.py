"""Set-based writers of people and teams that come in by a file."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.writing import WRITTEN, undo_rows, write_rows
from revops.users import services as users
from revops.users.models import Team, TeamMembership, TeamPlacement, User

TEAM_EXTRAS = frozenset({"parent_name"})
USER_EXTRAS = frozenset({"team_name", "team_role"})
OWN = frozenset({"users.teammembership"})
ALWAYS = DateRange(None, None)


# Teams ------------------------------------------------------------------------------------


@transaction.atomic
def import_teams(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Create and rename teams; where they stand follows in `place_imported_teams`."""
    write_rows(Team, rows, actor=actor, noun="team", extras=TEAM_EXTRAS)


@transaction.atomic
def place_imported_teams(*, run: ImportRun, actor: Any) -> None:
    """Put teams under their parents, once all teams of the file exist."""
    teams = {team.name.casefold(): team for team in Team.objects.all()}
    for row in run.rows.filter(outcome=WRITTEN, values__has_key="parent_name").order_by("number"):
        team = Team.objects.filter(pk=row.record_id or 0).first()
        parent = teams.get(str(row.values["parent_name"]).casefold())
        if team is not None and parent is not None:
            users.place_team(team=team, parent=parent, actor=actor)


@transaction.atomic
def loosen_imported_teams(*, run: ImportRun, actor: Any) -> None:
    """Take the teams that this import made out of the tree."""
    made = run.rows.filter(outcome=WRITTEN, verdict="create").values("record_id")
    TeamPlacement.objects.filter(team_id__in=made).delete()


@transaction.atomic
def undo_teams(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete teams that nobody uses yet."""
    return undo_rows(Team, rows, actor=actor, noun="team", extras=TEAM_EXTRAS)


# People -----------------------------------------------------------------------------------


@transaction.atomic
def import_people(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """People who cannot sign in: known by name, in their team from the beginning of time."""
    made, _changed = write_rows(User, rows, actor=actor, noun="user", extras=USER_EXTRAS, prepare=_lock_out)
    teams = {team.name: team for team in Team.objects.all()}
    by_record = {row.record_id: row for row in rows}
    TeamMembership.objects.bulk_create(
        TeamMembership(
            user=user,
            team=teams[by_record[user.pk].values["team_name"]],
            role=by_record[user.pk].values["team_role"],
            during=ALWAYS,
        )
        for user in made
        if "team_name" in by_record[user.pk].values
    )
    managers = [user.pk for user in made if by_record[user.pk].values.get("team_role") == "manager"]
    User.objects.filter(pk__in=managers).update(reach=User.Reach.TEAM)
    for row in rows:
        if row.verdict == ImportRow.Verdict.UPDATE and "team_name" in row.values and row.record_id:
            user = User.objects.get(pk=row.record_id)
            users.move_member(user=user, team=teams[row.values["team_name"]], actor=actor)


def _lock_out(records: Sequence[Any]) -> None:
    for user in records:
        if user.pk is None:
            user.can_sign_in, user.password = False, make_password(None)


@transaction.atomic
def undo_people(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete people whom nothing points at; restore names and titles."""
    return undo_rows(User, rows, actor=actor, noun="user", own_models=OWN, extras=USER_EXTRAS)
