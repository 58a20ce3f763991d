"""Quotas: set, proposed, approved, in force."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from forecasting.models.periods import FiscalPeriod
from forecasting.models.quotas import Quota
from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput, NotAllowed
from revops.core.money import coin, currencies, money
from revops.core.scope import reach_ids, require
from revops.core.status import advance, edit, lock
from revops.users.models import Team, User

MANAGE, APPROVE = "forecasting.manage_quotas", "forecasting.approve_quota"
Status = Quota.Status


@transaction.atomic
def create_quota(
    *,
    actor: User,
    period: FiscalPeriod,
    amount: Decimal,
    currency: str = "USD",
    user: User | None = None,
    team: Team | None = None,
    metric: str = Quota.Metric.REVENUE,
) -> Quota:
    """A draft for a person or a team. A further one for the same period is the next edition."""
    require(actor, MANAGE, _("Your role does not set quotas."))
    if (user is None) == (team is None):
        raise InvalidInput.of(user=_("A quota belongs to a person or to a team."))
    _check_reach(actor, user)
    if metric not in Quota.Metric.values:
        raise InvalidInput.of(metric=_("There is no such metric."))
    amount = _amount(amount, currency)
    FiscalPeriod.objects.select_for_update().get(pk=period.pk)  # editions are numbered one at a time
    editions = Quota.objects.filter(user=user, team=team, metric=metric, period=period)
    last = editions.aggregate(last=Max("number"))["last"] or 0
    quota = Quota.objects.create(
        user=user,
        team=team,
        metric=metric,
        period=period,
        number=last + 1,
        amount=amount,
        currency=currency,
        created_by=actor,
    )
    audit.record("quota.created", quota, actor=actor, amount=amount, currency=currency, period=period.label)
    return quota


@transaction.atomic
def update_quota(*, quota: Quota, version: int | None, actor: User, amount: Decimal) -> Quota:
    """Change a draft's amount; what is proposed or approved gets a new edition instead."""
    require(actor, MANAGE, _("Your role does not set quotas."))
    quota = lock(quota, version)
    _check_reach(actor, quota.user)
    if quota.status != Status.DRAFT:
        raise IllegalState("illegal_state", _("Only a draft is edited. Set a new quota: it becomes the next edition."))
    changed = edit(quota, {"amount": _amount(amount, quota.currency)})
    if changed:
        audit.record("quota.changed", quota, actor=actor, changed=changed)
    return quota


@transaction.atomic
def propose_quota(*, quota: Quota, version: int | None, actor: User) -> Quota:
    """Hand a draft to those who approve."""
    require(actor, MANAGE, _("Your role does not set quotas."))
    quota = lock(quota, version)
    _check_reach(actor, quota.user)
    return _move(quota, Status.PROPOSED, actor)


@transaction.atomic
def approve_quota(*, quota: Quota, version: int | None, actor: User) -> Quota:
    """Approve a proposed quota; nobody approves the quota that is his own."""
    require(actor, APPROVE, _("Your role does not approve quotas."))
    quota = lock(quota, version)
    if quota.user_id == actor.pk:
        raise NotAllowed(_("Somebody else approves your own quota."), code="own_quota")
    advance(quota, Status.APPROVED, Quota.TRANSITIONS)
    quota.approved_by, quota.approved_at = actor, clock.now()
    quota.save(update_fields=["status", "approved_by", "approved_at", "version", "updated_at"])
    audit.record("quota.approved", quota, actor=actor, amount=quota.amount, currency=quota.currency)
    return quota


@transaction.atomic
def activate_quota(*, quota: Quota, version: int | None, actor: User) -> Quota:
    """Put an approved quota in force; the one that stood is superseded, except for a month that is closed."""
    require(actor, APPROVE, _("Your role does not approve quotas."))
    quota = lock(quota, version)
    period = FiscalPeriod.objects.select_for_update().get(pk=quota.period_id)
    if period.status in (FiscalPeriod.Status.CLOSED, FiscalPeriod.Status.LOCKED):
        raise IllegalState("period_closed", _("The period is closed: its quota stands as it was."))
    same = {"user": quota.user_id, "team": quota.team_id, "metric": quota.metric, "period": quota.period_id}
    for old in Quota.objects.active().filter(**same).select_for_update(of=("self",)):
        _move(old, Status.SUPERSEDED, actor)
    return _move(quota, Status.ACTIVE, actor)


def _move(quota: Quota, target: str, actor: User) -> Quota:
    before = quota.status
    advance(quota, target, Quota.TRANSITIONS)
    quota.save(update_fields=["status", "version", "updated_at"])
    audit.record("quota.moved", quota, actor=actor, changed={"status": (before, quota.status)})
    return quota


def _check_reach(actor: User, user: User | None) -> None:
    ids = reach_ids(actor)
    if user is not None and ids is not None and user.pk not in ids:
        raise NotAllowed(_("You set quotas for the people of your teams."))


def _amount(value: Any, currency: str) -> Decimal:
    if currency not in currencies():
        raise InvalidInput.of(currency=_("“%(code)s” is not a currency.") % {"code": str(currency)[:10]})
    try:
        amount = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise InvalidInput.of(amount=_("An amount of more than 0."))
    if not amount.is_finite() or not 0 < amount < Decimal(10) ** 15:
        raise InvalidInput.of(amount=_("An amount of more than 0."))
    if amount != money(amount, currency):
        raise InvalidInput.of(amount=_("The smallest amount is %(coin)s.") % {"coin": coin(currency)})
    return amount
