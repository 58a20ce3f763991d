from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connections, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extras import DateRange

from accounts.models import Activity
from accounts.services import (
    activate_territory_model,
    add_territory_rule,
    create_territory,
    create_territory_model,
    preview_territory_model,
)
from leads import services
from leads.models import Assignment, DisqualifyReason, Lead, LeadQueue, NamedAccount, PoolMember, RoutingRule
from leads.selectors.routing import Decision, decide, trial_lead
from leads.setup import ensure_leads
from leads.tasks import route_lead, route_waiting, routing_sla_watch
from revops.core import clock, outbox
from revops.core.errors import InvalidInput, NotAllowed
from revops.users.calendars import default_calendar
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
    queue = LeadQueue.objects.get(is_fallback=True)
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


# The steps before and after the pools ------------------------------------------------------


def steps_of(decision: Decision) -> list[str]:
    return [step.key for step in decision.steps]


@pytest.mark.spec("RO-16")
def test_the_steps_are_asked_in_their_order_and_each_says_why(
    alice: User, bob: User, charlie: User, sam: User, olga: User
) -> None:
    make_pool((sam, 1, None))
    west = create_territory(actor=None, name="West")
    model = create_territory_model(actor=olga, name="Now")
    add_territory_rule(model=model, territory=west, actor=olga, countries=["Germany"], owner=bob)
    model = preview_territory_model(model=model, actor=olga)
    activate_territory_model(model=model, version=model.version, actor=olga)
    services.name_account(actor=olga, company="Tamar Freight GmbH", user=charlie)
    make_account(alice, "Rhine", website="rhine.example")
    facts = {"company": "Tamar Freight", "country": "germany"}
    order = ["do_not_route", "account", "named", "territory", "pool", "fallback"]
    cases: list[tuple[dict[str, Any], int, User | None]] = [
        ({**facts, "website": "rhine.example", "do_not_route": True}, 1, None),
        ({**facts, "website": "rhine.example"}, 2, alice),
        (facts, 3, charlie),
        ({"company": "Other", "country": "GERMANY"}, 4, bob),
        ({"company": "Other", "country": "Spain"}, 5, sam),
    ]
    for asked, length, taker in cases:
        decision = decide(trial_lead(last_name="X", **asked))
        assert (steps_of(decision), decision.user) == (order[:length], taker)
        assert all(step.why for step in decision.steps) and decision.steps[-1].outcome == "takes"
    User.objects.filter(pk=sam.pk).update(is_active=False)
    decision = decide(trial_lead(last_name="X", company="Other"))
    assert (steps_of(decision), decision.queue and decision.queue.is_fallback) == (order, True)
    assert "Sam Ito: does not work here" in decision.steps[4].why
    lead = make_lead(None, company="Tamar Freight Ltd")
    row = services.route_lead(lead=lead)
    assert row is not None and (row.user, row.clock_state) == (charlie, "runs")


@pytest.mark.spec("RO-16", "DA-12")
def test_territories_that_fit_equally_leave_the_lead_to_a_person(alice: User, bob: User, olga: User) -> None:
    make_pool((alice, 1, None))
    model = create_territory_model(actor=olga, name="Now")
    for name in ("West", "Rail"):
        add_territory_rule(
            model=model, territory=create_territory(actor=None, name=name), actor=olga, catch_all=True, owner=bob
        )
    model = preview_territory_model(model=model, actor=olga)
    activate_territory_model(model=model, version=model.version, actor=olga)
    lead = make_lead(None)
    row = services.route_lead(lead=lead)
    assert row is not None and row.queue is not None and row.queue.is_manual
    assert "West, Rail fit equally" in row.reason or "Rail, West fit equally" in row.reason
    route_waiting()
    lead.refresh_from_db()
    assert (lead.owner, lead.queue) == (None, row.queue)


