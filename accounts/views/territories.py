"""Who owns what, the models that are planned, and what a plan would change."""

from string import capwords
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

from accounts import services
from accounts.filters_territories import TerritoryChangeFilter
from accounts.forms import refused
from accounts.forms_territories import TerritoryModelForm, TerritoryRuleForm
from accounts.models import Territory, TerritoryChange, TerritoryModel, TerritoryRule
from accounts.registries import territory_effects
from accounts.selectors.territories import (
    CRITERIA,
    model_in_force,
    movements,
    shown_rules,
    territory_change_list,
    territory_model_list,
    territory_rule_list,
    waiting_accounts,
)
from accounts.views.records import shown_version
from revops.core.errors import DomainError, InvalidInput
from revops.core.templatetags.frame import shown
from revops.core.views.lists import Column, Empty, ListPage

VIEW, PLAN, ADD = "accounts.view_territorymodel", "accounts.change_territorymodel", "accounts.add_territorymodel"
TONES = {TerritoryModel.Status.PLANNING: "accent", TerritoryModel.Status.ACTIVE: "ok"}
HOME = gettext_lazy("Territories")


def crumbs(*last: tuple[str, str]) -> list[tuple[Any, str]]:
    return [(_("Accounts"), reverse("account-list")), (HOME, reverse("territory-map") if last else ""), *last]


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def territory_map(request: HttpRequest) -> HttpResponse:
    """Who owns which territory today, what is assigned to nobody, and the models beside the one in force."""
    model = model_in_force()
    context = {
        "title": HOME,
        "nav_key": "accounts",
        "crumbs": crumbs(),
        "model": model,
        "rules": _drawn(model) if model else [],
        "waiting": waiting_accounts(),
        "models": [
            {"model": row, "tone": TONES.get(TerritoryModel.Status(row.status), "")}
            for row in territory_model_list(viewer=request.user).order_by("-pk")[:20]
        ],
        "may_plan": request.user.has_perm(PLAN),
    }
    return render(request, "accounts/territories.html", context)


def _drawn(model: TerritoryModel) -> list[dict[str, Any]]:
    """The territories of a model, each with its criteria as words."""
    return [{"rule": rule, "criteria": criteria_of(rule)} for rule in shown_rules(model.rules.all())]


def criteria_of(rule: TerritoryRule) -> list[str]:
    """What belongs to a territory, as people read it."""
    found = [
        f"{rule._meta.get_field(name).verbose_name}: {', '.join(map(_written, getattr(rule, name)))}"  # type: ignore[union-attr]
        for name in CRITERIA
        if getattr(rule, name)
    ]
    low, high = rule.employees_min, rule.employees_max
    if high is not None:
        found.append(_("Employees: %(low)s to %(high)s") % {"low": shown(low or 0), "high": shown(high)})
    elif low is not None:
        found.append(_("Employees: %(low)s or more") % {"low": shown(low)})
    if rule.catch_all:
        found.append(_("The rest of the world"))
    return found or [_("By hand only")]


def _written(word: str) -> str:
    """A criterion is kept in small letters; people write names large, and short ones as letters: Spain, USA."""
    if word != word.lower():
        return word
    return word.upper() if len(word) < 4 else capwords(word)


@login_required
@permission_required(VIEW, raise_exception=True)
@require_GET
def territory_model(request: HttpRequest, pk: int) -> HttpResponse:
    """One model: its territories, and what it would change."""
    return model_page(request, _model(request, pk))


def _model(request: HttpRequest, pk: int) -> TerritoryModel:
    return get_object_or_404(territory_model_list(viewer=request.user), pk=pk)


def model_page(request: HttpRequest, model: TerritoryModel) -> HttpResponse:
    viewer = request.user
    planned = model.status == TerritoryModel.Status.PLANNING
    previewed = model.previewed_at is not None
    context = {
        "title": model.name,
        "nav_key": "accounts",
        "crumbs": crumbs((model.name, "")),
        "model": model,
        "tone": TONES.get(TerritoryModel.Status(model.status), ""),
        "rules": _drawn(model),
        "may_plan": viewer.has_perm(PLAN) and planned,
        "planned": planned,
        "previewed": previewed,
        "count": territory_change_list(viewer=viewer).filter(model=model).count() if previewed else 0,
        "movements": movements(model, viewer) if previewed else None,
        "effects": [
            {"label": effect.label, "rows": rows}
            for effect in (territory_effects if previewed and viewer.has_perm(PLAN) else ())
            if (rows := effect.rows(model, viewer))
        ],
        "changes_url": f"{reverse('territory-changes')}?model={model.pk}",
    }
    return render(request, "accounts/territory_model.html", context)


