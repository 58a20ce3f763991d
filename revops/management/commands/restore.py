"""`manage.py restore <file>`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops import archive


class Command(BaseCommand):
    help = "Puts an archive of `manage.py backup` into an empty installation. Stop web, worker and beat before."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path)
        parser.add_argument("--force", action="store_true", help="replace the database and the files that are there")
        parser.add_argument("--check", action="store_true", help="only look whether the archive is whole")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                manifest = archive.check(options["archive"])
            else:
                manifest = archive.restore(options["archive"], force=options["force"])
        except archive.ArchiveError as error:
            raise CommandError(str(error)) from error
        rows, files = sum(manifest["rows"].values()), len(manifest["sha256"]) - 1
        done = "Whole" if options["check"] else "Restored"
        self.stdout.write(f"{done}: {rows:,} rows and {files:,} files of {manifest['made_at']}.")
        if not options["check"]:
            self.stdout.write("Now run `manage.py migrate`, then start web, worker and beat.")
