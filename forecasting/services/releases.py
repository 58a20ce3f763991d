"""Release: what was held long enough becomes payable."""

from datetime import date

from django.db import transaction
from django.db.models import Sum

from forecasting.models.compensation import PlanVersion
from forecasting.models.ledger import LedgerEntry
from forecasting.models.periods import FiscalPeriod
from forecasting.services import _ledger
from forecasting.services.periods import ensure_month, hold_posting_month
from orders.models import OrderLine
from revops.core import audit, clock
from revops.users.models import User

Account, Kind = LedgerEntry.Account, LedgerEntry.Kind


@transaction.atomic
def release_holds(*, actor: User | None = None, as_of: date | None = None) -> int:
    """Post HELD to PAYABLE for every line whose holding time is over. Run again, it finds nothing. Returns how many."""
    day = as_of or clock.today()
    month = ensure_month(day=day, actor=actor)
    if hold_posting_month(origin=month, actor=actor) != month:
        return 0
    held = LedgerEntry.objects.filter(account=Account.HELD).order_by()
    pairs = held.values_list("payee_id", "origin_period_id").annotate(Sum("amount")).filter(amount__sum__lt=0)
    pairs = pairs.order_by("payee_id", "origin_period_id")  # as every calculation takes them
    return sum(_release(payee, FiscalPeriod.objects.get(pk=origin), month, day, actor) for payee, origin, _sum in pairs)


def _release(payee: int, origin: FiscalPeriod, month: FiscalPeriod, day: date, actor: User | None) -> int:
    _ledger.lock_pay(payee, origin)
    balances = _ledger.held_of(payee, origin)
    waits = dict(PlanVersion.objects.filter(pk__in={key[0] for key in balances}).values_list("pk", "hold_days"))
    lines = {key[2] for key in balances}
    booked = {
        line.pk: line.order.booked_on or day for line in OrderLine.objects.filter(pk__in=lines).select_related("order")
    }
    due = {
        key: amount for key, amount in balances.items() if amount > 0 and (day - booked[key[2]]).days >= waits[key[0]]
    }
    _ledger.post_releases(payee, origin, month, due, actor)
    if due:
        audit.record("commissions.released", origin, actor=actor, area="compensation", lines=len(due), payee=payee)
    return len(due)
