"""Orders, invoices and payments as lists over the same three tables."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.pegs import with_next
from accounts.views.touches import next_cell
from orders.filters import InvoiceFilter, OrderFilter, PaymentFilter
from orders.models import Invoice, Order, Payment
from orders.selectors import invoice_list, net_by_currency, order_list, payment_list
from revops.core.views.lists import Action, Chip, Column, Empty, Figure, ListPage, Tab

ORDER_TONES = {
    Order.Status.BOOKED: "accent",
    Order.Status.IN_FULFILLMENT: "accent",
    Order.Status.PARTIALLY_FULFILLED: "warn",
    Order.Status.FULFILLED: "ok",
    Order.Status.CLOSED: "ok",
    Order.Status.CANCELLED: "bad",
}
INVOICE_TONES = {
    Invoice.Status.ISSUED: "accent",
    Invoice.Status.PARTIALLY_PAID: "warn",
    Invoice.Status.PAID: "ok",
    Invoice.Status.UNCOLLECTIBLE: "bad",
}
PAYMENT_TONES = {
    Payment.Status.RECEIVED: "warn",
    Payment.Status.PARTIALLY_ALLOCATED: "warn",
    Payment.Status.ALLOCATED: "ok",
    Payment.Status.REVERSED: "bad",
}


def segment(current: str) -> list[dict[str, Any]]:
    """The way from order to cash, as views of one thing."""
    entries = (
        ("orders", _("Orders"), "order-list", "package"),
        ("invoices", _("Invoices"), "invoice-list", "receipt"),
        ("payments", _("Payments"), "payment-list", "cash"),
        ("ageing", _("Ageing"), "invoice-ageing", "clock-dollar"),
    )
    return [
        {"label": label, "url": reverse(name), "icon": icon, "current": key == current}
        for key, label, name, icon in entries
    ]


def _next(order: Order) -> tuple[str, str] | None:
    return next_cell(order, going=order.status in Order.UNDER_WAY)


class OrderList(ListPage):
    """Every order that the viewer may see."""

    title, nav_key, noun, file_name = gettext_lazy("Orders"), "orders", gettext_lazy("orders"), "orders"
    place = "orders"
    permission = "orders.view_order"
    filters = OrderFilter
    custom = Order
    columns = (
        Column("number", gettext_lazy("Order"), sub="opportunity.name", sort="number"),
        Column("account", gettext_lazy("Account"), "account.name", sort="account__name"),
        Column(
            "status",
            gettext_lazy("State"),
            lambda order: (order.get_status_display(), ORDER_TONES.get(order.status, "")),
            kind="pill",
            sort="status",
        ),
        Column("net", gettext_lazy("Net"), "net_money", kind="money", sort="net"),
        Column("booked_on", gettext_lazy("Booked on"), kind="date", sort="booked_on"),
        Column("next", gettext_lazy("Next action"), _next, kind="next", phone=False),
        Column("owner", gettext_lazy("Owner"), kind="user"),
        Column("channel", gettext_lazy("Channel"), "get_channel_display", hidden=True),
        Column("total", gettext_lazy("Total"), "total_money", kind="money", sort="total", hidden=True),
        Column("region", gettext_lazy("Region"), hidden=True),
        Column("ship_mode", gettext_lazy("Shipped how"), hidden=True),
    )
    panel_columns = ("number", "status", "net")
    chips = (Chip("drafts", gettext_lazy("Drafts to complete"), {"status": "draft"}, marker="today"),)
    tabs = (
        Tab(gettext_lazy("All")),
        Tab(gettext_lazy("To deliver"), {"status__in": "booked,in_fulfillment,partially_fulfilled"}),
        Tab(gettext_lazy("Delivered"), {"status__in": "fulfilled,closed"}),
    )
    empty = Empty(
        gettext_lazy("No orders yet"),
        gettext_lazy("An order is booked when a customer accepts a quote."),
        "package",
    )

    def rows(self) -> QuerySet[Order]:
        return with_next(order_list(viewer=self.request.user), "order")

    def strip(self, rows: QuerySet[Order]) -> list[Figure]:
        sold = rows.exclude(status__in=[Order.Status.DRAFT, Order.Status.CANCELLED])
        return [
            Figure(_("Booked, net"), money, note=_("in %(code)s, of this filter") % {"code": money.currency})
            for money in net_by_currency(sold)
        ]

    def views(self) -> list[dict[str, Any]]:
        return segment("orders")


class InvoiceList(ListPage):
    """Bills, drafts first to be issued."""

    title, nav_key, noun, file_name = gettext_lazy("Invoices"), "orders", gettext_lazy("invoices"), "invoices"
    place = "invoices"
    permission = "orders.view_invoice"
    filters = InvoiceFilter
    columns = (
        Column("number", gettext_lazy("Invoice"), lambda invoice: str(invoice), sub="order.number", sort="number"),
        Column("account", gettext_lazy("Account"), "account.name", sort="account__name"),
        Column(
            "status",
            gettext_lazy("State"),
            lambda invoice: (invoice.get_status_display(), INVOICE_TONES.get(invoice.status, "")),
            kind="pill",
            sort="status",
        ),
        Column("total", gettext_lazy("Total"), "total_money", kind="money", sort="total"),
        Column("open", gettext_lazy("Open"), "open_money", kind="money", sort="open_sum"),
        Column("due_on", gettext_lazy("Due on"), kind="date", sort="due_on"),
        Column("issued_on", gettext_lazy("Issued on"), kind="date", sort="issued_on", hidden=True),
    )
    panel_columns = ("number", "status", "open")
    chips = (
        Chip("drafts", gettext_lazy("Drafts"), {"status": "draft"}, marker="today"),
        Chip("overdue", gettext_lazy("Overdue"), {"overdue": "true"}, marker="late"),
    )
    tabs = (
        Tab(gettext_lazy("All")),
        Tab(gettext_lazy("Open"), {"open": "true"}),
        Tab(gettext_lazy("Paid"), {"status": "paid"}),
    )
    empty = Empty(
        gettext_lazy("No invoices yet"), gettext_lazy("Finance writes an invoice from a booked order."), "receipt"
    )

    def rows(self) -> QuerySet[Invoice]:
        return invoice_list(viewer=self.request.user)

    def views(self) -> list[dict[str, Any]]:
        return segment("invoices")


class PaymentList(ListPage):
    """Money received."""

    title, nav_key, noun, file_name = gettext_lazy("Payments"), "orders", gettext_lazy("payments"), "payments"
    place = "payments"
    permission = "orders.view_payment"
    filters = PaymentFilter
    search_fields = ("reference",)
    columns = (
        Column("reference", gettext_lazy("Reference"), sort="reference"),
        Column("account", gettext_lazy("Account"), "account.name", sort="account__name"),
        Column(
            "status",
            gettext_lazy("State"),
            lambda payment: (payment.get_status_display(), PAYMENT_TONES[payment.status]),
            kind="pill",
        ),
        Column("amount", gettext_lazy("Amount"), "amount_money", kind="money", sort="amount"),
        Column("unapplied", gettext_lazy("Unapplied"), "unapplied_money", kind="money", sort="left"),
        Column("received_on", gettext_lazy("Received on"), kind="date", sort="received_on"),
    )
    empty = Empty(gettext_lazy("No payments yet"), gettext_lazy("Finance books what comes in."), "cash")

    def rows(self) -> QuerySet[Payment]:
        return payment_list(viewer=self.request.user)

    def actions(self) -> list[Action]:
        if not self.request.user.has_perm("orders.add_payment"):
            return []
        return [Action(_("Book a payment"), reverse("payment-new"), "plus", primary=True)]

    def views(self) -> list[dict[str, Any]]:
        return segment("payments")
