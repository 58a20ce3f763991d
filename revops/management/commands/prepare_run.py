"""Before `make run` opens its doors: tables up to date, and demo data in a database that has no people yet."""

import gc
import os
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from revops.users.services import sync_roles


class Command(BaseCommand):
    help = "Migrates, and fills an empty embedded database (or, with DEMO=1, any empty one) with demo data."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0, interactive=False)
        sync_roles()
        if not self._wants_demo() or get_user_model().objects.exists():
            return
        self.stdout.write("First start: writing demo data ...")
        # Months of business make millions of short-lived objects; looking for cycles among them costs a tenth.
        gc.disable()
        call_command("load_demo", verbosity=0)

    def _wants_demo(self) -> bool:
        asked = os.environ.get("DEMO")
        if "load_demo" not in get_commands() or asked == "0":
            return False
        # A company's own database gets made-up customers only when asked for.
        return "DATABASE_URL" in settings.EMBEDDED_SERVICES or asked == "1"
