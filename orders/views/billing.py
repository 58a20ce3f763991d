"""Invoices, payments, and what accounts owe."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.selectors import family_of
from orders import services
from orders.forms import AllocateForm, AsOfForm, CreditForm, PaymentForm, ReasonForm, refused
from orders.models import Invoice, Order, Payment
from orders.selectors import (
    BUCKETS,
    Balance,
    ageing,
    allocations_seen,
    bucket_span,
    credit_note_list,
    invoice_list,
    payment_list,
)
from orders.views.lists import INVOICE_TONES, PAYMENT_TONES, segment
from orders.views.orders import account_url
from orders.views.version import shown_version
from revops.core import clock
from revops.core.errors import BadRequest, DomainError, StaleCopy
from revops.core.money import Money
from revops.core.templatetags.frame import changed_query
from revops.core.views.lists import Figure

SEE_INVOICE, SEE_PAYMENT, BILL, PAY = (
    "orders.view_invoice",
    "orders.view_payment",
    "orders.issue_invoice",
    "orders.add_payment",
)


def _invoice(request: HttpRequest, pk: int) -> Invoice:
    return get_object_or_404(invoice_list(viewer=request.user), pk=pk)


def _payment(request: HttpRequest, pk: int) -> Payment:
    return get_object_or_404(payment_list(viewer=request.user), pk=pk)


@login_required
@permission_required(BILL, raise_exception=True)
@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft over what was not billed yet."""
    order = get_object_or_404(Order.objects.visible_to(request.user), pk=pk)
    invoice = services.draft_invoice(order=order, version=shown_version(request), actor=request.user)
    return redirect(invoice)


