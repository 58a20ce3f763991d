"""Campaigns: the list, the page with its funnel, what is prepared, what it costs, and what is done with it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import refused
from accounts.views.records import shown_version
from leads import services
from leads.filters_campaigns import CampaignFilter, MemberFilter
from leads.forms_campaigns import CampaignForm, CostForm, FindingsForm, TaskForm
from leads.models import Campaign, CampaignMember, Lead
from leads.selectors.campaigns import Stage, campaign_list, costs_of, funnel_of, member_list, touches_of
from leads.views.pages import LeadsPart, Trail, form_page, saved, trail
from leads.views.records import lead_of
from revops.core.errors import BadRequest, DomainError, MissingFields
from revops.core.money import truncated_percent
from revops.core.registries import panels_for
from revops.core.views.lists import Action, Chip, Column, Empty, Figure, ListPage

Status = Campaign.Status
TONES = {Status.PLANNED: "", Status.LIVE: "ok", Status.ENDED: "accent", Status.ANALYSED: ""}
MEMBER_TONES = {CampaignMember.Status.RESPONDED: "ok", CampaignMember.Status.ENGAGED: "accent"}
FACTS = tuple(CampaignForm.base_fields)
FUNNEL = {
    "targeted": gettext_lazy("Chosen"),
    "contacted": gettext_lazy("Contacted"),
    "engaged": gettext_lazy("Opened or clicked"),
    "responded": gettext_lazy("Responded"),
    "leads": gettext_lazy("Leads it brought"),
    "qualified": gettext_lazy("Qualified"),
    "converted": gettext_lazy("Converted"),
}
DONE = {
    "launch": gettext_lazy("It is live."),
    "end": gettext_lazy("It is over. Late answers still count."),
}


class CampaignList(LeadsPart):
    """What we do to be found, and what it brings."""

    title, noun, place = gettext_lazy("Campaigns"), gettext_lazy("campaigns"), "campaigns"
    permission = "leads.view_campaign"
    adds = ("leads.add_campaign", gettext_lazy("New campaign"), "campaign-new")
    filters = CampaignFilter
    order = "-starts"
    file_name = "campaigns"
    columns = (
        Column("name", gettext_lazy("Campaign"), sub="code", sort="name"),
        Column("status", gettext_lazy("State"), lambda row: (row.get_status_display(), TONES[row.status]), kind="pill"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display", phone=False),
        Column("starts", gettext_lazy("Starts"), "starts_on", kind="date", sort="starts_on"),
        Column("ends", gettext_lazy("Ends"), "ends_on", kind="date", sort="ends_on", phone=False),
        Column("leads", gettext_lazy("Leads"), "lead_count", kind="number", sort="lead_count"),
        Column("cost", gettext_lazy("Cost"), "cost_money", kind="money"),
        Column("per_lead", gettext_lazy("Cost per lead"), "cost_per_lead", kind="money"),
        Column("budget", gettext_lazy("Budget"), "budget_money", kind="money", phone=False),
        Column("owner", gettext_lazy("Owner"), kind="user"),
    )
    chips = (
        Chip("live", gettext_lazy("Live"), {"status": "live"}),
        Chip("planned", gettext_lazy("Planned"), {"status": "planned"}),
        Chip("ended", gettext_lazy("To analyse"), {"status": "ended"}),
    )
    empty = Empty(
        gettext_lazy("No campaign yet"),
        gettext_lazy("Plan one: its leads, costs and won deals then find their way to it by themselves."),
        "speakerphone",
        Action(gettext_lazy("New campaign"), "/campaigns/new/", "plus"),
    )

    def rows(self) -> QuerySet[Any]:
        return campaign_list(viewer=self.request.user)


class MemberList(ListPage):
    """Whom campaigns address, among the people whom one may see."""

    title, nav_key, noun = gettext_lazy("Members of campaigns"), "leads", gettext_lazy("members")
    permission = "leads.view_campaign"
    filters = MemberFilter
    order = "-id"
    panel_columns = ("person", "status")
    columns = (
        Column("person", gettext_lazy("Who"), lambda row: str(row.person)),
        Column("campaign", gettext_lazy("Campaign"), link=lambda row: row.campaign.get_absolute_url()),
        Column(
            "status",
            gettext_lazy("State"),
            lambda row: (row.get_status_display(), MEMBER_TONES.get(row.status, "")),
            kind="pill",
            sort="status",
        ),
        Column("kind", gettext_lazy("Kind"), lambda row: _("Lead") if row.lead_id else _("Contact")),
        Column("owner", gettext_lazy("Owner"), lambda row: row.person.owner, kind="user"),
        Column("id", gettext_lazy("Added"), "created_at", kind="datetime", sort="id", phone=False),
        Column("responded", gettext_lazy("Responded"), "responded_at", kind="datetime", phone=False),
    )
    empty = Empty(
        gettext_lazy("Nobody yet"),
        gettext_lazy("Whoever answers a campaign stands here, and whom it is sent to."),
        "users",
    )

    def rows(self) -> QuerySet[Any]:
        return member_list(viewer=self.request.user)


@login_required
@require_GET
def moved(request: HttpRequest) -> HttpResponse:
    """The list has one address; the other leads to it."""
    asked = request.META.get("QUERY_STRING", "")
    return redirect(f"{reverse('campaign-list')}{'?' if asked else ''}{asked}")


def campaign_of(request: HttpRequest, pk: int) -> Campaign:
    return get_object_or_404(campaign_list(viewer=request.user), pk=pk)


def _crumbs(*more: tuple[str, str]) -> Trail:
    return trail((_("Campaigns"), reverse("campaign-list")), *more)


@login_required
@permission_required("leads.view_campaign", raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign: its funnel, its cost, what is prepared, and what it brought."""
    return page(request, campaign_of(request, pk))


