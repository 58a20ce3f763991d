"""The two doors from lead to deal: accept a handoff, convert a lead of one's own."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from leads.models import Handoff, Lead
from opportunities import services
from opportunities.views.board import shown_version


@login_required
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a lead over; its deal opens, however often the button was pressed."""
    handoff = get_object_or_404(Handoff.objects.visible_to(request.user), pk=pk)
    deal = services.accept_handoff(
        handoff=handoff,
        version=shown_version(request),
        actor=request.user,  # type: ignore[arg-type]
    )
    messages.success(request, _("Accepted. %(name)s is yours.") % {"name": deal.name})
    return redirect(deal)


@login_required
@require_POST
def convert(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a deal of a qualified lead of one's own."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    deal = services.convert_lead(
        lead=lead,
        version=shown_version(request),
        actor=request.user,  # type: ignore[arg-type]
    )
    messages.success(request, _("Converted. The opportunity is open."))
    return redirect(deal)
