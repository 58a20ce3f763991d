"""The card on an open deal: what it earns the person who looks at it. Nobody sees another's."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from forecasting.selectors.earn import Earn, earn_on, holds_share, so_far
from opportunities.models import Opportunity


@login_required
def earn(request: HttpRequest, pk: int) -> HttpResponse:
    """A fragment for the record page; a page of its own without JavaScript."""
    deal = get_object_or_404(Opportunity.objects.visible_to(request.user), pk=pk)
    if not holds_share(deal, request.user):
        raise Http404
    found = earn_on(deal, request.user)
    context: dict[str, Any] = {"deal": deal, "earn": found, "bar": _bar(found) if found else None}
    context["month"] = date_format(found.on, "F") if found else ""
    if request.headers.get("HX-Request"):
        return render(request, "forecasting/earn.html", context)
    crumbs = [(_("Opportunities"), reverse("opportunity-board")), (deal.name, deal.get_absolute_url())]
    context |= {"title": _("What you earn"), "crumbs": crumbs, "nav_key": "opportunities"}
    return render(request, "forecasting/earn_page.html", context)


def _bar(found: Earn) -> dict[str, Decimal]:
    """One scale for what is booked, what the deal adds and the quota."""
    quota = found.quota.amount if found.quota else Decimal(0)
    return {
        "top": max(found.measured_then.amount, quota) * Decimal("1.05") or Decimal(1),
        "now": found.measured_now.amount,
        "add": found.credited.amount,
        "quota": quota,
    }


@login_required
def earned(request: HttpRequest) -> HttpResponse:
    """One's own month until now, for My day; the running month's page without JavaScript."""
    if not request.headers.get("HX-Request"):
        return redirect("statement-me")
    found = so_far(request.user)
    top = max(found.measured.amount, found.quota.amount) * Decimal("1.16") if found and found.quota else Decimal(1)
    context = {"earned": found, "month": date_format(found.period.first_on, "F") if found else "", "top": top}
    return render(request, "forecasting/earned.html", context)
