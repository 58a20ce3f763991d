"""What we do on a deal: the activity itself belongs to accounts; here it is hung on the deal's timeline."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import services as accounts_services
from accounts.models import Activity
from opportunities.models import Opportunity, OpportunityActivity
from revops.core.acting import refuse_readers
from revops.core.scope import require
from revops.users.models import User

SUBJECT = 120
PLANNABLE = (Activity.Kind.CALL, Activity.Kind.EMAIL, Activity.Kind.MEETING, Activity.Kind.VISIT)


@transaction.atomic
def log_on_opportunity(*, opportunity: Opportunity, actor: User, kind: str, subject: str, **facts: Any) -> Activity:
    """Something happened on this deal. It stands on the timelines of account, contact and deal alike.

    `facts`: contact, happened_at, minutes, body, outcome.
    """
    require(actor, "opportunities.view_opportunity")
    refuse_readers(opportunity)
    activity = accounts_services.log_activity(
        actor=actor, kind=kind, subject=subject, **_where(opportunity, facts), **facts
    )
    OpportunityActivity.objects.create(opportunity=opportunity, activity=activity)
    return activity


@transaction.atomic
def plan_on_opportunity(
    *, opportunity: Opportunity, actor: User, kind: str, subject: str, due_at: datetime, **facts: Any
) -> Activity:
    """Plan something on this deal: the earliest planned activity is its next action. `facts`: contact, owner, body."""
    require(actor, "opportunities.view_opportunity")
    refuse_readers(opportunity)
    activity = accounts_services.plan_activity(
        actor=actor, kind=kind, subject=subject, due_at=due_at, **_where(opportunity, facts), **facts
    )
    OpportunityActivity.objects.create(opportunity=opportunity, activity=activity)
    return activity


@transaction.atomic
def log_touch(
    *,
    opportunity: Opportunity,
    actor: User,
    kind: str = Activity.Kind.NOTE,
    text: str = "",
    next_subject: str = "",
    next_at: datetime | None = None,
    custom: Mapping[str, Any] | None = None,
) -> None:
    """What happened and what comes next, in one go. The first line of the text is its subject."""
    on_done, on_planned = (custom, None) if text.strip() else (None, custom)
    subject, _break, body = text.strip().partition("\n")
    if subject:
        if len(subject) > SUBJECT:
            subject, body = f"{subject[: SUBJECT - 1]}…", text.strip()
        log_on_opportunity(
            opportunity=opportunity, actor=actor, kind=kind, subject=subject, body=body.strip(), custom=on_done
        )
    if next_subject and next_at is not None:
        planned = kind if kind in PLANNABLE else Activity.Kind.TASK
        plan_on_opportunity(
            opportunity=opportunity,
            actor=actor,
            kind=planned,
            subject=next_subject,
            due_at=next_at,
            custom=on_planned,
        )


@transaction.atomic
def carry_opportunity(*, source: Activity, to: Activity, actor: Any) -> None:
    """The next one of a series stands on the deal of the one before."""
    for link in OpportunityActivity.objects.filter(activity=source):
        OpportunityActivity.objects.create(opportunity_id=link.opportunity_id, activity=to)


def _where(opportunity: Opportunity, facts: dict[str, Any]) -> dict[str, Any]:
    contact = facts.pop("contact", None) or opportunity.contact
    if contact is not None and contact.account_id != opportunity.account_id:
        contact = None
    return {"account": opportunity.account, "contact": contact}
