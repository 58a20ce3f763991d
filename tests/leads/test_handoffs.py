from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.models import Activity
from accounts.services import create_account, create_contact
from leads import services
from leads.models import Handoff, Lead
from leads.tasks import handoff_sla_watch
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from revops.core.models import OutboxEvent
from revops.core.registries import day_for
from revops.core.status import lock
from revops.users.calendars import default_calendar
from revops.users.models import User
from tests.cast import make_cast
from tests.leads.builders import answered, make_handoff, make_lead, make_qualified_lead
from tests.leads.test_routing import at_once

FRIDAY = datetime(2027, 1, 8, 15, 0, tzinfo=UTC)


@pytest.mark.spec("SD-13")
def test_the_package_is_a_snapshot_of_how_it_stood(sam: User, alice: User) -> None:
    handoff = make_handoff(sam, alice, industry="Rail", competition="WayTrace until March")
    services.update_lead(lead=handoff.lead, version=None, actor=sam, competition="Nobody")
    handoff.refresh_from_db()
    package = handoff.package
    assert set(package) == {"qualification", "account", "contacts", "competition", "next_step", "note"} | (
        set(package) - {"qualification", "account", "contacts", "competition", "next_step", "note"}
    )
    assert package["competition"] == "WayTrace until March"
    assert package["qualification"]["score"] == "77.00"
    assert [row["criterion"] for row in package["qualification"]["answers"]][0] == "needs"
    assert OutboxEvent.objects.filter(name="leads.HandoffSubmitted").count() == 1


@pytest.mark.spec("SD-13")
@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"competition": "  "}, "competition"),
        ({"next_step": ""}, "next_step"),
        ({"email": "", "phone": ""}, "contacts"),
    ],
)
def test_each_missing_section_refuses_the_handoff_by_name(sam: User, alice: User, fields: Any, missing: str) -> None:
    lead = make_qualified_lead(sam, **fields)
    with pytest.raises(MissingFields) as refused:
        services.submit_handoff(lead=lead, to_user=alice, version=lead.version, actor=sam)
    assert refused.value.fields == [missing]
    assert not Handoff.objects.exists()


@pytest.mark.spec("SD-13")
def test_a_lead_that_does_not_qualify_is_not_handed_off(sam: User, alice: User) -> None:
    lead = answered(make_lead(sam, competition="x", next_step="y"), sam, needs=90)
    with pytest.raises(MissingFields) as refused:
        services.submit_handoff(lead=lead, to_user=alice, version=lead.version, actor=sam)
    assert refused.value.fields == ["qualification"]
    ready = answered(make_lead(sam, competition="x", next_step="y"), sam)
    with pytest.raises(IllegalState):
        services.submit_handoff(lead=ready, to_user=alice, version=ready.version, actor=sam)


def test_a_handoff_goes_to_a_seller_and_once(sam: User, alice: User, erin: User, charlie: User) -> None:
    lead = make_qualified_lead(sam)
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    for receiver in (sam, erin, User.objects.get(pk=charlie.pk)):
        with pytest.raises(InvalidInput):
            services.submit_handoff(lead=lead, to_user=receiver, version=lead.version, actor=sam)
    services.submit_handoff(lead=lead, to_user=alice, version=lead.version, actor=sam)
    with pytest.raises(IllegalState):
        services.submit_handoff(lead=lead, to_user=alice, version=lead.version, actor=sam)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handoff.objects.create(
            lead=lead, from_user=sam, to_user=alice, package={}, sla_due_at=FRIDAY, expires_at=FRIDAY
        )


@pytest.mark.spec("SD-13")
def test_a_rejection_sends_the_lead_back_with_its_reason_and_tells_the_sender(sam: User, alice: User) -> None:
    handoff = make_handoff(sam, alice)
    services.reject_handoff(handoff=handoff, reason="Budget not confirmed", version=1, actor=alice)
    lead = Lead.objects.get()
    assert (lead.status, lead.rejection_note, lead.qualified_at) == ("working", "Budget not confirmed", None)
    told = Activity.objects.planned().get(owner=sam)
    assert told.body == "Budget not confirmed"
    lead = services.qualify_lead(lead=lead, version=lead.version, actor=sam)
    assert lead.rejection_note == ""
    assert services.submit_handoff(lead=lead, to_user=alice, version=lead.version, actor=sam).status == "submitted"


def test_only_the_seller_or_a_manager_decides_and_with_a_reason(
    sam: User, alice: User, charlie: User, dana: User
) -> None:
    handoff = make_handoff(sam, alice)
    with pytest.raises(MissingFields):
        services.reject_handoff(handoff=handoff, reason=" ", version=1, actor=alice)
    for actor in (sam, charlie):
        with pytest.raises(NotAllowed):
            services.reject_handoff(handoff=handoff, reason="No", version=1, actor=actor)
    with pytest.raises(StaleCopy):
        services.reject_handoff(handoff=handoff, reason="No", version=7, actor=alice)
    handoff.refresh_from_db()
    assert handoff.status == "submitted"
    assert services.reject_handoff(handoff=handoff, reason="No", version=1, actor=dana).decided_by == dana


@pytest.mark.spec("SD-13")
def test_unanswered_for_4_business_hours_the_manager_hears_of_it_once(sam: User, alice: User, bob: User) -> None:
    with time_machine.travel(FRIDAY, tick=False):
        default_calendar()
        handoff = make_handoff(sam, alice)
        assert handoff.sla_due_at == datetime(2027, 1, 11, 11, 0, tzinfo=UTC)  # 2 h on Friday, 2 h on Monday
        handoff_sla_watch()
        assert not Activity.objects.filter(owner=bob).exists()
    with time_machine.travel(handoff.sla_due_at + timedelta(minutes=1), tick=False):
        handoff_sla_watch()
        handoff_sla_watch()
        task = Activity.objects.get(owner=bob)
        assert (task.kind, task.status) == ("task", "planned")
        handoff.refresh_from_db()
        assert (handoff.status, handoff.version) == ("submitted", 1)  # an escalation changes no state
        assert "has not answered the handoff" in day_for(bob, handoff.sla_due_at.date())[0].title


