"""The deal desk: what waits for the viewer's yes or no, read before it is decided."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from opportunities import services
from opportunities.forms_quotes import NoteForm
from opportunities.models import ApprovalRequest
from opportunities.selectors.approvals import approval_inbox, approval_list, current_step, lowest_margin
from opportunities.selectors.quotes import figures
from opportunities.views.board import shown_version
from opportunities.views.quotes import VIEW, segment
from revops.core.errors import InvalidInput
from revops.core.money import Money

SHOWN = 50


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """The queue, and the opened request beside it."""
    return page(request, request.GET.get("open", ""), NoteForm())


def page(request: HttpRequest, opened: str, form: NoteForm, status: int = 200) -> HttpResponse:
    rows = list(approval_inbox(viewer=request.user)[:SHOWN])
    chosen = next((row for row in rows if str(row.pk) == opened), rows[0] if rows else None)
    context: dict[str, Any] = {
        "title": _("Deal desk"),
        "subtitle": _("Quotes that wait for your yes or no, oldest first."),
        "nav_key": "quotes",
        "crumbs": [(_("Quotes"), reverse("quote-list")), (_("Deal desk"), "")],
        "views": segment(request.user, "desk"),
        "items": [_item(row) for row in rows],
        "chosen": _item(chosen) if chosen else None,
        "form": form,
        "limit": lowest_margin(),
    }
    if chosen:
        quote = chosen.quote
        lines = quote.lines.select_related("product")
        context |= {
            "rows": [{"line": line, "net": Money(line.net, quote.currency)} for line in lines],
            "figures": figures(quote),
            "document": quote,
        }
    return render(request, "opportunities/deal_desk.html", context, status=status)


def _item(approval: ApprovalRequest) -> dict[str, Any]:
    return {"approval": approval, "quote": approval.quote, "step": current_step(approval)}


@login_required
@permission_required(VIEW, raise_exception=True)
@require_POST
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Yes or no, with a note; the next one opens by itself."""
    approval = get_object_or_404(approval_list(viewer=request.user), pk=pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return page(request, str(pk), form, status=422)
    service = services.approve_quote_step if verb == "approve" else services.reject_quote_step
    try:
        quote = service(
            approval=approval, version=shown_version(request), actor=request.user, note=form.cleaned_data["note"]
        )
    except InvalidInput as error:
        form.add_error("note", error.message)
        return page(request, str(pk), form, status=422)
    said = _("%(number)s approved.") if verb == "approve" else _("%(number)s sent back.")
    messages.success(request, said % {"number": quote.number})
    return redirect(quote if request.POST.get("back") == "quote" else "deal-desk")
