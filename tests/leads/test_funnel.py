from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Activity
from leads import services
from leads.models import CultivationPlan, FunnelSnapshot, Lead
from leads.tasks import cultivation_reminders, snapshot_funnel
from revops.core import clock
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.registries import day_for
from revops.users.models import User
from tests.leads.builders import GOOD, answered, make_handoff, make_lead


def counts(client: Client, user: User, query: str = "") -> dict[str, int]:
    client.force_login(user)
    rows = client.get(f"/api/v1/leads/funnel{query}").json()["results"]
    return {row["status"]: row["count"] for row in rows if row["count"]}


@pytest.mark.spec("SD-00")
def test_the_funnel_counts_exactly_for_the_sdr_and_sums_for_the_manager(
    client: Client, sam: User, alice: User, bob: User, charlie: User
) -> None:
    wanted = {"new": 10, "working": 6, "qualified": 3, "converted": 1}
    leads = [make_lead(sam, source="Fair" if number % 2 else "Web") for number in range(20)]
    states = [status for status, n in wanted.items() for _ in range(n)]
    handoff = make_handoff(sam, alice)  # a template of account and contact for the one that is converted
    account = services_account(alice)
    for lead, status in zip(leads, states, strict=True):
        facts = {"converted_at": clock.now(), **account} if status == "converted" else {}
        Lead.objects.filter(pk=lead.pk).update(status=status, **facts)
    Lead.objects.filter(pk=handoff.lead_id).update(archived_at=clock.now())
    make_lead(alice)
    make_lead(charlie)
    assert counts(client, sam) == wanted
    assert counts(client, bob) == {**wanted, "new": 11}  # alice's is his team's too, charlie's is not
    snapshot_funnel()
    snapshot_funnel()
    Lead.objects.filter(owner=sam).update(status="working")
    today = f"?on={clock.today()}"
    assert counts(client, sam, today) == wanted
    assert counts(client, bob, today) == {**wanted, "new": 11}
    assert counts(client, sam, "?on=2020-01-01") == {}
    for wrong in ("?on=yesterday", "?state=new"):
        assert client.get(f"/api/v1/leads/funnel{wrong}").status_code == 400
    row = FunnelSnapshot.objects.filter(owner=sam).first()
    assert row is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.pk = None
        row.save(force_insert=True)


def services_account(owner: User) -> dict[str, int]:
    from accounts.services import create_account, create_contact

    account = create_account(actor=owner, name="Elmbridge")
    return {"account_id": account.pk, "contact_id": create_contact(actor=owner, account=account, last_name="R").pk}


def test_the_page_of_the_funnel_opens_its_rows_and_what_is_due(client: Client, sam: User, alice: User) -> None:
    make_lead(sam, source="Fair")
    services.snapshot_funnel(on=clock.today() - timedelta(days=1))
    services.snapshot_funnel()
    services.plan_lead_activity(
        lead=Lead.objects.get(), actor=sam, kind="call", subject="Call back", due_at=clock.now() + timedelta(hours=1)
    )
    client.force_login(sam)
    page = client.get("/leads/funnel/").content.decode()
    assert '<a class="drill" href="/leads/?status=new">1</a>' in page
    assert "Call back" in page and 'id="funnel-days"' in page and "Fair" in page
    assert "/leads/funnel/" in client.get("/leads/").content.decode()


# Cultivation ------------------------------------------------------------------------------


@pytest.mark.spec("SD-10")
def test_a_plan_needs_exactly_what_is_not_answered(client: Client, sam: User) -> None:
    lead = answered(make_lead(sam), sam, needs=90, finances=80)
    client.force_login(sam)
    made = client.post(
        "/api/v1/cultivation-plans", {"lead": lead.pk, "stage": "aware"}, content_type="application/json"
    )
    assert made.json()["info_needed"] == ["reputation", "budget", "authority"]
    services.answer_criteria(lead=lead, version=None, actor=sam, answers={"authority": 70})
    from revops.core import outbox

    outbox.deliver_due()
    from leads.tasks import score_lead

    score_lead(lead.pk)
    shown = client.get(f"/api/v1/cultivation-plans/{made.json()['id']}").json()
    assert shown["info_needed"] == ["reputation", "budget"]
    assert lead.qualification_scores.get(is_current=True).answers["authority"] == "70.00"
    answered(lead, sam, **{name: GOOD[name] for name in ("reputation", "budget")})
    assert CultivationPlan.objects.get().info_needed == []


