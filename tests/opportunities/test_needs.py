"""Needs captured early and carried over; and the SDR's part in the first meetings."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from leads import services as leads
from leads.models import Lead
from opportunities import services
from opportunities.models import Need, NeedsAnalysis, Opportunity, OpportunitySplit
from opportunities.setup import ensure_pipeline
from revops.core import clock, outbox
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from revops.users.models import User
from tests.leads.builders import make_handoff, make_lead, make_qualified_lead

STATEMENTS = ("Fewer empty runs", "One invoice a month", "Drivers without paper", "Proof of delivery", "A forecast")


def capture(lead: Lead, actor: User, *statements: str) -> NeedsAnalysis:
    analysis = services.open_analysis(actor=actor, lead=lead)
    for text in statements:
        services.add_need(analysis=analysis, actor=actor, statement=text)
    analysis.refresh_from_db()
    return analysis


@pytest.fixture
def deal(db: Any, sam: User, alice: User) -> Opportunity:
    ensure_pipeline()
    return services.accept_handoff(handoff=make_handoff(sam, alice), version=None, actor=alice)


@pytest.mark.spec("SD-11")
def test_5_needs_of_a_lead_are_the_same_rows_on_its_opportunity(sam: User, alice: User) -> None:
    ensure_pipeline()
    lead = make_qualified_lead(sam)
    analysis = capture(lead, sam, *STATEMENTS)
    before = list(Need.objects.order_by("pk").values_list("pk", "statement", "created_by__username", "analysis_id"))
    assert (analysis.status, len(before)) == ("in_progress", 5)
    handoff = leads.submit_handoff(lead=lead, to_user=alice, version=lead.version, actor=sam)
    assert [row["label"] for row in handoff.package["needs"]] == list(STATEMENTS)
    deal = services.accept_handoff(handoff=handoff, version=None, actor=alice)
    after = Need.objects.filter(analysis__opportunity=deal).order_by("pk")
    assert list(after.values_list("pk", "statement", "created_by__username", "analysis_id")) == before
    assert {row[2] for row in before} == {"sam"}
    analysis.refresh_from_db()
    assert (analysis.lead, analysis.opportunity, analysis.subject) == (lead, deal, deal)
    services.accept_handoff(handoff=handoff, version=None, actor=alice)
    assert (NeedsAnalysis.objects.count(), Need.objects.count()) == (1, 5)
    services.add_need(analysis=analysis, actor=alice, statement="A sixth")
    assert Need.objects.get(statement="A sixth").created_by == alice
    with pytest.raises(NotAllowed):  # the deal is its seller's now
        services.add_need(analysis=analysis, actor=sam, statement="A seventh")


def test_an_analysis_is_validated_then_kept_and_what_comes_later_is_the_next_one(sam: User) -> None:
    lead = make_lead(sam)
    analysis = services.open_analysis(actor=sam, lead=lead)
    assert services.open_analysis(actor=sam, lead=lead) == analysis
    with pytest.raises(IllegalState):
        services.validate_analysis(analysis=analysis, version=None, actor=sam)
    need = services.add_need(analysis=analysis, actor=sam, statement=" Speed ", kind="goal", priority=1)
    assert need.statement == "Speed"
    services.remove_need(need=need, version=need.version, actor=sam)
    analysis.refresh_from_db()
    with pytest.raises(MissingFields):
        services.validate_analysis(analysis=analysis, version=analysis.version, actor=sam)
    need = services.add_need(analysis=analysis, actor=sam, statement="Speed")
    with pytest.raises(StaleCopy):
        services.change_need(need=need, version=7, actor=sam, priority=2)
    for wrong in ({"priority": 6}, {"statement": " "}, {"kind": "wish"}):
        with pytest.raises(InvalidInput):
            services.change_need(need=need, version=need.version, actor=sam, **wrong)
    analysis = services.validate_analysis(analysis=analysis, version=analysis.version, actor=sam)
    with pytest.raises(IllegalState):
        services.change_need(need=need, version=need.version, actor=sam, priority=2)
    analysis = services.baseline_analysis(analysis=analysis, version=analysis.version, actor=sam)
    assert services.open_analysis(actor=sam, lead=lead) != analysis
    with pytest.raises(IntegrityError), transaction.atomic():
        NeedsAnalysis.objects.create(lead=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        NeedsAnalysis.objects.create()


def test_needs_are_written_down_on_pages_and_read_by_whoever_sees_the_lead(
    client: Client, sam: User, charlie: User, bob: User
) -> None:
    lead = make_lead(sam)
    client.force_login(sam)
    url = f"/leads/{lead.pk}/needs/"
    facts = {"statement": "Proof of delivery", "kind": "need", "level": "user", "origin": "stated", "priority": 2}
    assert client.post(url, {**facts, "priority": 9}).status_code == 422
    assert client.post(url, facts).status_code == 302
    need = Need.objects.get()
    assert "Proof of delivery" in client.get(url).content.decode()
    panel = client.get(f"/needs/?lead={lead.pk}&panel=1").content.decode()
    assert "Proof of delivery" in panel
    assert f"/needs/?lead={lead.pk}" in client.get(f"/leads/{lead.pk}/").content.decode()
    client.post(f"/needs/{need.pk}/edit/", {**facts, "statement": "Signed proof", "version": need.version})
    need.refresh_from_db()
    assert need.statement == "Signed proof"
    assert client.post(f"/needs-analyses/{need.analysis_id}/nonsense/", {"version": 2}).status_code == 400
    client.post(f"/needs-analyses/{need.analysis_id}/validate/", {"version": 2})
    assert NeedsAnalysis.objects.get().status == "validated"
    client.force_login(bob)
    assert client.get(url).status_code == 200
    client.force_login(charlie)
    for path in (url, f"/needs/{need.pk}/edit/", f"/api/v1/needs/{need.pk}"):
        assert client.get(path).status_code == 404
    assert "Signed proof" not in client.get("/needs/").content.decode()


def test_programs_capture_needs(client: Client, sam: User, charlie: User) -> None:
    lead = make_lead(sam)
    client.force_login(sam)

    def post(path: str, body: Any = None) -> Any:
        return client.post(f"/api/v1/{path}", body or {}, content_type="application/json")

    made = post("needs-analyses", {"lead": lead.pk})
    assert (made.status_code, made.json()["status"]) == (201, "draft")
    assert post("needs-analyses", {}).status_code == 422
    need = post("needs", {"analysis": made.json()["id"], "statement": "Speed", "priority": 1}).json()
    assert (need["created_by"], need["priority"]) == (sam.pk, 1)
    changed = client.patch(f"/api/v1/needs/{need['id']}", {"kind": "pain"}, content_type="application/json").json()
    assert (changed["kind"], changed["version"]) == ("pain", 2)
    assert client.get(f"/api/v1/needs?lead={lead.pk}").json()["results"][0]["id"] == need["id"]
    assert post(f"needs-analyses/{made.json()['id']}/validate").json()["status"] == "validated"
    assert post(f"needs/{need['id']}/remove").status_code == 409
    assert post(f"needs-analyses/{made.json()['id']}/baseline").json()["status"] == "baselined"
    client.force_login(charlie)
    assert client.get("/api/v1/needs").json()["results"] == []
    assert post("needs-analyses", {"lead": lead.pk}).status_code == 422


# The SDR in the first meetings ------------------------------------------------------------


def meet(deal: Opportunity, actor: User, kind: str = "meeting") -> None:
    services.log_on_opportunity(opportunity=deal, actor=actor, kind=kind, subject="Met")
    outbox.deliver_due()


@pytest.mark.spec("SD-14")
def test_after_the_third_completed_meeting_the_sdr_s_part_ends_by_itself(
    deal: Opportunity, alice: User, sam: User
) -> None:
    member = deal.team.get()
    assert (member.user, member.role, member.left_at) == (sam, "SDR", None)
    planned = services.plan_on_opportunity(
        opportunity=deal, actor=alice, kind="meeting", subject="Later", due_at=clock.now() + timedelta(days=1)
    )
    for kind in ("meeting", "call", "meeting", "visit"):
        meet(deal, alice, kind)
    member.refresh_from_db()
    assert member.left_at is None  # two meetings; a call, a visit and a planned meeting are none
    from accounts.services import complete_activity

    complete_activity(activity=planned, version=None, actor=alice)
    outbox.deliver_due()
    member.refresh_from_db()
    ended = member.left_at
    assert ended is not None
    assert services.end_sdr_part(opportunity=deal) == 0
    meet(deal, alice)
    member.refresh_from_db()
    assert member.left_at == ended
    assert not Opportunity.objects.visible_to(sam).filter(pk=deal.pk).exists()
    again = services.add_team_member(opportunity=deal, user=sam, role="SDR", actor=alice)
    assert again.left_at is None and services.end_sdr_part(opportunity=deal) == 0  # counted from when they came back


@pytest.mark.spec("SD-14", "INV-03")
def test_an_overlay_stands_beside_the_100_per_cent(deal: Opportunity, alice: User, sam: User, charlie: User) -> None:
    deal = services.update_opportunity(opportunity=deal, version=None, actor=alice, amount=Decimal(1000))
    member = services.set_overlay(member=deal.team.get(), percent=Decimal(15), version=deal.version, actor=alice)
    assert member.overlay() == 15
    rows = OpportunitySplit.objects.filter(opportunity=deal).order_by("kind").values_list("kind", "percent", "amount")
    assert list(rows) == [("overlay", 15, 150), ("revenue", 100, 1000)]
    for wrong in (Decimal(-1), Decimal(101), Decimal("0.00001")):
        with pytest.raises(InvalidInput):
            services.set_overlay(member=member, percent=wrong, version=None, actor=alice)
    with pytest.raises(StaleCopy):
        services.set_overlay(member=member, percent=Decimal(5), version=1, actor=alice)
    services.end_membership(member=member, actor=alice)
    assert Opportunity.objects.visible_to(sam).filter(pk=deal.pk).exists()  # whom it credits still sees it
    services.set_overlay(member=member, percent=Decimal(0), version=None, actor=alice)
    assert not OpportunitySplit.objects.filter(opportunity=deal, kind="overlay").exists()
    assert not Opportunity.objects.visible_to(sam).filter(pk=deal.pk).exists()


def test_programs_read_and_keep_deal_teams(
    client: Client, deal: Opportunity, alice: User, bob: User, charlie: User
) -> None:
    client.force_login(alice)

    def post(path: str, body: Any = None) -> Any:
        return client.post(f"/api/v1/opportunity-team-members{path}", body or {}, content_type="application/json")

    made = post("", {"opportunity": deal.pk, "user": charlie.pk, "role": "Legal"})
    assert (made.status_code, made.json()["role"], made.json()["left_at"]) == (201, "Legal", None)
    key = made.json()["id"]
    assert post(f"/{key}/overlay", {"percent": "12.5"}).json()["overlay_pct"] == "12.5000"
    assert "12.5" in client.get(f"/opportunities/{deal.pk}/").content.decode()
    assert post(f"/{key}/overlay", {"percent": "101"}).status_code == 422
    assert post(f"/{key}/end").json()["left_at"]
    shown = client.get(f"/api/v1/opportunity-team-members?opportunity={deal.pk}&current=true").json()["results"]
    assert [row["role"] for row in shown] == ["SDR"]
    client.force_login(bob)
    assert client.get(f"/api/v1/opportunity-team-members/{key}").status_code == 200
    OpportunitySplit.objects.filter(user=charlie).delete()
    client.force_login(charlie)
    assert client.get(f"/api/v1/opportunity-team-members/{key}").status_code == 404