@login_required
@permission_required(ADD, raise_exception=True)
@require_http_methods(["GET", "POST"])
def model_new(request: HttpRequest) -> HttpResponse:
    """Plan another model."""
    form = TerritoryModelForm(request.POST or None, viewer=request.user, initial={"copy_of": model_in_force()})
    if request.method == "POST" and form.is_valid():
        try:
            model = services.create_territory_model(actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refused(form, error)
        else:
            return redirect("territory-model", model.pk)
    return _form(request, form, _("Plan territories"), _("Start planning"), reverse("territory-map"))


def _form(request: HttpRequest, form: Any, title: str, label: str, back: str, **more: Any) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "nav_key": "accounts",
        "crumbs": crumbs((title, "")),
        "submit_label": label,
        "cancel_url": back,
        **more,
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


@login_required
@permission_required(PLAN, raise_exception=True)
@require_http_methods(["GET", "POST"])
def rule_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw a territory."""
    model = _model(request, pk)
    form = TerritoryRuleForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        name, known = facts.pop("new_name"), facts.pop("territory")
        try:
            territory: Territory = known or services.create_territory(actor=request.user, name=name)
            services.add_territory_rule(model=model, territory=territory, actor=request.user, **facts)
        except InvalidInput as error:
            refused(form, error)
        else:
            return redirect("territory-model", model.pk)
    return _form(request, form, _("Add a territory"), _("Add"), reverse("territory-model", args=[pk]))


@login_required
@permission_required(PLAN, raise_exception=True)
@require_http_methods(["GET", "POST"])
def rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw it otherwise."""
    rule = _rule(request, pk)
    form = TerritoryRuleForm(request.POST or None, viewer=request.user, rule=rule)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_territory_rule(
                rule=rule, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            return redirect("territory-model", rule.model_id)
    back = reverse("territory-model", args=[rule.model_id])
    more = {"record": rule, "version": request.POST.get("version") or rule.version}
    return _form(request, form, str(rule.territory), _("Save"), back, **more)


def _rule(request: HttpRequest, pk: int) -> TerritoryRule:
    return get_object_or_404(territory_rule_list(viewer=request.user), pk=pk)


@login_required
@permission_required(PLAN, raise_exception=True)
@require_POST
def rule_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a territory out of the plan."""
    rule = _rule(request, pk)
    services.remove_territory_rule(rule=rule, version=shown_version(request), actor=request.user)
    return redirect("territory-model", rule.model_id)


@login_required
@permission_required(PLAN, raise_exception=True)
@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Work out what the plan would change."""
    services.preview_territory_model(model=_model(request, pk), actor=request.user)
    return redirect("territory-model", pk)


@login_required
@permission_required(PLAN, raise_exception=True)
@require_POST
def activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring the plan into force, or say why the preview no longer holds."""
    model = _model(request, pk)
    try:
        services.activate_territory_model(model=model, version=shown_version(request), actor=request.user)
    except DomainError as error:
        if error.code not in ("stale_preview", "no_preview"):
            raise
        messages.error(request, error.message)
    else:
        messages.success(request, _("%(name)s is in force.") % {"name": model})
    return redirect("territory-model", pk)


@login_required
@permission_required(PLAN, raise_exception=True)
@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Run the rules in force over all accounts."""
    job = services.run_territory_rules(actor=request.user)
    if job is None:
        messages.error(request, _("No model of territories is in force."))
        return redirect("territory-map")
    return redirect("core:job", job.pk)


class TerritoryChangeList(ListPage):
    """Row by row: the accounts that change territory or owner."""

    title, nav_key, noun = gettext_lazy("What a plan changes"), "accounts", gettext_lazy("accounts")
    permission = PLAN
    filters = TerritoryChangeFilter
    order = "account"
    file_name = "territory-changes"
    columns = (
        Column("account", gettext_lazy("Account"), "account.name", sort="account_id"),
        Column("kind", gettext_lazy("Why"), "get_kind_display", phone=False),
        Column("territory_before", gettext_lazy("Territory today"), "territory_before.name", said=True),
        Column("territory_after", gettext_lazy("Then"), "territory_after.name", said=True),
        Column("owner_before", gettext_lazy("Owner today"), kind="user"),
        Column("owner_after", gettext_lazy("Then owned by"), kind="user"),
    )
    empty = Empty(
        gettext_lazy("Nothing changes"), gettext_lazy("Every account stays where it is, with whom it is."), "map"
    )

    def rows(self) -> QuerySet[TerritoryChange]:
        return territory_change_list(viewer=self.request.user)
