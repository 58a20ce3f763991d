"""Who holds a lead: the one place where that changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from leads.models import Assignment, Lead, LeadQueue, RoutingPool
from leads.services import _telling
from revops.core import audit, clock
from revops.core.errors import DomainError
from revops.core.status import edit
from revops.users.calendars import default_hours, due_after

FIRST_ANSWER_MINUTES = 240


@dataclass(frozen=True)
class Choice:
    """Where a lead goes, and why."""

    reason: str
    user: Any = None
    queue: LeadQueue | None = None
    pool: RoutingPool | None = None
    routed: bool = False  # by the router: the time to the first answer is watched
    minutes: int | None = None
    second: bool = False


def assign(lead: Lead, choice: Choice, *, actor: Any, first: bool = False) -> Assignment:
    """Close the current assignment (the first has none) and open the next one; the locked lead gets its holder."""
    if not first:
        lead.assignments.filter(is_current=True).update(is_current=False)
    now = clock.now()
    row = Assignment.objects.create(
        lead=lead,
        user=choice.user,
        queue=choice.queue,
        pool=choice.pool,
        reason=choice.reason[:200],
        assigned_at=now,
        sla_due_at=_due(now, choice) if choice.user else None,
        clock_state=Assignment.Clock.RUNS if choice.user and choice.routed else Assignment.Clock.NONE,
        is_second=choice.second,
    )
    changed = edit(lead, {"owner": choice.user, "queue": choice.queue})
    if changed:
        audit.record("lead.assigned", lead, actor=actor, changed=changed, reason=choice.reason)
        _telling.assigned(lead, to=choice.user, actor=actor, why=choice.reason)
    return row


def _due(now: datetime, choice: Choice) -> datetime:
    """By when the first answer is due: in the working time of whoever gets the lead.

    A calendar of somebody's own that never opens keeps no lead from them: the company's hours count then.
    """
    minutes = choice.minutes or FIRST_ANSWER_MINUTES
    try:
        return due_after(now, minutes, choice.user.calendar or default_hours())
    except DomainError:
        return due_after(now, minutes, default_hours())


def fallback_queue() -> LeadQueue:
    """Where leads wait that nobody can take; its owner looks after them."""
    queue = LeadQueue.objects.filter(is_fallback=True).first()
    if queue is None:
        raise DomainError("no_fallback_queue", _("There is no fallback queue: set one up in the settings of leads."))
    return queue
