"""Campaigns, members, touches, costs, public forms, partners and registrations over the API and in the console."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from leads import services
from leads.models import Campaign, DealRegistration, IntakeForm, MarketingCost, PromotionPartner
from leads.setup import ensure_leads
from revops.core import clock
from tests.cast import Cast
from tests.leads.builders import make_lead
from tests.leads.test_campaigns import make_campaign
from tests.leads.test_intake import make_form
from tests.leads.test_promotion import FACTS, approved, make_partner


def api(person: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def sent(client: APIClient, path: str, body: dict[str, Any], expected: int) -> Any:
    answer = client.post(f"/api/v1/{path}", body)
    assert answer.status_code == expected, answer.json()
    return answer.json()


@pytest.mark.spec("RO-10", "SD-07")
def test_a_campaign_from_its_plan_to_its_analysis(cast: Cast) -> None:
    bob, today = api(cast.bob), clock.today().isoformat()
    plan = {
        "name": "Fleet week", "code": "fleet", "starts_on": today, "ends_on": today, "stock_needed": "5",
        "budget": {"amount": "6000.00", "currency": "EUR"},
    }  # fmt: skip
    made = sent(bob, "campaigns", plan, 201)
    assert made["budget"] == {"amount": "6000.00", "currency": "EUR"}
    path = f"campaigns/{made['id']}"
    waits = sent(bob, f"{path}/launch", {}, 422)
    assert waits["code"] == "stock_task_open"
    task = bob.get(f"/api/v1/{path}").json()["tasks"][0]
    sent(bob, f"{path}/done", {"task": 999_999}, 422)
    sent(bob, f"{path}/done", {"task": task["id"]}, 200)
    assert sent(bob, f"{path}/launch", {}, 200)["status"] == "live"
    sent(bob, f"{path}/costs", {"source": "Ads", "amount": {"amount": "5000.00", "currency": "USD"}, "on": today}, 422)
    sent(bob, f"{path}/costs", {"source": "Ads", "amount": {"amount": "5000.00", "currency": "EUR"}, "on": today}, 201)
    lead = make_lead(cast.alice)
    touched = {"campaign": made["id"], "lead": lead.pk, "responded": True, "utm_source": "news"}
    sent(bob, "touch-points", {**touched, "contact": None}, 201)
    sent(bob, "touch-points", {"campaign": made["id"]}, 422)
    services.rollup_campaign(campaign=Campaign.objects.get())
    shown = bob.get(f"/api/v1/{path}").json()
    assert (shown["lead_count"], shown["cost_per_lead"]) == (1, {"amount": "5000.00", "currency": "EUR"})
    assert {stage["key"]: stage["count"] for stage in shown["funnel"]}["leads"] == 1
    sent(bob, f"{path}/end", {}, 200)
    sent(bob, f"{path}/analyse", {}, 422)
    assert sent(bob, f"{path}/analyse", {"findings": "Fairs work."}, 200)["status"] == "analysed"
    assert bob.patch(f"/api/v1/{path}", {"budget": {"amount": "1.00", "currency": "EUR"}}).status_code == 409
    assert bob.patch(f"/api/v1/{path}", {"status": "live"}).status_code == 422
    stale = bob.patch(f"/api/v1/{path}", {"name": "Late"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert MarketingCost.objects.count() == 1
    assert api(cast.alice).post("/api/v1/campaigns", plan).status_code == 403
    assert [row["id"] for row in bob.get("/api/v1/campaigns?status=analysed").json()["results"]] == [made["id"]]
    assert bob.get("/api/v1/campaigns?nonsense=1").status_code == 400


def test_members_move_forward_and_are_seen_with_their_lead(cast: Cast) -> None:
    campaign, lead = make_campaign(cast.bob), make_lead(cast.alice)
    alice, charlie = api(cast.alice), api(cast.charlie)
    made = sent(alice, "campaign-members", {"campaign": campaign.pk, "lead": lead.pk}, 201)
    assert sent(alice, f"campaign-members/{made['id']}/move", {"status": "responded"}, 200)["status"] == "responded"
    sent(alice, f"campaign-members/{made['id']}/move", {"status": "contacted"}, 409)
    assert charlie.get(f"/api/v1/campaign-members/{made['id']}").status_code == 404
    assert charlie.post("/api/v1/campaign-members", {"campaign": campaign.pk, "lead": lead.pk}).status_code == 422
    assert not charlie.get("/api/v1/touch-points").json()["results"]
    assert len(alice.get(f"/api/v1/touch-points?lead={lead.pk}").json()["results"]) == 1


@pytest.mark.spec("SD-08")
def test_partners_and_registrations(cast: Cast) -> None:
    ensure_leads()
    bob, alice = api(cast.bob), api(cast.alice)
    one = sent(bob, "promotion-partners", {"name": "North Star", "tier": "gold", "fee_pct": "12.5"}, 201)
    two = sent(bob, "promotion-partners", {"name": "South Star"}, 201)
    sent(alice, "promotion-partners", {"name": "Mine"}, 403)
    worth = {"amount": "9000.00", "currency": "USD"}
    first = sent(alice, "deal-registrations", {"partner": one["id"], **FACTS, "amount": worth}, 201)
    assert (first["status"], first["amount"]) == ("submitted", worth)
    second = sent(alice, "deal-registrations", {"partner": two["id"], **FACTS}, 201)
    assert (second["status"], second["reason"]) == ("rejected", f"protected_until={first['protected_until']}")
    sent(alice, f"deal-registrations/{first['id']}/approve", {}, 403)
    sent(bob, f"deal-registrations/{first['id']}/reject", {}, 422)
    assert sent(bob, f"deal-registrations/{first['id']}/approve", {}, 200)["lead"] is not None
    sent(bob, f"deal-registrations/{first['id']}/reject", {"reason": "x"}, 409)
    shown = bob.get(f"/api/v1/promotion-partners/{one['id']}").json()
    assert (shown["registered"], shown["approved"]) == (1, 1)
    assert api(cast.erin).get("/api/v1/deal-registrations").json()["results"] == []


def test_public_forms_are_settings(cast: Cast) -> None:
    olga = api(cast.olga)
    made = sent(olga, "intake-forms", {"name": "Demo", "key": "demo", "consent_text": "Yes"}, 201)
    sent(olga, "intake-forms", {"name": "Demo", "key": "demo", "consent_text": "Yes"}, 422)
    path = f"/api/v1/intake-forms/{made['id']}"
    assert olga.patch(path, {"allowed_sites": ["https://*"]}).status_code == 422
    assert olga.patch(path, {"allowed_sites": ["https://a.example"]}).json()["allowed_sites"] == ["https://a.example"]
    assert api(cast.alice).get(path).status_code == 404


def test_the_console_shows_all_of_it_and_changes_it_through_the_services(cast: Cast, client: Any) -> None:
    form, row = make_form(cast.olga), approved(make_partner(cast.bob), cast.bob)
    campaign = make_campaign(cast.bob)
    services.note_touch(actor=cast.bob, campaign=campaign, lead=row.lead, responded=True)
    services.receive_form(form=form, name="Ann Lee", email="ann@fleet.example", consent=True)
    client.force_login(cast.olga)
    models = ("campaign", "campaignmember", "touchpoint", "consentrecord", "marketingcost", "intakeform")
    for model in (*models, "promotionpartner", "dealregistration"):
        assert client.get(f"/admin/leads/{model}/").status_code == 200, model
    for record in (campaign, row, row.partner, form):
        assert client.get(f"/admin/leads/{record._meta.model_name}/{record.pk}/change/").status_code == 200
    client.post("/admin/leads/campaign/", {"action": "count_again", "_selected_action": [campaign.pk]})
    campaign.refresh_from_db()
    assert campaign.lead_count == 1
    today = clock.today().isoformat()
    cost = {"kind": "data", "source": "List", "amount": "12.00", "currency": "USD", "on": today}
    assert client.post("/admin/leads/marketingcost/add/", cost).status_code == 302
    assert MarketingCost.objects.get().money.as_json()["amount"] == "12.00"
    partner = {"name": "East Star", "tier": "silver", "fee_pct": "5", "owner": cast.bob.pk, "is_active": "on"}
    none = {"contacts-TOTAL_FORMS": 0, "contacts-INITIAL_FORMS": 0}
    assert client.post("/admin/leads/promotionpartner/add/", {**partner, **none}).status_code == 302
    assert PromotionPartner.objects.filter(name="East Star").exists()
    assert IntakeForm.objects.count() == DealRegistration.objects.count() == 1
