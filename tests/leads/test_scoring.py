from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import services
from leads.models import FitRule, Lead, QualificationScore, Scorecard
from leads.selectors.scoring import CRITERIA, judge
from leads.setup import ensure_leads
from leads.tasks import score_all, score_lead
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import Delivery, OutboxEvent
from revops.users.models import User
from tests.leads.builders import GOOD, answered, make_lead

EQUAL = Scorecard(**{f"{name}_weight": Decimal(20) for name in CRITERIA}, threshold=Decimal(77))


def verdict(*values: Any, card: Scorecard = EQUAL) -> Any:
    return judge({name: Decimal(str(v)) for name, v in zip(CRITERIA, values, strict=False) if v is not None}, card)


@pytest.mark.spec("SD-12", "K2")
def test_77_qualifies_and_76_99_does_not() -> None:
    assert (verdict(90, 80, 70, 75, 70).score, verdict(90, 80, 70, 75, 70).qualifies) == (Decimal("77.00"), True)
    assert (verdict(90, 80, 70, 75, "69.95").score, verdict(90, 80, 70, 75, "69.95").qualifies) == (
        Decimal("76.99"),
        False,
    )


@pytest.mark.spec("SD-12", "K2")
def test_a_score_is_cut_and_never_rounded_up_to_the_threshold() -> None:
    almost = verdict("77", "77", "77", "77", "76.99")  # 76.998
    assert (almost.score, almost.qualifies) == (Decimal("76.99"), False)


@pytest.mark.spec("SD-12")
def test_an_unanswered_criterion_blocks_however_good_the_rest() -> None:
    four = verdict(100, 100, 100, 100, None)
    assert (four.score, four.qualifies, four.gate_failures) == (None, False, ["authority_unanswered"])
    assert (four.so_far, four.low, four.high) == (Decimal("100.00"), Decimal("80.20"), Decimal("100.00"))


@pytest.mark.spec("SD-12")
def test_authority_0_never_qualifies_whatever_the_average() -> None:
    gated = verdict(100, 100, 100, 100, 0)
    assert (gated.score, gated.qualifies, gated.gate_failures) == (Decimal("80.00"), False, ["authority_zero"])


def test_the_mock_ups_lead_needs_an_authority_of_85() -> None:
    now = verdict(88, 72, 80, 60, None)
    assert (now.so_far, now.low, now.high, now.needed) == (
        Decimal("75.00"),
        Decimal("60.20"),
        Decimal("80.00"),
        Decimal(85),
    )
    assert verdict(10, 10, 10, 10, None).needed is None


@pytest.mark.spec("INV-73")
@given(values=st.lists(st.one_of(st.none(), st.decimals(0, 100, places=2)), min_size=5, max_size=5))
def test_a_score_lies_between_0_and_100_and_gates_dominate(values: list[Decimal | None]) -> None:
    found = verdict(*values)
    assert found.score is None or 0 <= found.score <= 100
    assert 0 <= found.low <= found.high <= 100
    if found.gate_failures:
        assert not found.qualifies
    assert verdict(*values) == found


@pytest.mark.spec("SD-12")
def test_answers_start_work_and_a_worker_makes_the_score(sam: User) -> None:
    lead = make_lead(sam)
    lead = services.answer_criteria(lead=lead, version=1, actor=sam, answers=GOOD, evidence={"needs": "Call on Monday"})
    assert (lead.status, lead.version) == ("working", 2)
    assert not QualificationScore.objects.exists()
    event = OutboxEvent.objects.get(name="leads.LeadAnswered")
    assert Delivery.objects.get(event=event).handler == "leads.handlers.score_answered_lead"
    score_lead(event.payload["lead_id"])
    score = QualificationScore.objects.get()
    assert (score.score, score.qualifies, score.scorecard.number) == (Decimal("77.00"), True, 1)
    lead.refresh_from_db()
    assert lead.version == 2  # the machine's numbers are nobody's edit


@pytest.mark.spec("INV-93")
def test_scoring_twice_has_the_effect_of_once(sam: User) -> None:
    lead = answered(make_lead(sam), sam)
    score_lead(lead.pk)
    assert QualificationScore.objects.count() == 1
    score_lead(10**9)


@pytest.mark.spec("SD-12")
def test_every_score_keeps_its_scorecard_version(sam: User, olga: User) -> None:
    lead = answered(make_lead(sam), sam)
    weights = dict(zip(CRITERIA, map(Decimal, (60, 10, 10, 10, 10)), strict=True))
    services.create_scorecard(actor=olga, weights=weights, threshold=Decimal(80))
    score_all()
    old, new = lead.qualification_scores.order_by("pk")
    assert (old.scorecard.number, old.score, old.is_current) == (1, Decimal("77.00"), False)
    assert (new.scorecard.number, new.score, new.qualifies) == (2, Decimal("83.50"), True)
    assert Scorecard.objects.get(is_active=True).number == 2


