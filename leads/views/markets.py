"""Target markets: the list, the builder with its preview, and what is done with a version."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.views.records import shown_version
from leads import services
from leads.filters import MarketFilter
from leads.market_forms import MarketForm
from leads.models import TargetMarket
from leads.selectors.markets import LABELS, Preview, active_fits, asked_of, market_list, preview, reasons
from leads.views.pages import LeadsPart, Trail, form_page, saved, trail
from leads.views.records import lead_of
from revops.core.errors import BadRequest, DomainError
from revops.core.views.counting import bounded_count, count_text
from revops.core.views.lists import Action, Chip, Column, Empty, Figure

TONES = {
    TargetMarket.Status.DRAFT: "",
    TargetMarket.Status.ACTIVE: "ok",
    TargetMarket.Status.RETIRED: "",
}
FACTS = tuple(MarketForm.base_fields)


class MarketList(LeadsPart):
    """Whom we want to sell to."""

    title, noun = gettext_lazy("Target markets"), gettext_lazy("target markets")
    permission = "leads.view_targetmarket"
    adds = ("leads.add_targetmarket", gettext_lazy("New market"), "target-market-new")
    filters = MarketFilter
    order = "name"
    columns = (
        Column("name", gettext_lazy("Market"), sort="name", sub=lambda row: _("version %(n)s") % {"n": row.number}),
        Column("status", gettext_lazy("State"), lambda row: (row.get_status_display(), TONES[row.status]), kind="pill"),
        Column("description", gettext_lazy("In one sentence"), phone=False),
        Column("product", gettext_lazy("Product"), hidden=True),
        Column("tam_accounts", gettext_lazy("Accounts"), kind="number"),
        Column("tam_value", gettext_lazy("Whole market"), lambda row: row.money("tam_value"), kind="money"),
        Column("som", gettext_lazy("Within our reach"), lambda row: row.money("som"), kind="money"),
        Column("activated_at", gettext_lazy("In force since"), kind="date", sort="activated_at", phone=False),
    )
    chips = (
        Chip("active", gettext_lazy("Active"), {"status": "active"}),
        Chip("draft", gettext_lazy("Drafts"), {"status": "draft"}),
    )
    empty = Empty(
        gettext_lazy("No target market yet"),
        gettext_lazy("Say whom you want to sell to: the fit of every lead follows from it."),
        "target",
        Action(gettext_lazy("New market"), "/leads/target-markets/new/", "plus"),
    )

    def rows(self) -> QuerySet[Any]:
        return market_list(viewer=self.request.user)


def market_of(request: HttpRequest, pk: int) -> TargetMarket:
    return get_object_or_404(market_list(viewer=request.user), pk=pk)


def _crumbs(*more: tuple[str, str]) -> Trail:
    return trail((_("Target markets"), reverse("target-market-list")), *more)


@login_required
@permission_required("leads.view_targetmarket", raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: its criteria, its size, and who is in it today."""
    market = market_of(request, pk)
    context = {
        "title": market.name,
        "nav_key": "leads",
        "crumbs": _crumbs((market.name, "")),
        "market": market,
        "tone": TONES[TargetMarket.Status(market.status)],
        "asked": [(LABELS[key], text) for key, text in asked_of(market).items()],
        "sizes": _sizes(market),
        "editions": TargetMarket.objects.visible_to(request.user).filter(name=market.name).order_by("-number"),
        "may_change": request.user.has_perm("leads.change_targetmarket"),
        "may_add": request.user.has_perm("leads.add_targetmarket"),
        **_previewed(preview(market=market, viewer=request.user)),
    }
    return render(request, "leads/market.html", context)


def _sizes(market: TargetMarket) -> list[Figure]:
    return [
        Figure(_("Accounts in the market"), market.tam_accounts),
        Figure(_("Whole market"), market.money("tam_value"), note="TAM"),
        Figure(_("What we can serve"), market.money("sam"), note="SAM"),
        Figure(_("Within our reach"), market.money("som"), note="SOM"),
    ]


def _previewed(found: Preview) -> dict[str, Any]:
    return {
        "account_count": count_text(bounded_count(found.accounts)),
        "lead_count": count_text(bounded_count(found.leads)),
        "sample": found.sample(),
    }


@login_required
@permission_required("leads.view_targetmarket", raise_exception=True)
@require_POST
def show_preview(request: HttpRequest) -> HttpResponse:
    """Who would be in it, as the criteria stand in the form. Nothing is saved."""
    form = MarketForm(request.POST)
    form.full_clean()
    facts = {name: form.cleaned_data[name] for name in FACTS if name in form.cleaned_data}
    try:
        context = _previewed(preview(market=TargetMarket(**facts), viewer=request.user))
    except DomainError as error:  # no rate for the currency that was chosen
        context = {"problem": error.message}
    return render(request, "leads/market_preview.html", context)


@login_required
@permission_required("leads.add_targetmarket", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Build a market."""
    form = MarketForm(request.POST or None)
    made = saved(request, form, lambda facts: services.create_market(actor=request.user, **facts))
    return made or form_page(
        request,
        form,
        title=_("New market"),
        way=_crumbs(),
        back=reverse("target-market-list"),
        template="leads/market_form.html",
    )


def _plain(value: Any) -> Any:
    """An amount as people type it: without the zeros that the database adds."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


@login_required
@permission_required("leads.change_targetmarket", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft; of a version in force its size."""
    market = market_of(request, pk)
    form = MarketForm(request.POST or None, initial={name: _plain(getattr(market, name)) for name in FACTS})
    made = saved(
        request,
        form,
        lambda facts: services.update_market(
            market=market, version=shown_version(request), actor=request.user, **facts
        ),
    )
    return made or form_page(
        request,
        form,
        title=_("Edit %(name)s, version %(n)s") % {"name": market.name, "n": market.number},
        way=_crumbs(),
        record=market,
        template="leads/market_form.html",
    )


@login_required
@permission_required("leads.change_targetmarket", raise_exception=True)
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Activate, retire, make the next version, throw a draft away."""
    market, actor = market_of(request, pk), request.user
    if verb == "activate":
        _market, job = services.activate_market(market=market, version=shown_version(request), actor=actor)
        return redirect("core:job", job.pk)
    if verb == "retire":
        services.retire_market(market=market, version=shown_version(request), actor=actor)
        messages.success(request, _("Retired."))
        return redirect(market)
    if verb == "revise":
        return redirect("target-market-edit", services.revise_market(market=market, actor=actor).pk)
    if verb == "delete":
        services.delete_market_draft(market=market, version=shown_version(request), actor=actor)
        messages.success(request, _("The draft is gone."))
        return redirect("target-market-list")
    raise BadRequest("unknown_verb", _("There is no such action."))


@login_required
@permission_required("leads.view_targetmarket", raise_exception=True)
@require_GET
def of_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """How well a lead fits each active market, with the reasons: a panel of its page, or a page of its own."""
    lead = lead_of(request, pk)
    rows = [
        {
            "fit": row,
            "matched": reasons(row.market, row.matched),
            "failed": reasons(row.market, row.failed),
        }
        for row in active_fits(lead, viewer=request.user)
    ]
    context = {
        "title": _("Target markets of %(name)s") % {"name": lead},
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Markets"), "")],
        "lead": lead,
        "rows": rows,
    }
    fragment = request.GET.get("panel") == "1"
    return render(request, "leads/market_fits.html" if fragment else "leads/market_fits_page.html", context)
