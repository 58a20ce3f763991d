"""Plans: what they pay, in which edition, and the signature of the person on it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from forecasting import services
from forecasting.models.compensation import Component, PlanAssignment, PlanVersion
from forecasting.selectors.plans import assignment_list, plan_list
from forecasting.views.posted import shown_version
from revops.core.money import Money

TONES = {"draft": "", "in_review": "warn", "approved": "accent", "active": "ok", "retired": "line"}


@login_required
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan that the viewer may see, edition by edition, tier by tier."""
    rows = [
        {"plan": plan, "versions": [_version(edition) for edition in plan.versions.all()]}
        for plan in plan_list(viewer=request.user)
    ]
    context = {
        "title": _("Compensation plans"),
        "nav_key": "compensation",
        "crumbs": [(_("Compensation"), reverse("statement-list")), (_("Plans"), "")],
        "plans": rows,
        "assignments": [_assignment(row, request.user) for row in assignment_list(viewer=request.user).order_by("-pk")],
    }
    return render(request, "forecasting/plans.html", context)


def _version(edition: PlanVersion) -> dict[str, Any]:
    return {
        "edition": edition,
        "tone": TONES[edition.status],
        "last_on": _last(edition.during),
        "components": [_component(component, edition.currency) for component in edition.components.all()],
    }


def _component(component: Component, currency: str) -> dict[str, Any]:
    tiers = sorted(component.tiers.all(), key=lambda tier: tier.bound)
    return {
        "component": component,
        "tiers": [(number, Money(tier.bound, currency), tier.rate) for number, tier in enumerate(tiers, start=1)],
    }


def _last(during: Any) -> Any:
    return None if during.upper is None else during.upper.fromordinal(during.upper.toordinal() - 1)


def _assignment(row: PlanAssignment, viewer: Any) -> dict[str, Any]:
    offered = row.status == PlanAssignment.Status.OFFERED
    return {"row": row, "last_on": _last(row.during), "may_sign": offered and row.user_id == viewer.pk}


@login_required
@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """The payee accepts the plan."""
    assignment = get_object_or_404(PlanAssignment.objects.visible_to(request.user), pk=pk)
    services.sign_assignment(assignment=assignment, version=shown_version(request), actor=request.user)
    messages.success(request, _("Signed: this plan pays you now."))
    return redirect("plan-list")
