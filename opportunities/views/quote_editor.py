"""The quote editor: lines, live recalculation and who would have to approve. Nothing is saved but by a service."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from opportunities import services
from opportunities.forms_quotes import Lines, QuoteForm, Row, initial_of
from opportunities.models import Opportunity, Quote
from opportunities.selectors.approvals import lowest_margin, rule_states
from opportunities.selectors.quotes import figures, preview, products_of, quote_list
from opportunities.views.board import shown_version
from revops.catalog.models import Product
from revops.catalog.selectors import default_book
from revops.core import clock
from revops.core.errors import DomainError, StaleCopy
from revops.core.views.stale import keeps_theirs

CHANGE = "opportunities.change_quote"
STARTS_VALID = timedelta(days=30)


def _deal(request: HttpRequest, pk: int) -> Opportunity:
    deals = Opportunity.objects.visible_to(request.user).select_related("account", "owner")
    return get_object_or_404(deals, pk=pk)


def _quote(request: HttpRequest, pk: int) -> Quote:
    return get_object_or_404(quote_list(viewer=request.user), pk=pk)


def crumbs(deal: Opportunity, label: str) -> list[tuple[str, str]]:
    return [(_("Quotes"), reverse("quote-list")), (deal.name, deal.get_absolute_url()), (label, "")]


@login_required
@permission_required("opportunities.add_quote", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, deal: int) -> HttpResponse:
    """A quote that does not exist yet."""
    record = _deal(request, deal)
    if request.method == "GET":
        book = default_book(record.currency, clock.today())
        start = {"price_book": book.pk, "valid_until": clock.today() + STARTS_VALID}
        form = QuoteForm(initial=start, viewer=request.user)
        return page(request, record, None, form, Lines([]))
    form, lines = QuoteForm(request.POST, viewer=request.user), Lines.typed(request.POST, request.user)
    if form.is_valid() and lines.is_valid():
        try:
            quote = services.create_quote(actor=request.user, opportunity=record, lines=lines.asked, **form.cleaned())
            return _after(request, quote)
        except DomainError as error:
            _refuse(form, lines, error)
    return page(request, record, None, form, lines, status=422)


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what was not sent. Saving a quote that was submitted makes it a draft again."""
    quote = _quote(request, pk)
    if request.method == "GET":
        form = QuoteForm(initial=initial_of(quote), viewer=request.user)
        return page(request, quote.opportunity, quote, form, Lines.of(quote))
    form, lines = QuoteForm(request.POST, viewer=request.user), Lines.typed(request.POST, request.user)
    if form.is_valid() and lines.is_valid():
        try:
            asked = None if keeps_theirs(request) else lines.asked
            quote = services.update_quote(
                quote=quote, version=shown_version(request), actor=request.user, lines=asked, **form.cleaned()
            )
            return _after(request, quote)
        except StaleCopy:
            raise
        except DomainError as error:
            _refuse(form, lines, error)
    return page(request, quote.opportunity, quote, form, lines, status=422)


