"""Leads out of the way, and back."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Handoff, Lead
from leads.services.enrolling import stop_person
from revops.core import audit, clock, merging, upserts
from revops.core.errors import IllegalState
from revops.core.scope import require
from revops.core.status import edit, lock


@transaction.atomic
def archive_lead(*, lead: Lead, version: int | None, actor: Any, reason: str = "") -> Lead:
    """Take a lead out of lists, boards and searches; an archived one is nobody's duplicate."""
    require(actor, "leads.change_lead")
    lead = lock(lead, version)
    merging.refuse_alias(lead)
    if lead.archived_at is not None:
        raise IllegalState("archived", _("This lead is archived already."))
    if lead.handoffs.filter(status=Handoff.Status.SUBMITTED).exists():
        raise IllegalState("handed_over", _("This lead was offered to a seller: wait for the answer, or take it back."))
    edit(lead, {"archived_at": clock.now()})
    audit.record("lead.archived", lead, actor=actor, reason=reason)
    stop_person(person=lead, reason=_("The lead was archived."), actor=actor)
    return lead


@transaction.atomic
def restore_lead(*, lead: Lead, version: int | None, actor: Any) -> Lead:
    """Bring an archived lead back."""
    require(actor, "leads.change_lead")
    lead = lock(lead, version)
    merging.refuse_alias(lead)
    if lead.archived_at is None:
        raise IllegalState("not_archived", _("This lead is not archived."))
    upserts.refuse_taken(lead)
    edit(lead, {"archived_at": None})
    audit.record("lead.restored", lead, actor=actor)
    return lead
