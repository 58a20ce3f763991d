"""Fill an empty installation with eighteen months of business."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forecasting.demo.mass import Size, fill
from forecasting.demo.story import tell
from revops.users.models import User

SIZES = ("leads", "accounts", "opportunities", "orders")


class Command(BaseCommand):
    help = (
        "Demo data: people, accounts, leads, deals, orders, cases, quotas. Equal seed and day, equal rows. "
        "With --leads, --accounts, --opportunities or --orders as many as that, written set by set."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--share", type=float, default=1.0, help="How much of the story: 0.1 is a tenth.")
        for name in SIZES:
            parser.add_argument(f"--{name}", type=int, default=None, help=f"This many {name}, instead of the story.")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            raise CommandError("There are people in this database: demo data goes into an empty one only.")
        asked = {name: options[name] for name in SIZES if options[name] is not None}
        if any(number < 0 for number in asked.values()):
            raise CommandError("How many: a number from 0.")
        if (asked.get("opportunities") or asked.get("orders")) and not asked.get("accounts"):
            raise CommandError("Deals and orders need accounts: say --accounts as well.")
        counts = (
            fill(size=Size(**asked), seed=options["seed"])
            if asked
            else tell(seed=options["seed"], share=options["share"])
        )
        if options["verbosity"]:
            self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()))
