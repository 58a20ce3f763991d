"""The settings of scoring: the rule card and the learned model side by side, never mixed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import refused
from accounts.views.records import shown_version
from leads import services
from leads.models import EngagementRule, FitRule, RuleCard, ScoreGroup
from leads.scoring_forms import BandsForm, EngagementRuleForm, FitRuleForm, LearningForm, ScoreGroupForm
from leads.selectors.engagement import active_card, card_list, engagement_rule_list, group_list
from leads.selectors.learning import drift_list, field_labels, learning_setup, model_list, published_model
from leads.selectors.learning_words import propensity_of
from leads.selectors.settings import fit_rule_list
from leads.views.models import TONES, drift_rows, figures
from leads.views.records import lead_of
from revops.core.errors import BadRequest, InvalidInput
from revops.core.scope import require

RULES: dict[str, tuple[Any, Any]] = {
    "fit": (FitRule, FitRuleForm),
    "engagement": (EngagementRule, EngagementRuleForm),
    "group": (ScoreGroup, ScoreGroupForm),
}
LEARNED = ("outcome", "window_days", "age_field", "low_is_new", "known_later")


def crumbs(*more: tuple[str, str]) -> list[tuple[Any, str]]:
    """Where this page stands."""
    return [(_("Leads"), reverse("lead-list")), (_("Scoring"), reverse("lead-scoring") if more else ""), *more]


@login_required
@permission_required("leads.view_rulecard", raise_exception=True)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What scores leads today: by rules, and by what was learned."""
    return _overview(request)


def _overview(request: HttpRequest, form: BandsForm | None = None) -> HttpResponse:
    """The page; `form` carries back bounds that could not be saved."""
    card, model = active_card(), published_model()
    bands = [(grade, low, high - 1) for grade, low, high in _bands(card)] if card else []
    context = {
        "title": _("Scoring"),
        "nav_key": "leads",
        "crumbs": crumbs(),
        "card": card,
        "bands": bands,
        "cards": card_list(viewer=request.user).order_by("-number")[:10],
        "fit_rules": fit_rule_list(viewer=request.user).select_related("group"),
        "engagement_rules": engagement_rule_list(viewer=request.user),
        "groups": group_list(viewer=request.user),
        "bands_form": form
        or BandsForm(initial={name: getattr(card, name) for name in BandsForm.base_fields} if card else None),
        "model": model,
        "figures": figures(model) if model else [],
        "drifts": drift_rows(model, drift_list(model=model)) if model else [],
        "models": [(row, TONES[row.status]) for row in model_list(viewer=request.user)[:12]],
        "setup": learning_setup(),
        "may_change": request.user.has_perm("leads.change_rulecard"),
        "may_learn": request.user.has_perm("leads.publish_scoringmodel"),
    }
    return render(request, "leads/scoring.html", context, status=422 if form else 200)


def _bands(card: RuleCard) -> list[tuple[str, int, int]]:
    return [
        ("A", card.a_from, 101),
        ("B", card.b_from, card.a_from),
        ("C", card.c_from, card.b_from),
        ("D", 0, card.c_from),
    ]


@login_required
@permission_required("leads.change_rulecard", raise_exception=True)
@require_POST
def bands(request: HttpRequest) -> HttpResponse:
    """Move the bounds of the grades; a bound moves its neighbours along."""
    form = BandsForm(request.POST)
    if not form.is_valid():
        return _overview(request, form)
    card = services.set_bands(actor=request.user, **form.cleaned_data)
    messages.success(request, _("%(card)s is in force.") % {"card": card})
    return redirect("lead-scoring")


