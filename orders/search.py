"""How the command menu finds orders, invoices and payments."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from orders.selectors import invoice_list, order_list
from revops.core.registries import Hit, Searcher, searchers
from revops.core.search import LETTERS, beginning, best, some_of
from revops.core.templatetags.frame import money_text


def search_orders(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """By number first, then by the start of the customer's name."""
    return _found(order_list(viewer=user), text, limit)


def search_invoices(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """By number first, then by the start of the customer's name."""
    return _found(invoice_list(viewer=user), text, limit)


def _found(rows: Any, text: str, limit: int) -> list[Hit]:
    found = best(rows, text, limit)
    if len(found) < limit and len(text) >= LETTERS:
        customers = some_of("account", beginning(Account.objects.all(), text))
        rest = rows.filter(customers).exclude(pk__in=[row.pk for row in found])
        found += list(rest.order_by()[: limit - len(found)])
    return [
        Hit(
            str(row),
            f"{row.account.name}, {row.get_status_display()}",
            row.get_absolute_url(),
            exact=str(row.number or "").casefold() == text.casefold(),
            meta=money_text(row.total_money, "auto"),
        )
        for row in found
    ]


def register() -> None:
    """Called once, when the app is ready."""
    searchers.register(
        Searcher("order", _("Order"), "package", search_orders, permission="orders.view_order", order=60)
    )
    searchers.register(
        Searcher("invoice", _("Invoice"), "receipt", search_invoices, permission="orders.view_invoice", order=65)
    )