@pytest.mark.spec("INV-72")
def test_members_with_hours_of_their_own_take_leads_in_them(alice: User, bob: User, olga: User) -> None:
    pool = make_pool((alice, 3, None), (bob, 1, None))
    User.objects.filter(pk=alice.pk).update(calendar=default_calendar())
    with time_machine.travel(datetime(2027, 1, 9, 12, 0, tzinfo=UTC), tick=False):  # a Saturday
        assert routed(2) == "BB"
        services.edit_setting(record=pool, version=None, actor=olga, working_hours=False)
        assert routed(1) == "A"
        services.edit_setting(record=pool, version=None, actor=olga, working_hours=True)
    with time_machine.travel(datetime(2027, 1, 11, 12, 0, tzinfo=UTC), tick=False):  # Monday
        assert "A" in routed(2)


def test_asking_who_would_get_a_lead_changes_nothing(alice: User, bob: User, olga: User, client: Client) -> None:
    pool = make_pool((alice, 1, None), (bob, 1, None))
    client.force_login(olga)
    counts = (Lead.objects.count(), Assignment.objects.count())
    for _ in range(2):
        page = client.get("/leads/settings/routing/", {"company": "Elbe", "country": "Spain"})
        said = page.content.decode()
        assert page.status_code == 200 and "Alice Reed would get it" in said
        assert "It is on nobody&#x27;s list" in said and "No territory in force fits" in said
    lead = make_lead(None)
    shown = client.get(f"/api/v1/leads/{lead.pk}/routing").json()
    assert (shown["user"], shown["steps"][-1]["key"]) == (alice.pk, "pool")
    assert list(PoolMember.objects.filter(pool=pool).values_list("credit", flat=True)) == [0, 0]
    assert (Lead.objects.count(), Assignment.objects.count()) == (counts[0] + 1, counts[1] + 1)
    assert client.post(f"/api/v1/leads/{lead.pk}/route").json()["owner"] == alice.pk
    client.force_login(alice)
    assert client.get("/leads/settings/routing/").status_code == 403
    assert client.get(f"/api/v1/leads/{lead.pk}/routing").status_code == 403


def test_named_accounts_are_one_person_s_and_kept_by_services(
    olga: User, alice: User, bob: User, client: Client
) -> None:
    client.force_login(olga)

    def send(path: str, body: Any, verb: str = "post") -> Any:
        return getattr(client, verb)(f"/api/v1/named-accounts{path}", body, content_type="application/json")

    made = send("", {"company": "Tamar Freight GmbH", "website": "https://www.tamar.example/x", "user": alice.pk})
    assert (made.status_code, made.json()["domain"]) == (201, "tamar.example")
    assert send("", {"company": "Tamar Freight Ltd.", "user": bob.pk}).status_code == 422
    changed = send(f"/{made.json()['id']}", {"user": bob.pk}, "patch")
    assert (changed.json()["user"], changed.json()["version"]) == (bob.pk, 2)
    client.force_login(alice)
    assert send("", {"company": "Elbe", "user": alice.pk}).status_code == 403
    assert NamedAccount.objects.get().user == bob
    assert services.hand_over_named_accounts(user=bob, to=alice, actor=olga) == 1
    assert NamedAccount.objects.get().user == alice


# The first answer -------------------------------------------------------------------------

MONDAY = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)


@pytest.mark.spec("RO-16")
def test_a_lead_not_answered_in_time_goes_to_another_once_then_the_manager_hears_of_it(
    alice: User, sam: User, bob: User
) -> None:
    make_pool((sam, 1, None), (alice, 1, None))
    with time_machine.travel(MONDAY, tick=False):
        lead = make_lead(None)
        first = services.route_lead(lead=lead)
        assert first is not None and (first.user, first.sla_due_at) == (sam, MONDAY + timedelta(hours=4))
        routing_sla_watch()
        assert lead.assignments.get(is_current=True) == first
    with time_machine.travel(MONDAY + timedelta(hours=4, minutes=1), tick=False):
        routing_sla_watch()
        routing_sla_watch()
        second = lead.assignments.get(is_current=True)
        assert (second.user, second.is_second, second.clock_state) == (alice, True, "runs")
        assert "Sam Ito did not answer in time" in second.reason
        first.refresh_from_db()
        assert first.clock_state == "missed"
        assert not Activity.objects.filter(owner=bob).exists()
    with time_machine.travel(second.sla_due_at + timedelta(minutes=1), tick=False):
        routing_sla_watch()
        routing_sla_watch()
    second.refresh_from_db()
    lead.refresh_from_db()
    assert (second.clock_state, lead.owner, lead.assignments.count()) == ("missed", alice, 3)
    task = Activity.objects.get(owner=bob)
    assert "has not answered the lead" in task.subject and task.lead_link.lead == lead


