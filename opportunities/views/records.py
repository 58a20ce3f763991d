"""A deal's own page, and the forms that open and edit it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import LogForm
from accounts.pegs import activities_on
from accounts.views.touches import touch_context
from opportunities import services
from opportunities.forms import CategoryForm, OpportunityForm, refused
from opportunities.models import Opportunity
from opportunities.selectors import attention
from opportunities.selectors.opportunities import accounts_for, contacts_of, opportunity_list
from opportunities.selectors.record import Step, margin_of, quotes_of, stage_steps
from opportunities.selectors.team import team_list
from opportunities.selectors.timeline import timeline
from opportunities.views.board import VIEW, shown_version
from revops.core import clock
from revops.core.errors import BadRequest, InvalidInput, MissingFields
from revops.core.money import Money
from revops.core.registries import panels_for
from revops.core.templatetags.frame import day
from revops.core.views.landing import landing
from revops.core.views.lists import Figure


def _deal(request: HttpRequest, pk: int) -> Opportunity:
    return get_object_or_404(opportunity_list(viewer=request.user), pk=pk)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that decides about a deal, and what happened on it."""
    return page(request, _deal(request, pk))


def page(request: HttpRequest, deal: Opportunity, *, log: LogForm | None = None, status: int = 200) -> HttpResponse:
    """The record page; `log` carries back what could not be saved."""
    now = clock.now()
    action = attention.next_actions([deal.pk], now).get(deal.pk, attention.NOTHING)
    touched = attention.last_touches([deal.pk]).get(deal.pk)
    steps, following = stage_steps(deal, now)
    context = {
        "title": deal.name,
        "deal": deal,
        "logo": deal.account.name if deal.account else deal.name,
        "record_icon": "layout-kanban",
        "nav_key": "opportunities",
        "crumbs": _crumbs(deal),
        "keyfacts": _keyfacts(deal, now),
        "steps": _links(deal, steps, request.user.has_perm("opportunities.change_opportunity")),
        "following": following,
        "action": action,
        "warning": attention.warning(deal, touched, action, now),
        **touch_context(
            request,
            activities_on(deal, viewer=request.user),
            log=log,
            url=reverse("opportunity-log", args=[deal.pk]),
        ),
        "category_form": CategoryForm(record=deal),
        "timeline": timeline(deal, before=_before(request)),
        "contacts": contacts_of(deal, viewer=request.user),
        "splits": [(row, Money(row.amount, deal.currency)) for row in _splits(deal)],
        "team": team_list(viewer=request.user).filter(opportunity=deal).order_by("pk"),
        "quotes": quotes_of(deal),
        "panels": panels_for("opportunities.opportunity", deal, request.user),  # type: ignore[arg-type]
        "may_change": request.user.has_perm("opportunities.change_opportunity"),
    }
    return render(request, "opportunities/opportunity.html", context, status=status)


def _splits(deal: Opportunity) -> Any:
    return deal.splits.select_related("user").order_by("-kind", "-percent", "pk")


def _before(request: HttpRequest) -> datetime | None:
    raw = request.GET.get("before")
    if not raw:
        return None
    try:
        at = parse_datetime(raw)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadRequest("bad_before", _("This page address is damaged. Open the record again."))
    return at


def _crumbs(deal: Opportunity) -> list[tuple[str, str]]:
    crumbs = [(_("Opportunities"), reverse("opportunity-board"))]
    if deal.account is not None:
        crumbs.append((deal.account.name, f"{reverse('opportunity-list')}?account={deal.account_id}"))
    return [*crumbs, (deal.name, "")]


def _keyfacts(deal: Opportunity, now: datetime) -> list[Figure]:
    figures = [
        Figure(_("Amount"), deal.amount_money, "", deal.get_kind_display()),
        _closing(deal),
        Figure(
            _("Forecast"),
            deal.get_category_display(),
            "",
            _("set by hand") if deal.category_overridden else _("as the stage says"),
        ),
        Figure(_("Win chance"), f"{deal.probability.normalize():f} %", "", _("odds of this stage")),
    ]
    margin = margin_of(deal)
    if margin is not None:
        figures.append(Figure(_("Margin"), f"{margin} %", "", _("of the newest quote"), "warn" if margin < 25 else ""))
    if deal.status == Opportunity.Status.OPEN:
        days = max(0, (now - deal.stage_entered_at).days)
        age = max(0, (clock.today() - deal.opened_on).days)
        words = ngettext("%(n)s day", "%(n)s days", age) % {"n": age}
        note = _("%(n)s in this stage, quiet limit %(limit)s") % {"n": days, "limit": deal.stage.quiet_days}
        figures.append(Figure(_("Age"), words, "", note))
    return figures


