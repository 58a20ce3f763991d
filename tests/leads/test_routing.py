from collections import Counter
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extras import DateRange

from leads import services
from leads.models import Assignment, Lead, LeadQueue, PoolMember, RoutingRule
from leads.setup import ensure_leads
from leads.tasks import route_lead, route_waiting
from revops.core import clock, outbox
from revops.core.errors import InvalidInput, NotAllowed
from revops.users.models import Absence, User
from tests.accounts.builders import make_account
from tests.cast import make_cast
from tests.leads.builders import make_lead, make_pool


def routed(count: int) -> str:
    """Leads come in by themselves, one after the other; who got them, by initial."""
    names = []
    for _ in range(count):
        row = services.route_lead(lead=make_lead(None))
        names.append(row.user.username[0].upper() if row.user else "-")
    return "".join(names)


@pytest.mark.spec("K3", "RO-16", "INV-71")
def test_weights_2_1_1_take_turns_smoothly(alice: User, bob: User, charlie: User) -> None:
    make_pool((alice, 2, None), (bob, 1, None), (charlie, 1, None))
    assert routed(8) == "ABCAABCA"


@pytest.mark.spec("INV-71")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(weights=st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_after_a_whole_round_everybody_has_their_weight(
    alice: User, bob: User, charlie: User, weights: list[int]
) -> None:
    people = (alice, bob, charlie)
    with transaction.atomic():
        make_pool(*[(person, weight, None) for person, weight in zip(people, weights, strict=True)])
        got = Counter(routed(2 * sum(weights)))
        assert [got[letter] for letter in "ABC"] == [2 * weight for weight in weights]
        transaction.set_rollback(True)


@pytest.mark.spec("K4")
def test_capacity_counts_the_last_30_days_and_not_each_day(alice: User, bob: User) -> None:
    make_pool((alice, 1, 2), (bob, 1, None))
    assert routed(5) == "ABABB"
    Assignment.objects.filter(user=alice).update(assigned_at=clock.now() - timedelta(days=31))
    assert "A" in routed(2)


@pytest.mark.spec("K5", "INV-72")
def test_who_is_away_or_full_is_passed_over(alice: User, bob: User, charlie: User) -> None:
    make_pool((alice, 1, None), (bob, 1, 0), (charlie, 1, None))
    today = clock.today()
    Absence.objects.create(user=alice, during=DateRange(today, today + timedelta(days=7)))
    assert routed(3) == "CCC"


@pytest.mark.spec("K5", "INV-72", "INV-70")
def test_when_nobody_can_the_lead_waits_in_the_fallback_queue_and_is_not_lost(
    alice: User, bob: User, olga: User
) -> None:
    make_pool((alice, 1, 0), (bob, 1, None))
    User.objects.filter(pk=bob.pk).update(can_sign_in=False)
    lead = make_lead(None)
    row = services.route_lead(lead=lead)
    assert (row.queue.is_fallback, row.user, row.queue.owner) == (True, None, olga)
    assert Lead.objects.visible_to(olga).get().queue == row.queue
    User.objects.filter(pk=bob.pk).update(can_sign_in=True)
    route_waiting()
    lead.refresh_from_db()
    assert (lead.owner, lead.queue) == (bob, None)


@pytest.mark.spec("INV-72")
def test_an_inactive_member_gets_nothing(alice: User, bob: User) -> None:
    make_pool((alice, 5, None), (bob, 1, None))
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert routed(3) == "BBB"


@pytest.mark.spec("RO-16")
def test_the_owner_of_the_account_with_this_domain_comes_first(alice: User, bob: User, charlie: User) -> None:
    make_pool((bob, 1, None))
    make_account(charlie, "Tamar", website="tamar.example")
    row = services.route_lead(lead=make_lead(None, email="j.pike@tamar.example"))
    assert (row.user, row.pool) == (charlie, None)
    assert "Tamar" in row.reason
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    assert services.route_lead(lead=make_lead(None, email="r.voss@tamar.example")).user == bob


def test_a_rule_sends_its_leads_to_its_own_pool(alice: User, bob: User, olga: User) -> None:
    make_pool((alice, 1, None))
    from leads.models import RoutingPool

    own = services.create_setting(record=RoutingPool(name="Health"), actor=olga)
    services.set_members(pool=own, members=[{"user": bob}], actor=olga)
    rule = RoutingRule(name="Health care", industries=["Health care"], pool=own, priority=10)
    services.create_setting(record=rule, actor=olga)
    assert services.route_lead(lead=make_lead(None, industry="health CARE")).user == bob
    assert services.route_lead(lead=make_lead(None, industry="Rail")).user == alice


@pytest.mark.spec("INV-70")
def test_a_lead_not_to_be_routed_stays_where_it_is(alice: User, olga: User) -> None:
    make_pool((alice, 1, None))
    lead = make_lead(None, do_not_route=True)
    services.route_lead(lead=lead)
    route_waiting()
    lead.refresh_from_db()
    assert lead.owner is None and lead.queue is not None


@pytest.mark.spec("INV-70", "INV-93")
def test_routing_twice_has_the_effect_of_once(alice: User, bob: User) -> None:
    pool = make_pool((alice, 1, None), (bob, 1, None))
    lead = make_lead(None)
    route_lead(lead.pk)
    credits = list(PoolMember.objects.filter(pool=pool).values_list("credit", flat=True))
    route_lead(lead.pk)
    route_lead(10**9)
    assert list(PoolMember.objects.filter(pool=pool).values_list("credit", flat=True)) == credits
    assert Assignment.objects.filter(lead=lead, user__isnull=False).count() == 1


def test_a_lead_that_somebody_holds_is_not_routed_away(alice: User, sam: User) -> None:
    make_pool((alice, 1, None))
    lead = make_lead(sam)
    assert services.route_lead(lead=lead).user == sam


@pytest.mark.spec("INV-70")
def test_no_lead_is_lost_and_each_has_one_holder(alice: User, bob: User, sam: User) -> None:
    make_pool((alice, 1, 2), (bob, 1, 1))
    leads = [make_lead(None) for _ in range(6)] + [make_lead(sam), make_lead(None, do_not_route=True)]
    for lead in leads:
        services.route_lead(lead=lead)
    held = Counter(
        "person" if row.user_id else "queue" for row in Assignment.objects.filter(is_current=True, lead__in=leads)
    )
    assert held == {"person": 4, "queue": 4}
    for lead in Lead.objects.all():
        current = lead.assignments.get(is_current=True)
        assert (current.user_id, current.queue_id) == (lead.owner_id, lead.queue_id)


def test_the_database_refuses_two_holders_and_none(sam: User, olga: User) -> None:
    lead = make_lead(sam)
    queue = LeadQueue.objects.get()
    for change in ({"queue": queue}, {"owner": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Lead.objects.filter(pk=lead.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(lead=lead, user=sam, reason="again", assigned_at=clock.now())


def test_giving_a_lead_by_hand_needs_the_right_and_somebody_who_works_here(
    sam: User, alice: User, charlie: User
) -> None:
    lead = make_lead(sam)
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    charlie.refresh_from_db()
    with pytest.raises(InvalidInput):
        services.assign_lead(lead=lead, to_user=charlie, version=1, actor=sam)
    given = services.assign_lead(lead=lead, to_user=alice, version=1, actor=sam)
    assert (given.owner, given.version) == (alice, 2)
    with pytest.raises(NotAllowed):
        services.assign_lead(lead=given, to_user=sam, version=2, actor=alice)


def test_a_lead_that_comes_in_by_itself_is_handed_to_a_worker(
    alice: User, olga: User, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("leads.handlers.current_app.send_task", lambda *args, **kwargs: sent.append((args, kwargs)))
    ensure_leads()
    lead = make_lead(None)
    with django_capture_on_commit_callbacks(execute=True):
        outbox.deliver_due()
    assert [(args[0], kwargs["args"], kwargs["queue"]) for args, kwargs in sent if kwargs["args"]] == [
        ("leads.route_lead", [lead.pk], "leads")
    ]


def at_once(*calls: Any) -> list[Any]:
    """Run the calls in threads of their own, with connections of their own, as near to each other as can be."""
    barrier, results = Barrier(len(calls)), []

    def run(call: Any) -> None:
        barrier.wait()
        try:
            results.append(call())
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.spec("K6", "INV-70", "INV-93")
@pytest.mark.django_db(transaction=True)
def test_two_workers_route_one_lead_once() -> None:
    cast = make_cast()
    make_pool((cast.alice, 1, None), (cast.bob, 1, None))
    lead = make_lead(None)
    results = at_once(*[lambda: services.route_lead(lead=Lead.objects.get(pk=lead.pk)) for _ in range(4)])
    assert len({row.pk for row in results}) == 1
    assert Assignment.objects.filter(lead=lead, user__isnull=False).count() == 1
    assert sorted(PoolMember.objects.values_list("credit", flat=True)) == [-1, 1]  # advanced once


@pytest.mark.spec("K6", "INV-71")
@pytest.mark.django_db(transaction=True)
def test_many_leads_routed_at_once_keep_the_turn_exact() -> None:
    cast = make_cast()
    make_pool((cast.alice, 2, None), (cast.bob, 1, None), (cast.charlie, 1, None))
    leads = [make_lead(None) for _ in range(8)]
    at_once(*[lambda lead=lead: services.route_lead(lead=Lead.objects.get(pk=lead.pk)) for lead in leads])
    got = Counter(Lead.objects.values_list("owner__username", flat=True))
    assert got == {"alice": 4, "bob": 2, "charlie": 2}