def test_a_touch_stops_the_clock_and_a_lead_of_one_s_own_has_none(alice: User, sam: User) -> None:
    make_pool((sam, 1, None), (alice, 1, None))
    with time_machine.travel(MONDAY, tick=False):
        lead, own = make_lead(None), make_lead(sam)
        services.route_lead(lead=lead)
        services.start_working(lead=lead, version=None, actor=sam)
    with time_machine.travel(MONDAY + timedelta(days=3), tick=False):
        routing_sla_watch()
    assert lead.assignments.get(is_current=True).clock_state == "met"
    assert own.assignments.get(is_current=True).clock_state == ""
    assert set(Lead.objects.values_list("owner__username", flat=True)) == {"sam"}


@pytest.mark.spec("RO-16", "INV-93")
@pytest.mark.django_db(transaction=True)
def test_watched_by_many_at_once_a_lead_is_given_on_once() -> None:
    cast = make_cast()
    make_pool((cast.sam, 1, None), (cast.alice, 1, None), (cast.charlie, 1, None))
    lead = make_lead(None)
    services.route_lead(lead=lead)
    Assignment.objects.filter(is_current=True).update(sla_due_at=clock.now() - timedelta(minutes=1))
    at_once(*[lambda: services.watch_first_answer(lead=Lead.objects.get(pk=lead.pk)) for _ in range(4)])
    assert list(lead.assignments.order_by("pk").values_list("clock_state", "is_current")) == [
        ("", False), ("missed", False), ("runs", True),
    ]  # fmt: skip


@pytest.mark.spec("INV-70", "INV-72")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limits=st.lists(st.none() | st.integers(0, 2), min_size=3, max_size=3),
    gone=st.lists(st.booleans(), min_size=3, max_size=3),
    fates=st.lists(st.sampled_from(["route", "route", "keep", "drop"]), min_size=1, max_size=6),
)
def test_created_is_routed_and_queued_and_disqualified_and_not_to_be_routed(
    alice: User, bob: User, charlie: User, olga: User, limits: Any, gone: Any, fates: Any
) -> None:
    people = (alice, bob, charlie)
    with transaction.atomic():
        make_pool(*[(person, 1, limit) for person, limit in zip(people, limits, strict=True)])
        today = clock.today()
        for person, absent in zip(people, gone, strict=True):
            if absent:
                Absence.objects.create(user=person, during=DateRange(today, today + timedelta(days=1)))
        for fate in fates:
            lead = make_lead(None, do_not_route=fate == "keep")
            if fate == "drop":
                reason = DisqualifyReason.objects.first()
                services.disqualify_lead(lead=lead, version=None, actor=olga, reason=reason)
            services.route_lead(lead=lead)
        rows = Lead.objects.all()
        kept = rows.filter(do_not_route=True)
        dropped = rows.filter(status="disqualified")
        live = rows.exclude(pk__in=kept).exclude(pk__in=dropped)
        taken = live.filter(owner__isnull=False).count()
        assert rows.count() == len(fates)
        assert len(fates) == taken + live.filter(queue__isnull=False).count() + dropped.count() + kept.count()
        for person, limit, absent in zip(people, limits, gone, strict=True):
            held = rows.filter(owner=person).count()
            assert held == 0 if absent else limit is None or held <= limit
        if any(limit is None and not absent for limit, absent in zip(limits, gone, strict=True)):
            assert taken == fates.count("route")
        transaction.set_rollback(True)
