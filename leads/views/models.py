"""A learned model's own page: how good it is, what it looks at, what moved away; and what is done with a version."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.views.records import shown_version
from leads import services
from leads.learning.encoding import Plan
from leads.models import ModelDrift, ScoringModel
from leads.selectors.learning import REFUSALS, drift_list, learning_setup, model_list, reasons_in_words
from leads.selectors.learning_words import label_in, said, signed
from revops.core.errors import BadRequest
from revops.core.templatetags.frame import shown
from revops.core.views.lists import Figure

Status = ScoringModel.Status
TONES: dict[str, str] = {
    Status.TRAINING: "",
    Status.READY: "accent",
    Status.OK: "warn",
    Status.NOT_READY: "bad",
    Status.PUBLISHED: "ok",
    Status.RETIRED: "",
}
VERBS: dict[str, tuple[Callable[..., ScoringModel], Any]] = {
    "publish": (services.publish_model, gettext_lazy("%(model)s is in use. Leads are being scored.")),
    "revert": (services.revert_model, gettext_lazy("%(model)s is in use again.")),
    "retire": (services.retire_model, gettext_lazy("%(model)s is put away.")),
}


def figure(value: float) -> str:
    """A figure as people read it."""
    return shown(Decimal(str(value)))


def percent(value: float) -> str:
    """0.1234 as 12.3 %."""
    return f"{figure(round(100 * value, 1))} %"


def figures(model: ScoringModel) -> list[Figure]:
    """How good a version is, in five figures."""
    found = model.metrics
    if not found:
        return []
    leads = _("on %(n)s newer leads") % {"n": shown(found["leads"])}
    best = figure(round(found["lift"][0]["lift"], 1))
    base = _("the average says %(n)s") % {"n": figure(found["base_brier"])}
    return [
        Figure(_("Order (AUC)"), figure(found["auc"]), "", leads),
        Figure(_("Error (Brier)"), figure(found["brier"]), "", base),
        Figure(_("Off by"), percent(found["calibration_error"]), "", _("at most 5 % is allowed")),
        Figure(_("Learned from"), shown(found["taught"]), "", _("older leads")),
        Figure(_("Best tenth"), f"{best}×", "", _("as many convert as on average")),
    ]


def drift_rows(model: ScoringModel, rows: Iterable[ModelDrift]) -> list[dict[str, Any]]:
    """What moved away, in words."""
    words = {
        ModelDrift.Kind.SCORE: _("The scores of new leads are distributed otherwise"),
        ModelDrift.Kind.AUC: _("It orders the leads of the last 30 days worse than when it was published"),
    }
    return [
        {
            "row": row,
            "text": words.get(ModelDrift.Kind(row.kind))
            or _("%(field)s of new leads is distributed otherwise") % {"field": label_in(model, row.name)},
        }
        for row in rows
    ]


def model_of(request: HttpRequest, pk: int) -> ScoringModel:
    return get_object_or_404(model_list(viewer=request.user), pk=pk)


@login_required
@permission_required("leads.view_scoringmodel", raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that tells whether to trust a version."""
    model = model_of(request, pk)
    context = {
        "title": str(model),
        "subtitle": model.get_algorithm_display(),
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (_("Scoring"), reverse("lead-scoring")), (str(model), "")],
        "model": model,
        "tone": TONES[model.status],
        "figures": figures(model),
        "why": reasons_in_words(model),
        "leaks": [(label_in(model, row["name"]), percent(row["auc"])) for row in model.leaks],
        "fields": _fields(model),
        "refused": [(row["name"], label_in(model, row["name"]), REFUSALS.get(row["why"], "")) for row in model.refused],
        "drifts": drift_rows(model, drift_list(model=model)),
        "marked": {*learning_setup().known_later},
        "may_learn": request.user.has_perm("leads.publish_scoringmodel"),
        **_charts(model),
    }
    return render(request, "leads/scoring_model.html", context)


def _fields(model: ScoringModel) -> list[dict[str, Any]]:
    """The fields it looks at, the weightiest first, each with what speaks most for and against a lead."""
    weights = model.weights.get("weights") or [[] for _row in model.fields]
    out = []
    for data, row in zip(model.fields, weights, strict=False):
        plan, label = Plan.of(data), label_in(model, data["name"])
        order = sorted(range(len(row)), key=lambda code: -row[code]) if row else []
        ends = [(code, row[code]) for code in (*order[:1], *order[-1:]) if plan.shares[code]] if order else []
        out.append({
            "name": plan.name,
            "label": label,
            "weight": sum(share * abs(one) for share, one in zip(plan.shares, row, strict=False)),
            "ends": [
                {"what": _told(plan, code, label), "up": one > 0, "points": signed(25 * one)} for code, one in ends
            ],
        })  # fmt: skip
    return sorted(out, key=lambda one: -one["weight"])


def _told(plan: Plan, code: int, label: str) -> str:
    """A code in words: for numbers, the bin's bounds."""
    if plan.kind not in ("number", "day") or code == 0 or code > len(plan.edges) + 1:
        return said(plan, code, "", label)
    if plan.kind == "day" or not plan.edges:
        return label
    if code == 1:
        return _("%(field)s up to %(n)s") % {"field": label, "n": figure(plan.edges[0])}
    return _("%(field)s over %(n)s") % {"field": label, "n": figure(plan.edges[code - 2])}


def _charts(model: ScoringModel) -> dict[str, Any]:
    found = model.metrics
    if not found:
        return {"calibration": None, "lift": None}
    bins = [row for row in found["calibration"] if row["count"]]
    names = [f"{round(100 * row['from'])}–{round(100 * row['from']) + 10} %" for row in bins]
    said_, came = [round(100 * row["said"], 1) for row in bins], [round(100 * row["came"], 1) for row in bins]
    groups = [str(row["group"]) for row in found["lift"]]
    lifts = [row["lift"] for row in found["lift"]]
    return {
        "calibration": {
            "kind": "line",
            "labels": names,
            "unit": "%",
            "series": [
                {"name": _("said"), "values": said_, "color": "base", "dash": True},
                {"name": _("came"), "values": came, "color": 1},
            ],
        },
        "calibration_head": [_("Probability"), _("Leads"), _("Said, %"), _("Came, %")],
        "calibration_rows": [
            [name, shown(row["count"]), figure(a), figure(b)]
            for name, row, a, b in zip(names, bins, said_, came, strict=True)
        ],
        "lift": {
            "kind": "bar",
            "labels": groups,
            "unit": "",
            "series": [{"name": _("times the average"), "values": lifts}],
            "mark": {"value": 1, "label": _("average"), "at": "end"},
        },
        "lift_head": [_("Tenth"), _("Converted"), _("Times the average")],
        "lift_rows": [[str(row["group"]), percent(row["rate"]), figure(row["lift"])] for row in found["lift"]],
    }


@login_required
@permission_required("leads.publish_scoringmodel", raise_exception=True)
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Publish, take back or put away a version."""
    model = model_of(request, pk)
    if verb not in VERBS:
        raise BadRequest("unknown_verb", _("There is no such step."))
    service, text = VERBS[verb]
    model = service(model=model, version=shown_version(request), actor=request.user)
    messages.success(request, str(text) % {"model": model})
    return redirect("scoring-model", pk=model.pk)
