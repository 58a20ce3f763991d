"""What campaigns and partners earned: won deals, shared among their touches, to the cent."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads import services as leads
from leads.models import Lead
from leads.selectors.attribution import MODELS
from opportunities import services
from opportunities.selectors.campaigns import earned_by, performance_of
from opportunities.setup import ensure_pipeline
from revops.core import clock
from tests.cast import Cast
from tests.leads.builders import PACKAGE, answered, make_lead
from tests.leads.test_campaigns import make_campaign
from tests.leads.test_promotion import FACTS, make_partner
from tests.opportunities.builders import win as close


def win(lead: Lead, actor: Any, amount: str) -> Any:
    """From lead to won deal."""
    lead = answered(lead, actor)
    lead = leads.qualify_lead(lead=lead, version=lead.version, actor=actor)
    deal = services.convert_lead(lead=lead, version=lead.version, actor=actor)
    deal = services.update_opportunity(opportunity=deal, version=None, actor=actor, amount=Decimal(amount))
    return close(deal, actor)


@pytest.mark.spec("SD-07", "RO-10")
def test_each_model_shares_the_won_amount_among_the_touches_and_loses_nothing(cast: Cast, client: Client) -> None:
    ensure_pipeline()
    one, two, three = (make_campaign(cast.bob, name=name) for name in ("One", "Two", "Three"))
    lead = make_lead(cast.alice, **PACKAGE)
    for days, campaign in ((9, one), (7, two), (5, two), (3, three)):
        leads.note_touch(actor=cast.bob, campaign=campaign, lead=lead, at=clock.now() - timedelta(days=days))
    deal = win(lead, cast.alice, "1000.01")
    leads.note_touch(actor=cast.bob, campaign=three, contact=deal.contact)  # on the day it closed: counts
    leads.record_cost(actor=cast.bob, source="Ads", amount=Decimal(100), currency="USD", on=clock.today(), campaign=one)
    found = {campaign.name: earned_by(campaign, viewer=cast.bob) for campaign in (one, two, three)}
    for model in MODELS:
        assert sum(row.by_model[model] for row in found.values()) == Decimal("1000.01"), model
    assert found["One"].by_model["first"] == Decimal("1000.01") and found["One"].by_model["last"] == 0
    assert found["Three"].by_model["last"] == Decimal("1000.01")
    assert found["Two"].by_model["linear"] in (Decimal("400.00"), Decimal("400.01"))
    assert found["One"].roi("first") == Decimal("900.0")
    assert (found["One"].cost_share, found["One"].customers) == (Decimal("100.0"), 1)
    outsider = earned_by(one, viewer=cast.charlie)
    assert (outsider.deals, outsider.by_model["first"]) == (0, 0)
    client.force_login(cast.bob)
    panel = client.get(reverse("campaign-earned", args=[one.pk]), {"panel": "1"}).content.decode()
    for words in ("First touch", "$1,000.01", "900.0 %", "By position"):
        assert words in panel, words
    assert "What it earned" in client.get(one.get_absolute_url()).content.decode()
    client.force_login(cast.alice)
    assert client.get(reverse("campaign-earned", args=[one.pk])).status_code == 403


@pytest.mark.spec("SD-08")
def test_a_win_that_a_partner_brought_shows_on_the_partners_performance(cast: Cast, client: Client) -> None:
    ensure_pipeline()
    partner = make_partner(cast.bob, fee_pct=Decimal("12.5"))
    lead = make_lead(cast.alice, email=FACTS["email"], **PACKAGE)
    row = leads.register_deal(partner=partner, actor=cast.bob, **FACTS)
    row = leads.approve_registration(registration=row, version=row.version, actor=cast.bob)
    assert row.lead == lead
    win(lead, cast.alice, "20000")
    row.refresh_from_db()
    assert row.status == "converted"
    found = performance_of(partner, viewer=cast.bob)
    assert (found.won_count, found.won.amount, found.fee.amount) == (1, Decimal(20000), Decimal("2500.00"))
    assert performance_of(partner, viewer=cast.charlie).won_count == 0
    client.force_login(cast.bob)
    panel = client.get(reverse("promotion-partner-earned", args=[partner.pk]), {"panel": "1"}).content.decode()
    assert "$20,000" in panel and "$2,500" in panel