@login_required
@permission_required(SEE_INVOICE, raise_exception=True)
@require_GET
def invoice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What is billed, what was paid and credited, what is open."""
    return invoice_page(request, _invoice(request, pk), CreditForm())


def invoice_page(request: HttpRequest, invoice: Invoice, form: CreditForm, status: int = 200) -> HttpResponse:
    user: Any = request.user
    allocations = invoice.allocations.select_related("payment").order_by("pk")
    context = {
        "title": str(invoice),
        "nav_key": "orders",
        "record_icon": "receipt",
        "crumbs": [(_("Invoices"), reverse("invoice-list")), (str(invoice), "")],
        "invoice": invoice,
        "tone": INVOICE_TONES.get(Invoice.Status(invoice.status), ""),
        "overdue": invoice.open_amount > 0 and invoice.due_on is not None and invoice.due_on < clock.today(),
        "account_url": account_url(request, invoice.account),
        "keyfacts": [
            Figure(_("Total"), invoice.total_money, "", _("with tax")),
            Figure(_("Paid"), Money(invoice.paid, invoice.currency)),
            Figure(_("Credited"), Money(invoice.credited, invoice.currency)),
            Figure(_("Open"), invoice.open_money, "", "", "warn" if invoice.open_amount else ""),
        ],
        "lines": [
            (line, Money(line.net, invoice.currency), Money(line.tax, invoice.currency)) for line in invoice.lines.all()
        ],
        "payments": [(row.payment, Money(row.amount, invoice.currency)) for row in allocations],
        "credits": credit_note_list(viewer=user).filter(invoice=invoice).order_by("pk"),
        "form": form,
        "may_bill": user.has_perm(BILL),
        "may_pay": user.has_perm(PAY) and invoice.open_amount > 0,
        "may_credit": user.has_perm(BILL) and invoice.status not in (Invoice.Status.DRAFT, Invoice.Status.VOID),
    }
    return render(request, "orders/invoice.html", context, status=status)


@login_required
@permission_required(BILL, raise_exception=True)
@require_POST
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """The number is given now and never changes."""
    invoice = services.issue_invoice(invoice=_invoice(request, pk), version=shown_version(request), actor=request.user)
    messages.success(request, _("%(number)s is issued.") % {"number": invoice.number})
    return redirect(invoice)


@login_required
@permission_required(BILL, raise_exception=True)
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    invoice = _invoice(request, pk)
    services.discard_invoice(invoice=invoice, version=shown_version(request), actor=request.user)
    messages.success(request, _("Draft discarded."))
    return redirect(invoice.order)


@login_required
@permission_required(BILL, raise_exception=True)
@require_POST
def credit(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a part, or all that is left."""
    invoice, form = _invoice(request, pk), CreditForm(request.POST)
    if form.is_valid():
        try:
            note = services.issue_credit_note(
                invoice=invoice, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
            messages.success(request, _("%(number)s is issued.") % {"number": note.number})
            return redirect(invoice)
        except StaleCopy:
            raise
        except DomainError as error:
            refused(form, error)
    return invoice_page(request, invoice, form, status=422)


@login_required
@permission_required(PAY, raise_exception=True)
@require_http_methods(["GET", "POST"])
def payment_new(request: HttpRequest) -> HttpResponse:
    """Book money that came in, and settle an invoice with it if one is named."""
    start = {**_start(request), "received_on": clock.today()}
    form = PaymentForm(request.POST or None, initial=start, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        invoice = values.pop("invoice")
        try:
            payment = services.receive_payment(actor=request.user, **values)
            return _settled(request, payment, invoice)
        except DomainError as error:
            refused(form, error)
    context = {
        "form": form,
        "title": _("Book a payment"),
        "nav_key": "orders",
        "crumbs": [(_("Payments"), reverse("payment-list")), (_("Book a payment"), "")],
        "submit_label": _("Book payment"),
        "cancel_url": reverse("payment-list"),
    }
    return render(request, "core/form.html", context, status=422 if request.method == "POST" else 200)


def _start(request: HttpRequest) -> dict[str, Any]:
    """From an invoice's page the form comes filled in."""
    key = request.GET.get("invoice", "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return {"currency": "USD"}
    invoice = _invoice(request, int(key))
    amount = f"{Money(invoice.open_amount, invoice.currency).rounded().amount}"
    return {"account": invoice.account_id, "invoice": invoice.pk, "amount": amount, "currency": invoice.currency}


def _settled(request: HttpRequest, payment: Payment, invoice: Invoice | None) -> HttpResponse:
    """The payment stands even if the invoice refuses it: then it is unapplied credit, and the page says why."""
    if invoice is None:
        messages.success(request, _("Booked as unapplied credit."))
        return redirect(payment)
    try:
        services.allocate_payment(
            payment=payment, invoice=invoice, amount=None, version=payment.version, actor=request.user
        )
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(payment)
    messages.success(request, _("Booked, and %(number)s settled as far as it goes.") % {"number": invoice.number})
    return redirect(invoice)


@login_required
@permission_required(SEE_PAYMENT, raise_exception=True)
@require_GET
def payment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What it settles, and what is left of it."""
    payment = _payment(request, pk)
    return payment_page(request, payment, AllocateForm(bills=_bills(request, payment)), ReasonForm())


def _bills(request: HttpRequest, payment: Payment) -> Any:
    rows = Invoice.objects.visible_to(request.user).unpaid()
    keys = family_of(payment.account.merged_into_id or payment.account_id)
    return rows.filter(account__in=keys, currency=payment.currency).order_by("due_on", "pk")


def payment_page(request: HttpRequest, payment: Payment, form: Any, reason: Any, status: int = 200) -> HttpResponse:
    may = request.user.has_perm(PAY) and payment.status != Payment.Status.REVERSED
    context = {
        "title": payment.reference,
        "nav_key": "orders",
        "record_icon": "cash",
        "crumbs": [(_("Payments"), reverse("payment-list")), (payment.reference, "")],
        "payment": payment,
        "tone": PAYMENT_TONES[Payment.Status(payment.status)],
        "account_url": account_url(request, payment.account),
        "keyfacts": [
            Figure(_("Amount"), payment.amount_money),
            Figure(_("Allocated"), Money(payment.allocated, payment.currency)),
            Figure(_("Unapplied"), payment.unapplied_money, "", _("credit of the customer")),
        ],
        "allocations": [
            (row.invoice, Money(row.amount, payment.currency))
            for row in allocations_seen(viewer=request.user).filter(payment=payment).select_related("invoice")
        ],
        "form": form if may and payment.unapplied > 0 else None,
        "reason": reason if may else None,
    }
    return render(request, "orders/payment.html", context, status=status)


@login_required
@permission_required(PAY, raise_exception=True)
@require_POST
def allocate(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle an invoice with it."""
    payment = _payment(request, pk)
    form = AllocateForm(request.POST, bills=_bills(request, payment))
    if form.is_valid():
        try:
            done = services.allocate_payment(
                payment=payment, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
            messages.success(request, _("Allocated."))
            return redirect(done)
        except StaleCopy:
            raise
        except DomainError as error:
            refused(form, error)
    return payment_page(request, payment, form, ReasonForm(), status=422)


@login_required
@permission_required(PAY, raise_exception=True)
@require_POST
def reverse_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """The bank took it back."""
    payment, form = _payment(request, pk), ReasonForm(request.POST)
    if not form.is_valid():
        bills = AllocateForm(bills=_bills(request, payment))
        return payment_page(request, payment, bills, form, status=422)
    done = services.reverse_payment(
        payment=payment, version=shown_version(request), actor=request.user, reason=form.cleaned_data["reason"]
    )
    messages.success(request, _("Reversed: what it had settled is open again."))
    return redirect(done)


@login_required
@permission_required(SEE_INVOICE, raise_exception=True)
@require_GET
def ageing_page(request: HttpRequest) -> HttpResponse:
    """What accounts owe, by days past due; each figure opens its invoices."""
    form = AsOfForm(request.GET)
    if not form.is_valid():
        raise BadRequest("bad_as_of", _("As of needs a date, as 2026-11-30."))
    day = form.cleaned_data["as_of"] or clock.today()
    account = request.GET.get("account", "")
    invoices, payments = Invoice.objects.visible_to(request.user), Payment.objects.visible_to(request.user)
    if account:
        if not (account.isascii() and account.isdigit() and len(account) < 19):
            raise BadRequest("bad_account", _("There is no such account."))
        keys = family_of(int(account))
        invoices, payments = invoices.filter(account__in=keys), payments.filter(account__in=keys)
    cursor = request.GET.get("cursor") or None
    found = ageing(invoices=invoices, payments=payments, as_of=day, cursor=cursor)
    page = found.page
    context = {
        "title": _("Ageing"),
        "subtitle": _("What is open, by days past due. A payment without an invoice is a credit beside it."),
        "nav_key": "orders",
        "crumbs": [(_("Orders"), reverse("order-list")), (_("Ageing"), "")],
        "views": segment("ageing"),
        "form": AsOfForm(initial={"as_of": day}),
        "account": account,
        "heads": [label for _key, label, _last in BUCKETS],
        "rows": [(row, _cells(row, day)) for row in found.rows],
        "totals": found.totals,
        "next_url": changed_query(request.GET, cursor=page.next_cursor) if page.next_cursor else "",
        "previous_url": changed_query(request.GET, cursor=page.previous_cursor) if page.previous_cursor else "",
        "day": day,
    }
    template = "orders/balance_panel.html" if request.GET.get("panel") else "orders/ageing.html"
    return render(request, template, context)


def _cells(row: Balance, day: Any) -> list[tuple[Money, str]]:
    """A bucket's sum with the address of its invoices."""
    base = {"account": row.account.pk, "currency": row.currency, "open": "true"}
    return [
        (money, f"{reverse('invoice-list')}?{urlencode({**base, **bucket_span(key, day)})}")
        for (key, _label, _last), money in zip(BUCKETS, row.aged, strict=True)
    ]
