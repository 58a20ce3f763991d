"""Before `make run` opens its doors: tables up to date, and demo data in a database that has no people yet."""

import gc
import os
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection

from revops.core import wording


class Command(BaseCommand):
    help = "Migrates, and fills an empty embedded database (or, with DEMO=1, any empty one) with demo data."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
        wording.compile_stale()
        unfinished = settings.VAR_DIR / "demo-unfinished"
        embedded = "DATABASE_URL" in settings.EMBEDDED_SERVICES
        if embedded and unfinished.exists():
            self._empty()
            unfinished.unlink()
        call_command("migrate", verbosity=0, interactive=False)
        if not self._wants_demo(embedded) or get_user_model().objects.exists():
            return
        self.stdout.write("First start: writing demo data ...")
        unfinished.touch()
        # Months of business make millions of short-lived objects; looking for cycles among them costs a tenth.
        gc.disable()
        call_command("load_demo", verbosity=0)
        unfinished.unlink()

    def _empty(self) -> None:
        """Half a story is worse than none: the first start was interrupted, so it begins again."""
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def _wants_demo(self, embedded: bool) -> bool:
        asked = os.environ.get("DEMO")
        if "load_demo" not in get_commands() or asked == "0":
            return False
        # A company's own database gets made-up customers only when asked for.
        return embedded or asked == "1"
