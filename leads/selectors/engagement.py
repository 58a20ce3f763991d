"""What people did with a lead, in points that fade; the card's total and grade. Pure functions, and the reads."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db.models import QuerySet

from accounts.models import Activity
from leads.models import EngagementRule, FitRule, LeadActivity, LeadEngagement, RuleCard, ScoreGroup
from leads.selectors.scoring import capped
from revops.core import clock

MONTH = 30
LONG_AGO = timedelta(days=730)
LEAST_BAND = 1
TOP = 100


@dataclass(frozen=True)
class Event:
    """Something that happened with a lead."""

    kind: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Engagement:
    """Points of what happened, 0 to 100, with what gave them."""

    score: int
    reasons: list[dict[str, Any]] = field(default_factory=list)


def faded(rule: EngagementRule, days: float) -> float:
    """What a rule's points are worth after so many days; never more than fresh."""
    age = max(0.0, days)
    if rule.decay == EngagementRule.Decay.HALF_LIFE and rule.half_life_days:
        return rule.points * math.pow(0.5, age / rule.half_life_days)
    if rule.decay == EngagementRule.Decay.LINEAR and rule.percent_per_month:
        return rule.points * max(0.0, 1 - rule.percent_per_month / 100 * age / MONTH)
    return rule.points * 1.0


def engagement_of(events: Iterable[Event], rules: Sequence[EngagementRule], now: datetime) -> Engagement:
    """Add up what happened, each time it happened, within the groups' caps and between 0 and 100."""
    given: list[tuple[ScoreGroup | None, float]] = []
    reasons: dict[int, dict[str, Any]] = {}
    for event in events:
        days = (now - event.at).total_seconds() / 86400
        for rule in rules:
            if rule.event != event.kind or rule.contains.casefold() not in event.text.casefold():
                continue
            points = faded(rule, days)
            given.append((rule.group, points))
            row = reasons.setdefault(rule.pk, {"rule": rule.name, "times": 0, "points": 0.0, "days": int(days)})
            row["times"] += 1
            row["points"] += points
            row["days"] = min(row["days"], int(days))
    shown = [{**row, "points": round(row["points"], 1)} for row in reasons.values()]
    shown.sort(key=lambda row: -abs(row["points"]))
    return Engagement(max(0, min(TOP, int(capped(given)))), shown)


def rule_total(fit: int, engagement: int, card: RuleCard) -> int:
    """Fit and engagement in the card's shares, cut to whole points."""
    share = Decimal(card.fit_share)
    return int(((fit * share + engagement * (TOP - share)) / TOP).quantize(Decimal(1), ROUND_DOWN))


def grade_of(total: int, card: RuleCard) -> str:
    """A to D: the bands touch each other, so each total has exactly one."""
    for grade, least in (("A", card.a_from), ("B", card.b_from), ("C", card.c_from)):
        if total >= least:
            return grade
    return LeadEngagement.Grade.D


def moved_bounds(card: RuleCard, name: str, value: int) -> dict[str, int]:
    """The three lower bounds after one was moved: what stands in its way moves along."""
    order = ("c_from", "b_from", "a_from")
    bounds = {key: int(getattr(card, key)) for key in order}
    at = order.index(name)
    bounds[name] = max(LEAST_BAND + at, min(TOP - (len(order) - 1 - at), value))
    for lower in range(at - 1, -1, -1):
        bounds[order[lower]] = min(bounds[order[lower]], bounds[order[lower + 1]] - 1)
    for upper in range(at + 1, len(order)):
        bounds[order[upper]] = max(bounds[order[upper]], bounds[order[upper - 1]] + 1)
    return bounds


def active_card() -> RuleCard | None:
    """The rule card in force."""
    return RuleCard.objects.filter(is_active=True).first()


def active_fit_rules() -> list[FitRule]:
    """The fit rules in force, with their groups."""
    return list(FitRule.objects.filter(is_active=True).select_related("group"))


def active_engagement_rules() -> list[EngagementRule]:
    """The engagement rules in force, with their groups."""
    return list(EngagementRule.objects.filter(is_active=True).select_related("group"))


def events_of(lead_ids: Sequence[int]) -> dict[int, list[Event]]:
    """What happened with each of these leads in the last two years."""
    rows = LeadActivity.objects.filter(
        lead__in=lead_ids,
        activity__status=Activity.Status.COMPLETED,
        activity__happened_at__gte=clock.now() - LONG_AGO,
    ).values_list(
        "lead_id", "activity__kind", "activity__subject", "activity__outcome", "activity__happened_at"
    )  # fmt: skip
    found: dict[int, list[Event]] = {}
    for lead_id, kind, subject, outcome, at in rows:
        if at is not None:
            found.setdefault(lead_id, []).append(Event(kind, f"{subject} {outcome}", at))
    return found


def card_list(*, viewer: Any) -> QuerySet[RuleCard]:
    """All versions of the rule card."""
    return RuleCard.objects.all() if viewer.has_perm("leads.view_rulecard") else RuleCard.objects.none()


def group_list(*, viewer: Any) -> QuerySet[ScoreGroup]:
    """All groups of rules."""
    return ScoreGroup.objects.all() if viewer.has_perm("leads.view_scoregroup") else ScoreGroup.objects.none()


def every_group() -> QuerySet[ScoreGroup]:
    """The groups to choose from; who may not write rules is refused by the service."""
    return ScoreGroup.objects.all()


def engagement_rule_list(*, viewer: Any) -> QuerySet[EngagementRule]:
    """All engagement rules."""
    rows = EngagementRule.objects.select_related("group")
    return rows if viewer.has_perm("leads.view_engagementrule") else rows.none()
