"""manage.py load_maven <folder>: a real sales history through the import pipeline."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from opportunities.maven import Loaded, load
from revops.users import roles
from revops.users.models import User

FILES = ("accounts.csv", "products.csv", "sales_teams.csv", "sales_pipeline.csv")


class Command(BaseCommand):
    help = "Import the Maven CRM sales data (accounts, products, teams, people, opportunities) from a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--actor", default="", help="User name of who imports; default: a RevOps administrator.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise CommandError(f"{folder} has no {missing[0]}.")
        for loaded in load(folder, self._actor(options["actor"])):
            self._say(loaded)

    def _actor(self, name: str) -> User:
        people = User.objects.working().order_by("pk")
        found: User | None
        if name:
            found = people.filter(username=name).first()
        else:
            admins = people.filter(groups__name=roles.REVOPS_ADMIN)
            found = admins.first() or people.filter(is_superuser=True).first()
        if found is None:
            raise CommandError("Nobody may import: name a RevOps administrator with --actor.")
        return found

    def _say(self, loaded: Loaded) -> None:
        counts, run = loaded.run.counts, loaded.run
        self.stdout.write(
            f"{loaded.kind}: {run.row_count:,} rows; {counts['create']:,} created, {counts['update']:,} updated, "
            f"{counts['same']:,} unchanged, {counts['skip']:,} left out, {counts['error']:,} refused"
        )
        for remark in run.remarks:
            self.stdout.write(f"  {remark['text']} ({remark['rows']:,} rows)")