@login_required
@permission_required("leads.change_rulecard", raise_exception=True)
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an earlier rule card in force again."""
    card = services.restore_card(card=get_object_or_404(card_list(viewer=request.user), pk=pk), actor=request.user)
    messages.success(request, _("%(card)s is in force.") % {"card": card})
    return redirect("lead-scoring")


def _kind(kind: str) -> tuple[Any, Any]:
    if kind not in RULES:
        raise Http404
    return RULES[kind]


@login_required
@require_http_methods(["GET", "POST"])
def rule_new(request: HttpRequest, kind: str) -> HttpResponse:
    """A new rule or group."""
    model, maker = _kind(kind)
    require(request.user, f"leads.add_{model._meta.model_name}")
    form = maker(request.POST or None)
    if request.method == "POST" and _facts(form):
        try:
            services.create_setting(record=model(**form.cleaned_data), actor=request.user)
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("lead-scoring")
    return _form(request, form, _("New group") if kind == "group" else _("New rule"))


@login_required
@require_http_methods(["GET", "POST"])
def rule_edit(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Change a rule or group: the next version of the card."""
    model, maker = _kind(kind)
    require(request.user, f"leads.change_{model._meta.model_name}")
    record = get_object_or_404(model, pk=pk)
    initial = {name: getattr(record, name) for name in maker.base_fields}
    form = maker(request.POST or None, initial=initial)
    if request.method == "POST" and _facts(form):
        try:
            services.edit_setting(
                record=record, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("lead-scoring")
    return _form(request, form, record.name, record=record)


def _facts(form: Any) -> bool:
    """The service judges the whole; here only what cannot be read is refused."""
    form._validate_unique = False
    form._post_clean = lambda: None
    return bool(form.is_valid())


def _form(request: HttpRequest, form: forms.BaseForm, title: str, record: Any = None) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "crumbs": crumbs((title, "")),
        "nav_key": "leads",
        "record": record,
        "version": request.POST.get("version") or (record.version if record else ""),
        "cancel_url": reverse("lead-scoring"),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


@login_required
@permission_required("leads.publish_scoringmodel", raise_exception=True)
@require_http_methods(["GET", "POST"])
def learning(request: HttpRequest) -> HttpResponse:
    """What is learned from, and which fields are known only afterwards."""
    setup = learning_setup()
    form = LearningForm(request.POST or None, initial={name: getattr(setup, name) for name in LEARNED})
    if request.method == "POST" and form.is_valid():
        version = shown_version(request) if setup.pk else None
        try:
            services.set_learning(actor=request.user, version=version, **form.cleaned_data)
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved. It holds from the next training."))
            return redirect("lead-scoring")
    return _form(request, form, _("What to learn from"), record=setup if setup.pk else None)


@login_required
@permission_required("leads.publish_scoringmodel", raise_exception=True)
@require_POST
def train(request: HttpRequest) -> HttpResponse:
    """Learn from past leads, as a job."""
    job = services.start_training(actor=request.user)
    return redirect("core:job", pk=job.pk)


@login_required
@permission_required("leads.publish_scoringmodel", raise_exception=True)
@require_POST
def known_later(request: HttpRequest) -> HttpResponse:
    """Mark one field as known only afterwards, or take the mark away."""
    setup, name = learning_setup(), request.POST.get("name", "")
    if name not in field_labels():
        raise BadRequest("unknown_field", _("Say which field."))
    marked = {*setup.known_later} ^ {name}
    services.set_learning(actor=request.user, version=None, known_later=sorted(marked))
    messages.success(request, _("Saved. It holds from the next training."))
    back = request.POST.get("back", "")
    return redirect(back if back.startswith("/leads/settings/scoring/") else "lead-scoring")


@login_required
@permission_required("leads.view_lead", raise_exception=True)
@require_GET
def of_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """The reasons of a lead's scores, as the list asks for them when one opens them."""
    lead = lead_of(request, pk)
    context = {
        "title": lead.name,
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Scores"), "")],
        "lead": lead,
        "fit": getattr(lead, "fit", None),
        "engagement": getattr(lead, "engagement", None),
        "propensity": propensity_of(lead),
    }
    inside = getattr(request, "htmx", False)
    return render(request, "leads/scoring_lead.html" if inside else "leads/scoring_of_lead.html", context)
