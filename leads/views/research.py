"""Research on a lead: the five questions, as a panel of its page and as a page where they are answered."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import refused
from accounts.views.records import shown_version
from leads import services
from leads.market_forms import BriefForm, FindingForm
from leads.models import Lead
from leads.selectors.research import brief_of, research_on
from leads.views.records import lead_of
from revops.core.errors import InvalidInput, MissingFields


@login_required
@permission_required("leads.view_lead", raise_exception=True)
@require_http_methods(["GET", "POST"])
def research(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known and from where; posted, one more finding."""
    lead = lead_of(request, pk)
    form = FindingForm(request.POST or None, initial={"topic": request.GET.get("topic", "")})
    if request.method == "POST" and form.is_valid():
        try:
            services.add_finding(actor=request.user, lead=lead, **form.cleaned_data)
        except (InvalidInput, MissingFields) as error:
            refused(form, error)
        else:
            messages.success(request, _("Noted."))
            return redirect("lead-research", lead.pk)
    context = _context(request, lead)
    if request.GET.get("panel") == "1":
        return render(request, "leads/research.html", context)
    brief = context["brief"]
    context |= {
        "title": _("Research on %(name)s") % {"name": lead.company},
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Research"), "")],
        "form": form,
        "brief_form": BriefForm(
            viewer=request.user,
            auto_id="b-%s",
            initial={"owner": brief.owner_id, "due_on": brief.due_on} if brief else {"owner": request.user.pk},
        ),
        "history": [row for row in brief.findings.all() if not row.is_current] if brief else [],
    }
    return render(request, "leads/research_page.html", context, status=422 if form.errors else 200)


def _context(request: HttpRequest, lead: Lead) -> dict[str, Any]:
    brief = brief_of(lead)
    may = request.user.has_perm("leads.change_lead") and lead.archived_at is None
    return {"lead": lead, "brief": brief, "research": research_on(brief), "may_change": may}


@login_required
@require_POST
def brief(request: HttpRequest, pk: int) -> HttpResponse:
    """Who finds it out, and until when."""
    lead = lead_of(request, pk)
    form = BriefForm(request.POST, viewer=request.user)
    if not form.is_valid():
        raise InvalidInput.of(**{name: str(texts[0]) for name, texts in form.errors.items()})
    found = brief_of(lead)
    if found is None:
        services.open_brief(actor=request.user, lead=lead, **form.cleaned_data)
    else:
        services.update_brief(brief=found, version=shown_version(request), actor=request.user, **form.cleaned_data)
    messages.success(request, _("Saved."))
    return redirect("lead-research", lead.pk)
