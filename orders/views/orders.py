"""An order's record, its verbs, and the lines of a draft."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import LogForm
from accounts.models import Account
from accounts.pegs import activities_on
from accounts.selectors import timeline
from accounts.views.touches import touch_context, touched
from opportunities.models import Opportunity
from orders import services
from orders.forms import FulfilForm, OrderLines, asked_lines
from orders.models import Invoice, Order
from orders.selectors import invoice_list, order_list, trace, unbilled
from orders.views.lists import INVOICE_TONES, ORDER_TONES
from orders.views.version import shown_version
from revops.core.errors import DomainError, InvalidInput, StaleCopy
from revops.core.money import Money, truncated_percent
from revops.core.registries import panels_for
from revops.core.views.lists import Figure
from revops.core.views.stale import keeps_theirs

VIEW = "orders.view_order"
TO_DELIVER = frozenset({Order.Status.BOOKED, Order.Status.IN_FULFILLMENT, Order.Status.PARTIALLY_FULFILLED})
BILLED = frozenset(Order.Status.values) - {Order.Status.DRAFT, Order.Status.CANCELLED}
CANCELLABLE = frozenset({Order.Status.DRAFT, Order.Status.BOOKED, Order.Status.IN_FULFILLMENT})
VERBS: dict[str, Callable[..., Order]] = {
    "book": services.book_order,
    "cancel": services.cancel_order,
    "close": services.close_order,
}
DONE = {
    "book": gettext_lazy("Booked. Revenue and credit count from now on."),
    "cancel": gettext_lazy("Cancelled."),
    "close": gettext_lazy("Closed."),
}


def _order(request: HttpRequest, pk: int) -> Order:
    return get_object_or_404(order_list(viewer=request.user), pk=pk)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What was sold, to whom, who closed it, and how far delivery and billing are."""
    return page(request, _order(request, pk))


def page(
    request: HttpRequest, order: Order, form: FulfilForm | None = None, *, log: LogForm | None = None, status: int = 200
) -> HttpResponse:
    """The record page; the forms carry back what could not be saved."""
    user: Any = request.user
    activities = activities_on(order, viewer=user)
    may_deliver = user.has_perm("orders.fulfil_order") and order.status in TO_DELIVER
    invoices = list(invoice_list(viewer=user).filter(order=order).order_by("pk"))
    deal = Opportunity.objects.visible_to(user).filter(orders=order).first()
    context = {
        "title": order.number,
        "nav_key": "orders",
        "record_icon": "package",
        "crumbs": [(_("Orders"), reverse("order-list")), (order.number, "")],
        "order": order,
        "tone": ORDER_TONES.get(Order.Status(order.status), ""),
        "deal": deal,
        "account_url": account_url(request, order.account),
        "keyfacts": _keyfacts(order, invoices),
        "lines": _lines(order),
        "splits": [(row, Money(row.amount, order.currency)) for row in order.splits.select_related("user")],
        "invoices": [(row, INVOICE_TONES.get(Invoice.Status(row.status), "")) for row in invoices],
        "deliveries": order.fulfillments.select_related("created_by").order_by("pk"),
        "trace": [(step, _took(step.took)) for step in trace(order)],
        "form": (form or FulfilForm(order=order)) if may_deliver else None,
        **touch_context(request, activities, log=log, url=reverse("order-log", args=[order.pk])),
        "timeline": timeline(record=order, activities=activities),
        "under_way": order.status in Order.UNDER_WAY,
        "may_bill": user.has_perm("orders.issue_invoice") and order.status in BILLED and bool(unbilled(order)),
        "may_edit": user.has_perm("orders.change_order") and order.status == Order.Status.DRAFT,
        "may_book": user.has_perm("orders.book_order") and order.status == Order.Status.DRAFT,
        "may_cancel": user.has_perm("orders.book_order") and order.status in CANCELLABLE,
        "may_close": user.has_perm("orders.fulfil_order") and order.status == Order.Status.FULFILLED,
        "panels": panels_for("orders.order", order, user),
    }
    return render(request, "orders/order.html", context, status=status)


def account_url(request: HttpRequest, account: Account) -> str:
    """Finance reads a bill, not always its account."""
    home = account.merged_into_id or account.pk
    seen = Account.objects.visible_to(request.user).filter(pk=home).exists()
    return reverse("account-detail", args=[home]) if seen else ""


