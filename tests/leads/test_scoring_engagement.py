"""The rule card: points that fade, groups with limits, grades that touch each other, versions that stay."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from leads import services
from leads.models import EngagementRule, FitRule, Lead, LeadEngagement, RuleCard, ScoreGroup
from leads.selectors.engagement import Event, engagement_of, faded, grade_of, moved_bounds, rule_total
from leads.selectors.scoring import fit_of
from leads.setup import ensure_leads
from leads.tasks import score_all, score_lead
from revops.core import clock
from revops.core.errors import InvalidInput, NotAllowed, StaleCopy
from revops.users.models import User
from tests.leads.builders import make_lead

NOW = clock.now()
DAY = timedelta(days=1)


def rule(points: int = 20, **facts: Any) -> EngagementRule:
    facts.setdefault("event", "call")
    facts.setdefault("name", "A call")
    return EngagementRule(points=points, **facts)


@pytest.mark.spec("K1", "RO-16")
def test_20_points_with_a_half_life_of_30_days_are_7_0711_after_45() -> None:
    assert faded(rule(decay="half_life", half_life_days=30), 45) == pytest.approx(7.0711, abs=0.00005)


@pytest.mark.spec("K1", "RO-16")
def test_half_a_month_of_decay_in_a_line_is_5_after_45_days_and_nothing_after_60() -> None:
    linear = rule(decay="linear", percent_per_month=50)
    assert faded(linear, 45) == pytest.approx(5.0)
    assert faded(linear, 60) == 0
    assert faded(linear, 400) == 0


DECAYS = st.one_of(
    st.builds(lambda n: {"decay": "half_life", "half_life_days": n}, st.integers(1, 3650)),
    st.builds(lambda n: {"decay": "linear", "percent_per_month": n}, st.integers(1, 100)),
    st.just({"decay": "none"}),
)


@pytest.mark.spec("INV-73")
@settings(max_examples=15)
@given(st.integers(-100, 100), DECAYS, st.floats(0, 4000), st.floats(0, 4000))
def test_points_never_grow_with_age(points: int, decay: Any, one: float, other: float) -> None:
    made = rule(points, **decay)
    young, old = sorted((one, other))
    assert abs(faded(made, old)) <= abs(faded(made, young)) <= abs(points)


@pytest.mark.spec("INV-73")
@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(-100, 100), st.integers(0, 2), st.integers(0, 300)), max_size=12), st.integers(1, 60)
)
def test_a_groups_cap_and_the_bounds_hold_whatever_happens(facts: Any, cap: int) -> None:
    groups = [None, ScoreGroup(pk=1, name="One", side="engagement", cap=cap), ScoreGroup(pk=2, name="Two", cap=100)]
    rules = [
        rule(points, pk=n, group=groups[at], event=f"e{n}", decay="none") for n, (points, at, _d) in enumerate(facts)
    ]
    events = [Event(f"e{n}", "", NOW - DAY * days) for n, (_p, _at, days) in enumerate(facts)]
    found = engagement_of(events, rules, NOW)
    assert 0 <= found.score <= 100
    only = [one for one in rules if one.group is groups[1]]
    assert engagement_of([*events, *events], only, NOW).score <= cap


@pytest.mark.spec("INV-73")
@settings(max_examples=15)
@given(st.sampled_from(["a_from", "b_from", "c_from"]), st.integers(-50, 150), st.integers(0, 100))
def test_grades_touch_each_other_wherever_a_bound_is_moved(name: str, value: int, total: int) -> None:
    card = RuleCard(a_from=75, b_from=50, c_from=25)
    bounds = moved_bounds(card, name, value)
    assert 1 <= bounds["c_from"] < bounds["b_from"] < bounds["a_from"] <= 100
    moved = RuleCard(**bounds)
    assert [grade_of(total, moved) for total in (100, bounds["a_from"], bounds["a_from"] - 1, 0)][0] == "A"
    assert grade_of(bounds["b_from"], moved) == "B" and grade_of(bounds["b_from"] - 1, moved) == "C"
    assert grade_of(total, moved) <= grade_of(max(0, total - 1), moved)


def test_a_bound_moves_its_neighbour() -> None:
    card = RuleCard(a_from=75, b_from=50, c_from=25)
    assert moved_bounds(card, "a_from", 40) == {"a_from": 40, "b_from": 39, "c_from": 25}
    assert moved_bounds(card, "c_from", 60) == {"a_from": 75, "b_from": 61, "c_from": 60}


def test_fit_is_held_by_its_groups() -> None:
    group = ScoreGroup(pk=9, name="Size", side="fit", cap=15)
    rules = [
        FitRule(name=name, field="industry", values=["Rail"], points=10, group=group)
        for name in ("One", "Two", "Three")
    ]
    assert fit_of(Lead(industry="rail"), rules).score == 15


@pytest.mark.spec("RO-16")
def test_what_happens_with_a_lead_gives_points_a_total_and_a_grade(olga: User) -> None:
    lead = make_lead(olga, industry="Logistics", employees=200, source="Referral")
    assert lead.fit.score == 100
    services.log_lead_activity(lead=lead, actor=olga, kind="meeting", subject="At theirs")
    services.log_lead_activity(
        lead=lead, actor=olga, kind="call", subject="Again", happened_at=clock.now() - timedelta(days=30)
    )
    score_lead(lead.pk)
    row = LeadEngagement.objects.get(lead=lead)
    assert row.score == 25 + 6 - 1  # 30.99… of a meeting minutes ago and a call of a month ago, cut
    assert [(one["rule"], one["times"]) for one in row.reasons] == [("A meeting", 1), ("A call", 1)]
    card = RuleCard.objects.get(is_active=True)
    assert row.total == rule_total(100, row.score, card) == 72
    assert row.grade == "B"
    score_all()
    again = LeadEngagement.objects.get(lead=lead)
    assert (again.score, again.grade, again.computed_at) == (row.score, "B", row.computed_at)


def test_a_changed_rule_makes_the_next_card_and_an_earlier_one_comes_back(olga: User, alice: User) -> None:
    lead = make_lead(olga)
    services.score_engagement(lead=lead)
    first = RuleCard.objects.get(is_active=True)
    made = services.create_setting(record=rule(40, decay="none", event="note", name="A note"), actor=olga)
    second = RuleCard.objects.get(is_active=True)
    assert second.number == first.number + 1
    services.score_engagement(lead=lead)
    services.edit_setting(record=made, version=made.version, actor=olga, points=50)
    third = RuleCard.objects.get(is_active=True)
    assert third.number == second.number + 1
    services.score_engagement(lead=lead)
    restored = services.restore_card(card=second, actor=olga)
    made.refresh_from_db()
    assert (made.points, restored.number) == (40, third.number + 1)
    services.score_engagement(lead=lead)
    services.restore_card(card=first, actor=olga)
    made.refresh_from_db()
    assert made.is_active is False
    with pytest.raises(NotAllowed):
        services.restore_card(card=first, actor=alice)
    with pytest.raises(StaleCopy):
        services.edit_setting(record=made, version=1, actor=olga, points=60)


@pytest.mark.parametrize(
    "facts",
    [
        {"points": 101},
        {"decay": "half_life", "half_life_days": None},
        {"decay": "linear", "percent_per_month": None},
        {"event": "dance"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_the_service_and_the_database(olga: User, facts: Any) -> None:
    ensure_leads()
    count = EngagementRule.objects.count()
    with pytest.raises(InvalidInput):
        services.create_setting(record=rule(**{"points": 5, **facts}), actor=olga)
    assert EngagementRule.objects.count() == count
    if "event" not in facts:
        with pytest.raises(IntegrityError), transaction.atomic():
            EngagementRule.objects.bulk_create([rule(**{"points": 5, **facts})])


def test_a_group_of_the_other_side_is_refused(olga: User) -> None:
    ensure_leads()
    talks = ScoreGroup.objects.get(name="Talks")
    fit = FitRule(name="X", field="industry", values=["Rail"], points=5, group=talks)
    with pytest.raises(InvalidInput, match="other kind"):
        services.create_setting(record=fit, actor=olga)


def test_the_page_moves_a_bound_and_makes_a_rule(olga: User, alice: User) -> None:
    ensure_leads()
    client, other = Client(), Client()
    client.force_login(olga)
    other.force_login(alice)
    assert "Rule card" in client.get(reverse("lead-scoring")).content.decode()
    wrong = client.post(reverse("scoring-bands"), {"a_from": 900, "b_from": 51, "c_from": 25, "fit_share": 70})
    assert wrong.status_code == 422 and 'value="51"' in wrong.content.decode(), "what was typed is kept"
    client.post(reverse("scoring-bands"), {"a_from": 90, "b_from": 50, "c_from": 25, "fit_share": 70})
    card = RuleCard.objects.get(is_active=True)
    assert (card.a_from, card.fit_share) == (90, 70)
    made = client.post(
        reverse("scoring-rule-new", args=["engagement"]),
        {"name": "A note", "event": "note", "points": 3, "decay": "none", "is_active": "on"},
    )
    assert made.status_code == 302
    note = EngagementRule.objects.get(name="A note")
    address = reverse("scoring-rule", args=["engagement", note.pk])
    changed = {"name": "A note", "event": "note", "points": 4, "decay": "none", "version": note.version}
    assert client.post(address, changed).status_code == 302
    assert client.post(address, {**changed, "points": 5}).status_code == 409
    bad = {"name": "B", "event": "note", "points": 4, "decay": "linear"}
    assert client.post(reverse("scoring-rule-new", args=["engagement"]), bad).status_code == 422
    assert client.get(reverse("scoring-rule-new", args=["fit"])).status_code == 200
    assert client.get(reverse("scoring-rule-new", args=["nothing"])).status_code == 404
    assert other.post(reverse("scoring-bands"), {}).status_code == 403
    assert other.post(address, changed).status_code == 403
    note.refresh_from_db()
    assert note.points == 4


def test_the_api_shows_cards_and_changes_rules(olga: User, alice: User) -> None:
    ensure_leads()
    client = Client()
    client.force_login(olga)
    body = {"name": "Two visits", "event": "visit", "points": 10, "decay": "linear", "percent_per_month": 20}
    made: Any = client.post("/api/v1/engagement-rules", body, content_type="application/json")
    assert made.status_code == 201
    group = client.post(
        "/api/v1/score-groups", {"name": "Web", "side": "fit", "cap": 20}, content_type="application/json"
    )
    assert group.status_code == 201
    cards: Any = client.get("/api/v1/rule-cards").json()["results"]
    assert any(row["name"] == "Two visits" for row in cards[0]["rules"]["engagement"])
    client.force_login(alice)
    assert client.post("/api/v1/engagement-rules", body, content_type="application/json").status_code == 403
