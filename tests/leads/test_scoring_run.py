"""The run over all leads: what it writes is, row by row, what the services for one lead would have written."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import services
from leads.models import EngagementRule, FitRule, FitScore, Lead, LeadEngagement, QualificationScore, ScoreGroup
from leads.selectors.scoring import CRITERIA
from leads.services import scoring
from leads.setup import ensure_leads
from leads.tasks import score_all
from revops.core import clock
from revops.users.models import User
from tests.leads.builders import GOOD, answered, make_lead, make_qualified_lead

Rows = dict[int, tuple[Any, ...]]
FITS = ("score", "reasons")
ENGAGED = ("card_id", "score", "total", "grade", "reasons")
JUDGED = ("scorecard_id", "answers", "score", "gate_failures", "qualifies")


def stored() -> tuple[Rows, Rows, Rows]:
    current = QualificationScore.objects.filter(is_current=True)
    return (
        {row.lead_id: tuple(getattr(row, name) for name in FITS) for row in FitScore.objects.all()},
        {row.lead_id: tuple(getattr(row, name) for name in ENGAGED) for row in LeadEngagement.objects.all()},
        {row.lead_id: tuple(getattr(row, name) for name in JUDGED) for row in current},
    )


def moments() -> list[Any]:
    """When each row was written."""
    return [
        list(model._default_manager.order_by("pk").values_list("pk", "computed_at"))
        for model in (FitScore, LeadEngagement, QualificationScore)
    ]


def mixed_rules(actor: User) -> None:
    """Rules of every field and way of fading, in groups with caps, with names that a file would stumble over."""
    size = services.create_setting(record=ScoreGroup(name="Size", side="fit", cap=12), actor=actor)
    talk = services.create_setting(record=ScoreGroup(name="Talk", side="engagement", cap=30), actor=actor)
    rules: list[Any] = [
        FitRule(name='Back\\slash "quoted"', field="employees", at_least=10, points=9, group=size),
        FitRule(name="Tab\tand ünïcode ✓", field="employees", at_least=50, at_most=500, points=9, group=size),
        FitRule(name="North", field="country", values=["Norway", "ÅLAND"], points=17),
        FitRule(name="Not these", field="industry", values=["Tobacco"], points=-60),
        FitRule(name="From a fair", field="source", values=["fair"], points=33),
        EngagementRule(name="A note", event="note", points=25, decay="none", group=talk),
        EngagementRule(name="Wants a price", event="call", contains="price", points=40, decay="none", group=talk),
        EngagementRule(name="An old visit", event="visit", points=30, decay="linear", percent_per_month=40),
        EngagementRule(name="Complains", event="email", contains="COMPLAINT", points=-45, decay="half_life"),
    ]
    for rule in rules:
        services.create_setting(record=rule, actor=actor)


def mixed_leads(sam: User, count: int) -> list[Lead]:
    dice, made = Random(5), []
    for _number in range(count):
        lead = make_lead(
            sam,
            industry=dice.choice(["", "Tobacco", "logistics", "Rail"]),
            employees=dice.choice([None, 0, 9, 10, 50, 120, 500, 501]),
            source=dice.choice(["", "Referral", "FAIR", "List"]),
            country=dice.choice(["", "norway", "åland", "Spain"]),
        )
        for _time in range(dice.choice([0, 0, 1, 4])):
            services.log_lead_activity(
                lead=lead,
                actor=sam,
                kind=dice.choice(["call", "note", "visit", "email", "meeting"]),
                subject=dice.choice(["Asked the Price", "A complaint", "Hello"]),
                happened_at=clock.now() - timedelta(days=dice.choice([1, 31, 80, 800])),
            )
        wanted = dice.sample(CRITERIA, dice.choice([0, 2, 5, 5]))
        if wanted:
            points = {name: Decimal(dice.choice(["0", "69.95", "77", "88.5", "100"])) for name in wanted}
            services.answer_criteria(lead=lead, version=None, actor=sam, answers=points)
        made.append(lead)
    return made


@pytest.mark.spec("INV-73", "INV-95")
def test_each_row_of_the_run_is_what_the_services_for_one_lead_write(
    sam: User, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "CHUNK", 7)  # of 40 leads: several chunks, the last one not full
    monkeypatch.setattr(scoring, "JUDGED", 3)
    ensure_leads()
    mixed_rules(olga)
    leads = mixed_leads(sam, 40)
    with clock.at(clock.now()):
        for lead in Lead.objects.filter(pk__in=[one.pk for one in leads]):
            services.score_fit(lead=lead)
            services.score_qualification(lead=lead)
            services.score_engagement(lead=lead)
        one_by_one = stored()
        for model in (FitScore, LeadEngagement, QualificationScore):
            model._default_manager.all().delete()
        score_all()
        assert stored() == one_by_one
        assert len(one_by_one[0]) == len(one_by_one[1]) == 40
        assert (
            len({row[0] for row in one_by_one[0].values()}) > 5 and len({row[1] for row in one_by_one[1].values()}) > 3
        )
        assert {row[4] for row in one_by_one[2].values()} == {True, False}


@pytest.mark.spec("INV-95")
def test_what_did_not_change_is_not_written_and_what_did_is(sam: User, olga: User) -> None:
    with clock.at(clock.now()):
        leads = mixed_leads(sam, 6)
        answered(leads[0], sam)
        score_all()
        before = moments()
    with clock.at(clock.now()):
        score_all()
        assert moments() == before
        # Changed past the services, as by a file that this run has to catch up with.
        Lead.objects.filter(pk=leads[1].pk).update(source="Referral", employees=120, industry="Logistics")
        leads[0].answers.filter(criterion="needs").update(value=Decimal("12.5"))
        leads[0].answers.filter(criterion="budget").delete()
        score_all()
    assert FitScore.objects.get(lead=leads[1]).score == 100
    current = QualificationScore.objects.get(lead=leads[0], is_current=True)
    assert (current.answers["needs"], current.gate_failures) == ("12.50", ["budget_unanswered"])
    changed = set(moments()[0]) - set(before[0])
    assert len(changed) == 1
    assert leads[0].qualification_scores.count() == 2


def test_a_qualified_lead_falls_when_the_run_finds_it_below_and_taken_back_answers_leave_no_score(sam: User) -> None:
    fallen, kept, bare = make_qualified_lead(sam), make_qualified_lead(sam), answered(make_lead(sam), sam)
    fallen.answers.filter(criterion="budget").update(value=10)
    bare.answers.all().delete()
    score_all()
    assert {lead.pk: Lead.objects.get(pk=lead.pk).status for lead in (fallen, kept, bare)} == {
        fallen.pk: "working", kept.pk: "qualified", bare.pk: "working",
    }  # fmt: skip
    assert Lead.objects.get(pk=fallen.pk).rejection_note == "The score fell to 64.00."
    assert QualificationScore.objects.get(lead=bare, is_current=True).score is None
    score_all()
    assert fallen.qualification_scores.count() == 2 and bare.qualification_scores.count() == 2


def test_another_scorecard_judges_all_once_more_and_closed_leads_keep_theirs(sam: User, olga: User) -> None:
    lead, closed = answered(make_lead(sam), sam), answered(make_lead(sam), sam)
    Lead.objects.filter(pk=closed.pk).update(status="disqualified", disqualify_reason=_reason())
    weights = dict(zip(CRITERIA, map(Decimal, (60, 10, 10, 10, 10)), strict=True))
    card = services.create_scorecard(actor=olga, weights=weights, threshold=Decimal(80))
    score_all()
    score_all()
    found = [one.qualification_scores.get(is_current=True).scorecard_id == card.pk for one in (lead, closed)]
    assert found == [True, False] and lead.qualification_scores.count() == 2


def _reason() -> Any:
    from leads.models import DisqualifyReason

    return DisqualifyReason.objects.first()


def test_many_leads_cost_as_many_statements_as_few(sam: User) -> None:
    def statements(work: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as seen:
            work()
        return len(seen)

    def fresh(count: int) -> None:
        for lead in mixed_leads(sam, count):
            services.answer_criteria(lead=lead, version=None, actor=sam, answers=GOOD)

    fresh(3)
    score_all()  # the first card
    fresh(4)
    few = statements(lambda: services.score_leads(after=0))
    fresh(40)
    assert statements(lambda: services.score_leads(after=0)) == few
    assert few <= 20
