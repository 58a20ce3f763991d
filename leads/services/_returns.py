"""How a qualified lead goes back to working: one way, whoever's doing it is."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Activity
from accounts.services import plan_activity
from leads.events import HandoffDecided
from leads.models import Handoff, Lead, LeadActivity
from leads.services import _telling
from revops.core import audit, clock, merging, outbox
from revops.core.status import advance, lock

NOTE_LENGTH = 400


def back_to_working(lead: Lead, note: str, *, actor: Any, tell: Any = None) -> None:
    """The locked, qualified lead goes back with the note that says why; a waiting handoff ends; `tell` gets a task."""
    waiting = lead.handoffs.filter(status=Handoff.Status.SUBMITTED).first()
    if waiting is not None:
        _end(lock(waiting), note, actor)
    advance(lead, Lead.Status.WORKING, Lead.TRANSITIONS)
    lead.rejection_note, lead.qualified_at = note[:NOTE_LENGTH], None
    lead.save(update_fields=["status", "rejection_note", "qualified_at", "version", "updated_at"])
    audit.record("lead.sent_back", lead, actor=actor, reason=note)
    if tell is not None:
        told = plan_activity(
            actor=None,
            kind=Activity.Kind.TASK,
            subject=_("%(lead)s is back with you: see why") % {"lead": lead.company[:120]},
            due_at=clock.now(),
            owner=tell,
            body=note,
        )
        LeadActivity.objects.create(lead=merging.standing(lead), activity=told)


def _end(handoff: Handoff, note: str, actor: Any) -> None:
    """The package is no longer on offer (expired or withdrawn)."""
    advance(handoff, Handoff.Status.EXPIRED, Handoff.TRANSITIONS)
    handoff.reason, handoff.decided_at = note[:NOTE_LENGTH], clock.now()
    handoff.save(update_fields=["status", "reason", "decided_at", "version", "updated_at"])
    audit.record("handoff.expired", handoff, actor=actor, reason=note)
    outbox.publish(HandoffDecided(handoff_id=handoff.pk, lead_id=handoff.lead_id, status=handoff.status))
    _telling.decided(handoff, actor=actor)
