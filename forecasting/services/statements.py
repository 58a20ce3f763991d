"""Statements: prepared, published, acknowledged. What is published never changes."""

from dataclasses import asdict

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from forecasting.models.pay_scope import MANAGES, holds
from forecasting.models.periods import FiscalPeriod
from forecasting.models.statements import Statement, StatementLine
from forecasting.selectors.pay_facts import payees_of
from forecasting.selectors.statements import FIGURES, SheetLine, sheet_of_month
from forecasting.services.calculation import calculate_commissions
from forecasting.services.periods import close_period, put_in_review, start_calculating
from revops.core import audit, clock
from revops.core.errors import IllegalState, NotAllowed
from revops.core.status import advance, lock
from revops.users.models import User

AREA = "compensation"
Status = Statement.Status
# What must not have changed between preparing and publishing.
LEDGER_FIGURES = ("measured", "earned", "corrections", "held", "released", "payable", "input_hash")
SETTLED = (FiscalPeriod.Status.REVIEW, FiscalPeriod.Status.CLOSED)


def _require(actor: User) -> None:
    if not holds(actor, MANAGES):
        raise NotAllowed(_("Compensation administrators prepare and publish statements."))


@transaction.atomic
def prepare_statement(*, payee: User, period: FiscalPeriod, actor: User) -> Statement:
    """A draft of the month as the ledger has it; prepared again it is replaced. Payees do not see drafts."""
    _require(actor)
    period = lock(period)
    if period.status not in SETTLED:
        raise IllegalState("period_open", _("%(period)s still changes. Put it in review first.") % {"period": period})
    sheet = sheet_of_month(payee=payee, period=period)
    same = Statement.objects.filter(payee=payee, period=period)
    same.filter(status=Status.DRAFT).delete()
    last = same.aggregate(last=Max("edition"))["last"] or 0
    figures = {name: getattr(sheet, name) for name in FIGURES}
    statement = Statement.objects.create(payee=payee, period=period, edition=last + 1, **figures)
    StatementLine.objects.bulk_create(
        StatementLine(statement=statement, position=position, **asdict(line))
        for position, line in enumerate(sheet.lines, start=1)
        if isinstance(line, SheetLine)
    )
    audit.record("statement.prepared", statement, actor=actor, area=AREA, payee=payee.pk)
    return statement


@transaction.atomic
def publish_statement(*, statement: Statement, version: int | None, actor: User) -> Statement:
    """From now on the payee sees it, and nobody changes it. It says what the ledger says, or it is prepared again."""
    _require(actor)
    period = lock(statement.period)
    statement = lock(statement, version)
    advance(statement, Status.PUBLISHED, Statement.TRANSITIONS)
    _refuse_outdated(statement, period)
    statement.published_at, statement.published_by = clock.now(), actor
    statement.save(update_fields=["status", "published_at", "published_by", "version", "updated_at"])
    audit.record("statement.published", statement, actor=actor, area=AREA, payee=statement.payee_id)
    return statement


def _refuse_outdated(statement: Statement, period: FiscalPeriod) -> None:
    if period.status not in SETTLED:
        raise IllegalState("period_open", _("%(period)s still changes. Put it in review first.") % {"period": period})
    sheet = sheet_of_month(payee=statement.payee, period=period)
    if any(getattr(statement, name) != getattr(sheet, name) for name in LEDGER_FIGURES):
        raise IllegalState("outdated", _("The ledger has moved on since this was prepared. Prepare it again."))


@transaction.atomic
def acknowledge_statement(*, statement: Statement, version: int | None, actor: User) -> Statement:
    """The payee has read it and agrees."""
    statement = lock(statement, version)
    if statement.payee_id != actor.pk:
        raise NotAllowed(_("Only the payee acknowledges a statement."))
    advance(statement, Status.ACKNOWLEDGED, Statement.TRANSITIONS)
    statement.acknowledged_at = clock.now()
    statement.save(update_fields=["status", "acknowledged_at", "version", "updated_at"])
    audit.record("statement.acknowledged", statement, actor=actor, area=AREA)
    return statement


@transaction.atomic
def review_period(*, period: FiscalPeriod, version: int | None, actor: User) -> FiscalPeriod:
    """Put a period in review, where its figures stand still. A month is calculated for the last time first."""
    period = start_calculating(period=period, version=version, actor=actor)
    if period.kind == FiscalPeriod.Kind.MONTH:
        _require(actor)
        calculate_commissions(period=period, actor=actor)
    return put_in_review(period=period, version=period.version, actor=actor)


@transaction.atomic
def publish_month(*, period: FiscalPeriod, actor: User) -> list[Statement]:
    """Prepare and publish everybody's statement who has none yet."""
    _require(actor)
    period = lock(period)
    told = set(Statement.objects.filter(period=period).exclude(status=Status.DRAFT).values_list("payee_id", flat=True))
    waiting = User.objects.filter(pk__in=set(payees_of(period)) - told).order_by("pk")
    drafts = [prepare_statement(payee=payee, period=period, actor=actor) for payee in waiting]
    return [publish_statement(statement=draft, version=draft.version, actor=actor) for draft in drafts]


@transaction.atomic
def close_reviewed_period(*, period: FiscalPeriod, version: int | None, actor: User) -> FiscalPeriod:
    """Close: later changes post to an open month. A month's statements that are missing are published first."""
    period = lock(period, version)
    if period.kind == FiscalPeriod.Kind.MONTH:
        publish_month(period=period, actor=actor)
    return close_period(period=period, version=version, actor=actor)
