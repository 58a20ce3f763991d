"""Quotes: list, record, document, and one door for each verb."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.selectors.contact_roles import undecided
from opportunities import services
from opportunities.filters_quotes import QuoteFilter
from opportunities.forms_quotes import AcceptForm, ReasonForm
from opportunities.models import Opportunity, Quote
from opportunities.pdf import price_text, quote_pdf
from opportunities.selectors.approvals import approval_inbox, approval_list, current_step, lowest_margin, may_decide
from opportunities.selectors.quotes import approval_preview, figures, quote_list
from opportunities.views.board import shown_version
from revops.core.errors import DomainError, InvalidInput
from revops.core.money import Money
from revops.core.registries import panels_for
from revops.core.views.lists import Chip, Column, Empty, ListPage, Tab

VIEW = "opportunities.view_quote"
TONES = {
    Quote.Status.IN_APPROVAL: "warn",
    Quote.Status.APPROVED: "accent",
    Quote.Status.SENT: "accent",
    Quote.Status.ACCEPTED: "ok",
    Quote.Status.REJECTED: "bad",
}
VERBS: dict[str, Callable[..., Quote]] = {
    "submit": services.submit_quote,
    "recall": services.recall_quote,
    "send": services.send_quote,
    "reject": services.reject_quote,
    "accept": services.accept_quote,
    "revise": services.revise_quote,
}
FORMS: dict[str, type[forms.Form]] = {"accept": AcceptForm, "reject": ReasonForm}
DONE = {
    "submit": gettext_lazy("Submitted."),
    "recall": gettext_lazy("Taken back: it is a draft again."),
    "send": gettext_lazy("Sent. Prices and terms are frozen."),
    "reject": gettext_lazy("Noted: the customer said no."),
    "accept": gettext_lazy("Won. The order is being booked."),
    "revise": gettext_lazy("This draft takes the place of the older quote."),
}


def segment(user: Any, current: str) -> list[dict[str, Any]]:
    """Quotes and what waits for the viewer's yes, as two views of one thing."""
    waiting = approval_inbox(viewer=user).count()
    label = _("Deal desk (%(n)s)") % {"n": waiting} if waiting else _("Deal desk")
    return [
        {"label": _("Quotes"), "url": reverse("quote-list"), "icon": "file-invoice", "current": current == "quotes"},
        {"label": label, "url": reverse("deal-desk"), "icon": "shield-check", "current": current == "desk"},
    ]


class QuoteList(ListPage):
    """Every quote that the viewer may see."""

    title, nav_key, noun, file_name = gettext_lazy("Quotes"), "quotes", gettext_lazy("quotes"), "quotes"
    place = "quotes"
    permission = VIEW
    filters = QuoteFilter
    custom = Quote
    columns = (
        Column("number", gettext_lazy("Quote"), sub="opportunity.name", sort="number"),
        Column("account", gettext_lazy("Account"), "opportunity.account.name"),
        Column(
            "status",
            gettext_lazy("State"),
            lambda quote: (quote.get_status_display(), TONES.get(quote.status, "")),
            kind="pill",
            sort="status",
        ),
        Column("net", gettext_lazy("Net"), "net_money", kind="money", sort="net"),
        Column("margin", gettext_lazy("Margin"), "margin_percent", kind="percent"),
        Column("valid_until", gettext_lazy("Valid until"), kind="date", sort="valid_until"),
        Column("owner", gettext_lazy("Owner"), "opportunity.owner", kind="user"),
        Column("total", gettext_lazy("Total"), "total_money", kind="money", sort="total", hidden=True),
    )
    panel_columns = ("number", "status", "net")
    chips = (
        Chip("waiting", gettext_lazy("In approval"), {"status": "in_approval"}, marker="today"),
        Chip("ending", gettext_lazy("Sent, ends within 7 days"), {"ends_soon": "true"}, marker="late"),
    )
    tabs = (
        Tab(gettext_lazy("All")),
        Tab(gettext_lazy("Drafts"), {"status": "draft"}),
        Tab(gettext_lazy("Sent"), {"status": "sent"}),
        Tab(gettext_lazy("Accepted"), {"status": "accepted"}),
    )
    empty = Empty(
        gettext_lazy("No quotes yet"),
        gettext_lazy("A quote takes its lines, prices and terms from an opportunity. Open one and choose New quote."),
        "file-invoice",
    )

    def rows(self) -> QuerySet[Quote]:
        return quote_list(viewer=self.request.user)

    def views(self) -> list[dict[str, Any]]:
        return segment(self.request.user, "quotes")


