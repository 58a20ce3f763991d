"""Webhooks hear of goals, research, deliveries, target markets, channels and territories, each in its shape."""

import json
from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts import services as accounts
from forecasting.models import FiscalPeriod
from forecasting.services.goals import break_down_goal, create_goal, update_goal
from forecasting.setup import ensure_periods
from leads import services as leads
from leads.models import ResearchFinding
from leads.setup import ensure_leads
from revops.core import clock, jobs
from revops.core.errors import DomainError
from revops.integrations.models import WebhookMessage
from revops.integrations.offers import by_source, may_hear
from tests.cast import Cast
from tests.integrations.receiver import make_webhook
from tests.leads.builders import make_lead
from tests.leads.test_partners import make_partner

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/in"
NAMES = [
    *("goal.set", "goal.changed", "research.opened", "research.changed", "research.found", "delivery.received"),
    *("delivery.finished", "market.changed", "channel.changed", "territory.changed"),
]


@pytest.fixture
def told(cast: Cast, local_hosts: None) -> Any:
    """(event, data) of each message since the last look, as receivers get them."""
    make_webhook(cast.olga, URL, *NAMES)

    def look() -> list[tuple[str, dict[str, Any]]]:
        found = []
        for row in WebhookMessage.objects.order_by("pk").select_related("event"):
            offer, body = by_source()[row.event.name], json.loads(row.body)
            assert (offer.key, set(body["data"])) == (row.name, set(offer.facts)) and body["type"] == row.name
            assert all(x is None or type(x) is offer.facts[name] for name, x in body["data"].items()), row.body
            found.append((row.name, body["data"]))
        WebhookMessage.objects.all().delete()
        return found

    return look


def test_channels_territories_and_markets_are_told_of(cast: Cast, told: Any) -> None:
    channel = accounts.create_channel(actor=cast.olga, name="Dealers")
    channel = accounts.update_channel(channel=channel, version=None, actor=cast.olga, note="By hand")
    channel = accounts.update_channel(channel=channel, version=None, actor=cast.olga, note="By hand")  # nothing new
    channel = accounts.archive_channel(channel=channel, version=None, actor=cast.olga)
    accounts.restore_channel(channel=channel, version=None, actor=cast.olga)
    said = [("channel.changed", {"channel_id": channel.pk, "change": x}) for x in ("created", "changed", "archived")]
    assert told() == [*said, ("channel.changed", {"channel_id": channel.pk, "change": "restored"})]
    north = accounts.create_territory(actor=cast.olga, name="North")
    accounts.rename_territory(territory=north, version=None, actor=cast.olga, name="Far North")
    assert told() == [("territory.changed", {"territory_id": north.pk, "change": x}) for x in ("created", "renamed")]
    ensure_leads()
    market = leads.create_market(actor=cast.olga, name="Bakeries", industries=["Food"])
    market = leads.update_market(market=market, version=None, actor=cast.olga, industries=["Food", "Feed"])
    market, _job = leads.activate_market(market=market, version=None, actor=cast.olga)
    leads.retire_market(market=market, version=None, actor=cast.olga)
    changes = ("created", "changed", "activated", "retired")
    assert told() == [("market.changed", {"market_id": market.pk, "change": x}) for x in changes]


def test_research_and_deliveries_are_told_of_to_who_may_see_them(cast: Cast, told: Any) -> None:
    lead = make_lead(cast.alice)
    brief = leads.open_brief(actor=cast.alice, lead=lead)
    leads.update_brief(brief=brief, version=None, actor=cast.alice, owner=cast.olga)
    topic = ResearchFinding.Topic.values[0]
    finding = leads.add_finding(actor=cast.alice, lead=lead, topic=topic, value="Owned by Halden", source="Register")
    opened, changed, found = told()
    assert opened == ("research.opened", {"brief_id": brief.pk, "lead_id": lead.pk, "account_id": None})
    assert changed == ("research.changed", {"brief_id": brief.pk})
    assert found == ("research.found", {"finding_id": finding.pk, "brief_id": brief.pk, "topic": topic})
    assert may_hear(cast.alice, *found) and may_hear(cast.olga, *found) and not may_hear(cast.charlie, *found)
    partner = make_partner(cast.olga)
    upload = ContentFile(b"company,email\nHalden,a@halden.example\nBerg,b@berg.example\n", name="list.csv")
    delivery, _new = leads.receive_delivery(partner=partner, upload=upload, actor=cast.olga)
    jobs.run(str(delivery.job_id))
    facts = {"delivery_id": delivery.pk, "partner_id": partner.pk}
    assert told() == [("delivery.received", {**facts, "rows": 2}), ("delivery.finished", {**facts, "created": 2})]
    leads.receive_delivery(partner=partner, upload=upload, actor=cast.olga)  # the same file again
    assert told() == []


def test_goals_are_told_of_and_a_refused_one_is_not(cast: Cast, told: Any) -> None:
    ensure_periods(clock.today().year)
    period = FiscalPeriod.objects.months().holding(clock.today()).get()
    goal = create_goal(actor=cast.olga, period=period, owner=cast.bob, target=10)
    update_goal(goal=goal, version=None, actor=cast.olga, target=20)
    with pytest.raises(DomainError):
        break_down_goal(goal=goal, version=None, actor=cast.olga, parts=[{"target": 1}])
    goal = break_down_goal(goal=goal, version=None, actor=cast.olga, parts=[{"target": 5}, {"target": 15}])
    parts = goal.parts.order_by("pk").values_list("pk", flat=True)
    assert told() == [
        ("goal.set", {"goal_id": goal.pk, "parent_id": None}),
        ("goal.changed", {"goal_id": goal.pk}),
        *(("goal.set", {"goal_id": key, "parent_id": goal.pk}) for key in parts),
        ("goal.changed", {"goal_id": goal.pk}),
    ]
