"""Fill an empty installation with eighteen months of business."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forecasting.demo.story import tell
from revops.users.models import User


class Command(BaseCommand):
    help = "Demo data: people, accounts, leads, deals, orders, cases, quotas. Equal seed and day, equal rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--share", type=float, default=1.0, help="How much of it: 0.1 is a tenth.")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            raise CommandError("There are people in this database: demo data goes into an empty one only.")
        counts = tell(seed=options["seed"], share=options["share"])
        if options["verbosity"]:
            self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()))
