"""A lead's finances, and the settings of who is asked about them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import refused
from accounts.views.records import shown_version
from leads import services
from leads.market_forms import FinancialsForm, ProviderForm
from leads.models import EnrichmentProvider, LeadFinancials
from leads.selectors.enrichment import financials_of, provider_list, run_list, state_of
from leads.views.pages import form_page, trail
from leads.views.records import lead_of
from revops.core.errors import InvalidInput

STATES = {
    "off": (gettext_lazy("Off"), ""),
    "resting": (gettext_lazy("Resting after failures"), "bad"),
    "failing": (gettext_lazy("Failed last time"), "warn"),
    "ready": (gettext_lazy("Ready"), "ok"),
}
RUNS_SHOWN = 25
FACTS = tuple(name for name in ProviderForm.base_fields if name != "secret")
FINANCES = ("revenue", "currency", "employees", "credit_rating", "source", "as_of")


@login_required
@permission_required("leads.view_enrichmentprovider", raise_exception=True)
@require_GET
def settings_page(request: HttpRequest) -> HttpResponse:
    """Who is asked about leads, how they are doing, and the last answers."""
    context = {
        "title": _("Enrichment"),
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (_("Enrichment"), "")],
        "providers": [(row, *STATES[state_of(row)]) for row in provider_list(viewer=request.user)],
        "runs": run_list(viewer=request.user)[:RUNS_SHOWN],
        "may_add": request.user.has_perm("leads.add_enrichmentprovider"),
        "may_change": request.user.has_perm("leads.change_enrichmentprovider"),
    }
    return render(request, "leads/enrichment.html", context)


@login_required
@permission_required("leads.add_enrichmentprovider", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new_provider(request: HttpRequest) -> HttpResponse:
    """Set a provider up."""
    form = ProviderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_provider(actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("enrichment-settings")
    return _provider_form(request, form, _("New provider"))


@login_required
@permission_required("leads.change_enrichmentprovider", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit_provider(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a provider. Its secret is never shown; left empty it stays."""
    provider = get_object_or_404(provider_list(viewer=request.user), pk=pk)
    initial = {name: getattr(provider, name) for name in FACTS}
    form = ProviderForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_provider(
                provider=provider, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("enrichment-settings")
    return _provider_form(request, form, _("Edit %(name)s") % {"name": provider}, provider)


def _provider_form(
    request: HttpRequest, form: ProviderForm, title: str, provider: EnrichmentProvider | None = None
) -> HttpResponse:
    back = reverse("enrichment-settings")
    way = trail((_("Enrichment"), back))
    return form_page(request, form, title=title, way=way, back=back, record=provider)


@login_required
@permission_required("leads.view_lead", raise_exception=True)
@require_http_methods(["GET", "POST"])
def finances(request: HttpRequest, pk: int) -> HttpResponse:
    """A lead's finances as a panel, and the form to enter them by hand."""
    lead = lead_of(request, pk)
    row = financials_of(lead)
    if request.GET.get("panel") == "1":
        return render(request, "leads/finances.html", _shown(request, lead, row))
    initial = {name: getattr(row, name) for name in FINANCES} if row else {}
    form = FinancialsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_financials(lead=lead, version=shown_version(request), actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved. What you entered is not overwritten."))
            return redirect(lead)
    title = _("Finances of %(name)s") % {"name": lead.company}
    context = {
        "form": form,
        "title": title,
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Finances"), "")],
        "cancel_url": lead.get_absolute_url(),
        "record": row or {"version": 0},
        "version": request.POST.get("version") or (row.version if row else "0"),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


def _shown(request: HttpRequest, lead: Any, row: LeadFinancials | None) -> dict[str, Any]:
    return {
        "lead": lead,
        "row": row,
        "run": lead.enrichment_runs.select_related("provider").order_by("-pk").first(),
        "may_change": request.user.has_perm("leads.change_lead"),
    }


@login_required
@require_POST
def enrich(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the providers asked now."""
    lead = lead_of(request, pk)
    runs = services.ask_enrichment(lead=lead, actor=request.user)
    names = ", ".join(str(run.provider) for run in runs)
    messages.success(request, _("Asked %(names)s. The answer stands here in a moment.") % {"names": names})
    return redirect(lead)
