"""How deals move: entry criteria, history, probability and category, winning, losing, reopening."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opportunities import services
from opportunities.models import LossReason, Opportunity, Stage, StageHistory
from opportunities.setup import ensure_pipeline
from revops.core import clock
from revops.core.errors import DomainError, IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, OutboxEvent
from revops.core.registries import Step, guards
from revops.users.models import User
from tests.opportunities.builders import lose, make_account, make_deal, win

pytestmark = pytest.mark.django_db
SOON = date(2030, 6, 30)


def test_a_new_deal_stands_in_the_first_stage_with_its_history_and_its_owners_credit(alice: User) -> None:
    deal = make_deal(alice, amount=1000)
    assert (deal.stage.key, deal.probability, deal.category, deal.status) == ("engage", 10, "pipeline", "open")
    assert [(row.from_stage, row.to_stage.key) for row in deal.stage_history.all()] == [(None, "engage")]
    split = deal.splits.get()
    assert (split.user, split.percent, split.amount) == (alice, 100, 1000)


def test_a_move_sets_probability_and_category_and_leaves_a_row_with_its_duration(alice: User) -> None:
    deal = make_deal(alice)
    Opportunity.objects.filter(pk=deal.pk).update(stage_entered_at=clock.now() - timedelta(hours=5))
    moved = services.move_opportunity(opportunity=deal, stage="develop_proposal", version=1, actor=alice)
    assert (moved.stage.key, moved.probability, moved.category, moved.version) == (
        "develop_proposal",
        42,
        "best_case",
        2,
    )
    row = moved.stage_history.get(from_stage__key="engage")
    assert row.by == alice and 18_000 <= row.seconds_in_stage < 18_100


def test_backwards_is_a_move_like_any_other(alice: User) -> None:
    deal = make_deal(alice, stage="develop_proposal")
    moved = services.move_opportunity(opportunity=deal, stage="engage", version=None, actor=alice)
    assert moved.stage.key == "engage" and moved.stage_history.count() == 2


def test_pitch_names_what_is_missing_and_nothing_happens(alice: User) -> None:
    deal = make_deal(alice, amount=None)
    with pytest.raises(MissingFields) as caught:
        services.move_opportunity(opportunity=deal, stage="pitch", version=1, actor=alice)
    assert caught.value.fields == ["amount", "close_on"]
    deal.refresh_from_db()
    assert (deal.stage.key, deal.version, deal.stage_history.count()) == ("engage", 1, 1)


def test_a_move_takes_the_missing_fields_in_the_same_call(alice: User) -> None:
    deal = make_deal(alice, amount=None)
    moved = services.move_opportunity(
        opportunity=deal, stage="pitch", version=1, actor=alice, amount=Decimal("48700"), close_on=SOON
    )
    assert (moved.stage.key, moved.amount, moved.close_on) == ("pitch", 48700, SOON)
    assert moved.splits.get().amount == 48700


def test_what_a_stage_needs_cannot_be_emptied_while_the_deal_stands_there(alice: User) -> None:
    deal = make_deal(alice, stage="pitch", close_on=SOON)
    with pytest.raises(MissingFields):
        services.update_opportunity(opportunity=deal, version=None, actor=alice, close_on=None)
    deal.refresh_from_db()
    assert deal.close_on == SOON


def test_losing_needs_a_reason(alice: User) -> None:
    deal = make_deal(alice)
    with pytest.raises(MissingFields) as caught:
        services.move_opportunity(opportunity=deal, stage="closed_lost", version=None, actor=alice)
    assert caught.value.fields == ["loss_reason"]
    lost = lose(deal, alice)
    assert (lost.status, lost.category, lost.probability, lost.closed_on) == ("lost", "omitted", 0, clock.today())


def test_winning_by_hand_needs_account_and_reason(alice: User) -> None:
    ensure_pipeline()
    deal = services.create_opportunity(actor=alice, name="No account yet", amount=Decimal(5))
    with pytest.raises(MissingFields) as caught:
        services.move_opportunity(opportunity=deal, stage="closed_won", version=None, actor=alice)
    assert caught.value.fields == ["account", "won_reason"]
    won = services.move_opportunity(
        opportunity=deal, stage="closed_won", version=None, actor=alice, account=make_account(alice), won_reason="Fax"
    )
    assert (won.status, won.category, won.probability) == ("won", "closed", 100)


def test_a_closed_deal_does_not_move_and_keeps_what_it_was_counted_with(alice: User) -> None:
    won = win(make_deal(alice), alice)
    with pytest.raises(IllegalState):
        services.move_opportunity(opportunity=won, stage="pitch", version=None, actor=alice)
    with pytest.raises(IllegalState):
        services.update_opportunity(opportunity=won, version=None, actor=alice, amount=Decimal(1))
    assert services.update_opportunity(opportunity=won, version=None, actor=alice, name="Renamed").name == "Renamed"


def test_reopening_goes_back_to_negotiation_and_is_audited(alice: User) -> None:
    lost = lose(make_deal(alice), alice)
    deal = services.reopen_opportunity(opportunity=lost, version=lost.version, actor=alice, reason="They called")
    assert (deal.status, deal.stage.key, deal.closed_on, deal.loss_reason) == ("open", "negotiate", None, None)
    entry = AuditEntry.objects.about(deal).get(action="opportunity.reopened")
    assert entry.actor == alice and entry.facts["reason"] == "They called"


def test_a_guard_can_refuse_the_reopening_and_nothing_happens(alice: User) -> None:
    def booked(*, opportunity: Opportunity, actor: User) -> None:
        raise IllegalState("order_booked", "Its order is booked.")

    won = win(make_deal(alice), alice)
    step = guards.register(Step("test.booked", booked, topic="opportunities.reopen"))
    try:
        with pytest.raises(IllegalState, match="booked"):
            services.reopen_opportunity(opportunity=won, version=None, actor=alice)
    finally:
        del guards._entries[step.key]
    won.refresh_from_db()
    assert won.status == "won"


def test_a_stale_copy_moves_nothing(alice: User) -> None:
    deal = make_deal(alice)
    services.move_opportunity(opportunity=deal, stage="discover_needs", version=1, actor=alice)
    with pytest.raises(StaleCopy):
        services.move_opportunity(opportunity=deal, stage="engage", version=1, actor=alice)
    deal.refresh_from_db()
    assert deal.stage.key == "discover_needs"


def test_who_may_not_change_deals_moves_none(alice: User, sam: User) -> None:
    deal = make_deal(alice)
    with pytest.raises(NotAllowed):
        services.move_opportunity(opportunity=deal, stage="discover_needs", version=None, actor=sam)
    with pytest.raises(NotAllowed):
        services.create_opportunity(actor=sam, name="Mine")


def test_each_move_tells_the_others_once(alice: User) -> None:
    deal = make_deal(alice)
    services.move_opportunity(opportunity=deal, stage="discover_needs", version=None, actor=alice)
    told = (
        OutboxEvent.objects.filter(name="opportunities.OpportunityMoved")
        .order_by("pk")
        .values_list("payload", flat=True)
    )
    assert list(told) == [
        {"opportunity_id": deal.pk, "from_stage": "", "to_stage": "engage"},
        {"opportunity_id": deal.pk, "from_stage": "engage", "to_stage": "discover_needs"},
    ]


@pytest.mark.spec("F12")
def test_a_category_set_by_hand_stays_over_open_moves_and_falls_on_closing(alice: User) -> None:
    deal = make_deal(alice, close_on=SOON)
    services.set_category(opportunity=deal, category="best_case", version=None, actor=alice)
    deal = services.move_opportunity(opportunity=deal, stage="negotiate", version=None, actor=alice)
    assert (deal.category, deal.category_overridden) == ("best_case", True)
    lost = lose(deal, alice)
    assert (lost.category, lost.category_overridden) == ("omitted", False)
    with pytest.raises(IllegalState):
        services.set_category(opportunity=lost, category="commit", version=None, actor=alice)
    with pytest.raises(InvalidInput):
        services.set_category(opportunity=make_deal(alice), category="closed", version=None, actor=alice)


def test_an_override_taken_back_follows_the_stage_again(alice: User) -> None:
    deal = make_deal(alice)
    services.set_category(opportunity=deal, category="commit", version=None, actor=alice)
    deal = services.set_category(opportunity=deal, category=None, version=None, actor=alice)
    assert (deal.category, deal.category_overridden) == ("pipeline", False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", Decimal(-1)),
        ("amount", Decimal("1.001")),
        ("amount", Decimal(10) ** 20),
        ("currency", "XXQ"),
        ("name", ""),
        ("name", "x" * 201),
        ("name", "a\x00b"),
        ("kind", "nonsense"),
        ("source", "x" * 61),
    ],
)
def test_a_value_that_no_deal_can_have_is_refused_by_its_field(alice: User, field: str, value: object) -> None:
    deal = make_deal(alice)
    with pytest.raises(InvalidInput) as caught:
        services.update_opportunity(opportunity=deal, version=None, actor=alice, **{field: value})
    assert caught.value.errors[0].pointer == field
    deal.refresh_from_db()
    assert deal.version == 1


@pytest.mark.spec("INV-90")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    walk=st.lists(
        st.sampled_from(["engage", "pitch", "negotiate", "closed_won", "closed_lost", "reopen", "nowhere"]), max_size=8
    )
)
def test_random_walks_reach_declared_states_only_and_refusals_leave_no_trace(alice: User, walk: list[str]) -> None:
    deal = make_deal(alice, close_on=SOON)
    reason = LossReason.objects.first()
    closed = {"closed_won": {"won_reason": "By hand"}, "closed_lost": {"loss_reason": reason}}
    for step in walk:
        before = Opportunity.objects.filter(pk=deal.pk).values().get()
        traces = (StageHistory.objects.count(), AuditEntry.objects.count(), OutboxEvent.objects.count())
        try:
            if step == "reopen":
                services.reopen_opportunity(opportunity=deal, version=None, actor=alice)
            else:
                services.move_opportunity(
                    opportunity=deal, stage=step, version=None, actor=alice, **closed.get(step, {})
                )
        except DomainError:
            assert Opportunity.objects.filter(pk=deal.pk).values().get() == before
            assert (StageHistory.objects.count(), AuditEntry.objects.count(), OutboxEvent.objects.count()) == traces
        deal.refresh_from_db()
        kind = {"open": Stage.Kind.OPEN, "won": Stage.Kind.WON, "lost": Stage.Kind.LOST}[deal.status]
        assert deal.stage.kind == kind and (deal.closed_on is None) == (deal.status == "open")
