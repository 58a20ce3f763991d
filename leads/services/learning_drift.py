"""Whether today's leads are still those that the model in use was judged on."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from leads.learning import judging
from leads.learning.scoring import score_shares, shares_of, stability
from leads.models import LearningSetup, ModelDrift, ScoringModel
from leads.selectors.learning import Table, current_tables, published_model, training_table
from leads.services.propensity import _predictor_of
from revops.core import audit, clock
from revops.users import roles
from revops.users.models import User
from revops.users.services import notify

LATELY = timedelta(days=30)
LEAST_LEADS, LEAST_OF_EACH = 200, 20
MOST_STABILITY, MOST_LOST_AUC = 0.2, 0.05
Finding = tuple[str, str, float, float]  # kind, field, value, limit


@transaction.atomic
def watch_drift(*, actor: Any = None) -> list[ModelDrift]:
    """Rows for what moved away by now, and one notice for those that are new. The same finding is told once."""
    model = published_model()
    if model is None:
        return []
    now, fresh = clock.now(), []
    for kind, name, value, limit in _findings(model):
        facts = {"value": _kept(value), "limit": _kept(limit), "seen_at": now}
        row, made = ModelDrift.objects.update_or_create(
            model=model, kind=kind, name=name, defaults=facts, create_defaults={**facts, "found_at": now}
        )
        if made:
            fresh.append(row)
    if fresh:
        audit.record("scoringmodel.drifted", model, actor=actor, found=[str(row) for row in fresh])
        _tell(model, fresh)
    return fresh


def _kept(value: float) -> Decimal:
    return Decimal(f"{min(value, 9999):.4f}")


def _findings(model: ScoringModel) -> list[Finding]:
    """What is out of bounds today."""
    return [*_moved(model), *_lost(model)]


def _moved(model: ScoringModel) -> list[Finding]:
    """Fields and scores of the last 30 days' leads against those that judged the model."""
    predictor = _predictor_of(model)
    table: Table = {name: [] for name in predictor.names}
    for _ids, columns in current_tables(
        predictor.names, "l.created_at > %s AND l.merged_into_id IS NULL", [clock.now() - LATELY]
    ):
        for name, cells in columns.items():
            table[name].extend(cells)
    if not table or len(next(iter(table.values()))) < LEAST_LEADS:
        return []
    codes = predictor.codes(table)
    found: list[Finding] = []
    for plan, code, base in zip(predictor.plans, codes, model.base["fields"], strict=True):
        moved = stability(base, shares_of(code, plan.size))
        if moved > MOST_STABILITY:
            found.append((ModelDrift.Kind.FIELD, plan.name, moved, MOST_STABILITY))
    moved = stability(model.base["score"], score_shares(predictor.model.predict(codes)))
    if moved > MOST_STABILITY:
        found.append((ModelDrift.Kind.SCORE, "", moved, MOST_STABILITY))
    return found


def _lost(model: ScoringModel) -> list[Finding]:
    """How well the model orders the leads that ended in the last 30 days."""
    kept = ("outcome", "age_field", "low_is_new", "window_days")
    setup = LearningSetup(**{name: model.setup[name] for name in kept if name in model.setup})
    known = training_table(setup, ended_since=clock.now() - LATELY)
    hits = int(known.labels.sum())
    if min(hits, len(known.labels) - hits) < LEAST_OF_EACH:
        return []
    now = judging.auc(np.asarray(known.labels), _predictor_of(model).predict(known.table))
    limit = model.metrics["auc"] - MOST_LOST_AUC
    return [(ModelDrift.Kind.AUC, "", now, limit)] if now <= limit else []


def _tell(model: ScoringModel, fresh: list[ModelDrift]) -> None:
    people = User.objects.working().filter(Q(pk=model.published_by_id) | Q(groups__name=roles.REVOPS_ADMIN)).distinct()
    notify(
        to=people,
        kind="scoring.drift",
        title=format_lazy(_("Leads have moved away from {model}"), model=str(model)),
        body=format_lazy(_("{n} findings: look whether it still holds, or learn again."), n=len(fresh)),
        url=reverse("scoring-model", args=[model.pk]),
    )
