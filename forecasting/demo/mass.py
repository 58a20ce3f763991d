"""A company with as many leads, accounts, deals and orders as are asked for: set-based, equal rows for an equal seed.

What the story writes event by event, this writes table by table; what must hold for the one holds for the other.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from django.db import transaction

from accounts.models import Account, Activity, Contact
from forecasting.demo import mass_bills, mass_deals, mass_leads, mass_market, mass_orders
from forecasting.demo.after import set_quotas
from forecasting.demo.mass_people import slots, staff_up
from forecasting.demo.mass_sql import every_table, run, start_chance, unburdened
from forecasting.demo.mass_words import define_names
from forecasting.demo.people import hire
from forecasting.demo.story import DAYS
from forecasting.models.credits import Credit
from forecasting.services.periods import open_due_periods
from forecasting.setup import ensure_periods, ensure_plan_p1
from leads.models import (
    Assignment,
    FitScore,
    Lead,
    LeadActivity,
    QualificationAnswer,
    QualificationScore,
)
from leads.setup import ensure_leads
from opportunities.models import (
    Opportunity,
    OpportunityActivity,
    OpportunitySplit,
    Quote,
    QuoteLine,
    StageHistory,
)
from opportunities.setup import ensure_pipeline
from orders.models import (
    Fulfillment,
    FulfillmentLine,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    OrderSplit,
    Payment,
    PaymentAllocation,
)
from revops.core import clock
from revops.core.models import AuditEntry
from revops.users.models import User

FILLED = (
    Account, Contact, Activity, Lead, LeadActivity, Assignment, FitScore, QualificationAnswer, QualificationScore,
    Opportunity, OpportunityActivity, OpportunitySplit, StageHistory, Quote, QuoteLine, Order, OrderLine, OrderSplit,
    Fulfillment, FulfillmentLine, Invoice, InvoiceLine, Payment, PaymentAllocation, Credit, AuditEntry,
)  # fmt: skip
WRONG_SHARES = """SELECT 1 FROM {table} WHERE kind = 'revenue' GROUP BY {key} HAVING sum(percent) <> 100 LIMIT 1"""


@dataclass(frozen=True)
class Size:
    """How many of each."""

    leads: int = 0
    accounts: int = 0
    opportunities: int = 0
    orders: int = 0

    @property
    def largest(self) -> int:
        return max(self.leads, self.accounts, self.opportunities, self.orders)


@transaction.atomic
def fill(*, size: Size, seed: int = 7) -> dict[str, int]:
    """Write it all in one transaction; returns how many rows of each kind. Equal seed and day, equal rows."""
    zone, today = clock.company_zone(), clock.today()
    end = datetime.combine(today, time(9, 30), tzinfo=zone)
    start = datetime.combine(today - timedelta(days=DAYS), time(9), tzinfo=zone)
    with clock.at(start):
        cast = hire(start.date())
        staff = staff_up(cast, size.largest, Random(seed), start.date())  # noqa: S311  a story, no secret
        ensure_pipeline()
        ensure_leads()
        for year in range(start.year, end.year + 1):
            ensure_periods(year)
        ensure_plan_p1(staff.sellers, actor=cast.people["olga"], first_on=start.date().replace(day=1))
    with clock.at(end):
        open_due_periods()
        set_quotas(cast)
    run("SET LOCAL work_mem = '256MB'")
    run("SET LOCAL maintenance_work_mem = '512MB'")
    start_chance(seed)
    define_names()
    mass_market.define_market(start, end, slots(staff.sellers), slots(staff.developers))
    with unburdened(every_table(FILLED)):
        return _write(size, end, cast.people["erin"])


def _write(size: Size, end: datetime, clerk: User) -> dict[str, int]:
    counts = {"accounts": mass_market.accounts(size.accounts), "contacts": mass_market.contacts(size.accounts)}
    mass_leads.define_leads(size.leads, size.accounts, size.opportunities, end)
    counts["leads"] = mass_leads.leads(size.leads, end)
    mass_leads.lead_history()
    counts["activities"] = mass_leads.lead_activities(end)
    counts["opportunities"] = mass_deals.deals(size.opportunities, size.leads, end)
    mass_deals.deal_history()
    counts["activities"] += mass_deals.deal_activities(mass_leads.ACTIVITIES * size.leads, end)
    mass_orders.sales(size.orders, end)
    counts["quotes"] = mass_orders.quotes()
    counts["orders"] = mass_orders.orders()
    mass_orders.credits()
    mass_bills.deliveries(clerk)
    counts["invoices"] = mass_bills.invoices(clerk, end)
    _check()
    return counts


def _check() -> None:
    """What triggers would have refused row by row."""
    for model, key in ((OpportunitySplit, "opportunity_id"), (OrderSplit, "order_id")):
        if run(WRONG_SHARES.format(table=model._meta.db_table, key=key)):
            raise ValueError(f"The shares of some {model._meta.verbose_name} do not add up to 100 %.")
    lines, credits = OrderLine._meta.db_table, Credit._meta.db_table
    if run(
        f"SELECT 1 FROM {lines} l JOIN (SELECT order_line_id, sum(amount) AS amount FROM {credits} GROUP BY 1) c "
        "ON c.order_line_id = l.id WHERE c.amount <> l.net LIMIT 1"
    ):
        raise ValueError("Some credits do not add up to their order line.")