def _keyfacts(order: Order, invoices: list[Any]) -> list[Figure]:
    billed = sum((row.total for row in invoices if row.status not in ("draft", "void")), order.total * 0)
    owed = sum((row.open_amount for row in invoices), order.total * 0)
    margin = truncated_percent(order.net - order.cost, order.net)
    return [
        Figure(_("Net"), order.net_money, "", order.get_channel_display()),
        Figure(_("Tax"), order.tax_money),
        Figure(_("Total"), order.total_money, "", _("with shipping") if order.shipping else ""),
        Figure(_("Margin"), "–" if margin is None else f"{margin} %", "", _("at the costs of the booking")),
        Figure(_("Billed"), Money(billed, order.currency)),
        Figure(_("Open"), Money(owed, order.currency), "", "", "warn" if owed else ""),
    ]


def _lines(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "line": line,
            "off": Money(line.discount, order.currency),
            "net": Money(line.net, order.currency),
            "tax": Money(line.tax, order.currency),
        }
        for line in order.lines.select_related("product")
    ]


def _took(span: timedelta | None) -> str:
    """In words: 3 d, 4 h or 5 min."""
    if span is None or span.total_seconds() < 0:
        return ""
    minutes = int(span.total_seconds() // 60)
    for size, text in ((1440, _("%(n)s d")), (60, _("%(n)s h"))):
        if minutes >= size:
            return text % {"n": minutes // size}
    return _("%(n)s min") % {"n": minutes}


@login_required
@permission_required(VIEW, raise_exception=True)
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Book, cancel, close."""
    order = _order(request, pk)
    more = {"reason": request.POST.get("reason", "")} if verb == "cancel" else {}
    done = VERBS[verb](order=order, version=shown_version(request), actor=request.user, **more)
    messages.success(request, str(DONE[verb]))
    return redirect(done)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_POST
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """One touch: what happened, what comes next, or both."""
    return touched(request, _order(request, pk), page)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_POST
def fulfil(request: HttpRequest, pk: int) -> HttpResponse:
    """Ship goods, activate services."""
    order = _order(request, pk)
    form = FulfilForm(request.POST, order=order)
    if not form.is_valid():
        return page(request, order, form, status=422)
    try:
        done = services.fulfil_order(
            order=order,
            lines=form.asked(),
            version=shown_version(request),
            actor=request.user,
            carrier=form.cleaned_data["carrier"],
            tracking=form.cleaned_data["tracking"],
        )
    except InvalidInput as error:
        form.refuse(error)
        return page(request, order, form, status=422)
    messages.success(request, _("Everything is delivered.") if done.status == "fulfilled" else _("Delivery noted."))
    return redirect(done)


@login_required
@permission_required("orders.change_order", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The lines of a draft."""
    order = _order(request, pk)
    formset = OrderLines(request.POST or None, initial=_initial(order), prefix="lines")
    problem = ""
    if request.method == "POST" and formset.is_valid():
        try:
            lines = None if keeps_theirs(request) else asked_lines(formset)
            version = shown_version(request)
            done = services.update_order(order=order, version=version, actor=request.user, lines=lines)
            messages.success(request, _("Saved."))
            return redirect(done)
        except StaleCopy:
            raise
        except DomainError as error:
            problem = error.message
    context = {
        "title": _("Lines of %(number)s") % {"number": order.number},
        "nav_key": "orders",
        "crumbs": [(_("Orders"), reverse("order-list")), (order.number, order.get_absolute_url()), (_("Lines"), "")],
        "order": order,
        "formset": formset,
        "problem": problem,
    }
    return render(request, "orders/order_edit.html", context, status=422 if request.method == "POST" else 200)


def _initial(order: Order) -> list[dict[str, Any]]:
    """A stored line as typed: its discount is part of the price asked."""
    rows = []
    for line in order.lines.all():
        gross = line.net + line.discount
        rows.append(
            {
                "product": line.product_id,
                "quantity": f"{line.quantity.normalize():f}",
                "unit_price": f"{line.unit_price.normalize():f}",
                "discount_percent": f"{round(line.discount * 100 / gross, 6).normalize():f}" if gross else "0",
                "tax_percent": f"{line.tax_percent.normalize():f}",
            }
        )
    return rows
