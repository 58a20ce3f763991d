"""The engagement score and the grade, of one lead and of many."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from leads.models import FitScore, Lead, LeadEngagement
from leads.selectors.engagement import (
    active_card,
    active_engagement_rules,
    engagement_of,
    events_of,
    grade_of,
    rule_total,
)
from leads.services.cards import renew_card
from revops.core import clock

CHUNK, FRESH_FOR = 5000, timedelta(days=2)
# Leads whose grade has the same reasons are written as one group; what stands there already is not written again.
WRITE = """
    INSERT INTO leads_leadengagement (lead_id, card_id, score, total, grade, reasons, computed_at)
    SELECT new.* FROM (
        SELECT unnest(g.leads) AS lead_id, %s::bigint AS card_id, g.score, g.total, g.grade, g.reasons,
            %s::timestamptz AS computed_at
        FROM jsonb_to_recordset(%s)
            AS g(leads bigint[], score smallint, total smallint, grade varchar(1), reasons jsonb)
    ) new LEFT JOIN leads_leadengagement old ON old.lead_id = new.lead_id
    WHERE old.lead_id IS NULL OR (old.card_id, old.score, old.total, old.grade, old.reasons)
        IS DISTINCT FROM (new.card_id, new.score, new.total, new.grade, new.reasons)
    ORDER BY new.lead_id
    ON CONFLICT (lead_id) DO UPDATE SET card_id = excluded.card_id, score = excluded.score, total = excluded.total,
        grade = excluded.grade, reasons = excluded.reasons, computed_at = excluded.computed_at"""


@transaction.atomic
def score_engagement(*, lead: Lead, actor: Any = None) -> LeadEngagement:
    """Store one lead's engagement, total and grade as of now."""
    _engage_many([lead.pk], dict(FitScore.objects.filter(lead=lead).values_list("lead_id", "score")))
    return LeadEngagement.objects.get(lead=lead)


@transaction.atomic
def engage_new_leads(*, actor: Any = None) -> int:
    """The open leads that came in lately and have no grade yet; returns how many."""
    rows = Lead.objects.open().filter(created_at__gt=clock.now() - FRESH_FOR, engagement=None)
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if keys:
        _engage_many(keys, dict(FitScore.objects.filter(lead__in=keys).values_list("lead_id", "score")))
    return len(keys)


def _engage_many(keys: Sequence[int], fits: Mapping[int, int]) -> None:
    """The same for many leads by two statements, however many they are."""
    card = active_card() or renew_card(actor=None)
    rules, now = active_engagement_rules(), clock.now()
    events = events_of(keys) if rules else {}
    quiet: dict[int, dict[str, Any]] = {}  # of leads with which nothing happened, by their fit
    groups: list[dict[str, Any]] = []
    for key in keys:
        fit, mine = fits.get(key, 0), events.get(key)
        if mine is None and fit in quiet:
            quiet[fit]["leads"].append(key)
            continue
        found = engagement_of(mine or (), rules, now)
        total = rule_total(fit, found.score, card)
        group = {"score": found.score, "total": total, "grade": grade_of(total, card), "reasons": found.reasons}
        groups.append({**group, "leads": [key]})
        if mine is None:
            quiet[fit] = groups[-1]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [card.pk, now, json.dumps(groups)])