def page(request: HttpRequest, campaign: Campaign, *, status: int = 200, **shown: forms.Form) -> HttpResponse:
    """The page; `shown` carries back a form that could not be saved."""
    user = request.user
    may_change = user.has_perm("leads.change_campaign")
    may_cost = user.has_perm("leads.view_marketingcost")
    context = {
        "title": campaign.name,
        "record_icon": "speakerphone",
        "nav_key": "leads",
        "crumbs": _crumbs((campaign.name, "")),
        "campaign": campaign,
        "tone": TONES[Status(campaign.status)],
        "keyfacts": _keyfacts(campaign),
        "funnel": _bars(campaign, funnel_of(campaign)),
        "products": list(campaign.products.all()),
        "tasks": list(campaign.tasks.select_related("owner")),
        "costs": list(costs_of(campaign)[:50]) if may_cost else [],
        "panels": panels_for("leads.campaign", campaign, user),
        "may_change": may_change,
        "may_see_costs": may_cost,
        "may_cost": user.has_perm("leads.add_marketingcost") and campaign.status != Status.ANALYSED,
        "task_form": shown.get("task") or TaskForm(viewer=user),
        "cost_form": shown.get("cost") or CostForm(),
        "findings_form": shown.get("findings") or FindingsForm(initial={"findings": campaign.findings}),
    }
    return render(request, "leads/campaign.html", context, status=status)


def _keyfacts(campaign: Campaign) -> list[Figure]:
    spent = truncated_percent(campaign.actual_cost, campaign.budget)
    members = f"{reverse('campaign-member-list')}?campaign={campaign.pk}"
    return [
        Figure(
            _("Leads it brought"), campaign.lead_count, url=_rows_of(campaign, "leads"), note=_("by their first touch")
        ),
        Figure(_("Responded"), campaign.responded_count, url=f"{members}&status=responded"),
        Figure(_("Cost"), campaign.cost_money, url="#costs"),
        Figure(_("Cost per lead"), campaign.cost_per_lead, note="" if campaign.lead_count else _("no lead yet")),
        Figure(
            _("Budget"),
            campaign.budget_money,
            note="" if spent is None else _("%(percent)s %% spent") % {"percent": spent},
            tone="bad" if campaign.budget and campaign.actual_cost > campaign.budget else "",
        ),
    ]


def _bars(campaign: Campaign, stages: list[Stage]) -> list[dict[str, Any]]:
    """Steps with the share of the step before, and of the widest step for the bar."""
    widest = max((stage.count for stage in stages), default=0)
    return [
        {
            "label": FUNNEL[stage.key],
            "count": stage.count,
            "widest": widest,
            "url": _rows_of(campaign, stage.key),
            # Leads come by their first touch, chosen or not: they are no part of those who responded.
            "share": truncated_percent(stage.count, stage.of) if number and stage.of and stage.key != "leads" else None,
        }
        for number, stage in enumerate(stages)
    ]


def _rows_of(campaign: Campaign, step: str) -> str:
    """The list behind a step: members as far as they came, or the leads that it brought."""
    if step in CampaignMember.Status:
        return f"{reverse('campaign-member-list')}?campaign={campaign.pk}&reached={step}"
    further = {"qualified": "&qualified=true", "converted": f"&status={Lead.Status.CONVERTED}"}
    return f"{reverse('lead-list')}?campaign={campaign.pk}{further.get(step, '')}"


