"""Leads that wait: nobody is overlooked behind others, and what was put away is given to nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from leads import services, tasks
from leads.models import Assignment, Lead, PoolMember, RoutingPool, RoutingRule
from leads.tasks import route_waiting, routing_sla_watch
from revops.core import clock
from revops.core.errors import DomainError
from revops.users.calendars import default_calendar
from revops.users.models import Notification, User, WorkingCalendar
from tests.accounts.builders import make_account
from tests.leads.builders import make_lead, make_pool

START = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def from_the_front() -> Any:
    cache.delete(tasks.ROUTED_TO)
    yield
    cache.delete(tasks.ROUTED_TO)


@pytest.mark.spec("K4")
def test_10_a_month_are_10_at_once_if_they_come_at_once_and_the_next_when_the_first_is_30_days_old(alice: User) -> None:
    make_pool((alice, 1, 10))
    with time_machine.travel(START, tick=False):
        rows = [services.route_lead(lead=make_lead(None)) for _number in range(11)]
        assert [row.user == alice for row in rows] == [True] * 10 + [False]
        Assignment.objects.filter(pk=rows[9].pk).update(assigned_at=START + timedelta(days=9))
    late = Lead.objects.get(pk=rows[10].lead_id)
    for moment, taken in ((timedelta(days=30, seconds=-1), False), (timedelta(days=30), True)):
        with time_machine.travel(START + moment, tick=False):
            route_waiting()
        late.refresh_from_db()
        assert (late.owner == alice) is taken
    with time_machine.travel(START + timedelta(days=30), tick=False):
        more = [services.route_lead(lead=make_lead(None)) for _number in range(9)]
        # Nine of the first ten are 30 days old; one came nine days later, one just now.
        assert [row.user == alice for row in more] == [True] * 8 + [False]


@pytest.mark.spec("INV-70")
def test_leads_behind_many_that_wait_for_one_pool_get_their_turn(
    alice: User, bob: User, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    make_pool((alice, 1, 0))
    waiting = [services.route_lead(lead=make_lead(None)).lead for _number in range(4)]
    behind = make_lead(None, industry="Rail")
    services.route_lead(lead=behind)
    rail = services.create_setting(record=RoutingPool(name="Rail"), actor=olga)
    services.set_members(pool=rail, members=[{"user": bob}], actor=olga)
    services.create_setting(record=RoutingRule(name="Rail", industries=["Rail"], pool=rail, priority=1), actor=olga)
    for _run in range(3):
        route_waiting()
    behind.refresh_from_db()
    assert behind.owner == bob
    PoolMember.objects.filter(user=alice).update(monthly_capacity=None)
    for _run in range(3):  # and it begins at the front again
        route_waiting()
    assert set(Lead.objects.filter(pk__in=[lead.pk for lead in waiting]).values_list("owner", flat=True)) == {alice.pk}


@pytest.mark.spec("INV-70")
def test_a_lead_that_cannot_be_routed_keeps_nobody_else_waiting(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_pool((alice, 1, 0))
    stuck, behind = (services.route_lead(lead=make_lead(None)).lead for _number in range(2))
    PoolMember.objects.update(monthly_capacity=None)
    route = services.route_lead

    def routed(*, lead: Lead) -> Any:
        if lead.pk == stuck.pk:
            raise DomainError("stuck", "Nothing can be done with it.")
        return route(lead=lead)

    monkeypatch.setattr(services, "route_lead", routed)
    route_waiting()
    assert [Lead.objects.get(pk=lead.pk).owner for lead in (stuck, behind)] == [None, alice]


@pytest.mark.spec("INV-70")
def test_a_calendar_that_never_opens_keeps_its_owner_s_lead_from_nobody(alice: User, bob: User) -> None:
    make_pool((alice, 1, None))
    make_account(bob, "Tamar", website="tamar.example")
    User.objects.filter(pk=bob.pk).update(calendar=WorkingCalendar.objects.create(name="Closed", time_zone="UTC"))
    with time_machine.travel(START, tick=False):
        default_calendar()
        row = services.route_lead(lead=make_lead(None, email="a@tamar.example"))
        assert (row.user, row.clock_state, row.sla_due_at) == (bob, "runs", START + timedelta(hours=4))
    late = make_lead(None)
    services.route_lead(lead=late)
    Assignment.objects.filter(is_current=True).update(sla_due_at=clock.now() - timedelta(minutes=1))
    routing_sla_watch()
    assert set(Assignment.objects.exclude(clock_state="").values_list("clock_state", flat=True)) >= {"missed"}
    assert not Assignment.objects.filter(clock_state="runs", sla_due_at__lt=clock.now()).exists()


@pytest.mark.spec("INV-70", "INV-72")
def test_what_was_archived_or_merged_away_while_it_waited_is_given_to_nobody(alice: User, olga: User) -> None:
    make_pool((alice, 1, 0))
    put_away, winner, loser = (services.route_lead(lead=make_lead(None)).lead for _number in range(3))
    services.archive_lead(lead=put_away, version=None, actor=olga)
    services.merge_leads(winner=winner, loser=loser, version=None, actor=olga)
    PoolMember.objects.update(monthly_capacity=None)
    route_waiting()
    for lead in (put_away, loser):
        services.route_lead(lead=lead, actor=olga)
    owners = {lead.pk: Lead.objects.get(pk=lead.pk).owner for lead in (put_away, winner, loser)}
    assert owners == {put_away.pk: None, winner.pk: alice, loser.pk: None}
    assert Notification.objects.filter(user=alice, kind="lead.assigned").count() == 1
    services.restore_lead(lead=put_away, version=None, actor=olga)
    route_waiting()
    assert Lead.objects.get(pk=put_away.pk).owner == alice
