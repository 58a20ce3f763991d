"""Who would get a lead, and why: the one decision that the router takes and that its tester shows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from accounts.keys import email_key, name_key
from accounts.models import Account
from accounts.selectors.territories import fitting_rules
from leads.models import Assignment, Lead, LeadQueue, NamedAccount, PoolMember, RoutingPool, RoutingRule
from leads.selectors.duplicates import lead_domain
from revops.core import clock
from revops.users.calendars import opening_hours
from revops.users.models import User
from revops.users.selectors import away

CAPACITY_DAYS = 30
TAKES, PASSES, OFF = "takes", "passes", "off"
FACTS = ("company", "email", "website", "country", "industry", "employees", "source", "do_not_route")


@dataclass(frozen=True)
class Step:
    """One question of the router: `outcome` says whether it took the lead, passed it on, or was not asked."""

    key: str
    label: str
    outcome: str
    why: str


@dataclass
class Decision:
    """Where a lead goes by today's settings, with every step that was asked on the way.

    `turn` are the pool's members with their credits as the turn leaves them: whoever carries the decision out, stores
    them. Neither user nor queue: the lead stays where it is.
    """

    steps: list[Step] = field(default_factory=list)
    user: User | None = None
    queue: LeadQueue | None = None
    pool: RoutingPool | None = None
    reason: str = ""
    turn: list[PoolMember] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        return bool(self.steps) and self.steps[-1].outcome == TAKES

    def say(self, key: str, label: str, why: str, *, takes: bool = False) -> None:
        """Note a step; one that takes is the last."""
        self.steps.append(Step(key, label, TAKES if takes else PASSES, why))
        if takes:
            self.reason = why


def trial_lead(**facts: Any) -> Lead:
    """A lead that is stored nowhere, to ask the router about."""
    lead = Lead(**facts)
    lead.email_key, lead.domain = email_key(lead.email), lead_domain(email=lead.email, website=lead.website)
    return lead


def decide(
    lead: Lead,
    *,
    passed_over: Iterable[int] = (),
    hold: Callable[[RoutingPool], RoutingPool] | None = None,
) -> Decision:
    """Ask step after step until one takes the lead. Writes nothing; `hold` locks the pool whose turn is taken.

    `passed_over` are people who had it and did not answer.
    """
    decision, asked = Decision(), frozenset(passed_over)
    _not_routed(lead, decision)
    for step in (_account_owner, _named_account, _territory):
        if not decision.settled:
            step(lead, decision, asked)
    if not decision.settled:
        _pool(lead, decision, asked, hold)
    if not decision.settled:
        queue = LeadQueue.objects.filter(is_fallback=True).select_related("owner").first()
        said = _("Nobody is free: %(owner)s looks after the queue “%(queue)s”")
        why = said % {"owner": queue.owner, "queue": queue.name} if queue else _("There is no fallback queue")
        decision.queue = queue
        decision.say("fallback", _("Fallback queue"), why, takes=queue is not None)
        decision.reason = _("Nobody is free")
    return decision


def _not_routed(lead: Lead, decision: Decision) -> None:
    label = _("Never route")
    if lead.do_not_route:
        decision.say("do_not_route", label, _("It is marked never to be routed: it stays where it is"), takes=True)
    else:
        decision.say("do_not_route", label, _("It may be routed"))


def _account_owner(lead: Lead, decision: Decision, asked: frozenset[int]) -> None:
    """The owner of an account with the lead's web domain, if at work today."""
    label = _("Owner of the account")
    if not lead.domain:
        decision.say("account", label, _("It has no web domain of a company"))
        return
    known = Account.objects.active().filter(domain=lead.domain).select_related("owner").order_by("pk")
    free = _free([account.owner for account in known], asked)
    account = next((account for account in known if account.owner_id in free), None)
    if account is not None:
        decision.user = account.owner
        decision.say("account", label, _("Owns the account %(name)s") % {"name": account.name}, takes=True)
    elif known:
        decision.say(
            "account", label, _("Nobody who owns an account with %(domain)s is free") % {"domain": lead.domain}
        )
    else:
        decision.say("account", label, _("No account has %(domain)s") % {"domain": lead.domain})


def _named_account(lead: Lead, decision: Decision, asked: frozenset[int]) -> None:
    """Companies that are somebody's before there is an account."""
    label, key = _("Named account"), name_key(lead.company)
    same = Q(domain=lead.domain) if lead.domain else Q(pk__in=[])
    if key:
        same |= Q(name_key=key)
    rows = list(NamedAccount.objects.filter(same, is_active=True).select_related("user").order_by("pk"))
    free = _free([row.user for row in rows], asked)
    row = next((row for row in rows if row.user_id in free), None)
    if row is not None:
        decision.user = row.user
        decision.say("named", label, _("%(company)s is a named account") % {"company": row.company}, takes=True)
    else:
        decision.say("named", label, _("Who has this company is not free") if rows else _("It is on nobody's list"))


