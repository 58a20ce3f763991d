"""The engagement score and the grade, of one lead and of many."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

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
WRITTEN = ["card", "score", "total", "grade", "reasons", "computed_at"]


@transaction.atomic
def score_engagement(*, lead: Lead, actor: Any = None) -> LeadEngagement:
    """Store one lead's engagement, total and grade as of now."""
    fits = dict(FitScore.objects.filter(lead=lead).values_list("lead_id", "score"))
    _engage_many([lead], fits)
    return LeadEngagement.objects.get(lead=lead)


@transaction.atomic
def engage_new_leads(*, actor: Any = None) -> int:
    """The open leads that came in lately and have no grade yet; returns how many."""
    rows = Lead.objects.open().filter(created_at__gt=clock.now() - FRESH_FOR, engagement=None)
    leads = list(rows.order_by("pk")[:CHUNK])
    if leads:
        _engage_many(leads, dict(FitScore.objects.filter(lead__in=leads).values_list("lead_id", "score")))
    return len(leads)


def _engage_many(leads: Sequence[Lead], fits: Mapping[int, int]) -> None:
    """The same for a chunk of leads; what did not change is not written."""
    card = active_card() or renew_card(actor=None)
    rules, now = active_engagement_rules(), clock.now()
    keys = [lead.pk for lead in leads]
    events = events_of(keys) if rules else {}
    standing = {row.lead_id: row for row in LeadEngagement.objects.filter(lead__in=keys)}
    rows = []
    for lead in leads:
        found, row = engagement_of(events.get(lead.pk, ()), rules, now), standing.get(lead.pk)
        total = rule_total(fits.get(lead.pk, 0), found.score, card)
        facts = {"score": found.score, "total": total, "grade": grade_of(total, card), "reasons": found.reasons}
        if row is None or row.card_id != card.pk or any(getattr(row, name) != facts[name] for name in facts):
            rows.append(LeadEngagement(lead=lead, card=card, computed_at=now, **facts))
    LeadEngagement.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["lead"], update_fields=WRITTEN, batch_size=1000
    )