def _quote(request: HttpRequest, pk: int) -> Quote:
    return get_object_or_404(quote_list(viewer=request.user), pk=pk)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What is offered, at which margin, who has approved it, and the one next step."""
    return page(request, _quote(request, pk))


def page(request: HttpRequest, quote: Quote, *, form: Any = None, verb: str = "", status: int = 200) -> HttpResponse:
    """The record page; `form` carries back what a dialog's verb refused."""
    deal = quote.opportunity
    approvals = list(approval_list(viewer=request.user).filter(quote=quote).order_by("-pk"))
    open_one = next((row for row in approvals if row.status in ("submitted", "in_review")), None)
    step = current_step(open_one) if open_one else None
    context = {
        "title": quote.number,
        "nav_key": "quotes",
        "record_icon": "file-invoice",
        "crumbs": [(_("Quotes"), reverse("quote-list")), (deal.name, _deal_url(request, deal)), (quote.number, "")],
        "quote": quote,
        "deal": deal,
        "deal_url": _deal_url(request, deal),
        "rows": [_row(line, quote.currency) for line in quote.lines.select_related("product")],
        "figures": figures(quote),
        "document": quote,
        "limit": lowest_margin(),
        "undecided": _undecided(quote),
        "approvals": approvals,
        "open_one": open_one,
        "my_turn": step is not None and may_decide(step, request.user),  # type: ignore[arg-type]
        "forecast": _asked(request, quote),
        "replaced_by": Quote.objects.visible_to(request.user).filter(supersedes=quote).first(),
        "forms": {name: form if name == verb and form else kind() for name, kind in FORMS.items()},
        "refused_verb": verb,
        "tone": TONES.get(Quote.Status(quote.status), ""),
        "may_change": request.user.has_perm("opportunities.change_quote"),
        "panels": panels_for("opportunities.quote", quote, request.user),  # type: ignore[arg-type]
    }
    return render(request, "opportunities/quote.html", context, status=status)


def _deal_url(request: HttpRequest, deal: Opportunity) -> str:
    """An approver sees the quote, not always its deal."""
    seen = Opportunity.objects.visible_to(request.user).filter(pk=deal.pk).exists()
    return deal.get_absolute_url() if seen else ""


def _row(line: Any, currency: str) -> dict[str, Any]:
    return {
        "line": line,
        "price": price_text(line.unit_price, currency),
        "off": Money(line.discount + line.allocated_discount, currency),
        "net": Money(line.net, currency),
        "tax": Money(line.tax, currency),
    }


def _undecided(quote: Quote) -> list[Any]:
    """Products on an offer that may still be won for which nobody at the customer is known to decide."""
    account, status = quote.opportunity.account, Quote.Status
    if account is None or quote.status not in (status.DRAFT, status.IN_APPROVAL, status.APPROVED, status.SENT):
        return []
    lines = quote.lines.select_related("product").order_by("pk")
    return undecided(account, list(dict.fromkeys(line.product for line in lines)))


def _asked(request: HttpRequest, quote: Quote) -> list[Any]:
    """Who would be asked if a draft were submitted now."""
    if quote.status != Quote.Status.DRAFT:
        return []
    try:
        return approval_preview(quote, request.user)[1]  # type: ignore[arg-type]
    except DomainError as error:
        messages.warning(request, error.message)
        return []


@login_required
@permission_required(VIEW, raise_exception=True)
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Submit, recall, send, accept, reject, revise."""
    quote, fields = _quote(request, pk), {}
    form = FORMS[verb](request.POST) if verb in FORMS else None
    if form is not None:
        if not form.is_valid():
            return page(request, quote, form=form, verb=verb, status=422)
        fields = form.cleaned_data
    try:
        done = VERBS[verb](quote=quote, version=shown_version(request), actor=request.user, **fields)
    except InvalidInput as error:
        if form is None:
            raise
        for one in error.errors:
            form.add_error(one.pointer if one.pointer in form.fields else None, one.detail)
        return page(request, quote, form=form, verb=verb, status=422)
    messages.success(request, str(DONE[verb]))
    return redirect(done)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The document that the customer gets."""
    quote = _quote(request, pk)
    answer = HttpResponse(quote_pdf(quote), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{quote.number}.pdf"'
    return answer
