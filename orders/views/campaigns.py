"""Sales during a campaign against before: a panel of its page, or a page of its own."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from leads.filters_campaigns import CampaignFilter
from leads.models import Campaign
from leads.selectors.campaigns import campaign_list
from orders.selectors.campaigns import MEASURES, results_in, results_of, with_results
from revops.core.errors import DomainError
from revops.core.views.lists import Column, Empty, ListPage

LABELS = {"units": gettext_lazy("Units"), "revenue": gettext_lazy("Revenue"), "discount": gettext_lazy("Discount cost")}


def _during(measure: str) -> Callable[[Any], Any]:
    return lambda row: getattr(results_in(row).during, measure)


def _before(measure: str) -> Callable[[Any], Any]:
    return lambda row: getattr(results_in(row).before, measure)


def _change(measure: str) -> Callable[[Any], Any]:
    return lambda row: results_in(row).change(measure)


class CampaignResults(ListPage):
    """Campaigns beside one another: what was sold during each, and how much more than before."""

    title, nav_key, noun = gettext_lazy("Results of campaigns"), "leads", gettext_lazy("campaigns")
    permission = "leads.view_campaign_results"
    filters = CampaignFilter
    order = "-starts"
    columns = (
        Column("name", gettext_lazy("Campaign"), sub="code", sort="name"),
        Column("starts", gettext_lazy("Starts"), "starts_on", kind="date", sort="starts_on"),
        Column("ends", gettext_lazy("Ends"), "ends_on", kind="date", sort="ends_on", phone=False),
        Column("units", gettext_lazy("Units"), _during("units"), kind="number"),
        Column("units_before", gettext_lazy("Units before"), _before("units"), kind="number", phone=False),
        Column("units_change", gettext_lazy("Units, change"), _change("units"), kind="percent"),
        Column("revenue", gettext_lazy("Revenue"), _during("revenue"), kind="money"),
        Column("revenue_before", gettext_lazy("Revenue before"), _before("revenue"), kind="money", phone=False),
        Column("revenue_change", gettext_lazy("Revenue, change"), _change("revenue"), kind="percent", phone=False),
        Column("discount", gettext_lazy("Discount cost"), _during("discount"), kind="money"),
        Column("discount_before", gettext_lazy("Discount before"), _before("discount"), kind="money", phone=False),
    )
    empty = Empty(
        gettext_lazy("No campaign has begun"),
        gettext_lazy("Once one is live, its sales stand here beside those of as many days before."),
        "speakerphone",
    )

    def allowed(self, user: Any) -> bool:
        return bool(super().allowed(user) and user.has_perm("orders.view_order"))

    def rows(self) -> QuerySet[Any]:
        return with_results(campaign_list(viewer=self.request.user), viewer=self.request.user)

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Leads"), reverse("lead-list")), (_("Campaigns"), reverse("campaign-list")), (self.title, "")]


@login_required
@permission_required("leads.view_campaign_results", raise_exception=True)
@permission_required("orders.view_order", raise_exception=True)
@require_GET
def results(request: HttpRequest, pk: int) -> HttpResponse:
    """Units, revenue and discount, and how they changed."""
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    title = _("Sales during %(name)s") % {"name": campaign}
    context: dict[str, Any] = {
        "title": title,
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (campaign.name, campaign.get_absolute_url()), (title, "")],
        "campaign": campaign,
        "part": "orders/campaign_results.html",
    }
    try:
        found = results_of(campaign, viewer=request.user)
    except DomainError as error:  # no rate for a currency
        context["problem"] = error.message
    else:
        context["results"] = found
        if found is not None:
            context["rows"] = [
                {
                    "label": LABELS[name],
                    "during": getattr(found.during, name),
                    "before": getattr(found.before, name),
                    "change": found.change(name),
                }
                for name in MEASURES
            ]
    fragment = request.GET.get("panel") == "1"
    return render(request, context["part"] if fragment else "orders/part_page.html", context)
