"""`manage.py words`: brings the catalogues of all languages up to date and compiles them."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from revops.core import wording


class Command(BaseCommand):
    help = "Finds the words of the screens, updates each language's catalogue and compiles it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--compile-only", action="store_true", help="leave the catalogues as they are")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["compile_only"]:
            for code, _name in settings.LANGUAGES:
                if code != settings.LANGUAGE_CODE:
                    missing = wording.waiting(wording.update(code))
                    self.stdout.write(f"{code}: {len(missing)} without translation")
        for path in wording.compile_stale():
            self.stdout.write(f"compiled {path.parent.parent.name}")
