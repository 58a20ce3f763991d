"""What people do on a lead's page. Inline saves say a refusal in a toast and show the lead as it is now."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.views.records import shown_version
from accounts.views.touches import touched
from leads import services
from leads.forms import AssignForm, DisqualifyForm, PackageForm
from leads.models import Lead
from leads.selectors.scoring import CRITERIA
from leads.views.records import criteria_context, lead_of, page
from revops.core.errors import BadRequest, DomainError, InvalidInput, StaleCopy
from revops.core.views.landing import landing

VERBS: dict[str, tuple[Callable[..., Any], Any]] = {
    "start": (services.start_working, gettext_lazy("Working on it.")),
    "nurture": (services.nurture_lead, gettext_lazy("Set aside for later.")),
    "reopen": (services.reopen_lead, gettext_lazy("Back in work.")),
    "archive": (services.archive_lead, gettext_lazy("Archived.")),
    "restore": (services.restore_lead, gettext_lazy("Restored.")),
}


def _inline(request: HttpRequest, lead: Lead, act: Callable[[], Any], said: str, back: str = "") -> HttpResponse:
    target = back or lead.get_absolute_url()
    if not getattr(request, "htmx", False):
        act()
        messages.success(request, said)
        return redirect(target)
    try:
        act()
    except StaleCopy as error:  # what the other one wrote must be read before anything is typed over it
        messages.error(request, error.message)
        return HttpResponse(headers={"HX-Refresh": "true"})
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(target)


@login_required
@require_POST
def answers(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the answers and their evidence, one or all."""
    lead = lead_of(request, pk)
    given = {name: request.POST[name].strip() or None for name in CRITERIA if name in request.POST}
    evidence = {name: request.POST[f"{name}_evidence"] for name in CRITERIA if f"{name}_evidence" in request.POST}

    def act() -> None:
        services.answer_criteria(
            lead=lead, version=shown_version(request), actor=request.user, answers=given, evidence=evidence
        )

    back = reverse("lead-qualify", args=[pk]) if request.POST.get("back") == "qualify" else ""
    return _inline(request, lead, act, _("Answers saved."), back)


@login_required
@require_POST
def package(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what the handoff still needs."""
    lead = lead_of(request, pk)
    form = PackageForm(request.POST)
    if not form.is_valid():
        raise InvalidInput.of(**{name: str(texts[0]) for name, texts in form.errors.items()})

    def act() -> None:
        services.update_lead(lead=lead, version=shown_version(request), actor=request.user, **form.cleaned_data)

    return _inline(request, lead, act, _("Saved."))


@login_required
@permission_required("leads.view_lead", raise_exception=True)
@require_http_methods(["GET", "POST"])
def qualify(request: HttpRequest, pk: int) -> HttpResponse:
    """The five criteria on a page of their own; sent, the lead qualifies or it is said why not."""
    lead = lead_of(request, pk)
    if request.method == "POST":
        services.qualify_lead(lead=lead, version=shown_version(request), actor=request.user)
        messages.success(request, _("Qualified. Hand it off while it is warm."))
        return redirect(lead)
    context = {
        "title": _("Qualify %(name)s") % {"name": lead},
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Qualify"), "")],
        **criteria_context(request, lead),
        "back": "qualify",
    }
    return render(request, "leads/qualify.html", context)


@login_required
@require_POST
def disqualify(request: HttpRequest, pk: int) -> HttpResponse:
    """It is no lead, and why."""
    lead = lead_of(request, pk)
    form = DisqualifyForm(request.POST)
    facts = form.cleaned_data if form.is_valid() else {"reason": None}
    services.disqualify_lead(lead=lead, version=shown_version(request), actor=request.user, **facts)
    messages.success(request, _("Disqualified. You can reopen it at any time."))
    return redirect(lead)


@login_required
@require_POST
def move(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Start, nurture or reopen."""
    lead = lead_of(request, pk)
    if verb not in VERBS:
        raise BadRequest("unknown_verb", _("There is no such action."))
    act, said = VERBS[verb]
    act(lead=lead, version=shown_version(request), actor=request.user)
    messages.success(request, said)
    return redirect(lead)


@login_required
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the lead to somebody."""
    lead = lead_of(request, pk)
    form = AssignForm(request.POST)
    if not form.is_valid():
        raise InvalidInput.of(owner=_("Choose who gets it."))
    to_user = form.cleaned_data["owner"]
    services.assign_lead(lead=lead, to_user=to_user, version=shown_version(request), actor=request.user)
    messages.success(request, _("It is with %(name)s now.") % {"name": to_user})
    return landing(request, lead, "lead-list")


@login_required
@require_POST
def route(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the lead to whose turn it is."""
    lead = lead_of(request, pk)
    row = services.route_lead(lead=lead, actor=request.user)
    messages.success(request, _("It is with %(name)s now.") % {"name": (row.user or row.queue) if row else "–"})
    return landing(request, lead, "lead-list")


@login_required
@require_POST
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """One touch: what happened, what comes next, or both."""
    lead = lead_of(request, pk)
    return touched(request, lead, page, partial(services.log_lead_touch, lead=lead))
