"""What prospecting keeps is found by whoever may see it, and goes to a colleague when somebody leaves."""

from datetime import timedelta
from typing import Any

import pytest

from forecasting.models.periods import FiscalPeriod
from forecasting.services.goals import create_goal
from forecasting.setup import ensure_periods
from leads import services
from leads.setup import ensure_leads
from revops.core import clock
from revops.core.registries import hand_over, searchers
from revops.users.models import User
from tests.accounts.builders import make_account
from tests.cast import Cast
from tests.leads.builders import make_lead


def month_of(days: int) -> FiscalPeriod:
    day = clock.today() + timedelta(days=days)
    ensure_periods(day.year)
    return FiscalPeriod.objects.months().holding(day).get()


def found(key: str, user: User, text: str) -> list[str]:
    searcher = searchers.get(key)
    assert searcher is not None
    return [hit.label for hit in searcher.search(user, text, 8)]


@pytest.mark.spec("RO-10", "SD-01")
def test_campaigns_markets_partners_research_and_goals_are_found_by_who_may_see_them(cast: Cast) -> None:
    ensure_leads()
    today = clock.today()
    services.create_campaign(actor=cast.bob, name="Autumn fair", code="af-26", starts_on=today, ends_on=today)
    services.create_market(actor=cast.bob, name="Fair organisers", industries=["Fairs"])
    services.create_partner(actor=cast.bob, name="Fairbridge", website="fairbridge.example")
    services.open_brief(actor=cast.alice, lead=make_lead(cast.alice, company="Fairweather"))
    create_goal(actor=cast.bob, period=month_of(0), owner=cast.alice, target=5, name="Fair leads")
    for key, text, label, who, who_not in (
        ("campaign", "autumn", "Autumn fair", cast.sam, None),
        ("campaign", "AF-26", "Autumn fair", cast.sam, None),
        ("target-market", "organis", "Fair organisers", cast.alice, cast.erin),
        ("partner", "fairbridge.ex", "Fairbridge", cast.alice, cast.erin),
        ("research", "fairw", "Fairweather", cast.alice, cast.charlie),
        ("goal", "fair", None, cast.alice, cast.charlie),
    ):
        hits = found(key, who, text)
        assert len(hits) == 1 and label in (None, hits[0]), (key, hits)
        assert who_not is None or found(key, who_not, text) == [], (key, who_not)
        assert found(key, who, "no such words") == found(key, who, "%") == found(key, who, " ") == []


@pytest.mark.spec("RO-20")
def test_what_a_leaver_was_to_do_for_prospecting_goes_to_a_colleague(cast: Cast) -> None:
    ensure_leads()
    today, alice, to = clock.today(), cast.alice, cast.dana
    open_lead, account = make_lead(cast.bob), make_account(cast.bob)
    closed = make_lead(cast.bob)
    briefs = [services.open_brief(actor=cast.bob, owner=alice, **about) for about in (
        {"lead": open_lead}, {"account": account}, {"lead": closed},
    )]  # fmt: skip
    services.archive_lead(lead=closed, version=None, actor=cast.bob)
    campaign = services.create_campaign(
        actor=cast.bob, owner=alice, name="Autumn", code="autumn", starts_on=today, ends_on=today
    )
    partner = services.create_partner(actor=cast.bob, owner=alice, name="Fairbridge")
    now = create_goal(actor=cast.bob, period=month_of(0), owner=alice, target=5)
    over = create_goal(actor=cast.bob, period=month_of(-62), owner=alice, target=5)
    for key, count, blocks in (
        ("research", 2, True),
        ("campaigns", 1, True),
        ("partners", 1, True),
        ("goals", 1, False),
    ):
        holding: Any = hand_over.get(key)
        assert (holding.rows(alice).count(), holding.blocks) == (count, blocks), key
        assert holding.hand(user=alice, to=to, actor=cast.olga) == count, key
        assert not holding.rows(alice).exists(), key
    for row in (*briefs, campaign, partner, now, over):
        row.refresh_from_db()
    assert [row.owner for row in (*briefs, campaign, partner, now, over)] == [to, to, alice, to, to, to, alice]
