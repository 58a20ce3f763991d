"""When somebody leaves: what they held goes to somebody who stays, a chunk at a time."""

from typing import Any

from django.db import transaction

from accounts.models import Account, Activity, Contact
from revops.users.services import hand_rows


@transaction.atomic
def hand_over_accounts(*, user: Any, to: Any, actor: Any) -> int:
    """The next accounts of `user`; says how many went."""
    return len(hand_rows(rows=Account.objects.active(), user=user, to=to, actor=actor, action="account.changed"))


@transaction.atomic
def hand_over_contacts(*, user: Any, to: Any, actor: Any) -> int:
    """The next contacts of `user`; says how many went."""
    return len(hand_rows(rows=Contact.objects.active(), user=user, to=to, actor=actor, action="contact.changed"))


@transaction.atomic
def hand_over_activities(*, user: Any, to: Any, actor: Any) -> int:
    """The next planned activities of `user`; what happened stays with whom it happened to."""
    return len(hand_rows(rows=Activity.objects.planned(), user=user, to=to, actor=actor, action="activity.changed"))
