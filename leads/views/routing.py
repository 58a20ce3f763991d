"""How leads are routed, and the tester: who would get this lead, and why."""

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.selectors.territories import model_in_force
from leads.forms_routing import TestForm
from leads.models import RoutingPool
from leads.selectors.routing import decide, member_states, trial_lead
from leads.selectors.settings import named_account_list, pool_list, queue_list, rule_list
from revops.core.templatetags.frame import duration

SHOWN = 50


@login_required
@permission_required("leads.view_routingrule", raise_exception=True)
@require_GET
def settings_page(request: HttpRequest) -> HttpResponse:
    """The steps in their order, rules, pools, lists and queues; asked about a lead, it changes nothing."""
    viewer, form = request.user, TestForm(request.GET if request.GET else None)
    decision = decide(trial_lead(**form.cleaned_data)) if form.is_bound and form.is_valid() else None
    context = {
        "title": _("Routing"),
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (_("Routing"), "")],
        "form": form,
        "decision": decision,
        "model": model_in_force(),
        "rules": rule_list(viewer=viewer).order_by("priority", "pk")[:SHOWN],
        "pools": [_pool(pool) for pool in pool_list(viewer=viewer).order_by("-is_default", "name")[:SHOWN]],
        "named": named_account_list(viewer=viewer).filter(is_active=True)[:SHOWN],
        "queues": queue_list(viewer=viewer).select_related("owner").order_by("-is_fallback", "name")[:SHOWN],
        "may_change": request.user.is_staff and request.user.has_perm("leads.change_routingrule"),
    }
    return render(request, "leads/routing.html", context, status=422 if form.errors else 200)


def _pool(pool: RoutingPool) -> dict[str, Any]:
    members = [
        {"member": member, "hindrance": hindrance, "taken": taken} for member, hindrance, taken in member_states(pool)
    ]
    return {"pool": pool, "members": members, "answer_within": duration(pool.answer_minutes)}