@pytest.mark.spec("SD-13")
def test_after_3_business_days_it_expires_and_the_lead_goes_back(sam: User, alice: User, bob: User) -> None:
    with time_machine.travel(FRIDAY, tick=False):
        handoff = make_handoff(sam, alice)
        assert handoff.expires_at == datetime(2027, 1, 13, 15, 0, tzinfo=UTC)  # Monday, Tuesday, Wednesday
    with time_machine.travel(handoff.expires_at, tick=False):
        handoff_sla_watch()
        handoff_sla_watch()
    handoff.refresh_from_db()
    lead = Lead.objects.get()
    assert (handoff.status, lead.status) == ("expired", "working")
    assert Activity.objects.filter(owner=sam, status="planned").count() == 1
    assert "did not answer in time" in lead.rejection_note
    with pytest.raises(IllegalState):
        services.reject_handoff(handoff=handoff, reason="Late", version=handoff.version, actor=alice)


def test_the_sender_takes_it_back_and_nobody_else(sam: User, alice: User, charlie: User) -> None:
    handoff = make_handoff(sam, alice)
    for actor in (alice, charlie):
        with pytest.raises(NotAllowed):
            services.withdraw_handoff(handoff=handoff, version=1, actor=actor)
    assert services.withdraw_handoff(handoff=handoff, version=1, actor=sam).status == "expired"
    assert Lead.objects.get().status == "working"


def test_a_score_that_fell_and_a_disqualification_end_a_waiting_handoff(sam: User, alice: User) -> None:
    first, second = make_handoff(sam, alice), make_handoff(sam, alice)
    services.answer_criteria(lead=first.lead, version=None, actor=sam, answers={"budget": 0})
    services.score_qualification(lead=first.lead)
    from leads.models import DisqualifyReason

    reason = DisqualifyReason.objects.first()
    services.disqualify_lead(lead=second.lead, version=None, actor=sam, reason=reason)
    assert set(Handoff.objects.values_list("status", flat=True)) == {"expired"}
    assert sorted(Lead.objects.values_list("status", flat=True)) == ["disqualified", "working"]


@pytest.mark.spec("SD-13")
def test_settling_an_accepted_handoff_closes_both_sides_once(sam: User, alice: User) -> None:
    handoff = make_handoff(sam, alice)
    account = create_account(actor=alice, name="Elmbridge")
    contact = create_contact(actor=alice, account=account, last_name="Rahimi")
    with transaction.atomic():
        facts = {"lead": lock(handoff.lead), "handoff": lock(handoff), "account": account, "contact": contact}
        lead = services.settle_accepted_handoff(**facts, actor=alice)
    handoff.refresh_from_db()
    assert (handoff.status, handoff.decided_by, lead.status) == ("accepted", alice, "converted")
    assert (lead.account, lead.contact) == (account, contact)
    with pytest.raises(IllegalState), transaction.atomic():
        services.settle_accepted_handoff(
            handoff=lock(handoff), lead=lock(lead), account=account, contact=contact, actor=alice
        )
    with pytest.raises(IllegalState):
        services.update_lead(lead=lead, version=None, actor=sam, company="Other")
    with pytest.raises(IntegrityError), transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(account=None)


@pytest.mark.spec("INV-92")
def test_whom_it_was_handed_sees_the_lead_and_nobody_else(
    sam: User, alice: User, bob: User, charlie: User, dana: User
) -> None:
    handoff = make_handoff(sam, alice)
    make_lead(sam)
    seen = {user.username: Lead.objects.visible_to(user).count() for user in (sam, alice, bob, charlie, dana)}
    assert seen == {"sam": 2, "alice": 1, "bob": 2, "charlie": 0, "dana": 2}
    services.reject_handoff(handoff=handoff, reason="No", version=1, actor=alice)
    assert not Lead.objects.visible_to(alice).exists()


def test_my_day_shows_handoffs_before_new_leads_and_planned_work(sam: User, alice: User) -> None:
    make_handoff(sam, alice)
    make_lead(alice, last_name="Pike")
    titles = [item.title for item in day_for(alice, FRIDAY.date()) if item.kind in ("handoff", "lead")]
    assert titles[0].startswith("Answer the handoff of") and titles[1] == "Get in touch with Pike"


def test_who_leaves_hands_everything_over(sam: User, alice: User, charlie: User, olga: User) -> None:
    from revops.users.services import deactivate_user

    handoff = make_handoff(sam, alice)
    own = make_lead(alice)
    deactivate_user(user=alice, to=charlie, actor=olga)
    own.refresh_from_db()
    handoff.refresh_from_db()
    assert (own.owner, handoff.status) == (charlie, "expired")


@pytest.mark.spec("SD-13")
@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_count_as_one() -> None:
    cast = make_cast()
    handoff = make_handoff(cast.sam, cast.alice)

    def reject(actor: User) -> Any:
        return services.reject_handoff(handoff=handoff, reason=f"{actor} says no", version=1, actor=actor)

    results = at_once(lambda: reject(cast.alice), lambda: reject(cast.bob), lambda: reject(cast.dana))
    assert sorted(type(result).__name__ for result in results) == ["Handoff", "StaleCopy", "StaleCopy"]
    assert Lead.objects.get().status == "working"
    assert Activity.objects.filter(owner=cast.sam, status="planned").count() == 1