def test_weights_that_do_not_make_100_are_refused(olga: User, sam: User) -> None:
    ensure_leads()
    with pytest.raises(InvalidInput):
        services.create_scorecard(actor=olga, weights=dict.fromkeys(CRITERIA, Decimal(19)), threshold=Decimal(77))
    with pytest.raises(NotAllowed):
        services.create_scorecard(actor=sam, weights=dict.fromkeys(CRITERIA, Decimal(20)), threshold=Decimal(1))
    assert Scorecard.objects.count() == 1


@pytest.mark.spec("SD-12")
def test_a_qualified_lead_whose_score_fell_goes_back_to_working(sam: User) -> None:
    lead = answered(make_lead(sam), sam)
    lead = services.qualify_lead(lead=lead, version=lead.version, actor=sam)
    services.answer_criteria(lead=lead, version=None, actor=sam, answers={"budget": 10})
    score_lead(lead.pk)
    lead.refresh_from_db()
    assert (lead.status, lead.rejection_note, lead.qualified_at) == ("working", "The score fell to 64.00.", None)


@pytest.mark.parametrize("value", ["101", "-1", "many", "NaN", "Infinity", "1e99"])
def test_an_answer_that_is_no_number_from_0_to_100_is_refused(sam: User, value: str) -> None:
    lead = make_lead(sam)
    with pytest.raises(InvalidInput) as refused:
        services.answer_criteria(lead=lead, version=1, actor=sam, answers={"needs": value, "budget": 50})
    assert [error.pointer for error in refused.value.errors] == ["needs"]
    assert not lead.answers.exists()


def test_an_unknown_criterion_and_endless_evidence_are_refused(sam: User) -> None:
    lead = make_lead(sam)
    for facts in (
        {"answers": {"mood": 5}},
        {"answers": {"needs": 5}, "evidence": {"needs": "x" * 401}},
        {"answers": {}, "evidence": {"mood": "x"}},
    ):
        with pytest.raises(InvalidInput):
            services.answer_criteria(lead=lead, version=1, actor=sam, **facts)


def test_an_answer_can_be_taken_back(sam: User) -> None:
    lead = answered(make_lead(sam), sam)
    services.answer_criteria(lead=lead, version=None, actor=sam, answers={"needs": None})
    score_lead(lead.pk)
    current = lead.qualification_scores.get(is_current=True)
    assert (current.score, current.gate_failures) == (None, ["needs_unanswered"])


def test_a_stale_copy_answers_nothing(sam: User) -> None:
    lead = make_lead(sam)
    services.answer_criteria(lead=lead, version=1, actor=sam, answers={"needs": 50})
    with pytest.raises(StaleCopy):
        services.answer_criteria(lead=lead, version=1, actor=sam, answers={"needs": 90})
    assert lead.answers.get().value == 50


def test_a_closed_lead_keeps_its_answers(sam: User) -> None:
    lead = make_lead(sam)
    reason = first_reason()
    services.disqualify_lead(lead=lead, version=1, actor=sam, reason=reason)
    with pytest.raises(IllegalState):
        services.answer_criteria(lead=lead, version=2, actor=sam, answers={"needs": 50})


def first_reason() -> Any:
    from leads.models import DisqualifyReason

    return DisqualifyReason.objects.order_by("pk").first()


@pytest.mark.spec("RO-16")
def test_fit_adds_the_points_of_the_rules_and_stands_beside_the_score(sam: User) -> None:
    lead = make_lead(sam, industry="freight", employees=120, source="Referral")
    assert (lead.fit.score, len(lead.fit.reasons)) == (100, 3)
    assert not QualificationScore.objects.filter(lead=lead).exists()
    lead = services.update_lead(lead=lead, version=1, actor=sam, source="List", employees=5, industry="")
    lead.fit.refresh_from_db()
    assert lead.fit.score == 0  # held at 0, though the points are below
    assert [row["points"] for row in lead.fit.reasons] == [-20, -10]


def test_a_changed_rule_is_obeyed_by_every_open_lead_in_one_pass(sam: User, olga: User) -> None:
    lead = make_lead(sam, source="Referral")
    rule = FitRule.objects.get(field="source", points=30)
    services.edit_setting(record=rule, version=1, actor=olga, points=45)
    assert OutboxEvent.objects.filter(name="leads.ScoringChanged", payload__what=rule.name).exists()
    score_all()
    lead.fit.refresh_from_db()
    assert lead.fit.score == 45


@pytest.mark.spec("INV-95")
def test_the_nightly_pass_and_the_single_score_agree(sam: User) -> None:
    leads = [answered(make_lead(sam, employees=n * 40), sam, needs=n * 10, authority=n) for n in range(4)]
    single = {lead.pk: (lead.fit.score, lead.qualification_scores.get(is_current=True).answers) for lead in leads}
    QualificationScore.objects.all().delete()
    score_all()
    assert {
        lead.pk: (Lead.objects.get(pk=lead.pk).fit.score, lead.qualification_scores.get().answers) for lead in leads
    } == single
