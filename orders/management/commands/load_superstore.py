"""manage.py load_superstore <folder>: four years of retail sales, booked, delivered and billed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Sum

from orders import superstore
from orders.models import Invoice, Order, OrderLine, OrderSplit
from revops.core import copying
from revops.users import roles
from revops.users.models import User


class Command(BaseCommand):
    help = "Load the Superstore retail sales (customers, products, orders, deliveries, invoices) from a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--actor", default="", help="User name of who imports and owns; default: a RevOps admin.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["folder"] / superstore.FILE
        if not path.is_file():
            raise CommandError(f"{options['folder']} has no {superstore.FILE}.")
        actor = self._actor(options["actor"])
        book = superstore.read(path)
        self.stdout.write(f"{superstore.FILE}: {sum(1 for _row in book.rows):,} lines, {len(book.orders):,} orders")
        for remark in book.remarks:
            self.stdout.write(f"  {remark}")
        for kind, run in (
            ("customers", superstore.load_customers(book, actor)),
            ("products", superstore.load_products(book, actor)),
        ):
            if run is not None and run.counts["error"]:
                raise CommandError(f"{run.counts['error']:,} {kind} were refused: see the import {run.pk}.")
            self.stdout.write(f"{kind}: {run.counts['create'] if run else 0:,} created")
        self.stdout.write(f"orders: {sum(superstore.load_orders(book, actor)):,} booked")
        self.stdout.write(f"invoices: {sum(superstore.load_deliveries(book, actor)):,} issued, all delivered")
        copying.count_anew(Order, OrderLine, OrderSplit, Invoice)
        self._reconcile(book)

    def _actor(self, name: str) -> User:
        people = User.objects.working().order_by("pk")
        found: User | None
        if name:
            found = people.filter(username=name).first()
        else:
            found = people.filter(groups__name=roles.REVOPS_ADMIN).first() or people.filter(is_superuser=True).first()
        if found is None:
            raise CommandError("Nobody may import: name a RevOps administrator with --actor.")
        return found

    def _reconcile(self, book: superstore.Book) -> None:
        """What documents store is what their rows add up to, and what the file says."""
        mine = {"external_system": superstore.SYSTEM, "external_id__in": list(book.orders)}
        orders = Order.objects.filter(**mine)
        stored = orders.aggregate(net=Sum("net"), cost=Sum("cost"))
        lines = OrderLine.objects.filter(order__in=orders).aggregate(net=Sum("net"), quantity=Sum("quantity"))
        shares = OrderSplit.objects.filter(order__in=orders).aggregate(net=Sum("amount"))["net"]
        billed = Invoice.objects.filter(order__in=orders).aggregate(net=Sum("net"))["net"]
        said = superstore.totals(book)
        if {stored["net"], lines["net"], shares, billed} != {said["net"]} or stored["cost"] != said["cost"]:
            raise CommandError(f"The totals differ: {stored}, {lines}, {shares}, {billed} against {dict(said)}.")
        profit = stored["net"] - stored["cost"]
        self.stdout.write(
            f"sales {stored['net']:,.2f}, profit {profit:,.2f}, quantity {lines['quantity']:,.0f}: orders, lines, "
            "credit and invoices agree with the file"
        )
