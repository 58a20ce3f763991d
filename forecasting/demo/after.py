"""Targets, cases and the closing of months."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from accounts.models import Account
from forecasting.demo import names
from forecasting.demo.market import SELLERS, Market
from forecasting.demo.people import Cast
from forecasting.demo.timeline import Timeline
from forecasting.models import FiscalPeriod
from forecasting.services import quotas, statements
from forecasting.services.periods import open_due_periods
from forecasting.services.snapshots import snapshot_pipeline
from forecasting.setup import ensure_periods, ensure_plan_p1
from leads.services import snapshot_funnel
from postsales import services as care
from postsales.models import SupportCase
from revops.core import clock
from revops.users.models import User

MONTHLY_QUOTA = Decimal(270_000)
SNAPSHOT_DAYS = 30


def set_targets(cast: Cast, line: Timeline, first: date, last: date) -> None:
    """The calendar, the sellers' plan, and months that open when they begin."""
    for year in range(first.year, last.year + 1):
        ensure_periods(year, actor=None)
    ensure_plan_p1(cast.of(*SELLERS), actor=cast.people["olga"], first_on=first.replace(day=1))
    zone = clock.company_zone()
    for month in FiscalPeriod.objects.months().filter(first_on__gt=first):
        line.at(datetime.combine(month.first_on, datetime.min.time(), tzinfo=zone), _open_months)


def _open_months() -> None:
    open_due_periods()


def _snapshot() -> None:
    snapshot_pipeline()
    snapshot_funnel()


def set_quotas(cast: Cast) -> None:
    """Each seller's quota for the months of this quarter."""
    olga, dana = cast.people["olga"], cast.people["dana"]
    quarter = FiscalPeriod.objects.filter(kind=FiscalPeriod.Kind.QUARTER).holding(clock.today()).get()
    months = FiscalPeriod.objects.months().filter(first_on__gte=quarter.first_on, last_on__lte=quarter.last_on)
    for month in months.order_by("first_on"):
        for seller in cast.of(*SELLERS):
            quota = quotas.create_quota(actor=olga, period=month, amount=MONTHLY_QUOTA, user=seller)
            quota = quotas.propose_quota(quota=quota, version=quota.version, actor=olga)
            quota = quotas.approve_quota(quota=quota, version=quota.version, actor=dana)
            quotas.activate_quota(quota=quota, version=quota.version, actor=dana)


def close_months(cast: Cast) -> None:
    """Statements of every month but this and the last one, published and closed."""
    olga, limit = cast.people["olga"], clock.today().replace(day=1) - timedelta(days=1)
    for month in FiscalPeriod.objects.months().filter(last_on__lt=limit, status="open").order_by("first_on"):
        period = statements.review_period(period=month, version=month.version, actor=olga)
        statements.close_reviewed_period(period=period, version=period.version, actor=olga)


def picture(line: Timeline) -> None:
    """The nightly picture of the pipeline in the last weeks."""
    for back in range(1, SNAPSHOT_DAYS):
        line.at(line.end - timedelta(days=back, hours=8), _snapshot)


def open_cases(cast: Cast, chance: Random, line: Timeline, market: Market, start: datetime, total: int) -> None:
    """Cases of customers: most are solved, the newest wait."""
    span = (line.end - start).total_seconds()
    for _ in range(total):
        moment = line.office(start + timedelta(seconds=span * chance.random() ** 0.5))
        line.at(moment, lambda: _open_case(cast, chance, line, market))


def _open_case(cast: Cast, chance: Random, line: Timeline, market: Market) -> None:
    nadia = cast.people["nadia"]
    account: Account = chance.choice(market.accounts[chance.choice(SELLERS)])
    people = market.contacts.get(account.pk)
    subject, priority = chance.choice(names.CASES)
    case = care.open_case(
        actor=nadia,
        account=account,
        contact=chance.choice(people) if people else None,
        subject=subject,
        priority=priority,
        channel=chance.choice(("phone", "web", "email")),
    )
    long_ago = clock.now() < line.end - timedelta(days=14)
    solved = chance.random() < 0.8 or long_ago
    line.after(clock.now(), (0.01, 0.3), lambda: _reply(case, nadia, line, solved))


def _reply(case: SupportCase, nadia: User, line: Timeline, solved: bool) -> None:
    case.refresh_from_db()
    care.reply_case(case=case, version=case.version, actor=nadia, body="Thank you for telling us. We are on it.")
    if solved:  # after the answer, whenever office hours let that be
        line.after(clock.now(), (0.4, 6), lambda: _resolve(case, nadia))


def _resolve(case: SupportCase, nadia: User) -> None:
    case.refresh_from_db()
    care.resolve_case(case=case, version=case.version, actor=nadia, body="Solved: please restart the gateway once.")
