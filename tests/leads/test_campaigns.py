"""Campaigns: their way, their stock, their members and costs, and the totals that are the sum of their rows."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from leads import services
from leads.models import Campaign, CampaignMember, CampaignTask, MarketingCost, TouchPoint
from leads.selectors.campaigns import first_touches, funnel_of
from leads.tasks import campaign_rollup
from revops.core import clock
from revops.core.errors import DomainError, IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, OutboxEvent
from tests.cast import Cast
from tests.leads.builders import make_lead

CODE = iter(f"C{number}" for number in range(1, 999))


def make_campaign(actor: Any, **fields: Any) -> Campaign:
    today = clock.today()
    facts = {"name": "Autumn mailing", "code": next(CODE), "starts_on": today, "ends_on": today + timedelta(days=30)}
    return services.create_campaign(actor=actor, **{**facts, **fields})


@pytest.mark.spec("RO-10")
def test_a_campaign_cannot_go_live_while_its_stock_task_is_open(cast: Cast) -> None:
    campaign = make_campaign(cast.bob, stock_needed=Decimal(3000), uplift_pct=Decimal(15))
    task = campaign.tasks.get(is_stock=True)
    assert task.area == CampaignTask.Area.OPERATIONS
    with pytest.raises(DomainError) as refused:
        services.launch_campaign(campaign=campaign, version=campaign.version, actor=cast.bob)
    assert refused.value.code == "stock_task_open"
    campaign.refresh_from_db()
    assert (campaign.status, campaign.live_at, campaign.version) == ("planned", None, 1)
    with pytest.raises(DatabaseError), transaction.atomic():  # past the services, too
        Campaign.objects.filter(pk=campaign.pk).update(status="live", live_at=clock.now())
    services.finish_campaign_task(task=task, version=task.version, actor=cast.bob)
    campaign = services.launch_campaign(campaign=campaign, version=campaign.version, actor=cast.bob)
    assert campaign.status == "live"
    assert OutboxEvent.objects.filter(name="leads.CampaignWentLive", payload={"campaign_id": campaign.pk}).exists()
    task.refresh_from_db()
    with pytest.raises(IllegalState):  # what it went live on stands
        services.finish_campaign_task(task=task, version=task.version, actor=cast.bob, done=False)


def test_it_is_planned_live_ended_analysed_and_nothing_else(cast: Cast) -> None:
    campaign = make_campaign(cast.bob)
    with pytest.raises(IllegalState):
        services.end_campaign(campaign=campaign, version=campaign.version, actor=cast.bob)
    stale = campaign.version
    campaign = services.launch_campaign(campaign=campaign, version=stale, actor=cast.bob)
    with pytest.raises(StaleCopy):
        services.end_campaign(campaign=campaign, version=stale, actor=cast.bob)
    campaign = services.end_campaign(campaign=campaign, version=campaign.version, actor=cast.bob)
    with pytest.raises(MissingFields):
        services.analyse_campaign(campaign=campaign, version=campaign.version, actor=cast.bob, findings=" ")
    campaign = services.analyse_campaign(
        campaign=campaign, version=campaign.version, actor=cast.bob, findings="Tuesdays answer."
    )
    assert campaign.status == "analysed"
    with pytest.raises(IllegalState):
        services.update_campaign(campaign=campaign, version=None, actor=cast.bob, budget=Decimal(1))
    with pytest.raises(IllegalState):  # figures are closed
        services.record_cost(
            actor=cast.bob, source="Late", amount=Decimal(1), currency="USD", on=clock.today(), campaign=campaign
        )
    verbs = AuditEntry.objects.filter(model="leads.campaign", object_id=str(campaign.pk)).order_by("pk")
    assert list(verbs.values_list("action", flat=True)) == [
        *("campaign.created", "campaign.launched", "campaign.ended", "campaign.analysed"),
    ]


def test_what_makes_no_sense_is_refused_field_by_field(cast: Cast) -> None:
    campaign = make_campaign(cast.bob, code="Spring")
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("code", {"code": "sPRING"}),
        ("code", {"code": "two words"}),
        ("ends_on", {"starts_on": date(2026, 5, 2), "ends_on": date(2026, 5, 1)}),
        ("budget", {"budget": Decimal("-1")}),
        ("budget", {"budget": Decimal("1.005")}),
        ("stock_needed", {"stock_needed": Decimal(0)}),
        ("currency", {"currency": "XXQ"}),
    ]
    for field, facts in wrong:
        with pytest.raises(InvalidInput) as refused:
            make_campaign(cast.bob, **facts)
        assert [error.pointer for error in refused.value.errors] == [field], facts
    assert Campaign.objects.get() == campaign
    with pytest.raises(NotAllowed):
        make_campaign(cast.alice)


@pytest.mark.spec("SD-07")
def test_5000_dollars_for_40_leads_are_125_dollars_a_lead(cast: Cast) -> None:
    campaign = make_campaign(cast.bob, budget=Decimal(6000))
    for _number in range(40):
        services.note_touch(actor=cast.bob, campaign=campaign, lead=make_lead(cast.alice), responded=True)
    services.record_cost(
        actor=cast.erin, source="Print", amount=Decimal(5000), currency="USD", on=clock.today(), campaign=campaign
    )
    campaign_rollup()
    campaign.refresh_from_db()
    assert (campaign.lead_count, campaign.responded_count) == (40, 40)
    assert campaign.cost_per_lead is not None
    assert campaign.cost_per_lead.as_json() == {"amount": "125.00", "currency": "USD"}


@pytest.mark.spec("SD-07")
def test_the_stored_totals_are_the_sum_of_their_rows_however_often_they_are_made(cast: Cast) -> None:
    one, two = make_campaign(cast.bob), make_campaign(cast.bob)
    lead, other, third = (make_lead(cast.alice) for _n in range(3))
    yesterday = clock.now() - timedelta(days=1)
    services.note_touch(actor=cast.bob, campaign=one, lead=lead, at=yesterday, responded=True)
    services.note_touch(actor=cast.bob, campaign=two, lead=lead, responded=True)  # not its first
    services.note_touch(actor=cast.bob, campaign=two, lead=other, at=yesterday)
    services.add_members(campaign=two, actor=cast.bob, leads=[third, other])
    for amount in ("100.10", "50.05", "-20.00"):
        services.record_cost(
            actor=cast.bob, source="Ads", amount=Decimal(amount), currency="USD", on=clock.today(), campaign=two
        )
    for _again in range(2):
        campaign_rollup()
    for campaign in (one, two):
        campaign.refresh_from_db()
        assert campaign.lead_count == first_touches(campaign).count()
        assert campaign.touch_count == campaign.touches.count()
        assert campaign.responded_count == campaign.members.filter(status="responded").count()
        assert campaign.actual_cost == (campaign.costs.aggregate(sum=Sum("amount"))["sum"] or 0)
        days = campaign.days.aggregate(leads=Sum("leads"), touches=Sum("touches"), cost=Sum("cost"))
        assert (days["leads"], days["touches"]) == (campaign.lead_count, campaign.touch_count)
        assert days["cost"] == campaign.actual_cost
    assert (one.lead_count, two.lead_count, two.actual_cost) == (1, 1, Decimal("130.15"))
    assert one.days.count() == 1 and two.days.count() == 2
    assert one.version == two.version == 1  # figures are no change by people
    counts = {stage.key: stage.count for stage in funnel_of(two)}
    assert counts == {
        "targeted": 3, "contacted": 2, "engaged": 2, "responded": 1, "leads": 1, "qualified": 0, "converted": 0,
    }  # fmt: skip


def test_a_cost_is_money_of_the_campaigns_currency_and_never_brings_it_below_zero(cast: Cast) -> None:
    campaign = make_campaign(cast.bob)
    today = clock.today()
    wrong: list[dict[str, Any]] = [
        {"amount": Decimal(0)},
        {"amount": Decimal("0.001")},
        {"amount": Decimal(-1)},
        {"currency": "EUR"},
        {"on": today + timedelta(days=1)},
        {"source": "  "},
    ]
    for facts in wrong:
        given = {"source": "Ads", "amount": Decimal(10), "currency": "USD", "on": today, **facts}
        with pytest.raises(InvalidInput):
            services.record_cost(actor=cast.erin, campaign=campaign, **given)
    with pytest.raises(NotAllowed):
        services.record_cost(actor=cast.alice, source="Ads", amount=Decimal(1), currency="USD", on=today)
    assert not MarketingCost.objects.exists()


def test_a_member_moves_forward_only_here_and_in_the_database(cast: Cast) -> None:
    campaign, lead = make_campaign(cast.bob), make_lead(cast.alice)
    assert services.add_members(campaign=campaign, actor=cast.alice, leads=[lead]) == 1
    assert services.add_members(campaign=campaign, actor=cast.alice, leads=[lead]) == 0
    member = campaign.members.get()
    member = services.move_member(member=member, status="responded", version=member.version, actor=cast.alice)
    assert member.responded_at is not None
    assert TouchPoint.objects.get(lead=lead).campaign == campaign  # an answer is a touch
    for status in ("engaged", "targeted"):
        with pytest.raises(IllegalState):
            services.move_member(member=member, status=status, version=None, actor=cast.alice)
    with pytest.raises(DatabaseError), transaction.atomic():
        CampaignMember.objects.filter(pk=member.pk).update(status="contacted")
    with pytest.raises(IntegrityError), transaction.atomic():
        CampaignMember.objects.create(campaign=campaign, lead=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        CampaignMember.objects.create(campaign=campaign)


def test_a_later_touch_of_a_member_takes_no_answer_back(cast: Cast) -> None:
    campaign, lead = make_campaign(cast.bob), make_lead(cast.alice)
    services.note_touch(actor=cast.bob, campaign=campaign, lead=lead, responded=True)
    services.note_touch(actor=cast.bob, campaign=campaign, lead=lead)
    assert campaign.members.get().status == "responded"
    with pytest.raises(InvalidInput):
        services.note_touch(actor=cast.bob, campaign=campaign, lead=lead, at=clock.now() + timedelta(hours=1))


# Screens -------------------------------------------------------------------------------------


def test_its_page_takes_a_task_a_cost_and_the_way_to_the_end(cast: Cast, client: Client) -> None:
    client.force_login(cast.bob)
    today = clock.today()
    form = {
        "name": "Fleet week", "code": "fleet", "kind": "event", "channel": "fair", "owner": cast.bob.pk,
        "starts_on": today.isoformat(), "ends_on": today.isoformat(), "budget": "100", "currency": "USD",
        "stock_needed": "5",
    }  # fmt: skip
    assert client.post(reverse("campaign-new"), {**form, "code": "two words"}).status_code == 422
    assert client.post(reverse("campaign-new"), form).status_code == 302
    campaign = Campaign.objects.get()
    page = reverse("campaign", args=[campaign.pk])
    launch = reverse("campaign-verb", args=[campaign.pk, "launch"])
    waits = client.post(launch, {"version": campaign.version}, headers={"Referer": f"http://testserver{page}"})
    assert waits.status_code == 302 and "Have 5 units in stock" in client.get(page).content.decode()
    campaign.refresh_from_db()
    assert campaign.status == "planned"
    task = campaign.tasks.get()
    client.post(reverse("campaign-task", args=[campaign.pk, task.pk]), {"version": task.version})
    client.post(launch, {"version": campaign.version})
    assert (
        client.post(reverse("campaign-task-new", args=[campaign.pk]), {"title": "", "area": "marketing"}).status_code
        == 422
    )
    client.post(reverse("campaign-task-new", args=[campaign.pk]), {"title": "Print flyers", "area": "marketing"})
    cost = {"source": "Printer", "amount": "40.00", "on": today.isoformat()}
    assert client.post(reverse("campaign-cost-new", args=[campaign.pk]), {**cost, "amount": "-1"}).status_code == 422
    client.post(reverse("campaign-cost-new", args=[campaign.pk]), cost)
    campaign.refresh_from_db()
    shown = client.get(page).content.decode()
    for words in ("Live", "Print flyers", "Printer", "$40.00", "40.0 % spent", "utm_campaign=fleet"):
        assert words in shown, words
    client.post(reverse("campaign-verb", args=[campaign.pk, "end"]), {"version": campaign.version})
    campaign.refresh_from_db()
    analyse = reverse("campaign-verb", args=[campaign.pk, "analyse"])
    assert client.post(analyse, {"version": campaign.version, "findings": ""}).status_code == 422
    client.post(analyse, {"version": campaign.version, "findings": "Fairs work."})
    campaign.refresh_from_db()
    assert campaign.status == "analysed"
    assert client.get(reverse("leads-campaigns")).status_code == 302
    assert "Fleet week" in client.get(reverse("campaign-list")).content.decode()


def test_who_may_look_sees_no_costs_and_no_buttons_and_members_only_of_their_reach(cast: Cast, client: Client) -> None:
    campaign, lead = make_campaign(cast.bob), make_lead(cast.alice, last_name="Zanzibar")
    services.note_touch(actor=cast.bob, campaign=campaign, lead=lead, responded=True)
    services.record_cost(
        actor=cast.erin, source="Secret agency", amount=Decimal(7), currency="USD", on=clock.today(), campaign=campaign
    )
    members = f"{reverse('campaign-member-list')}?campaign={campaign.pk}"
    for person, seen in ((cast.alice, True), (cast.charlie, False)):
        client.force_login(person)
        page = client.get(reverse("campaign", args=[campaign.pk])).content.decode()
        assert "Secret agency" not in page and "Go live" not in page
        assert client.post(reverse("campaign-verb", args=[campaign.pk, "launch"]), {"version": 1}).status_code == 403
        assert client.post(reverse("campaign-cost-new", args=[campaign.pk]), {}).status_code == 403
        assert ("Zanzibar" in client.get(members).content.decode()) is seen
        touches = client.get(reverse("lead-touches", args=[lead.pk]))
        assert touches.status_code == (200 if seen else 404)
        if seen:
            assert "first touch" in touches.content.decode()


def test_the_constraints_hold_past_the_services(cast: Cast) -> None:
    campaign = make_campaign(cast.bob)
    rows = Campaign.objects.filter(pk=campaign.pk)
    for change in (
        {"ends_on": campaign.starts_on - timedelta(days=1)},
        {"budget": -1},
        {"status": "ended"},
        {"code": ""},
        {"uplift_pct": -100},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(ValidationError):
        Campaign(name="x", code=campaign.code.lower()).validate_constraints()
