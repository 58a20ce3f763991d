"""Plans, months and orders for the tests of compensation; everything through the services."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import time_machine

from forecasting.models import FiscalPeriod, LedgerEntry, PlanVersion, Statement
from forecasting.services import plans, statements
from forecasting.services.periods import ensure_periods
from forecasting.setup import ensure_plan_p1
from orders import services as orders
from orders.models import Order
from revops.core import outbox
from revops.users import services as users
from revops.users.models import User
from tests.builders import make_user
from tests.orders.builders import line, make_account

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)


def make_comp_admin(username: str = "petra") -> User:
    users.sync_roles()
    return make_user(username, first_name="Petra", last_name="Lind", roles=("Compensation admin",), is_staff=True)


def month(label: str = "2026-10") -> FiscalPeriod:
    """The month; its year is made and opened as far as it has begun."""
    ensure_periods(year=int(label[:4]))
    return FiscalPeriod.objects.get(kind="month", label=label)


def put_on_p1(admin: User, *people: User, sign: bool = True) -> PlanVersion:
    return ensure_plan_p1(people, actor=admin, first_on=date(2026, 1, 1), sign=sign)


def make_plan(
    admin: User, *people: User, code: str = "P9", tiers: Sequence[tuple[Any, Any]], currency: str = "USD", **more: Any
) -> PlanVersion:
    """An active plan that these people have signed."""
    plan = plans.create_plan(actor=admin, code=code, name=f"Plan {code}")
    terms = {name: more.pop(name) for name in ("hold_days", "clawback_days", "rounding") if name in more}
    edition = plans.create_plan_version(
        actor=admin,
        plan=plan,
        first_on=date(2026, 1, 1),
        currency=currency,
        components=[{"name": "Booked revenue", "tiers": tiers, **more}],
        **terms,
    )
    for step in (plans.submit_plan_version, plans.approve_plan_version, plans.activate_plan_version):
        edition = step(plan_version=edition, version=edition.version, actor=admin)
    for person in people:
        given = plans.assign_plan(actor=admin, plan_version=edition, user=person, first_on=date(2026, 1, 1))
        plans.sign_assignment(assignment=given, version=given.version, actor=person)
    return edition


def sell(
    owner: User,
    *amounts: Any,
    on: date = date(2026, 10, 13),
    account: str = "",
    splits: Sequence[tuple[User, Any]] = (),
    deliver: bool = True,
    **fields: Any,
) -> Order:
    """A booked order of the counter with one line an amount; its event is delivered to compensation."""
    at = datetime(on.year, on.month, on.day, 12, 0, tzinfo=UTC)
    if splits:
        fields["splits"] = [{"user": user, "percent": Decimal(percent)} for user, percent in splits]
    order = orders.create_order(
        actor=owner,
        account=make_account(owner, account),
        lines=[line(price=Decimal(amount)) for amount in amounts],
        channel="pos",
        **fields,
    )
    order = orders.book_order(order=order, version=order.version, actor=owner, booked_at=at)
    if deliver:
        outbox.deliver_due()
    return order


def earned(payee: User, period: FiscalPeriod) -> Decimal:
    """What the ledger says was earned in a month, whenever it was posted."""
    rows = LedgerEntry.objects.earned().filter(payee=payee, origin_period=period)
    return sum(rows.values_list("amount", flat=True), Decimal(0))


def publish(payee: User, admin: User, label: str = "2026-10") -> Statement:
    """The published statement of a month that is put in review for it."""
    period = month(label)
    if period.status == FiscalPeriod.Status.OPEN:
        period = statements.review_period(period=period, version=period.version, actor=admin)
    draft = statements.prepare_statement(payee=payee, period=period, actor=admin)
    return statements.publish_statement(statement=draft, version=draft.version, actor=admin)


def at(moment: datetime = NOW) -> Any:
    return time_machine.travel(moment, tick=False)
