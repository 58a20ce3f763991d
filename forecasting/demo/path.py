"""Territories, needs and plans to keep in touch, so that their pages are not empty."""

from datetime import timedelta
from random import Random
from typing import Any

from accounts import services as accounts
from accounts.models import TerritoryModel
from forecasting.demo.people import Cast
from leads import services as leads
from leads.models import Lead
from opportunities import services as deals
from revops.core import clock

REGIONS = {
    "North America": ["United States", "Canada"],
    "Central Europe": ["Germany", "Austria", "Switzerland", "Netherlands"],
    "Western Europe": ["France", "Spain", "United Kingdom", "Ireland"],
}
NEEDS = (
    "Fewer empty runs",
    "One invoice a month for all sites",
    "Proof of delivery within the hour",
    "Drivers without paper",
    "A forecast that operations can plan with",
)
TALKED, KEPT = 12, 8


def draw_territories(cast: Cast) -> None:
    """A model in force by region, and one that is planned with large accounts on their own."""
    olga = cast.people["olga"]
    model = accounts.create_territory_model(actor=olga, name="Regions")
    for priority, (name, countries) in enumerate(REGIONS.items(), start=1):
        region = accounts.create_territory(actor=None, name=name)
        accounts.add_territory_rule(
            model=model, territory=region, actor=olga, countries=countries, priority=priority * 10
        )
    model = accounts.preview_territory_model(model=model, actor=olga)
    model = accounts.activate_territory_model(model=model, version=model.version, actor=olga)
    _plan(cast, model)


def _plan(cast: Cast, standing: TerritoryModel) -> None:
    olga = cast.people["olga"]
    plan = accounts.create_territory_model(actor=olga, name="Next year", copy_of=standing)
    large = accounts.create_territory(actor=None, name="Large accounts")
    accounts.add_territory_rule(model=plan, territory=large, actor=olga, employees_min=1000, priority=1)
    accounts.preview_territory_model(model=plan, actor=olga)


def talk_early(chance: Random) -> None:
    """Needs on leads that are worked on, and plans for those that are not ready."""
    working = Lead.objects.filter(status=Lead.Status.WORKING, owner__isnull=False, archived_at__isnull=True)
    for lead in working.select_related("owner").order_by("-pk")[:TALKED]:
        owner: Any = lead.owner
        analysis = deals.open_analysis(actor=owner, lead=lead)
        for text in chance.sample(NEEDS, 3):
            deals.add_need(analysis=analysis, actor=owner, statement=text, priority=chance.randint(1, 3))
    nurtured = Lead.objects.filter(status=Lead.Status.NURTURE, owner__isnull=False, archived_at__isnull=True)
    stages = ("aware", "engaged", "unaware", "trusted")
    for number, lead in enumerate(nurtured.select_related("owner").order_by("-pk")[:KEPT]):
        on = clock.today() + timedelta(days=number * 5)
        leads.cultivate_lead(lead=lead, actor=lead.owner, stage=stages[number % 4], next_touch_on=on)
