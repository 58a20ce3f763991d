"""Activities on the records of higher rooms: one row, on the timelines of that record, its account and its contact."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from accounts.models import Account, Activity
from accounts.pegs import Peg, peg_for
from accounts.services.activities import log_activity, plan_activity
from revops.core.acting import refuse_readers
from revops.core.scope import require


@transaction.atomic
def log_on(*, record: Model, actor: Any, kind: str, subject: str, **facts: Any) -> Activity:
    """Something happened on this record. `facts`: what log_activity takes."""
    peg = _open(record, actor)
    made = log_activity(actor=actor, kind=kind, subject=subject, **_where(peg, record, facts))
    return hang(activity=made, record=record, actor=actor)


@transaction.atomic
def plan_on(*, record: Model, actor: Any, kind: str, subject: str, due_at: datetime, **facts: Any) -> Activity:
    """Plan something on this record: the earliest planned one is its next action. `facts`: what plan_activity takes."""
    peg = _open(record, actor)
    made = plan_activity(actor=actor, kind=kind, subject=subject, due_at=due_at, **_where(peg, record, facts))
    return hang(activity=made, record=record, actor=actor)


@transaction.atomic
def log_touch_on(
    *, record: Model, actor: Any, done: Mapping[str, Any] | None, planned: Mapping[str, Any] | None
) -> list[Activity]:
    """One touch in one go: what happened, what comes next, or both."""
    made = []
    if done is not None:
        made.append(log_on(record=record, actor=actor, **done))
    if planned is not None:
        made.append(plan_on(record=record, actor=actor, **planned))
    return made


@transaction.atomic
def hang(*, activity: Activity, record: Model, actor: Any) -> Activity:
    """Put an activity on a record's timeline, too."""
    peg = peg_for(record)
    peg.link._default_manager.create(activity=activity, **{f"{peg.field}_id": record.pk})
    return activity


def _open(record: Model, actor: Any) -> Peg:
    peg = peg_for(record)
    if actor is not None:
        require(actor, peg.permission)
    refuse_readers(record)
    return peg


def _where(peg: Peg, record: Model, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The account and contact of the record; of an account that was merged away, what it became.

    A contact who moved to another company since is left out, as long as nobody named them.
    """
    account, contact = peg.about(record)
    if account is not None and account.merged_into_id is not None:
        account = Account._base_manager.get(pk=account.merged_into_id)
    if contact is not None and (account is None or contact.account_id != account.pk or contact.merged_into_id):
        contact = None
    return {**facts, "account": account, "contact": facts.get("contact") or contact}