def _territory(lead: Lead, decision: Decision, asked: frozenset[int]) -> None:
    """The territory in force that fits best; a tie is for a person to decide."""
    label = _("Territory")
    facts = {name: getattr(lead, name) for name in ("country", "industry", "employees")}
    rules = fitting_rules(facts)
    names = ", ".join(str(rule.territory) for rule in rules)
    if len(rules) > 1:
        manual = LeadQueue.objects.filter(is_manual=True).first()
        decision.queue = manual or LeadQueue.objects.filter(is_fallback=True).first()
        why = _("%(names)s fit equally: a person decides") % {"names": names}
        decision.say("territory", label, why, takes=decision.queue is not None)
    elif not rules:
        decision.say("territory", label, _("No territory in force fits"))
    elif rules[0].owner is None:
        decision.say("territory", label, _("%(name)s belongs to nobody") % {"name": names})
    elif rules[0].owner_id in _free([rules[0].owner], asked):
        decision.user = rules[0].owner
        decision.say("territory", label, _("Territory %(name)s") % {"name": names}, takes=True)
    else:
        decision.say(
            "territory", label, _("%(owner)s of %(name)s is not free") % {"owner": rules[0].owner, "name": names}
        )


def _free(people: Sequence[User], asked: frozenset[int]) -> set[int]:
    """Ids of those who work here, are not away today, and have not had the lead already."""
    working = [one for one in people if one.works_here and one.pk not in asked]
    return {one.pk for one in working} - away(working, clock.today())


# Pools ------------------------------------------------------------------------------------


def _pool(
    lead: Lead, decision: Decision, asked: frozenset[int], hold: Callable[[RoutingPool], RoutingPool] | None
) -> None:
    rules = RoutingRule.objects.filter(is_active=True).select_related("pool").order_by("priority", "pk")
    rule = next((rule for rule in rules if rule_matches(rule, lead)), None)
    pool = rule.pool if rule else RoutingPool.objects.filter(is_default=True).first()
    label = _("Pool")
    if pool is None:
        decision.say("pool", label, _("No rule fits and there is no default pool"))
        return
    pool = hold(pool) if hold is not None else pool
    why = _("Rule “%(rule)s”, %(pool)s") % {"rule": rule.name, "pool": pool.name} if rule else str(pool.name)
    states = member_states(pool)
    able = [member for member, hindrance, _n in states if not hindrance and member.user_id not in asked]
    if not able:
        hindered = "; ".join(
            f"{member.user}: {hindrance or _('had it already')}" for member, hindrance, _n in states
        ) or _("it has no members")
        decision.say("pool", label, _("%(pool)s: nobody can take it (%(why)s)") % {"pool": pool.name, "why": hindered})
        return
    chosen = take_turn(able)
    decision.user, decision.pool, decision.turn = chosen.user, pool, able
    decision.say("pool", label, why, takes=True)


def rule_matches(rule: RoutingRule, lead: Lead) -> bool:
    """Whether a rule's lists, as far as they are filled, name what the lead is."""
    pairs = ((rule.sources, lead.source), (rule.industries, lead.industry), (rule.countries, lead.country))
    return all(not wanted or value.casefold() in {text.casefold() for text in wanted} for wanted, value in pairs)


def take_turn(able: Sequence[PoolMember]) -> PoolMember:
    """Smooth weighted round-robin: everybody able gains their weight, the richest (ties: the first) pays the sum."""
    for member in able:
        member.credit += member.weight
    chosen = max(able, key=lambda member: member.credit)
    chosen.credit -= sum(member.weight for member in able)
    return chosen


def member_states(pool: RoutingPool) -> list[tuple[PoolMember, str, int]]:
    """Each member in line with what hinders them now ("" nothing), and how many leads they took in 30 days."""
    members = list(
        pool.members.select_related("user__calendar")
        .prefetch_related("user__calendar__hours", "user__calendar__holidays")
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
        (member, _hindrance(pool, member, gone, taken.get(member.user_id, 0)), taken.get(member.user_id, 0))
        for member in members
    ]


def _hindrance(pool: RoutingPool, member: PoolMember, gone: set[int], taken: int) -> str:
    user, limit = member.user, member.monthly_capacity
    if not user.works_here:
        return _("does not work here")
    if user.pk in gone:
        return _("out of office")
    if limit is not None and taken >= limit:
        return _("%(n)s of %(limit)s in 30 days") % {"n": taken, "limit": limit}
    if pool.working_hours and not _open_now(user):
        return _("outside working hours")
    return ""


def _open_now(user: User) -> bool:
    """Whether the person's own calendar is open. Who has none of their own takes leads at any hour."""
    if user.calendar is None:
        return True
    now, hours = clock.now(), opening_hours(user.calendar)
    day = now.astimezone(hours.zone).date()
    return any(opens <= now < closes for opens, closes in hours.stretches(day))
