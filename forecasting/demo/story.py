"""The whole story: who there is, what they sell, and eighteen months of what they did."""

from datetime import datetime, time, timedelta
from random import Random

from django.db import connection

from accounts.models import Account, Contact
from forecasting.demo import growth, outreach, prospects
from forecasting.demo.after import close_months, open_cases, picture, set_quotas, set_targets
from forecasting.demo.days import plan_days
from forecasting.demo.deals import Deals
from forecasting.demo.market import Market
from forecasting.demo.names import Names
from forecasting.demo.path import draw_territories, talk_early
from forecasting.demo.people import hire
from forecasting.demo.promise import PAST, remember
from forecasting.demo.timeline import Timeline
from leads.models import Lead
from leads.setup import ensure_leads
from opportunities.models import Opportunity, Quote
from opportunities.setup import ensure_pipeline
from orders.models import Invoice, Order
from postsales.models import SupportCase
from revops.core import clock, outbox

DAYS = 548
ACCOUNTS, CONTACTS, LEADS, DEALS, CASES = 250, 700, 500, 600, 60
CONVERSIONS = 100  # leads that become an account, a contact and a deal each, and count among those


def tell(*, seed: int = 7, share: float = 1.0) -> dict[str, int]:
    """Write the demo up to this hour; returns how many rows of each kind there are. Equal seed and day, equal rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET synchronous_commit = off"
        )  # thousands of small commits; a crash means starting again anyway
    chance = Random(seed)  # noqa: S311  a story, no secret
    zone = clock.company_zone()
    end = datetime.combine(clock.today(), time(9, 30), tzinfo=zone)
    start = datetime.combine(clock.today() - timedelta(days=DAYS), time(9), tzinfo=zone)
    with clock.at(start):
        cast = hire(start.date())
        ensure_pipeline()
        ensure_leads()
    line = Timeline(chance, end)
    market = Market(cast, chance, Names(chance), line)
    market.conversions = int(CONVERSIONS * share)
    market.settle(start, int(ACCOUNTS * share) - market.conversions, int(CONTACTS * share) - market.conversions)
    with clock.at(start):
        set_targets(cast, line, start.date(), end.date())
    outbox.deliver_due(100_000)
    market.generate(start + timedelta(days=5), end, int(LEADS * share) - growth.LEADS - prospects.LEADS)
    deals = Deals(cast, chance, line, market)
    market.pursue = deals.pursue
    deals.generate(start + timedelta(days=1), end - timedelta(days=2), int(DEALS * share) - market.conversions)
    open_cases(cast, chance, line, market, start, int(CASES * share))
    picture(line)
    line.run()
    with clock.at(end):
        for _ in range(market.conversions - market.accepted):  # leads that were to become deals and did not
            market.fill_up()
            deals.open()
        outbox.deliver_due(100_000)
        set_quotas(cast)
        close_months(cast)
        draw_territories(cast)
        talk_early(chance)
        prospects.prospect(cast)
        plan_days(cast, chance, line)
    growth.promote(cast, chance, end)
    outreach.write(cast, end)
    with clock.at(end):
        outbox.deliver_due(100_000)
        past = remember(cast, chance, start, end, int(PAST * share))
        prospects.learn(cast)
        outbox.deliver_due(100_000)
    counted = (Account, Contact, Lead, Opportunity, Quote, Order, Invoice, SupportCase)
    counts = {str(model._meta.verbose_name_plural): model._default_manager.count() for model in counted}
    return {**counts, "leads": counts["leads"] - past, "leads of the years before": past}
