"""The lead's way through its states; each verb is one function."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.events import LeadQualified
from leads.models import DisqualifyReason, Lead
from leads.selectors.scoring import AUTHORITY_GATE, Verdict, active_scorecard, answers_of, judge
from leads.services._kept import lock_kept
from leads.services._returns import back_to_working
from leads.services.enrolling import stop_person
from leads.services.scoring import score_qualification
from revops.core import audit, clock, outbox
from revops.core.errors import DomainError, IllegalState, MissingFields
from revops.core.scope import require
from revops.core.status import advance, lock


@transaction.atomic
def start_working(*, lead: Lead, version: int | None, actor: Any) -> Lead:
    """Somebody took a new lead up."""
    require(actor, "leads.change_lead")
    lead = lock_kept(lead, version)
    if lead.status != Lead.Status.NEW:
        raise IllegalState("illegal_state", _("Only a new lead can be started on."))
    return _move(lead, Lead.Status.WORKING, "lead.started", actor)


@transaction.atomic
def qualify_lead(*, lead: Lead, version: int | None, actor: Any) -> Lead:
    """It passes the scorecard: every criterion answered, no gate failed, the threshold reached."""
    require(actor, "leads.qualify_lead")
    lead = lock_kept(lead, version)
    verdict = judge(answers_of(lead), active_scorecard())
    if Lead.Status.QUALIFIED in Lead.TRANSITIONS[Lead.Status(lead.status)]:
        _refuse_unqualified(verdict)
    advance(lead, Lead.Status.QUALIFIED, Lead.TRANSITIONS)
    lead.qualified_at, lead.rejection_note = clock.now(), ""
    lead.save(update_fields=["status", "qualified_at", "rejection_note", "version", "updated_at"])
    score_qualification(lead=lead, actor=actor)
    audit.record("lead.qualified", lead, actor=actor, score=verdict.score)
    outbox.publish(LeadQualified(lead_id=lead.pk))
    return lead


def _refuse_unqualified(verdict: Verdict) -> None:
    if verdict.open:
        names = ", ".join(verdict.open)
        raise MissingFields(_("Not answered yet: %(names)s.") % {"names": names}, verdict.open)
    if AUTHORITY_GATE in verdict.gate_failures:
        raise DomainError("gate_failed", _("Authority is 0: this never qualifies, whatever the average."))
    if not verdict.qualifies:
        raise DomainError(
            "score_below_threshold",
            _("The score is %(score)s; it qualifies at %(limit)s.")
            % {"score": verdict.score, "limit": verdict.threshold},
            facts={"score": verdict.score, "threshold": verdict.threshold},
        )


@transaction.atomic
def nurture_lead(*, lead: Lead, version: int | None, actor: Any, note: str = "") -> Lead:
    """Not now, perhaps later."""
    require(actor, "leads.qualify_lead")
    return _move(lock_kept(lead, version), Lead.Status.NURTURE, "lead.nurtured", actor, note=note)


@transaction.atomic
def disqualify_lead(
    *, lead: Lead, version: int | None, actor: Any, reason: DisqualifyReason | None, note: str = ""
) -> Lead:
    """It is no lead, and why. A waiting handoff ends with it."""
    require(actor, "leads.qualify_lead")
    if reason is None:
        raise MissingFields(_("Say why this is no lead."), ["reason"])
    lead = lock_kept(lead, version)
    if lead.status == Lead.Status.QUALIFIED and lead.handoffs.filter(status="submitted").exists():
        back_to_working(lead, str(reason), actor=actor)
    advance(lead, Lead.Status.DISQUALIFIED, Lead.TRANSITIONS)
    lead.disqualify_reason, lead.qualified_at = reason, None
    lead.save(update_fields=["status", "disqualify_reason", "qualified_at", "version", "updated_at"])
    audit.record("lead.disqualified", lead, actor=actor, reason=reason.label, note=note)
    stop_person(person=lead, reason=_("The lead was disqualified."), actor=actor)
    return lead


@transaction.atomic
def reopen_lead(*, lead: Lead, version: int | None, actor: Any) -> Lead:
    """Work on a nurtured or disqualified lead again."""
    require(actor, "leads.qualify_lead")
    lead = lock_kept(lead, version)
    if lead.status not in (Lead.Status.NURTURE, Lead.Status.DISQUALIFIED):
        raise IllegalState("illegal_state", _("Only a nurtured or disqualified lead can be reopened."))
    lead.disqualify_reason = None
    return _move(lead, Lead.Status.WORKING, "lead.reopened", actor)


@transaction.atomic
def restore_state(*, lead: Lead, status: str, version: int | None, actor: Any) -> Lead:
    """Take a mistaken nurture or disqualification back: the state that it had before, new or working."""
    require(actor, "leads.qualify_lead")
    lead = lock(lead, version)
    if lead.status not in (Lead.Status.NURTURE, Lead.Status.DISQUALIFIED):
        raise IllegalState("illegal_state", _("Only a nurtured or disqualified lead can be reopened."))
    if status not in (Lead.Status.NEW, Lead.Status.WORKING):
        raise IllegalState("illegal_state", _("It was handed over when it was disqualified: qualify it again."))
    lead.disqualify_reason = None
    lead = _move(lead, Lead.Status.WORKING, "lead.reopened", actor)
    if status == Lead.Status.NEW:
        # Not a way that a lead goes: it never left this state but by mistake.
        lead.status = Lead.Status.NEW
        lead.save(update_fields=["status"])
    return lead


def _move(lead: Lead, status: str, action: str, actor: Any, **facts: Any) -> Lead:
    before = lead.status
    advance(lead, status, Lead.TRANSITIONS)
    lead.save(update_fields=["status", "disqualify_reason", "version", "updated_at"])
    audit.record(action, lead, actor=actor, changed={"status": (before, lead.status)}, **facts)
    return lead
