"""What people do on a deal's page: log, plan, share the credit, set the category, reopen."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.views.touches import touched
from opportunities import services
from opportunities.forms import CategoryForm, SplitForm, refused
from opportunities.models import Opportunity
from opportunities.selectors.opportunities import opportunity_list
from opportunities.views.board import VIEW, shown_version
from opportunities.views.records import page
from revops.core.errors import InvalidInput
from revops.core.views.landing import landing

CHANGE = "opportunities.change_opportunity"


def _deal(request: HttpRequest, pk: int) -> Opportunity:
    return get_object_or_404(opportunity_list(viewer=request.user), pk=pk)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_POST
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """One touch in one go: what happened, and the next action."""
    return touched(request, _deal(request, pk), page)


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def splits(request: HttpRequest, pk: int) -> HttpResponse:
    """Who shares the credit."""
    deal = _deal(request, pk)
    form = SplitForm(request.POST or None, viewer=request.user, initial=_split_rows(deal))
    if request.method == "POST" and form.is_valid():
        try:
            services.set_splits(
                opportunity=deal,
                splits=form.splits(),
                version=shown_version(request),
                actor=request.user,  # type: ignore[arg-type]
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Credit split saved."))
            return landing(request, deal, "opportunity-board")
    context = {
        "form": form,
        "title": _("Credit split of %(name)s") % {"name": deal.name},
        "subtitle": _("Revenue shares add up to 100 %. Overlay shares count beside them."),
        "crumbs": [
            (_("Opportunities"), reverse("opportunity-board")),
            (deal.name, deal.get_absolute_url()),
            (_("Credit split"), ""),
        ],
        "nav_key": "opportunities",
        "record": deal,
        "version": request.POST.get("version") or deal.version,
        "cancel_url": deal.get_absolute_url(),
        "submit_label": _("Save split"),
    }
    return render(request, "opportunities/splits.html", context, status=422 if form.errors else 200)


def _split_rows(deal: Opportunity) -> dict[str, Any]:
    start: dict[str, Any] = {}
    for number, row in enumerate(deal.splits.order_by("-kind", "-percent", "pk")):
        start[f"user_{number}"], start[f"kind_{number}"] = row.user_id, row.kind
        start[f"percent_{number}"] = f"{row.percent.normalize():f}"
    return start


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_POST
def category(request: HttpRequest, pk: int) -> HttpResponse:
    """Override the forecast category, or follow the stage again."""
    deal = _deal(request, pk)
    form = CategoryForm(request.POST, record=deal)
    if not form.is_valid():
        raise InvalidInput.of(category=_("Choose pipeline, best case or commit."))
    services.set_category(
        opportunity=deal,
        category=form.cleaned_data["category"] or None,
        version=shown_version(request),
        actor=request.user,  # type: ignore[arg-type]
    )
    messages.success(request, _("Forecast category saved."))
    return redirect(deal)


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_POST
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a deal out of lists, board and forecast, or bring it back."""
    deal, actor = _deal(request, pk), request.user
    act = services.restore_opportunity if deal.archived_at else services.archive_opportunity
    act(opportunity=deal, version=shown_version(request), actor=actor)  # type: ignore[arg-type]
    messages.success(request, _("Restored.") if deal.archived_at else _("Archived."))
    return redirect(deal)


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a closed deal back into negotiation."""
    deal = services.reopen_opportunity(
        opportunity=_deal(request, pk),
        version=shown_version(request),
        actor=request.user,  # type: ignore[arg-type]
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, _("Reopened in %(stage)s.") % {"stage": deal.stage.label})
    return redirect(deal)
