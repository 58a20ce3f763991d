"""Importers of people and teams. Who comes in by a file is known, and cannot sign in."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.planning import match_by, match_external, refuse_twins
from revops.integrations.registries import Context, Draft, Importer, ImportField
from revops.integrations.services import people as services
from revops.integrations.settling import called, made_before
from revops.users.models import Team, TeamMembership, TeamPlacement, User

EXTERNAL = ImportField("external_id", gettext_lazy("External id"), aliases=("id", "record id"))


class TeamImporter(Importer):
    """Teams, with the team above each."""

    key, label, order, icon, list_url = "teams", gettext_lazy("Teams"), 70, "users-group", ""
    model = Team
    matched_by = gettext_lazy("name")
    extras = frozenset({"parent_name"})
    under = "parent"
    circle = gettext_lazy("This would make the team its own parent.")
    fields = (
        EXTERNAL,
        ImportField("name", gettext_lazy("Team"), column="name", required=True, aliases=("team name",)),
        ImportField("parent", gettext_lazy("Part of"), column="parent_name", aliases=("region", "regional_office")),
    )

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        match_external(drafts, self, context)
        refuse_twins(drafts, "name", lambda draft: str(draft.values.get("name", "")).casefold())
        teams = list(Team.objects.all())
        match_by(drafts, teams, lambda draft: str(draft.values.get("name", "")).casefold(), _name_of)
        above = TeamPlacement.objects.filter(during__endswith__isnull=True).values_list("team_id", "parent__name")
        parents = dict(above)
        for draft in drafts:
            if draft.record is not None:
                draft.record.parent_name = parents.get(draft.record.pk, "")

    def survey(self, drafts: Sequence[Draft], context: Context) -> None:
        for draft in drafts:
            draft.called = str(draft.values.get("name", "")).casefold()

    def relate(self, drafts: Sequence[Draft], context: Context) -> None:
        parents = {draft.number: str(draft.values.get("parent", "")).casefold() for draft in drafts}
        here = called(context.run, parents.values())
        known = {name.casefold() for name in Team.objects.values_list("name", flat=True)}
        for draft in drafts:
            name = parents[draft.number]
            draft.above = here[name][0] if name in here else None
            if name and draft.above is None and name not in known:
                draft.refuse("parent", _("There is no such team, here or in this file."))

    def title(self, draft: Draft) -> tuple[str, str]:
        return draft.cells.get("name", ""), draft.cells.get("parent", "")

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        services.import_teams(rows=rows, actor=actor)

    def link(self, *, run: ImportRun, actor: Any) -> None:
        services.place_imported_teams(run=run, actor=actor)

    def unlink(self, *, run: ImportRun, actor: Any) -> None:
        services.loosen_imported_teams(run=run, actor=actor)

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        return services.undo_teams(rows=rows, actor=actor)


def _name_of(record: Any) -> str:
    return str(record.name).casefold()


class UserImporter(Importer):
    """People known from another system."""

    key, label, order, icon, list_url = "users", gettext_lazy("People"), 80, "user", ""
    model = User
    matched_by = gettext_lazy("user name, then full name")
    extras = frozenset({"team_name", "team_role"})
    own_models = frozenset({"users.teammembership"})
    fields = (
        EXTERNAL,
        ImportField("name", gettext_lazy("Full name"), aliases=("sales_agent", "agent", "owner name")),
        ImportField("first_name", gettext_lazy("First name"), column="first_name", aliases=("firstname",)),
        ImportField("last_name", gettext_lazy("Last name"), column="last_name", aliases=("lastname", "surname")),
        ImportField("username", gettext_lazy("User name"), aliases=("login",)),
        ImportField("email", gettext_lazy("E-mail"), "email", column="email", aliases=("mail", "e-mail address")),
        ImportField("title", gettext_lazy("Title"), column="title", aliases=("job title",)),
        ImportField("team", gettext_lazy("Team"), column="team_name"),
        ImportField(
            "role", gettext_lazy("Role in the team"), "choice", column="team_role",
            choices={"member": "Member", "manager": "Manager"},
        ),
    )  # fmt: skip

    def resolve(self, drafts: Sequence[Draft], context: Context) -> None:
        teams = {team.name.casefold(): team for team in Team.objects.all()}
        for draft in drafts:
            self._name(draft)
            team = str(draft.values.get("team", ""))
            if team and team.casefold() not in teams:
                draft.refuse("team", _("There is no such team. Import teams first."))
            elif team:
                draft.columns["team_name"] = teams[team.casefold()].name
                draft.columns.setdefault("team_role", "member")

    def _name(self, draft: Draft) -> None:
        first, _blank, last = str(draft.values.get("name", "")).rpartition(" ")
        if last and "last_name" not in draft.columns:
            draft.columns |= {"first_name": first, "last_name": last}
        if not draft.columns.get("last_name") and not draft.values.get("username"):
            draft.refuse("name", _("A person needs a name."))

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        match_external(drafts, self, context)
        people = list(User.objects.all())
        refuse_twins(drafts, "username", lambda draft: str(draft.values.get("username", "")).casefold())
        refuse_twins(
            [draft for draft in drafts if not draft.values.get("username")], "name", lambda draft: full_name(draft)
        )
        named = [draft for draft in drafts if draft.values.get("username")]
        match_by(named, people, lambda d: d.values["username"].casefold(), lambda user: user.username.casefold())
        others = [draft for draft in drafts if not draft.values.get("username")]
        match_by(others, people, full_name, lambda user: user.get_full_name().casefold())
        self._place(drafts)
        taken = {name.casefold() for name in made_before(context.run, context.after, "username")}
        self._user_names(drafts, taken | {user.username.casefold() for user in people})
        self._mails(drafts, people)

    def _place(self, drafts: Sequence[Draft]) -> None:
        rows = TeamMembership.objects.filter(during__endswith__isnull=True).order_by("role").select_related("team")
        current = {row.user_id: (row.team.name, row.role) for row in rows}
        for draft in drafts:
            if draft.record is not None:
                draft.record.team_name, draft.record.team_role = current.get(draft.record.pk, ("", ""))

    def _user_names(self, drafts: Sequence[Draft], taken: set[str]) -> None:
        for draft in drafts:
            if draft.record is not None:
                continue
            wanted = draft.values.get("username") or user_name_of(full_name(draft))
            name, number = wanted, 1
            while name.casefold() in taken:
                number += 1
                name = f"{wanted[:140]}{number}"
            taken.add(name.casefold())
            draft.columns["username"] = name

    def _mails(self, drafts: Sequence[Draft], people: Sequence[User]) -> None:
        owners = {user.email.casefold(): user.pk for user in people if user.email}
        for draft in drafts:
            mail = str(draft.values.get("email", "")).casefold()
            if mail and owners.get(mail, getattr(draft.record, "pk", None)) != getattr(draft.record, "pk", None):
                draft.refuse("email", _("Somebody has this e-mail address already."))
        refuse_twins(drafts, "email", lambda draft: str(draft.values.get("email", "")).casefold())

    def title(self, draft: Draft) -> tuple[str, str]:
        return draft.cells.get("name") or draft.cells.get("username", ""), draft.cells.get("team", "")

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        services.import_people(rows=rows, actor=actor)

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        return services.undo_people(rows=rows, actor=actor)


def full_name(draft: Draft) -> str:
    names = (draft.columns.get("first_name", ""), draft.columns.get("last_name", ""))
    return " ".join(name for name in names if name).casefold()


def user_name_of(name: str) -> str:
    """ "Anna Snelling" -> "anna.snelling"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", ".", plain).strip(".")[:140] or "person"


IMPORTERS = (TeamImporter(), UserImporter())
