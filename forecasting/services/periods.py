"""The calendar's writes: periods are made, opened and closed in their order."""

from datetime import date

from dateutil.relativedelta import relativedelta
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.periods import posting_month
from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.organisation import Span, month_of, organisation, quarter_of, year_of
from revops.core.scope import require
from revops.core.status import advance, lock
from revops.users.models import User

Kind, Status = FiscalPeriod.Kind, FiscalPeriod.Status
MANAGE, REOPEN = "forecasting.manage_periods", "forecasting.reopen_period"
OVER = (Status.CLOSED, Status.LOCKED)


@transaction.atomic
def ensure_periods(*, year: int, actor: User | None = None) -> list[FiscalPeriod]:
    """The months, quarters and the year of a fiscal year. What has begun is open, the rest is future. May run again."""
    starts_in = organisation().fiscal_year_starts_in
    first = date(year if starts_in == 1 else year - 1, starts_in, 1)
    months = [month_of(first + relativedelta(months=n)) for n in range(12)]
    spans = [(Kind.MONTH, span) for span in months]
    spans += [(Kind.QUARTER, quarter_of(span.first, starts_in)) for span in months[::3]]
    spans.append((Kind.YEAR, year_of(first, starts_in)))
    return [_ensure(kind, span, actor) for kind, span in spans]


def _ensure(kind: str, span: Span, actor: User | None) -> FiscalPeriod:
    status = Status.OPEN if span.first <= clock.today() else Status.FUTURE
    period, made = FiscalPeriod.objects.get_or_create(
        kind=kind, label=span.label, defaults={"first_on": span.first, "last_on": span.last, "status": status}
    )
    if made:
        audit.record("period.created", period, actor=actor, status=status)
    return period


@transaction.atomic
def ensure_month(*, day: date, actor: User | None = None) -> FiscalPeriod:
    """The month of a day, made if nobody has made it yet, opened if it has begun."""
    period = FiscalPeriod.objects.months().holding(day).first() or _ensure(Kind.MONTH, month_of(day), actor)
    if period.status == Status.FUTURE and period.first_on <= clock.today():
        period, _opened = _open(period, actor)
    return period


def _open(period: FiscalPeriod, actor: User | None) -> tuple[FiscalPeriod, bool]:
    """Open a period that has begun, unless another worker has just done it."""
    period = lock(period)
    if period.status != Status.FUTURE:
        return period, False
    return _move(period, Status.OPEN, actor), True


@transaction.atomic
def hold_posting_month(*, origin: FiscalPeriod, actor: User | None = None) -> FiscalPeriod | None:
    """The month that changes of `origin` post to, kept as it is until this transaction ends; any number may hold it.

    Taken before orders and before anybody's pay, as putting a month in review does: they wait for each other.
    """
    while True:
        target = posting_month(FiscalPeriod.objects.get(pk=origin.pk))
        if target is None:
            return None
        with connection.cursor() as cursor:
            cursor.execute("SELECT status FROM forecasting_fiscalperiod WHERE id = %s FOR SHARE", [target.pk])
            if cursor.fetchone()[0] in FiscalPeriod.TAKES_POSTINGS:
                return target


@transaction.atomic
def open_due_periods(*, actor: User | None = None) -> int:
    """Open what has begun: the job of every night. Returns how many."""
    due = FiscalPeriod.objects.filter(status=Status.FUTURE, first_on__lte=clock.today()).order_by("first_on", "pk")
    return sum(_open(period, actor)[1] for period in due)


@transaction.atomic
def open_period(*, period: FiscalPeriod, version: int | None, actor: User) -> FiscalPeriod:
    """Open the next future period of its kind."""
    require(actor, MANAGE)
    period = lock(period, version)
    if _siblings(period).filter(first_on__lt=period.first_on, status=Status.FUTURE).exists():
        raise IllegalState("period_order", _("An earlier period has not been opened yet."))
    return _move(period, Status.OPEN, actor)


@transaction.atomic
def start_calculating(*, period: FiscalPeriod, version: int | None, actor: User) -> FiscalPeriod:
    """Begin the close: the last calculation runs now."""
    require(actor, MANAGE)
    return _move(lock(period, version), Status.CALCULATING, actor)


@transaction.atomic
def put_in_review(*, period: FiscalPeriod, version: int | None, actor: User) -> FiscalPeriod:
    """The figures stand still while they are checked."""
    require(actor, MANAGE)
    return _move(lock(period, version), Status.REVIEW, actor)


@transaction.atomic
def close_period(*, period: FiscalPeriod, version: int | None, actor: User) -> FiscalPeriod:
    """Close for good: what comes later posts to an open period."""
    require(actor, MANAGE)
    period = lock(period, version)
    if _siblings(period).filter(first_on__lt=period.first_on).exclude(status__in=OVER).exists():
        raise IllegalState("period_order", _("Close the earlier periods first."))
    return _move(period, Status.CLOSED, actor)


@transaction.atomic
def lock_period(*, period: FiscalPeriod, version: int | None, actor: User) -> FiscalPeriod:
    """After this not even Finance reopens it."""
    require(actor, MANAGE)
    return _move(lock(period, version), Status.LOCKED, actor)


@transaction.atomic
def reopen_period(*, period: FiscalPeriod, version: int | None, actor: User, reason: str) -> FiscalPeriod:
    """Take back a close; the latest one only, and never without saying why."""
    require(actor, REOPEN, _("Compensation administrators and Finance reopen periods."))
    if not reason.strip():
        raise InvalidInput.of(reason=_("Say why the period is reopened."))
    period = lock(period, version)
    if period.status != Status.CLOSED:
        raise IllegalState("illegal_state", _("Only a closed period is reopened."))
    if _siblings(period).filter(first_on__gt=period.first_on, status__in=OVER).exists():
        raise IllegalState("period_order", _("A later period is closed already."))
    return _move(period, Status.OPEN, actor, reason=reason.strip())


def _siblings(period: FiscalPeriod) -> QuerySet[FiscalPeriod]:
    return FiscalPeriod.objects.filter(kind=period.kind)


def _move(period: FiscalPeriod, target: str, actor: User | None, **facts: str) -> FiscalPeriod:
    before = period.status
    advance(period, target, FiscalPeriod.TRANSITIONS)
    period.save(update_fields=["status", "version", "updated_at"])
    audit.record("period.moved", period, actor=actor, changed={"status": (before, period.status)}, **facts)
    return period