@pytest.mark.spec("SD-10")
def test_14_days_without_a_touch_make_one_reminder_and_a_touch_starts_anew(sam: User) -> None:
    with time_machine.travel("2027-01-04T09:00:00Z", tick=False):
        lead = make_lead(sam)
        services.cultivate_lead(lead=lead, actor=sam)
        services.log_lead_activity(lead=lead, actor=sam, kind="call", subject="Talked")
        services.log_lead_activity(lead=lead, actor=sam, kind="note", subject="A thought")
    tasks = Activity.objects.planned().filter(owner=sam)
    for at, reminders in (("2027-01-17T09:00:00Z", 0), ("2027-01-18T09:00:00Z", 1), ("2027-01-19T09:00:00Z", 1)):
        with time_machine.travel(at, tick=False):
            cultivation_reminders()
            cultivation_reminders()
            assert tasks.count() == reminders
    assert "No touch for 14 days" in tasks.get().subject
    with time_machine.travel("2027-01-20T09:00:00Z", tick=False):
        services.log_lead_activity(lead=lead, actor=sam, kind="email", subject="Wrote")
    with time_machine.travel("2027-02-03T09:00:00Z", tick=False):
        cultivation_reminders()
        assert tasks.count() == 2
    with time_machine.travel("2027-03-03T09:00:00Z", tick=False):
        Lead.objects.filter(pk=lead.pk).update(archived_at=clock.now())
        cultivation_reminders()
    assert tasks.count() == 2


def test_plans_are_kept_by_whoever_may_and_the_next_touch_is_on_my_day(
    client: Client, sam: User, charlie: User, erin: User
) -> None:
    lead = make_lead(sam)
    plan = services.cultivate_lead(lead=lead, actor=sam, next_touch_on=clock.today())
    assert [item.url for item in day_for(sam, clock.today()) if item.icon == "plant"] == [plan.get_absolute_url()]
    with pytest.raises(IllegalState):
        services.cultivate_lead(lead=lead, actor=sam)
    with pytest.raises(InvalidInput):
        services.change_cultivation(plan=plan, version=1, actor=sam, next_touch_on=date(2020, 1, 1))
    with pytest.raises(StaleCopy):
        services.change_cultivation(plan=plan, version=9, actor=sam, stage="trusted")
    with pytest.raises(NotAllowed):
        services.change_cultivation(plan=plan, version=1, actor=erin, stage="trusted")
    client.force_login(sam)
    url = f"/leads/{lead.pk}/cultivate/"
    assert client.post(url, {"stage": "nonsense", "version": 1}).status_code == 422
    assert client.post(url, {"stage": "engaged", "version": 1}).status_code == 302
    plan.refresh_from_db()
    assert (plan.stage, plan.next_touch_on, plan.version) == ("engaged", None, 2)
    assert "Talks with us" in client.get(url).content.decode()
    assert lead.name in client.get(f"/leads/cultivation/?lead={lead.pk}&panel=1").content.decode()
    changed = client.patch(
        f"/api/v1/cultivation-plans/{plan.pk}", {"stage": "trusted"}, content_type="application/json"
    )
    assert changed.json()["stage"] == "trusted"
    client.force_login(charlie)
    assert client.get(url).status_code == 404
    assert client.get(f"/api/v1/cultivation-plans/{plan.pk}").status_code == 404
    assert client.get("/api/v1/cultivation-plans").json()["results"] == []
