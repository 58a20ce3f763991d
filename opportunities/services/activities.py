"""What we do on a deal: the activity itself belongs to accounts; here it is hung on the deal's timeline."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import services as accounts_services
from accounts.models import Activity
from opportunities.models import Opportunity
from revops.users.models import User


@transaction.atomic
def log_on_opportunity(*, opportunity: Opportunity, actor: User, kind: str, subject: str, **facts: Any) -> Activity:
    """Something happened on this deal. It stands on the timelines of account, contact and deal alike.

    `facts`: contact, happened_at, minutes, body, outcome.
    """
    return accounts_services.log_on(record=opportunity, actor=actor, kind=kind, subject=subject, **facts)


@transaction.atomic
def plan_on_opportunity(
    *, opportunity: Opportunity, actor: User, kind: str, subject: str, due_at: datetime, **facts: Any
) -> Activity:
    """Plan something on this deal: the earliest planned activity is its next action. `facts`: contact, owner, body."""
    return accounts_services.plan_on(
        record=opportunity, actor=actor, kind=kind, subject=subject, due_at=due_at, **facts
    )
