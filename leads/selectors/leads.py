"""Leads as lists, pages and the API show them."""

from typing import Any

from django.db.models import CharField, Count, DecimalField, F, JSONField, OuterRef, QuerySet, Subquery

from accounts.models import Activity
from leads.models import Lead, QualificationScore

RULED_AND_LEARNED = {
    "engagement_score": F("engagement__score"),
    "grade": F("engagement__grade"),
    "propensity_score": F("propensity__score"),
}


def lead_list(*, viewer: Any) -> QuerySet[Lead]:
    """Leads with holder, both scores and next action, in one query. LeadFilter hides the archived ones."""
    return shaped(Lead.objects.visible_to(viewer))


def lead_facts(*, viewer: Any) -> QuerySet[Lead]:
    """Leads as the API lists them: both scores, and of related records their keys only."""
    return with_scores(Lead.objects.visible_to(viewer))


def with_scores(rows: QuerySet[Lead]) -> QuerySet[Lead]:
    """What the API shows of leads besides their own columns."""
    current = QualificationScore.objects.filter(lead=OuterRef("pk"), is_current=True)
    return rows.select_related("disqualify_reason").annotate(
        score=Subquery(current.values("score")[:1], output_field=DecimalField(max_digits=5, decimal_places=2)),
        fit_score=F("fit__score"),
        **RULED_AND_LEARNED,
    )


def shaped(rows: QuerySet[Lead]) -> QuerySet[Lead]:
    """The joins and annotations of a list of leads."""
    current = QualificationScore.objects.filter(lead=OuterRef("pk"), is_current=True)
    planned = (
        Activity.objects.filter(lead_link__lead=OuterRef("pk"), status=Activity.Status.PLANNED)
        .order_by("due_at", "pk")
        .values("subject")
    )
    return rows.select_related("owner", "queue", "fit", "account", "disqualify_reason").annotate(
        score=Subquery(current.values("score")[:1], output_field=DecimalField(max_digits=5, decimal_places=2)),
        score_answers=Subquery(current.values("answers")[:1], output_field=JSONField()),
        score_threshold=Subquery(
            current.values("scorecard__threshold")[:1], output_field=DecimalField(max_digits=5, decimal_places=2)
        ),
        fit_score=F("fit__score"),
        **RULED_AND_LEARNED,
        next_subject=Subquery(planned[:1], output_field=CharField()),
    )


def funnel(*, viewer: Any) -> list[dict[str, Any]]:
    """How many leads stand in each state, in the order of the way."""
    rows = Lead.objects.visible_to(viewer).filter(archived_at__isnull=True)
    counts = dict(rows.order_by().values_list("status").annotate(n=Count("pk")))
    return [{"status": value, "label": label, "count": counts.get(value, 0)} for value, label in Lead.Status.choices]
