"""What orders and bills add to the frame and to the pages of lower apps."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.pegs import Peg, register_peg
from accounts.shelves import Shelf, register_shelf
from orders.models import Invoice, Order, OrderActivity, OrderDocument
from orders.selectors import invoice_list, order_list
from revops.core.places import Place, list_places
from revops.core.registries import (
    DAY_MOST,
    Command,
    CreateItem,
    DayItem,
    DaySource,
    NavItem,
    Panel,
    commands,
    create_menu,
    day_items,
    navigation,
    panels,
)
from revops.core.templatetags.frame import money_text

SEE_ORDER, SEE_INVOICE, BILL = "orders.view_order", "orders.view_invoice", "orders.issue_invoice"


def drafts_to_complete(user: Any, _today: date) -> Sequence[DayItem]:
    """A seller's deals that were won by hand: their orders wait for lines and a booking."""
    rows = order_list(viewer=user).filter(owner=user, status=Order.Status.DRAFT).order_by("pk")[:DAY_MOST]
    return [
        DayItem(
            kind="order",
            title=gettext("Complete order %(number)s") % {"number": row.number},
            sub=row.account.name,
            url=row.get_absolute_url(),
            rank=50,
            action=gettext("Open"),
            icon="package",
        )
        for row in rows
    ]


def overdue_bills(user: Any, today: date) -> Sequence[DayItem]:
    """What finance has to ask for."""
    rows = invoice_list(viewer=user).filter(due_on__lt=today)
    open_rows = rows.filter(status__in=[Invoice.Status.ISSUED, Invoice.Status.PARTIALLY_PAID])
    return [
        DayItem(
            kind="invoice",
            title=gettext("%(number)s is overdue") % {"number": row.number},
            sub=f"{row.account.name}, {money_text(row.open_money, 'auto')}",
            url=row.get_absolute_url(),
            rank=40,
            action=gettext("Open"),
            icon="receipt",
        )
        for row in open_rows.order_by("due_on", "pk")[:DAY_MOST]
    ]


def _called(order: Order) -> str:
    """On My day the number alone says little."""
    return f"{order.number}, {order.account.name}"


def _results_of(campaign: Any) -> str:
    return reverse("campaign-results", args=[campaign.pk])


def _list(name: str, parameter: str) -> Any:
    return lambda record: f"{reverse(name)}?{parameter}={record.pk}"


def _register_peg() -> None:
    register_peg(
        Peg(
            "order",
            _("Order"),
            Order,
            OrderActivity,
            lambda order: (order.account, None),
            order=30,
            name=_called,
            joins=("account",),
        )
    )


def register() -> None:
    """Called once, when the app is ready."""
    list_places.register(Place("orders", _("Orders"), SEE_ORDER, {"list": "order-list"}, "package", 60))
    list_places.register(Place("invoices", _("Invoices"), SEE_INVOICE, {"list": "invoice-list"}, "receipt", 61))
    list_places.register(Place("payments", _("Payments"), "orders.view_payment", {"list": "payment-list"}, "cash", 62))
    navigation.register(NavItem("orders", _("Orders"), "order-list", "package", SEE_ORDER, order=60, shortcut="r"))
    create_menu.register(
        CreateItem("payment", _("Payment"), "payment-new", "cash", "orders.add_payment", order=60, shortcut="y")
    )
    commands.register(Command("invoices", _("Invoices"), "invoice-list", "receipt", SEE_INVOICE))
    commands.register(Command("payments", _("Payments"), "payment-list", "cash", "orders.view_payment"))
    commands.register(Command("ageing", _("Ageing of open invoices"), "invoice-ageing", "clock-dollar", SEE_INVOICE))
    account, deal, quote = "accounts.account", "opportunities.opportunity", "opportunities.quote"
    for key, page, title, name, parameter, order, permission, icon in (
        ("orders.of_account", account, _("Orders"), "order-list", "account", 30, SEE_ORDER, "package"),
        ("invoices.of_account", account, _("Invoices"), "invoice-list", "account", 31, SEE_INVOICE, "receipt"),
        ("balance.of_account", account, _("Balance"), "invoice-ageing", "account", 32, SEE_INVOICE, "cash"),
        ("orders.of_deal", deal, _("Orders"), "order-list", "opportunity", 30, SEE_ORDER, "package"),
        ("orders.of_quote", quote, _("Order"), "order-list", "quote", 30, SEE_ORDER, "package"),
    ):
        panels.register(Panel(key, page, title, _list(name, parameter), order, permission, icon))
    panels.register(
        Panel(
            "orders.campaign",
            "leads.campaign",
            _("Sales during it, against before"),
            _results_of,
            30,
            "leads.view_campaign_results",
            when=lambda _campaign, user: user.has_perm(SEE_ORDER),
            top=True,
        )
    )
    commands.register(
        Command(
            "campaign-results",
            _("Results of campaigns"),
            "campaign-results-list",
            "chart-bar",
            "leads.view_campaign_results",
        )
    )
    day_items.register(DaySource("orders.drafts", drafts_to_complete, "orders.change_order", order=50))
    day_items.register(DaySource("orders.overdue", overdue_bills, BILL, order=40))
    _register_peg()
    register_shelf(Shelf("order", _("Order"), Order, OrderDocument, "orders.change_order", order=60))
