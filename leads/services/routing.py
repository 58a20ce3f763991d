"""Who gets a lead. Exactly once: the lead is locked first, then the pool, so any number of workers may try."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from accounts.models import Account
from leads.models import Assignment, Lead, PoolMember, RoutingPool, RoutingRule
from leads.services._assignments import Choice, assign, fallback_queue
from leads.services._kept import lock_kept
from revops.core import clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import lock
from revops.users.selectors import away

CAPACITY_DAYS = 30


@transaction.atomic
def route_lead(*, lead: Lead, actor: Any = None) -> Assignment | None:
    """Find an owner for a lead that nobody holds: account owner, then rules and pools, then the fallback queue.

    A lead that a person holds, that is closed, or that is not to be routed stays where it is.
    """
    if actor is not None:
        require(actor, "leads.route_lead")
    lead = lock(lead)
    current = lead.assignments.filter(is_current=True).first()
    if lead.owner_id is not None or lead.do_not_route or lead.status not in Lead.OPEN:
        return current
    choice = _account_owner(lead) or _from_pool(lead) or Choice(_("Nobody is free"), queue=fallback_queue())
    if choice.queue is not None and current is not None and current.queue_id == choice.queue.pk:
        return current  # still nobody: the lead waits where it waited
    return assign(lead, choice, actor=actor)


@transaction.atomic
def assign_lead(*, lead: Lead, to_user: Any, version: int | None, actor: Any) -> Lead:
    """Give a lead to somebody by hand."""
    require(actor, "leads.assign_lead")
    if not (to_user.is_active and to_user.can_sign_in):
        raise InvalidInput.of(owner=_("%(name)s does not work here.") % {"name": to_user})
    lead = lock_kept(lead, version)
    if lead.status == Lead.Status.CONVERTED:
        raise IllegalState("illegal_state", _("This lead is converted: it stays with who converted it."))
    if lead.owner_id != to_user.pk:
        assign(lead, Choice(_("Given by %(name)s") % {"name": actor}, user=to_user), actor=actor)
    return lead


@transaction.atomic
def return_lead(*, lead: Lead, owner: Any, queue: Any, version: int | None, actor: Any) -> Lead:
    """Give a lead back to whoever held it before: a person, or a queue. The way back of an assignment."""
    require(actor, "leads.assign_lead")
    if owner is not None:
        return assign_lead(lead=lead, to_user=owner, version=version, actor=actor)
    lead = lock(lead, version)
    if lead.status == Lead.Status.CONVERTED:
        raise IllegalState("illegal_state", _("This lead is converted: it stays with who converted it."))
    assign(lead, Choice(_("Given back by %(name)s") % {"name": actor}, queue=queue or fallback_queue()), actor=actor)
    return lead


def _account_owner(lead: Lead) -> Choice | None:
    """The owner of an account with the lead's web domain, if at work today."""
    if not lead.domain:
        return None
    known = Account.objects.active().filter(domain=lead.domain).select_related("owner").order_by("pk")
    owners = [account for account in known if account.owner.is_active and account.owner.can_sign_in]
    gone = away([account.owner for account in owners], clock.today())
    account = next((account for account in owners if account.owner_id not in gone), None)
    if account is None:
        return None
    return Choice(_("Owns the account %(name)s") % {"name": account.name}, user=account.owner)


def _from_pool(lead: Lead) -> Choice | None:
    rule = next((rule for rule in _rules() if _rule_matches(rule, lead)), None)
    pool = rule.pool if rule else RoutingPool.objects.filter(is_default=True).first()
    if pool is None:
        return None
    pool = lock(pool)
    member = _take_turn(pool)
    if member is None:
        return None
    why = _("Rule “%(rule)s”, %(pool)s") % {"rule": rule.name, "pool": pool.name} if rule else str(pool.name)
    return Choice(why, user=member.user, pool=pool)


def _rules() -> list[RoutingRule]:
    return list(RoutingRule.objects.filter(is_active=True).select_related("pool").order_by("priority", "pk"))


def _rule_matches(rule: RoutingRule, lead: Lead) -> bool:
    pairs = ((rule.sources, lead.source), (rule.industries, lead.industry), (rule.countries, lead.country))
    return all(not wanted or value.casefold() in {text.casefold() for text in wanted} for wanted, value in pairs)


def _take_turn(pool: RoutingPool) -> PoolMember | None:
    """Smooth weighted round-robin over the members who can take one more; the pool's row is locked.

    Everybody able gains their weight, the richest is chosen (ties: the first in line) and pays the sum.
    """
    able = _able(pool)
    if not able:
        return None
    for member in able:
        member.credit += member.weight
    chosen = max(able, key=lambda member: member.credit)
    chosen.credit -= sum(member.weight for member in able)
    PoolMember.objects.bulk_update(able, ["credit"])
    return chosen


def _able(pool: RoutingPool) -> list[PoolMember]:
    """Members who work here, are not away today, and are under their limit of the last 30 days."""
    members = list(
        pool.members.filter(user__is_active=True, user__can_sign_in=True)
        .select_related("user")
        .order_by("position", "pk")
    )
    gone = away([member.user for member in members], clock.today())
    since = clock.now() - timedelta(days=CAPACITY_DAYS)
    taken = dict(
        Assignment.objects.filter(pool=pool, assigned_at__gt=since, user__isnull=False)
        .values_list("user")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return [
        member
        for member in members
        if member.user_id not in gone
        and (member.monthly_capacity is None or taken.get(member.user_id, 0) < member.monthly_capacity)
    ]
