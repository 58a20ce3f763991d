"""Research partners and their deliveries."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.forms import refused
from accounts.views.records import shown_version
from leads import services
from leads.filters import ResearchPartnerFilter
from leads.market_forms import DeliveryForm, ResearchPartnerForm
from leads.models import ResearchPartner
from leads.selectors.partners import deliveries_of, licence_ended, partner_list
from leads.views.pages import LeadsPart, Trail, form_page, saved, trail
from leads.views.records import lead_of
from revops.core import clock
from revops.core.errors import DomainError
from revops.core.views.lists import Column, Empty

VIEW, ADD, CHANGE = "leads.view_researchpartner", "leads.add_researchpartner", "leads.change_researchpartner"
FACTS = tuple(ResearchPartnerForm.base_fields)
SHOWN = 50


def _crumbs(*more: tuple[str, str]) -> Trail:
    return trail((_("Research partners"), reverse("research-partner-list")), *more)


class ResearchPartnerList(LeadsPart):
    """Who sells us records."""

    title, noun = gettext_lazy("Research partners"), gettext_lazy("research partners")
    permission = VIEW
    adds = (ADD, gettext_lazy("New partner"), "research-partner-new")
    filters = ResearchPartnerFilter
    order = "name"
    columns = (
        Column("name", gettext_lazy("Partner"), sort="name"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("price", gettext_lazy("Price of a record"), "price", kind="money"),
        Column("licence", gettext_lazy("Licence until"), "licence_expires_on", kind="date", sort="licence_expires_on"),
        Column("delivered", gettext_lazy("Deliveries"), kind="number", sort="delivered"),
    )
    empty = Empty(
        gettext_lazy("No research partner yet"),
        gettext_lazy("A firm that sells lists of companies: its files become leads, its price a cost of winning them."),
        "packages",
    )

    def rows(self) -> QuerySet[Any]:
        return partner_list(viewer=self.request.user)


def partner_of(request: HttpRequest, pk: int) -> ResearchPartner:
    return get_object_or_404(partner_list(viewer=request.user), pk=pk)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The agreement and what was delivered; posted, one more file."""
    partner = partner_of(request, pk)
    form = DeliveryForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            delivery, made = services.receive_delivery(
                partner=partner, upload=form.cleaned_data["file"], actor=request.user
            )
        except DomainError as error:
            if error.status == 403:
                raise
            refused(form, error)
        else:
            if made and delivery.job:
                return redirect("core:job", delivery.job.pk)
            messages.info(request, _("This file is here already: nothing was taken in twice."))
            return redirect(partner)
    ended = partner.licence_expires_on is not None and partner.licence_expires_on < clock.today()
    context = {
        "title": partner.name,
        "nav_key": "leads",
        "crumbs": _crumbs((partner.name, "")),
        "partner": partner,
        "ended": ended,
        "deliveries": deliveries_of(partner)[:SHOWN],
        "form": form,
        "may_change": request.user.has_perm(CHANGE),
    }
    return render(request, "leads/research_partner.html", context, status=422 if form.errors else 200)


@login_required
@permission_required(ADD, raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write a partner down."""
    form = ResearchPartnerForm(request.POST or None)
    made = saved(
        request,
        form,
        lambda facts: services.create_setting(record=ResearchPartner(**facts), actor=request.user),
    )
    return made or form_page(
        request, form, title=_("New partner"), way=_crumbs(), back=reverse("research-partner-list")
    )


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the agreement; renewing the licence lets its leads be contacted again."""
    partner = partner_of(request, pk)
    form = ResearchPartnerForm(request.POST or None, initial={name: getattr(partner, name) for name in FACTS})
    made = saved(
        request,
        form,
        lambda facts: services.edit_setting(
            record=partner, version=shown_version(request), actor=request.user, **facts
        ),
    )
    return made or form_page(request, form, title=_("Edit %(name)s") % {"name": partner}, way=_crumbs(), record=partner)


@login_required
@permission_required("leads.view_lead", raise_exception=True)
def licence(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a lead was bought, and until when it may be contacted: a panel of its page."""
    lead = lead_of(request, pk)
    found = getattr(lead, "licence", None)
    context = {
        "title": _("Licence of %(name)s") % {"name": lead},
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Licence"), "")],
        "partner": found.delivery.partner if found else None,
        "ended": licence_ended(lead),
    }
    fragment = request.GET.get("panel") == "1"
    return render(request, "leads/licence.html" if fragment else "leads/licence_page.html", context)