def _closing(deal: Opportunity) -> Figure:
    if deal.closed_on is not None:
        label = _("Won on") if deal.status == Opportunity.Status.WON else _("Lost on")
        reason = str(deal.loss_reason) if deal.loss_reason else deal.won_reason
        return Figure(label, day(deal.closed_on), "", reason)
    if deal.close_on is None:
        return Figure(_("Close date"), "–", "", _("stands under “no date” in the forecast"))
    days = (deal.close_on - clock.today()).days
    if days < 0:
        words = ngettext("%(n)s day ago", "%(n)s days ago", -days) % {"n": -days}
        return Figure(_("Close date"), day(deal.close_on), "", words, "bad")
    words = ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days} if days else _("today")
    return Figure(_("Close date"), day(deal.close_on), "", words)


def _links(deal: Opportunity, steps: list[Step], may: bool) -> list[dict[str, Any]]:
    """The stepper's entries; a press on another stage moves the deal there."""
    move = reverse("opportunity-move", args=[deal.pk])
    movable = may and deal.status == Opportunity.Status.OPEN
    return [
        {
            "label": step.label,
            "note": step.note,
            "state": step.state,
            "url": f"{move}?stage={step.key}" if movable and step.key and step.state != "now" else "",
        }
        for step in steps
    ]


@login_required
@permission_required("opportunities.add_opportunity", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Open a deal; `?account=` and `?stage=` fill the form."""
    form = OpportunityForm(request.POST or None, viewer=request.user, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        try:
            deal = services.create_opportunity(actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except (InvalidInput, MissingFields) as error:
            refused(form, error)
        else:
            messages.success(request, _("Opportunity opened."))
            return redirect(deal)
    context = {
        "form": form,
        "title": _("New opportunity"),
        "crumbs": [(_("Opportunities"), reverse("opportunity-board")), (_("New"), "")],
        "nav_key": "opportunities",
        "submit_label": _("Open opportunity"),
        "cancel_url": reverse("opportunity-board"),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


def _initial(request: HttpRequest) -> dict[str, Any]:
    start: dict[str, Any] = {"owner": request.user.pk, "stage": request.GET.get("stage", "")}
    account = request.GET.get("account", "")
    if account.isascii() and account.isdigit() and len(account) < 16:
        found = accounts_for(viewer=request.user).filter(pk=int(account)).first()
        if found is not None:
            start |= {"account": found.pk, "currency": found.currency}
    return start


@login_required
@permission_required("opportunities.change_opportunity", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a deal's facts."""
    deal = _deal(request, pk)
    form = OpportunityForm(request.POST or None, viewer=request.user, record=deal, initial=_facts(deal))
    if request.method == "POST" and form.is_valid():
        try:
            services.update_opportunity(
                opportunity=deal,
                version=shown_version(request),
                actor=request.user,  # type: ignore[arg-type]
                **form.cleaned_data,
            )
        except (InvalidInput, MissingFields) as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return landing(request, deal, "opportunity-board")
    context = {
        "form": form,
        "title": _("Edit %(name)s") % {"name": deal.name},
        "crumbs": [*_crumbs(deal)[:-1], (deal.name, deal.get_absolute_url()), (_("Edit"), "")],
        "nav_key": "opportunities",
        "record": deal,
        "version": request.POST.get("version") or deal.version,
        "cancel_url": deal.get_absolute_url(),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


def _facts(deal: Opportunity) -> dict[str, Any]:
    names = ("name", "amount", "currency", "close_on", "kind", "source")
    related = ("account", "contact", "owner", "product")
    facts = {name: getattr(deal, name) for name in names} | {name: getattr(deal, f"{name}_id") for name in related}
    if isinstance(deal.amount, Decimal):
        facts["amount"] = f"{deal.amount.normalize():f}"
    return facts
