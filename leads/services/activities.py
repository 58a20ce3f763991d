"""What was done, and is to be done, on a lead."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import services as accounts_services
from accounts.models import Activity
from leads.models import Lead, LeadActivity
from leads.selectors.partners import licence_ended
from revops.core import audit, merging
from revops.core.acting import refuse_readers
from revops.core.custom import values as custom_values
from revops.core.errors import IllegalState
from revops.core.status import advance, lock

# What goes out to somebody.
OUTBOUND = (Activity.Kind.CALL, Activity.Kind.EMAIL, Activity.Kind.MEETING, Activity.Kind.VISIT)


@transaction.atomic
def log_lead_activity(
    *,
    lead: Lead,
    actor: Any,
    kind: str,
    subject: str,
    body: str = "",
    minutes: int | None = None,
    happened_at: datetime | None = None,
    owner: Any = None,
    custom: Mapping[str, Any] | None = None,
) -> Activity:
    """Log what happened; the first touch of a new lead starts work on it."""
    lead = lock(lead)
    merging.refuse_alias(lead)
    activity = accounts_services.log_activity(
        actor=actor,
        kind=kind,
        subject=subject,
        body=body,
        minutes=minutes,
        happened_at=happened_at,
        owner=owner,
        custom=custom,
        account=lead.account,
    )
    LeadActivity.objects.create(lead=lead, activity=activity)
    waits = custom_values.gaps(lead, Lead.Status.WORKING)  # what a state needs does not keep anybody from logging
    if lead.status == Lead.Status.NEW and kind != Activity.Kind.NOTE and not waits:
        advance(lead, Lead.Status.WORKING, Lead.TRANSITIONS)
        lead.save(update_fields=["status", "version", "updated_at"])
        audit.record("lead.started", lead, actor=actor)
    return activity


@transaction.atomic
def plan_lead_activity(
    *,
    lead: Lead,
    actor: Any,
    kind: str,
    subject: str,
    due_at: datetime,
    owner: Any = None,
    body: str = "",
    custom: Mapping[str, Any] | None = None,
) -> Activity:
    """Plan the next action on a lead."""
    refuse_readers(lead)
    merging.hold(lead)
    if actor is not None and kind in OUTBOUND and licence_ended(lead) is not None:
        raise IllegalState(
            "licence_expired", _("The licence under which this lead came has ended: it may not be contacted.")
        )
    activity = accounts_services.plan_activity(
        actor=actor,
        kind=kind,
        subject=subject,
        due_at=due_at,
        owner=owner,
        body=body,
        custom=custom,
        account=lead.account,
    )
    LeadActivity.objects.create(lead=lead, activity=activity)
    return activity


@transaction.atomic
def log_lead_touch(
    *, lead: Lead, actor: Any, done: Mapping[str, Any] | None, planned: Mapping[str, Any] | None
) -> list[Activity]:
    """One touch in one go: what happened, what comes next, or both."""
    made = []
    if done is not None:
        made.append(log_lead_activity(lead=lead, actor=actor, **done))
    if planned is not None:
        made.append(plan_lead_activity(lead=lead, actor=actor, **planned))
    return made
