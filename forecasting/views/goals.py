"""The plan of qualified leads: goals of a period, their parts, and the leads behind each figure."""

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
from forecasting.filters.goals import NoFilter
from forecasting.forms import GoalChangeForm, GoalForm, PartForm
from forecasting.models.goals import Goal
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.goals import goal_leads, goal_list, standing_of, standings
from forecasting.services import goals as services
from leads.selectors.leads import shaped
from revops.core import clock
from revops.core.errors import BadRequest, DomainError
from revops.core.views.lists import Column, ListPage

PARTS_SHOWN = 6
VIEW, ADD, CHANGE = "forecasting.view_goal", "forecasting.add_goal", "forecasting.change_goal"


def _crumbs(*more: tuple[Any, str]) -> list[tuple[Any, str]]:
    return [(_("Leads"), reverse("lead-list")), (_("Plan"), reverse("lead-plan")), *more]


def _goal_of(request: HttpRequest, pk: int) -> Goal:
    return get_object_or_404(goal_list(viewer=request.user), pk=pk)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    """How many qualified leads are to come, from whom, and how many came."""
    unknown = sorted(set(request.GET) - {"period"})
    if unknown:
        raise BadRequest("unknown_filter", _("There is no filter “%(name)s” here.") % {"name": unknown[0][:60]})
    periods = FiscalPeriod.objects.visible_to(request.user)
    period = _period(request, periods)
    near = periods.filter(kind=period.kind).order_by("first_on") if period else periods.none()
    context = {
        "title": _("Plan of qualified leads"),
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (_("Plan"), "")],
        "period": period,
        "before": near.filter(first_on__lt=period.first_on).last() if period else None,
        "after": near.filter(first_on__gt=period.first_on).first() if period else None,
        "rows": standings(viewer=request.user, metric=Goal.Metric.QUALIFIED_LEADS, period=period) if period else [],
        "may_add": request.user.has_perm(ADD),
        "kinds": _kinds(periods, period),
    }
    return render(request, "forecasting/plan.html", context)


def _period(request: HttpRequest, periods: Any) -> FiscalPeriod | None:
    label = request.GET.get("period", "")
    if label:
        found: FiscalPeriod | None = periods.filter(label=label).first() if "\x00" not in label else None
        if found is None:
            raise BadRequest("bad_filter", _("There is no such period."))
        return found
    current: FiscalPeriod | None = periods.months().holding(clock.today()).first()
    return current


