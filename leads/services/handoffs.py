"""The transfer from SDR to seller: offered with its package, answered once, watched by a clock."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account, Activity, Contact
from accounts.services import plan_activity
from leads.events import HandoffDecided, HandoffSubmitted
from leads.models import Handoff, Lead, LeadActivity
from leads.registries import handoff_sections
from leads.selectors.handoffs import may_decide
from leads.services import _telling
from leads.services._kept import lock_kept
from leads.services._returns import NOTE_LENGTH, back_to_working
from leads.services.enrolling import inherit_policy, stop_person
from leads.services.promotion import convert_registration
from revops.core import audit, clock, merging, outbox
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed
from revops.core.scope import require
from revops.core.status import advance, lock
from revops.users.calendars import default_calendar, due_after, is_business_day, opening_hours
from revops.users.selectors import manager_of

ANSWER_MINUTES: int = getattr(settings, "HANDOFF_ANSWER_MINUTES", 240)
EXPIRES_AFTER_DAYS: int = getattr(settings, "HANDOFF_EXPIRES_AFTER_DAYS", 3)


@transaction.atomic
def submit_handoff(*, lead: Lead, to_user: Any, version: int | None, actor: Any, note: str = "") -> Handoff:
    """Offer a qualified lead to a seller, with the package as it stands now. Raises MissingFields for its gaps."""
    require(actor, "leads.submit_handoff")
    lead = lock_kept(lead, version)
    _refuse_closed(lead)
    gaps = {section.key: section.gap(lead) for section in handoff_sections}
    missing = [key for key, gap in gaps.items() if gap]
    if missing:
        raise MissingFields(_("The package is not complete: %(gap)s") % {"gap": gaps[missing[0]]}, missing)
    if lead.status != Lead.Status.QUALIFIED:
        raise IllegalState("not_qualified", _("Qualify the lead first, then hand it off."))
    _refuse_receiver(to_user, actor)
    now, calendar = clock.now(), to_user.calendar or default_calendar()
    handoff = Handoff(
        lead=lead,
        from_user=actor,
        to_user=to_user,
        package={
            **{section.key: audit.plain(section.snapshot(lead)) for section in handoff_sections},
            "note": note.strip()[:NOTE_LENGTH],
        },
        sla_due_at=due_after(now, ANSWER_MINUTES, calendar),
        expires_at=_business_days_after(now, EXPIRES_AFTER_DAYS, calendar),
    )
    handoff.save(force_insert=True)
    audit.record("handoff.submitted", handoff, actor=actor, to=to_user)
    audit.record("lead.handed_off", lead, actor=actor, note=str(to_user))
    outbox.publish(HandoffSubmitted(handoff_id=handoff.pk, lead_id=lead.pk))
    _telling.submitted(handoff)
    return handoff


def _refuse_closed(lead: Lead) -> None:
    if lead.status in (Lead.Status.CONVERTED, Lead.Status.DISQUALIFIED):
        raise IllegalState("illegal_state", _("This lead is closed: there is nothing to hand off."))
    if lead.handoffs.filter(status=Handoff.Status.SUBMITTED).exists():
        raise IllegalState("handoff_waiting", _("This lead is handed off already and waits for an answer."))


def _refuse_receiver(to_user: Any, actor: Any) -> None:
    if to_user.pk == actor.pk:
        raise InvalidInput.of(to_user=_("Hand it to somebody else; your own lead you can convert."))
    if not (to_user.works_here and to_user.has_perm("leads.decide_handoff")):
        raise InvalidInput.of(to_user=_("%(name)s cannot take handoffs.") % {"name": to_user})


def _business_days_after(start: datetime, days: int, calendar: Any) -> datetime:
    hours, at = opening_hours(calendar), start
    while days > 0:
        at += timedelta(days=1)
        days -= is_business_day(at.astimezone(hours.zone).date(), hours)
    return at


@transaction.atomic
def reject_handoff(*, handoff: Handoff, reason: str, version: int | None, actor: Any) -> Handoff:
    """Not taken, and why: the lead goes back to working and its SDR reads the reason."""
    require(actor, "leads.decide_handoff")
    if not reason.strip():
        raise MissingFields(_("Say why, so that the sender knows what to find out."), ["reason"])
    if len(reason) > NOTE_LENGTH or "\x00" in reason:
        raise InvalidInput.of(reason=_("A reason has at most 400 characters."))
    lead = lock(handoff.lead)
    handoff = lock(handoff, version)
    _refuse_decider(handoff, actor)
    advance(handoff, Handoff.Status.REJECTED, Handoff.TRANSITIONS)
    handoff.reason, handoff.decided_at, handoff.decided_by = reason.strip(), clock.now(), actor
    handoff.save(update_fields=["status", "reason", "decided_at", "decided_by", "version", "updated_at"])
    back_to_working(lead, handoff.reason, actor=actor, tell=handoff.from_user)
    audit.record("handoff.rejected", handoff, actor=actor, reason=handoff.reason)
    outbox.publish(HandoffDecided(handoff_id=handoff.pk, lead_id=lead.pk, status=handoff.status))
    _telling.decided(handoff, actor=actor)
    return handoff


def _refuse_decider(handoff: Handoff, actor: Any) -> None:
    if not may_decide(handoff, actor):
        raise NotAllowed(_("Only %(name)s or a manager answers this handoff.") % {"name": handoff.to_user})


@transaction.atomic
def settle_accepted_handoff(
    *, handoff: Handoff | None, lead: Lead, account: Account, contact: Contact, actor: Any
) -> Lead:
    """Mark handoff and lead, both locked by the caller, as taken over. Without a handoff: a rep's own lead."""
    now = clock.now()
    if handoff is not None:
        advance(handoff, Handoff.Status.ACCEPTED, Handoff.TRANSITIONS)
        handoff.decided_at, handoff.decided_by = now, actor
        handoff.save(update_fields=["status", "decided_at", "decided_by", "version", "updated_at"])
        audit.record("handoff.accepted", handoff, actor=actor)
        outbox.publish(HandoffDecided(handoff_id=handoff.pk, lead_id=lead.pk, status=handoff.status))
        _telling.decided(handoff, actor=actor)
    advance(lead, Lead.Status.CONVERTED, Lead.TRANSITIONS)
    lead.converted_at, lead.account, lead.contact = now, account, contact
    lead.save(update_fields=["status", "converted_at", "account", "contact", "version", "updated_at"])
    audit.record("lead.converted", lead, actor=actor, account=account, contact=contact)
    convert_registration(lead=lead, actor=actor)
    inherit_policy(lead=lead, contact=contact, actor=actor)
    stop_person(person=lead, reason=_("The lead was converted."), actor=actor)
    return lead


@transaction.atomic
def escalate_handoff(*, handoff: Handoff, actor: Any = None) -> Handoff:
    """Unanswered past its limit: the seller's manager gets a task, once. No state changes."""
    lead = lock(handoff.lead)  # first, as whoever answers it does
    handoff = lock(handoff)
    late = handoff.status == Handoff.Status.SUBMITTED and handoff.sla_due_at <= clock.now()
    if not late or handoff.escalated_at is not None:
        return handoff
    handoff.escalated_at = clock.now()
    handoff.save(update_fields=["escalated_at", "updated_at"])
    manager = manager_of(handoff.to_user, clock.today())
    if manager is not None:
        facts = {"company": lead.company[:80], "name": handoff.to_user}
        task = plan_activity(
            actor=None,
            kind=Activity.Kind.TASK,
            subject=_("%(name)s has not answered the handoff of %(company)s") % facts,
            due_at=clock.now(),
            owner=manager,
        )
        LeadActivity.objects.create(lead=merging.standing(lead), activity=task)
    audit.record("handoff.escalated", handoff, actor=actor, to=manager)
    return handoff
