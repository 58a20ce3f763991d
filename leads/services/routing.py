"""Who gets a lead. Exactly once: the lead is locked first, then the pool, so any number of workers may try."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Activity
from accounts.services import plan_activity
from leads.models import Assignment, Lead, LeadActivity, PoolMember
from leads.selectors.routing import Decision, decide
from leads.services._assignments import Choice, assign, fallback_queue
from leads.services._kept import lock_kept
from revops.core import audit, clock, merging
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import lock
from revops.users.selectors import manager_of

Clock = Assignment.Clock


@transaction.atomic
def route_lead(*, lead: Lead, actor: Any = None) -> Assignment | None:
    """Find who gets a lead that nobody holds: account owner, named account, territory, pool, else the fallback queue.

    A lead that a person holds, that is closed or archived, or that is not to be routed stays where it is.
    """
    if actor is not None:
        require(actor, "leads.route_lead")
    lead = lock(lead)
    current = lead.assignments.filter(is_current=True).first()
    stays = lead.owner_id is not None or lead.do_not_route or lead.archived_at is not None
    if stays or lead.status not in Lead.OPEN:
        return current
    choice = _carried_out(decide(lead, hold=lock))
    if choice.queue is not None and current is not None and current.queue_id == choice.queue.pk:
        return current  # still nobody: the lead waits where it waited
    return assign(lead, choice, actor=actor)


def _carried_out(decision: Decision, *, second: bool = False) -> Choice:
    """The decision as it is written down; the turn that it took is stored."""
    PoolMember.objects.bulk_update(decision.turn, ["credit"])
    queue = None if decision.user is not None else decision.queue or fallback_queue()
    minutes = decision.pool.answer_minutes if decision.pool else None
    return Choice(
        decision.reason,
        user=decision.user,
        queue=queue,
        pool=decision.pool,
        routed=True,
        minutes=minutes,
        second=second,
    )


@transaction.atomic
def assign_lead(*, lead: Lead, to_user: Any, version: int | None, actor: Any) -> Lead:
    """Give a lead to somebody by hand."""
    require(actor, "leads.assign_lead")
    if not to_user.works_here:
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


# The first answer -------------------------------------------------------------------------


@transaction.atomic
def watch_first_answer(*, lead: Lead, actor: Any = None) -> Assignment | None:
    """A routed lead past its limit: touched in time ends the clock; untouched goes to somebody else once, then up.

    Run twice, or at once, it has the effect of once: the clock stops under the lead's lock.
    """
    lead = lock(lead)
    row = lead.assignments.filter(is_current=True, clock_state=Clock.RUNS, sla_due_at__lte=clock.now()).first()
    if row is None:
        return None
    untouched = lead.status == Lead.Status.NEW and lead.archived_at is None and lead.owner_id == row.user_id
    row.clock_state = Clock.MISSED if untouched else Clock.MET
    row.save(update_fields=["clock_state"])
    if not untouched:
        return row
    audit.record("lead.answer_missed", lead, actor=actor, owner=row.user)
    if not row.is_second:
        asked = [] if row.user_id is None else [row.user_id]
        decision = decide(lead, passed_over=asked, hold=lock)
        if decision.user is not None:
            decision.reason = _("%(name)s did not answer in time. %(why)s") % {"name": row.user, "why": decision.reason}
            return assign(lead, _carried_out(decision, second=True), actor=actor)
    _escalate(lead, row, actor)
    return row


def _escalate(lead: Lead, row: Assignment, actor: Any) -> None:
    """The owner's manager gets one task; the lead stays with its owner."""
    assert row.user is not None  # a clock runs for a person only
    manager = manager_of(row.user, clock.today())
    row.escalated_at = clock.now()
    row.save(update_fields=["escalated_at"])
    if manager is not None:
        facts = {"name": row.user, "company": lead.company[:80]}
        task = plan_activity(
            actor=None,
            kind=Activity.Kind.TASK,
            subject=_("%(name)s has not answered the lead of %(company)s") % facts,
            due_at=clock.now(),
            owner=manager,
        )
        LeadActivity.objects.create(lead=merging.standing(lead), activity=task)
    audit.record("lead.escalated", lead, actor=actor, to=manager)
