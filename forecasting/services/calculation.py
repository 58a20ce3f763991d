"""calculate_commissions: what the facts earn, less what was posted, is posted. The ledger takes deltas only."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from forecasting.models.ledger import CommissionRun
from forecasting.models.pay_scope import MANAGES, holds
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.pay_facts import facts_of, input_hash, payees_of
from forecasting.services import _ledger
from forecasting.services.credits import measure_order, measure_period
from forecasting.services.periods import ensure_month, hold_posting_month
from orders.models import Order
from revops.core import audit
from revops.core.errors import DomainError, NotAllowed
from revops.users.models import User


@transaction.atomic
def calculate_order(*, order: Order, actor: User | None = None, source: str = "") -> int:
    """Credit an order and recalculate everybody whom it concerns. The handler of booking and of cancelling."""
    if order.booked_on is None:
        return 0
    period = ensure_month(day=order.booked_on, actor=actor)
    hold_posting_month(origin=period, actor=actor)
    payees = measure_order(order=order, actor=actor, source=source)
    return sum(calculate_payee(payee=payee, period=period, actor=actor).postings for payee in payees)


@transaction.atomic
def calculate_commissions(*, period: FiscalPeriod, actor: User | None, payees: Iterable[int] | None = None) -> int:
    """Everybody's month, or that of `payees`. Returns the number of postings; run again, it posts nothing (INV-32)."""
    if actor is not None and not holds(actor, MANAGES):
        raise NotAllowed(_("Compensation administrators calculate commissions."))
    hold_posting_month(origin=period, actor=actor)
    measure_period(period=period, actor=actor)
    chosen = sorted(payees if payees is not None else payees_of(period))
    return sum(calculate_payee(payee=payee, period=period, actor=actor).postings for payee in chosen)


@transaction.atomic
def calculate_payee(*, payee: int, period: FiscalPeriod, actor: User | None) -> CommissionRun:
    """One payee's month: engine(facts) minus posted, line by line. One worker at a time (advisory lock)."""
    target = hold_posting_month(origin=period, actor=actor)
    _ledger.lock_pay(payee, period)
    facts = facts_of(payee, period)
    last = CommissionRun.objects.filter(payee=payee, period=period).order_by("-number").first()
    deltas = _ledger.deltas_of(payee, period, facts)
    digest = input_hash(facts)
    if not deltas and last is not None and last.input_hash == digest:
        last.postings = 0
        return last
    if deltas and target is None:
        raise DomainError("no_open_period", _("No month is open that %(period)s could post to.") % {"period": period})
    run = CommissionRun.objects.create(
        payee_id=payee,
        period=period,
        number=last.number + 1 if last else 1,
        input_hash=digest,
        posting_period=target,
        ratings=_ledger.ratings(facts),
        postings=len(deltas),
        created_by=actor,
    )
    if deltas and target is not None:
        _ledger.post(_ledger.Posting(run, target, actor), deltas)
        audit.record("commissions.calculated", run, actor=actor, area="compensation", postings=len(deltas))
    return run