def _after(request: HttpRequest, quote: Quote) -> HttpResponse:
    """Saved; and submitted when that button was pressed. A refusal to submit leaves it saved."""
    if request.POST.get("then") == "submit":
        try:
            quote = services.submit_quote(quote=quote, version=quote.version, actor=request.user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect(quote)
        approved = quote.status == Quote.Status.APPROVED
        messages.success(request, _("Approved, nobody has to be asked.") if approved else _("Sent for approval."))
    else:
        messages.success(request, _("Saved."))
    return redirect(quote)


def _refuse(form: QuoteForm, lines: Lines, error: DomainError) -> None:
    lines.refuse(error)
    named = [one for one in error.errors if one.pointer in form.fields]
    for one in named:
        form.add_error(one.pointer, one.detail)
    if not named:
        form.add_error(None, error.message)


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_POST
def recalculate(request: HttpRequest, pk: int) -> HttpResponse:
    """The editor of a stored quote after a keystroke, an added product or a removed line."""
    quote = _quote(request, pk)
    return _recalculated(request, quote.opportunity, quote)


@login_required
@permission_required("opportunities.add_quote", raise_exception=True)
@require_POST
def recalculate_new(request: HttpRequest, deal: int) -> HttpResponse:
    """The same for a quote that does not exist yet."""
    return _recalculated(request, _deal(request, deal), None)


def _recalculated(request: HttpRequest, deal: Opportunity, quote: Quote | None) -> HttpResponse:
    """Only figures change while somebody types, so that the cell keeps its focus; rows when rows change."""
    form, lines = QuoteForm(request.POST, viewer=request.user), Lines.typed(request.POST, request.user)
    if request.GET.get("live"):
        return render(request, "opportunities/quote_live.html", _context(request, deal, quote, form, lines))
    rebooked = request.POST.get("book_shown", "") != request.POST.get("price_book", "")
    _change_rows(request, lines, rebooked)
    if not request.headers.get("HX-Request"):
        return page(request, deal, quote, form, lines)
    context = {**_context(request, deal, quote, form, lines), "rebooked": rebooked}
    return render(request, "opportunities/quote_editor.html", context)


def _change_rows(request: HttpRequest, lines: Lines, rebooked: bool) -> None:
    """Take the prices of another book, take a line away, or add the chosen product."""
    chosen, gone = request.POST.get("add_product", ""), request.POST.get("remove", "")
    if rebooked:
        for row in lines.rows:
            row.unit_price = ""
    if gone.isascii() and gone.isdigit() and int(gone) < len(lines.rows):
        del lines.rows[int(gone)]
    elif request.POST.get("add") and chosen.isascii() and chosen.isdigit() and int(chosen) < 2**63:
        product = Product.objects.visible_to(request.user).filter(pk=int(chosen)).first()
        if product is not None:
            lines.rows.append(Row(product))


def page(
    request: HttpRequest, deal: Opportunity, quote: Quote | None, form: QuoteForm, lines: Lines, status: int = 200
) -> HttpResponse:
    """The editor as a page."""
    label = quote.number if quote else _("New quote")
    context = {
        "title": label,
        "nav_key": "quotes",
        "record_icon": "file-invoice",
        "crumbs": crumbs(deal, label),
        **_context(request, deal, quote, form, lines),
    }
    return render(request, "opportunities/quote_edit.html", context, status=status)


def _context(
    request: HttpRequest, deal: Opportunity, quote: Quote | None, form: QuoteForm, lines: Lines
) -> dict[str, Any]:
    """Lines, totals and approval of what stands in the form now."""
    values = _values(form)
    book = values["price_book"] or (quote.price_book if quote else default_book(deal.currency, clock.today()))
    shown = None
    if lines.is_valid():
        try:
            shown = preview(
                opportunity=deal,
                quote=quote,
                lines=lines.asked,
                book=book,
                discount=values["discount"] or Decimal(0),
                shipping=values["shipping"] or Decimal(0),
                viewer=request.user,  # type: ignore[arg-type]
            )
            lines.priced(shown.priced.lines)
        except DomainError as error:
            lines.refuse(error)
    return {
        "deal": deal,
        "quote": quote,
        "form": form,
        "lines": lines,
        "groups": _groups(lines),
        "book": book,
        "currency": book.currency,
        "products": products_of(book),
        "shown": shown,
        "figures": figures(shown.priced) if shown else [],
        "rules": rule_states(shown.priced, book.currency) if shown else [],
        "limit": lowest_margin(),
        "save_url": reverse("quote-edit", args=[quote.pk]) if quote else reverse("quote-new", args=[deal.pk]),
        "live_url": _live_url(deal, quote),
        "voids": quote is not None and quote.status != Quote.Status.DRAFT,
    }


def _values(form: QuoteForm) -> dict[str, Any]:
    """What can be read of the form, typed or initial; a bad cell counts as empty until it is saved."""
    if not form.is_bound:
        form = QuoteForm(dict(form.initial), viewer=form.viewer)
    form.is_valid()
    return {name: form.cleaned_data.get(name) for name in ("price_book", "discount", "shipping")}


def _live_url(deal: Opportunity, quote: Quote | None) -> str:
    return reverse("quote-live", args=[quote.pk]) if quote else reverse("quote-new-live", args=[deal.pk])


def _groups(lines: Lines) -> list[dict[str, Any]]:
    """What is paid every period first, then what is paid once; the index is the line's in the form."""
    rows = list(enumerate(lines.rows))
    every = [pair for pair in rows if pair[1].product.recurring_months]
    once = [pair for pair in rows if not pair[1].product.recurring_months]
    groups = [{"label": _("Recurring"), "rows": every}, {"label": _("Once"), "rows": once}]
    return [group for group in groups if group["rows"]]
