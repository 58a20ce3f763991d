"""`manage.py backup <folder or file>`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops import archive


class Command(BaseCommand):
    help = "Writes the database and all files into one archive. The product may go on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", type=Path, help="a folder (the archive gets a name of its own) or a new file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            path = archive.make(options["target"])
        except archive.ArchiveError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{path} ({path.stat().st_size:,} bytes)")