@login_required
@permission_required("leads.add_campaign", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Plan a campaign."""
    form = CampaignForm(request.POST or None, viewer=request.user)
    made = saved(request, form, lambda facts: services.create_campaign(actor=request.user, **facts))
    return made or form_page(request, form, title=_("New campaign"), way=_crumbs(), back=reverse("campaign-list"))


@login_required
@permission_required("leads.change_campaign", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change it; of one that is over its name, its owner and what was learned."""
    campaign = campaign_of(request, pk)
    initial = {name: getattr(campaign, name) for name in FACTS if name != "products"}
    initial |= {"products": list(campaign.products.all())}
    form = CampaignForm(request.POST or None, initial=initial, viewer=request.user, record=campaign)
    made = saved(
        request,
        form,
        lambda facts: services.update_campaign(
            campaign=campaign, version=shown_version(request), actor=request.user, **facts
        ),
    )
    title = _("Edit %(name)s") % {"name": campaign}
    return made or form_page(request, form, title=title, way=_crumbs(), record=campaign)


@login_required
@permission_required("leads.change_campaign", raise_exception=True)
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Go live, end, analyse."""
    campaign = campaign_of(request, pk)
    facts: dict[str, Any] = {"campaign": campaign, "version": shown_version(request), "actor": request.user}
    if verb == "analyse":
        form = FindingsForm(request.POST)
        form.full_clean()
        try:
            services.analyse_campaign(**facts, findings=form.cleaned_data.get("findings", ""))
        except MissingFields as error:
            refused(form, error)
            return page(request, campaign, status=422, findings=form)
        messages.success(request, _("Analysed."))
        return redirect(campaign)
    verbs = {"launch": services.launch_campaign, "end": services.end_campaign}
    if verb not in verbs:
        raise BadRequest("unknown_verb", _("There is no such action."))
    verbs[verb](**facts)
    messages.success(request, DONE[verb])
    return redirect(campaign)


@login_required
@permission_required("leads.change_campaign", raise_exception=True)
@require_POST
def add_task(request: HttpRequest, pk: int) -> HttpResponse:
    """Something to prepare."""
    campaign = campaign_of(request, pk)
    form = TaskForm(request.POST, viewer=request.user)
    return _kept(
        request,
        campaign,
        "task",
        form,
        lambda facts: services.add_campaign_task(campaign=campaign, actor=request.user, **facts),
    )


@login_required
@permission_required("leads.view_campaign", raise_exception=True)
@require_POST
def finish_task(request: HttpRequest, pk: int, task: int) -> HttpResponse:
    """It is done, or it is not after all: whoever changes campaigns, or whose task it is."""
    campaign = campaign_of(request, pk)
    row = get_object_or_404(campaign.tasks.all(), pk=task)
    done = request.POST.get("done", "1") == "1"
    services.finish_campaign_task(task=row, version=shown_version(request), actor=request.user, done=done)
    return redirect(campaign)


@login_required
@permission_required("leads.add_marketingcost", raise_exception=True)
@require_POST
def add_cost(request: HttpRequest, pk: int) -> HttpResponse:
    """Something was paid for."""
    campaign = campaign_of(request, pk)
    form = CostForm(request.POST)
    return _kept(
        request,
        campaign,
        "cost",
        form,
        lambda facts: services.record_cost(actor=request.user, campaign=campaign, currency=campaign.currency, **facts),
    )


def _kept(
    request: HttpRequest, campaign: Campaign, name: str, form: forms.Form, keep: Callable[[dict[str, Any]], Any]
) -> HttpResponse:
    """A form of the page: saved, or back on the page with its reasons."""
    if form.is_valid():
        try:
            keep(form.cleaned_data)
        except DomainError as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(campaign)
    return page(request, campaign, status=422, **{name: form})


@login_required
@permission_required("leads.view_campaign", raise_exception=True)
@require_GET
def of_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """How a lead came to us, touch by touch: a panel of its page, or a page of its own."""
    lead = lead_of(request, pk)
    context = {
        "title": _("How %(name)s came to us") % {"name": lead},
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Touches"), "")],
        "lead": lead,
        "touches": list(touches_of(lead)[:50]),
        "consents": list(lead.consents.select_related("form")[:5]),
    }
    fragment = request.GET.get("panel") == "1"
    return render(request, "leads/campaign_touches.html" if fragment else "leads/campaign_touches_page.html", context)
