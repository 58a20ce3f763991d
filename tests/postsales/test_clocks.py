"""Service levels: the clock runs in working hours, waits for the customer, and is computed when read."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postsales import services
from postsales.events import SlaBreached
from postsales.models import CaseStatusLog, SlaBreach, SlaPolicy, SlaTarget, SupportCase
from postsales.selectors import CaseClocks, ClockBook
from postsales.selectors.clocks import _clock, _life
from postsales.tasks import sla_watch
from revops.core import outbox
from revops.core.models import OutboxEvent
from revops.users import services as users
from revops.users.calendars import AROUND_THE_CLOCK, OpeningHours, opening_hours
from tests.accounts.builders import make_account
from tests.core.threads import together
from tests.postsales.builders import make_case

FRIDAY = datetime(2027, 1, 8, 16, 30, tzinfo=UTC)


def january(day, hour, minute=0):
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(FRIDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def case(clock, calendar, alice):
    """P2 on the standard policy: 1 hour to the answer, 8 hours to the solution, 09:00 to 17:00."""
    return make_case(make_account(alice), priority="P2")


def clocks(case) -> CaseClocks:
    found = ClockBook().of(SupportCase.objects.prefetch_related("log").get(pk=case.pk))
    assert found is not None
    return found


@pytest.mark.spec("L1")
def test_one_hour_begun_on_friday_at_half_past_four_is_due_on_monday_at_half_past_nine(case):
    assert clocks(case).response.due_at == january(11, 9, 30)


@pytest.mark.spec("L1")
def test_with_a_holiday_on_monday_it_is_due_on_tuesday(case, calendar):
    users.add_holiday(calendar=calendar, on=date(2027, 1, 11), name="Holiday", actor=None)
    assert clocks(case).response.due_at == january(12, 9, 30)


@pytest.mark.spec("L2")
def test_eight_hours_to_the_solution_end_on_monday_at_half_past_four(case):
    assert clocks(case).resolution.due_at == january(11, 16, 30)


@pytest.mark.spec("L3")
def test_two_hours_of_waiting_for_the_customer_move_the_solution_to_tuesday(case, clock, alice):
    clock.move_to(january(11, 10))
    services.ask_customer(case=case, body="Which version?", actor=alice)
    paused = clocks(case).resolution
    assert (paused.state, paused.due_at, paused.remaining) == ("paused", None, timedelta(hours=6, minutes=30))
    clock.move_to(january(11, 12))
    services.customer_answered(case=case, body="12.1", actor=alice)
    resumed = clocks(case).resolution
    assert (resumed.due_at, resumed.paused) == (january(12, 10, 30), timedelta(hours=2))


@pytest.mark.spec("L4")
def test_a_higher_priority_counts_from_the_beginning_and_breaks_at_once_and_once(clock, calendar, alice):
    clock.move_to(january(11, 9))
    case = make_case(make_account(alice), priority="P3")
    clock.move_to(january(11, 12))
    assert clocks(case).response.state == "soon"
    services.set_priority(case=case, priority="P2", actor=alice)
    response = clocks(case).response
    assert (response.due_at, response.remaining) == (january(11, 10), timedelta(hours=-2))
    assert clocks(case).resolution.due_at == january(11, 17)
    assert [(row.target, row.due_at) for row in case.breaches.all()] == [("response", january(11, 10))]
    services.set_priority(case=case, priority="P3", actor=alice)
    services.set_priority(case=case, priority="P2", actor=alice)
    sla_watch()
    assert SlaBreach.objects.count() == OutboxEvent.objects.filter(name="postsales.SlaBreached").count() == 1


def test_p1_runs_around_the_clock(clock, calendar, alice):
    case = make_case(make_account(alice), priority="P1")
    assert clocks(case).response.due_at == FRIDAY + timedelta(minutes=15)
    assert clocks(case).resolution.due_at == FRIDAY + timedelta(hours=4)


@pytest.mark.spec("PS-06")
def test_a_case_by_phone_and_one_by_web_follow_the_same_clock(clock, calendar, alice):
    account = make_account(alice)
    phone, web = (make_case(account, priority="P2", channel=channel) for channel in ("phone", "web"))
    assert clocks(phone) == clocks(web)


def test_an_answer_in_time_stops_the_first_clock_and_a_late_one_is_missed(case, clock, alice):
    other = make_case(case.account, priority="P2")
    clock.move_to(january(11, 9, 30))
    services.reply_case(case=case, body="We are on it.", actor=alice)
    assert clocks(case).response.state == "met"
    clock.move_to(january(11, 9, 31))
    services.reply_case(case=other, body="We are on it.", actor=alice)
    late = clocks(other).response
    assert (late.state, late.remaining) == ("missed", timedelta(minutes=-1))
    assert [row.target for row in other.breaches.all()] == ["response"], "noted though no watch ran in between"
    clock.move_to(january(20, 12))
    assert (clocks(case).response.state, clocks(other).response) == ("met", late)


def test_a_reopened_case_was_never_solved_so_its_clock_never_stopped(case, clock, alice):
    services.reply_case(case=case, body="Try this.", actor=alice)
    clock.move_to(january(11, 10))
    services.resolve_case(case=case, body="Done.", actor=alice)
    assert clocks(case).resolution.state == "met"
    clock.move_to(january(11, 12))
    services.reopen_case(case=case, reason="It came back.", actor=alice)
    assert clocks(case).resolution.due_at == january(11, 16, 30)
    assert clocks(case).resolution.elapsed == timedelta(hours=3, minutes=30)


def test_a_policy_may_start_the_clock_anew_on_reopening(case, clock, alice, olga):
    services.update_policy(policy=SlaPolicy.objects.get(), actor=olga, restart_on_reopen=True)
    services.reply_case(case=case, body="Try this.", actor=alice)
    clock.move_to(january(11, 10))
    services.resolve_case(case=case, body="Done.", actor=alice)
    clock.move_to(january(11, 12))
    services.reopen_case(case=case, reason="It came back.", actor=alice)
    assert clocks(case).resolution.due_at == january(12, 12)


def test_a_policy_that_promises_nothing_for_a_priority_has_no_clock(case, olga):
    services.set_targets(policy=SlaPolicy.objects.get(), targets=[("P1", 15, 240, True)], actor=olga)
    assert ClockBook().of(case) is None
    assert sla_watch() == 0


# The watch ---------------------------------------------------------------------------------


@pytest.mark.spec("INV-80")
def test_a_missed_target_is_told_once_however_often_the_watch_runs(case, clock):
    assert sla_watch() == 0
    clock.move_to(january(11, 9, 31))
    assert [sla_watch(), sla_watch()] == [1, 0]
    clock.move_to(january(11, 16, 31))
    assert [sla_watch(), sla_watch()] == [1, 0]
    rows = SlaBreach.objects.order_by("pk").values_list("target", "due_at")
    assert list(rows) == [("response", january(11, 9, 30)), ("resolution", january(11, 16, 30))]
    payloads = OutboxEvent.objects.filter(name=outbox.event_name(SlaBreached)).values_list("payload", flat=True)
    assert [payload["target"] for payload in payloads] == ["response", "resolution"]


def test_what_waits_for_the_customer_misses_nothing(case, clock, alice):
    clock.move_to(january(11, 9, 15))
    services.ask_customer(case=case, body="Which version?", actor=alice)
    clock.move_to(january(29, 12))
    assert sla_watch() == 0


@pytest.mark.spec("INV-80", "INV-93")
@pytest.mark.django_db(transaction=True)
def test_two_watches_at_once_tell_a_missed_target_once():
    from tests.cast import make_cast

    with time_machine.travel(FRIDAY, tick=False):
        case = make_case(make_account(make_cast().alice), priority="P2")
    with time_machine.travel(january(11, 10), tick=False):
        assert sorted(together(*[lambda: services.watch_case(case=case)] * 3), key=len)[-1]
        assert sla_watch() == 0
    assert SlaBreach.objects.count() == OutboxEvent.objects.filter(name="postsales.SlaBreached").count() == 1


# Properties --------------------------------------------------------------------------------

STEPS = st.lists(st.tuples(st.sampled_from(["open", "pending_customer", "resolved"]), st.integers(0, 3000)), max_size=8)
OFFICE = OpeningHours(
    AROUND_THE_CLOCK.zone,
    {day: ((datetime(2027, 1, 1, 9).time(), datetime(2027, 1, 1, 17).time()),) for day in range(5)},
    frozenset({date(2027, 1, 12)}),
)


@pytest.mark.spec("INV-80")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.integers(0, 10_000), st.integers(1, 3000), st.sampled_from([OFFICE, AROUND_THE_CLOCK]))
def test_elapsed_and_paused_never_exceed_the_time_that_passed_and_the_due_date_does_not_depend_on_when_one_looks(
    steps, rest, minutes, hours
):
    at, log = FRIDAY, [CaseStatusLog(pk=0, status="new", at=FRIDAY)]
    for number, (status, wait) in enumerate(steps, 1):
        at += timedelta(minutes=wait)
        log.append(CaseStatusLog(pk=number, status=status, at=at))
    spans, solved_at = _life(log, FRIDAY, restart=False)
    looks = [at + timedelta(minutes=offset) for offset in (0, rest, rest + 500)]
    seen = [_clock("resolution", minutes, spans, solved_at, hours, now) for now in looks]
    assert len({one.due_at for one in seen}) == 1
    for one, now in zip(seen, looks, strict=True):
        assert one.elapsed >= timedelta(0) and one.paused >= timedelta(0)
        assert one.elapsed + one.paused <= (solved_at or now) - FRIDAY
        if one.state == "breached":
            assert one.elapsed >= one.allowed
        if one.state in ("running", "soon"):
            assert one.elapsed <= one.allowed


def test_the_clocks_of_many_cases_cost_the_queries_of_one(case, django_assert_num_queries):
    for _ in range(5):
        make_case(case.account)
    with django_assert_num_queries(6):
        book = ClockBook()
        assert all(book.of(one) for one in SupportCase.objects.prefetch_related("log"))
    assert opening_hours(SlaTarget.objects.first().policy.calendar)
