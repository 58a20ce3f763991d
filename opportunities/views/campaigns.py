"""What a campaign or a partner earned: a panel of its page in leads, or a page of its own."""

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from leads.models import Campaign, PromotionPartner
from leads.selectors.attribution import LABELS, MODELS
from opportunities.selectors.campaigns import earned_by, performance_of
from revops.core.errors import DomainError
from revops.core.views.lists import Figure


@login_required
@permission_required("leads.view_campaign_results", raise_exception=True)
@permission_required("opportunities.view_opportunity", raise_exception=True)
@require_GET
def of_campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Won deals by model, return on the money, share of the costs."""
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    context: dict[str, Any] = {"campaign": campaign}
    try:
        found = earned_by(campaign, viewer=request.user)
    except DomainError as error:  # no rate for a currency
        context["problem"] = error.message
    else:
        share, customer = found.cost_share, found.cost_per_customer
        context["figures"] = [
            Figure(_("Won deals it touched"), found.deals, note=str(found.money(found.amount).format())),
            Figure(_("Customers"), found.customers),
            Figure(_("Cost per customer"), customer or "–"),
            Figure(_("Share of marketing costs"), "–" if share is None else f"{share} %", note=_("of its days")),
        ]
        context["rows"] = [
            {"label": LABELS[model], "money": found.money(found.by_model[model]), "roi": found.roi(model)}
            for model in MODELS
        ]
    return _shown(request, "campaign_earned", _("Earned by %(name)s") % {"name": campaign}, campaign, context)


@login_required
@permission_required("leads.view_promotionpartner", raise_exception=True)
@permission_required("opportunities.view_opportunity", raise_exception=True)
@require_GET
def of_partner(request: HttpRequest, pk: int) -> HttpResponse:
    """Deals of a partner's registrations, what was won, and the fee on it."""
    partner = get_object_or_404(PromotionPartner.objects.visible_to(request.user), pk=pk)
    context: dict[str, Any] = {"partner": partner}
    try:
        found = performance_of(partner, viewer=request.user)
    except DomainError as error:
        context["problem"] = error.message
    else:
        context["deals"] = found.deals
        context["figures"] = [
            Figure(_("Open"), found.open_count),
            Figure(_("Won"), found.won_count),
            Figure(_("Lost"), found.lost_count),
            Figure(_("Amount won"), found.won),
            Figure(_("Fee"), found.fee, note=_("%(pct)s %% of it") % {"pct": f"{partner.fee_pct.normalize():f}"}),
        ]
    return _shown(request, "partner_earned", _("Performance of %(name)s") % {"name": partner}, partner, context)


def _shown(request: HttpRequest, name: str, title: str, record: Any, context: dict[str, Any]) -> HttpResponse:
    crumbs = [(_("Leads"), reverse("lead-list")), (str(record), record.get_absolute_url()), (title, "")]
    context |= {"title": title, "nav_key": "leads", "crumbs": crumbs, "part": f"opportunities/{name}.html"}
    fragment = request.GET.get("panel") == "1"
    return render(request, context["part"] if fragment else "opportunities/part_page.html", context)
