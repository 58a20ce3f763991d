"""When somebody leaves: what they set up goes on under somebody else's eyes."""

from typing import Any

from django.db import transaction

from revops.integrations.models import Webhook
from revops.users.services import hand_rows


@transaction.atomic
def hand_over_webhooks(*, user: Any, to: Any, actor: Any) -> int:
    """The webhooks of `user`: from now on they send what `to` may see."""
    return len(hand_rows(rows=Webhook.objects.alive(), user=user, to=to, actor=actor, action="webhook.taken_over"))
