"""What an installation starts with: the fiscal calendar and the first compensation plan."""

from collections.abc import Iterable
from datetime import date

from forecasting.models.compensation import CompPlan, PlanAssignment, PlanVersion
from forecasting.models.pay_scope import MANAGES, holds
from forecasting.models.periods import FiscalPeriod
from forecasting.services import periods, plans
from revops.core import clock
from revops.users.models import User

P1 = "P1"
P1_TIERS = (("0", "2"), ("270000", "4"))


def ensure_periods(year: int, actor: User | None = None) -> list[FiscalPeriod]:
    """The months, quarters and the year. May run again."""
    return periods.ensure_periods(year=year, actor=actor)


def ensure_plan_p1(
    users: Iterable[User], *, actor: User | None = None, first_on: date | None = None, sign: bool = True
) -> PlanVersion:
    """Plan P1: 2 % of the month's booked revenue, 4 % of all of it once the month exceeds 270,000. May run again.

    `actor` is a compensation administrator; without one, anybody who holds the role is taken.
    """
    actor = actor or _administrator()
    start = first_on or date(clock.today().year, 1, 1)
    edition = PlanVersion.objects.filter(plan__code=P1).order_by("-number").first() or _make(actor, start)
    on_it = set(PlanAssignment.objects.filter(plan__code=P1).values_list("user_id", flat=True))
    for user in users:
        if user.pk not in on_it:
            assignment = plans.assign_plan(actor=actor, plan_version=edition, user=user, first_on=start)
            if sign:
                plans.sign_assignment(assignment=assignment, version=assignment.version, actor=user)
    return edition


def _make(actor: User, start: date) -> PlanVersion:
    plan = CompPlan.objects.filter(code=P1).first() or plans.create_plan(
        actor=actor,
        code=P1,
        name="Seller plan",
        description="2 % of booked revenue; 4 % of all of it in a month that exceeds 270,000.",
    )
    edition = plans.create_plan_version(
        actor=actor, plan=plan, first_on=start, components=[{"name": "Booked revenue", "tiers": P1_TIERS}]
    )
    for step in (plans.submit_plan_version, plans.approve_plan_version, plans.activate_plan_version):
        edition = step(plan_version=edition, version=edition.version, actor=actor)
    return edition


def _administrator() -> User:
    found = next((user for user in User.objects.working().order_by("pk") if holds(user, MANAGES)), None)
    if found is None:
        raise LookupError("Nobody is a compensation administrator: give somebody the role first.")
    return found