def _kinds(periods: Any, period: FiscalPeriod | None) -> list[dict[str, Any]]:
    """The month, quarter and year around the period that is shown."""
    if period is None:
        return []
    around = {row.kind: row for row in periods.holding(period.first_on)}
    return [
        {"label": label, "url": f"?period={around[kind].label}", "current": kind == period.kind}
        for kind, label in FiscalPeriod.Kind.choices
        if kind in around
    ]


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One goal: where it is, day by day, and its parts."""
    goal = _goal_of(request, pk)
    parts = goal_list(viewer=request.user).filter(parent=goal)
    history = list(goal.progress.order_by("-as_of")[:31])[::-1]
    context = {
        "title": str(goal),
        "nav_key": "leads",
        "crumbs": _crumbs((str(goal), "")),
        "goal": goal,
        "now": standing_of(goal),
        "parts": [standing_of(part) for part in parts.order_by("pk")[: services.MOST_PARTS]],
        "history": history,
        "spec": {
            "kind": "line",
            "labels": [f"{row.as_of:%d %b}" for row in history],
            "unit": "",
            "series": [{"name": _("Qualified leads"), "values": [row.value for row in history], "color": 1}],
            "mark": {"value": goal.target, "label": _("Goal")},
        },
        "head": [_("Day"), _("Qualified leads")],
        "table": [(row.as_of.isoformat(), f"{row.value.normalize():f}") for row in history],
        "may_change": request.user.has_perm(CHANGE),
    }
    return render(request, "forecasting/goal.html", context)


@login_required
@permission_required(ADD, raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Set a goal."""
    month = FiscalPeriod.objects.visible_to(request.user).months().holding(clock.today()).first()
    form = GoalForm(
        request.POST or None,
        viewer=request.user,
        initial={"period": month, "owner": request.user.pk, "min_score": 77},
    )
    if request.method == "POST" and form.is_valid():
        try:
            goal = services.create_goal(actor=request.user, **form.cleaned_data)
        except DomainError as error:
            refused(form, error)
        else:
            messages.success(request, _("Set."))
            return redirect(goal)
    return _form(request, form, _("New goal"), reverse("lead-plan"))


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a goal."""
    goal = _goal_of(request, pk)
    names = GoalChangeForm.base_fields
    initial = {name: getattr(goal, name) for name in names}
    form = GoalChangeForm(request.POST or None, viewer=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_goal(goal=goal, version=shown_version(request), actor=request.user, **form.cleaned_data)
        except DomainError as error:
            if error.status != 422:
                raise
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(goal)
    return _form(request, form, _("Edit %(name)s") % {"name": goal}, goal.get_absolute_url(), goal)


def _form(request: HttpRequest, form: forms.BaseForm, title: str, back: str, goal: Goal | None = None) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "nav_key": "leads",
        "crumbs": _crumbs((title, "")),
        "cancel_url": back,
        "record": goal,
        "version": goal and (request.POST.get("version") or goal.version),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_http_methods(["GET", "POST"])
def break_down(request: HttpRequest, pk: int) -> HttpResponse:
    """Split a goal: the parts add up to it."""
    goal = _goal_of(request, pk)
    standing = list(goal.parts.order_by("pk"))
    formset_of: Any = forms.formset_factory(PartForm, extra=0, max_num=services.MOST_PARTS)
    facts = [{name: getattr(part, name) for name in PartForm.base_fields} for part in standing]
    blank: list[dict[str, Any]] = [{} for _row in range(max(PARTS_SHOWN - len(facts), 2))]
    rows = formset_of(request.POST or None, initial=[*facts, *blank], form_kwargs={"viewer": request.user})
    problem = ""
    if request.method == "POST" and rows.is_valid():
        parts = [row for row in rows.cleaned_data if row.get("target")]
        try:
            services.break_down_goal(
                goal=goal,
                version=shown_version(request),
                actor=request.user,
                parts=parts,
                allow_variance="allow_variance" in request.POST,
            )
        except DomainError as error:
            if error.status != 422:
                raise
            problem = error.message
        else:
            messages.success(request, _("Broken down."))
            return redirect(goal)
    context = {
        "title": _("Break down %(name)s") % {"name": goal},
        "nav_key": "leads",
        "crumbs": _crumbs((str(goal), goal.get_absolute_url()), (_("Parts"), "")),
        "goal": goal,
        "rows": rows,
        "problem": problem,
        "version": request.POST.get("version") or goal.version,
        "variance": "allow_variance" in request.POST if request.method == "POST" else goal.allow_variance,
    }
    status = 422 if problem or (request.method == "POST" and not rows.is_valid()) else 200
    return render(request, "forecasting/goal_parts.html", context, status=status)


@login_required
@permission_required(CHANGE, raise_exception=True)
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a goal away."""
    goal = _goal_of(request, pk)
    services.delete_goal(goal=goal, version=shown_version(request), actor=request.user)
    messages.success(request, _("The goal is gone."))
    return redirect("lead-plan")


class GoalLeads(ListPage):
    """The leads that a goal counts."""

    nav_key = "leads"
    noun = gettext_lazy("leads")
    permission = VIEW
    filters = NoFilter
    order = "-qualified"
    columns = (
        Column("name", gettext_lazy("Lead"), sub="title", sort="last_name"),
        Column("company", gettext_lazy("Company"), sort="company"),
        Column("score", gettext_lazy("Score"), kind="number", sort="score"),
        Column("region", gettext_lazy("Region"), sort="region"),
        Column("owner", gettext_lazy("Owner"), lambda row: row.owner or row.queue, kind="user"),
        Column("qualified", gettext_lazy("Qualified"), "qualified_at", kind="datetime", sort="qualified_at"),
    )

    @property
    def title(self) -> str:  # type: ignore[override]
        return _("Leads that count for %(goal)s") % {"goal": self._goal()}

    def _goal(self) -> Goal:
        return _goal_of(self.request, self.kwargs["pk"])

    def rows(self) -> QuerySet[Any]:
        return shaped(goal_leads(self._goal(), viewer=self.request.user))

    def crumbs(self) -> list[tuple[Any, str]]:
        goal = self._goal()
        return _crumbs((str(goal), goal.get_absolute_url()), (_("Leads"), ""))
