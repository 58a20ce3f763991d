"""Writing down what a buyer needs, on a lead or on an opportunity, and carrying it over."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Contact
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.models import Lead
from opportunities.models import Need, NeedsAnalysis, Opportunity
from revops.core import audit, clock, merging
from revops.core.errors import IllegalState, InvalidInput, MissingFields
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.users.models import User

FIELDS = ("statement", "kind", "level", "origin", "priority", "stated_by")
Status = NeedsAnalysis.Status


@transaction.atomic
def open_analysis(*, actor: User, lead: Lead | None = None, opportunity: Opportunity | None = None) -> NeedsAnalysis:
    """The analysis that is being worked on, begun if there is none."""
    if (lead is None) == (opportunity is None):
        raise InvalidInput.of(lead=_("Needs are those of a lead or of an opportunity."))
    if lead is not None:
        require(actor, "leads.change_lead")
        lead = merging.lock_standing(lead)  # one analysis, however many begin it at once
        if lead.status in (Lead.Status.CONVERTED, Lead.Status.DISQUALIFIED):
            raise IllegalState("illegal_state", _("This lead is closed: its needs stand as they are."))
        rows = NeedsAnalysis.objects.filter(lead=lead, opportunity__isnull=True)
    else:
        require(actor, "opportunities.change_opportunity")
        opportunity = lock(opportunity) if opportunity is not None else None
        rows = NeedsAnalysis.objects.filter(opportunity=opportunity)
    found = rows.exclude(status=Status.BASELINED).first()
    if found is not None:
        return found
    analysis = NeedsAnalysis(lead=lead, opportunity=opportunity, created_by=actor)
    analysis.save(force_insert=True)
    audit.record("needsanalysis.started", analysis, actor=actor)
    return analysis


@transaction.atomic
def add_need(*, analysis: NeedsAnalysis, actor: User, **fields: Any) -> Need:
    """Write a need down; with the first one the analysis is in progress."""
    analysis = _edited(analysis, actor)
    refuse_unknown(fields, FIELDS)
    need = Need(analysis=analysis, created_by=actor, **tidy(fields))
    _check(need)
    merging.hold(need.stated_by)
    need.save(force_insert=True)
    if analysis.status == Status.DRAFT:
        advance(analysis, Status.IN_PROGRESS, NeedsAnalysis.TRANSITIONS)
        analysis.save(update_fields=["status", "version", "updated_at"])
    audit.record("need.added", need, actor=actor)
    return need


@transaction.atomic
def change_need(*, need: Need, version: int | None, actor: User, **changes: Any) -> Need:
    """Put a need right; who wrote it down stays."""
    _edited(need.analysis, actor)
    refuse_unknown(changes, FIELDS)
    need = lock(need, version)
    wanted = tidy(changes)
    trial = Need(analysis_id=need.analysis_id, **{name: wanted.get(name, getattr(need, name)) for name in FIELDS})
    _check(trial)
    merging.hold(trial.stated_by)
    changed = edit(need, wanted)
    if changed:
        audit.record("need.changed", need, actor=actor, changed=changed)
    return need


@transaction.atomic
def remove_need(*, need: Need, version: int | None, actor: User) -> None:
    """Take back what is none; the log keeps it."""
    _edited(need.analysis, actor)
    need = lock(need, version)
    audit.record("need.removed", need, actor=actor, statement=need.statement)
    need.delete()


@transaction.atomic
def validate_analysis(*, analysis: NeedsAnalysis, version: int | None, actor: User) -> NeedsAnalysis:
    """The customer agrees that these are the needs."""
    _may_write(analysis, actor)
    analysis = lock(analysis, version)
    if analysis.status == Status.IN_PROGRESS and not analysis.needs.exists():
        raise MissingFields(_("Write at least one need down first."), ["needs"])
    advance(analysis, Status.VALIDATED, NeedsAnalysis.TRANSITIONS)
    analysis.validated_at = clock.now()
    analysis.save(update_fields=["status", "validated_at", "version", "updated_at"])
    audit.record("needsanalysis.validated", analysis, actor=actor)
    return analysis


@transaction.atomic
def baseline_analysis(*, analysis: NeedsAnalysis, version: int | None, actor: User) -> NeedsAnalysis:
    """What was validated is kept as it is; what comes later goes into the next analysis."""
    _may_write(analysis, actor)
    analysis = lock(analysis, version)
    advance(analysis, Status.BASELINED, NeedsAnalysis.TRANSITIONS)
    analysis.baselined_at = clock.now()
    analysis.save(update_fields=["status", "baselined_at", "version", "updated_at"])
    audit.record("needsanalysis.baselined", analysis, actor=actor, needs=analysis.needs.count())
    return analysis


@transaction.atomic
def carry_needs(*, lead: Lead, opportunity: Opportunity, actor: User) -> int:
    """What was captured on a lead goes on as the opportunity's: the same rows, with who wrote them down."""
    rows = list(NeedsAnalysis.objects.filter(lead=lead, opportunity__isnull=True).order_by("pk"))
    for found in rows:
        analysis = lock(found)
        edit(analysis, {"opportunity": opportunity})
        audit.record("needsanalysis.carried_over", analysis, actor=actor, opportunity=opportunity)
    return len(rows)


def _may_write(analysis: NeedsAnalysis, actor: User) -> None:
    require(actor, "opportunities.change_opportunity" if analysis.opportunity_id else "leads.change_lead")


def _edited(analysis: NeedsAnalysis, actor: User) -> NeedsAnalysis:
    analysis = lock(analysis)
    _may_write(analysis, actor)
    if analysis.status not in NeedsAnalysis.EDITED:
        raise IllegalState("analysis_closed", _("These needs are validated: they stand as they are."))
    return analysis


def _check(need: Need) -> None:
    refuse_invalid(need, [name for name in FIELDS if name != "stated_by"])
    if not 1 <= need.priority <= 5:
        raise InvalidInput.of(priority=_("1 matters most, 5 least."))
    if need.stated_by is not None:
        _refuse_stranger(need, need.stated_by)


def _refuse_stranger(need: Need, contact: Contact) -> None:
    deal = need.analysis.opportunity
    if deal is None or deal.account_id != contact.account_id:
        raise InvalidInput.of(stated_by=_("This contact does not belong to the opportunity's account."))
