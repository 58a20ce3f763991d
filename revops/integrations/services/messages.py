"""Messages on their way: claimed, sent elsewhere (never in here), recorded, replayed, forgotten."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from revops.core import audit, clock
from revops.core.errors import IllegalState
from revops.integrations import sealing, waking
from revops.integrations.models import Webhook, WebhookAttempt, WebhookMessage
from revops.integrations.models.webhooks import TEST_EVENT
from revops.integrations.offers import may_hear
from revops.integrations.posting import Answer, Parcel
from revops.integrations.services import _hooks

# Waits between the tries of one message: ten tries in three days and a bit.
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
DISABLED_AFTER = timedelta(days=3)
# Of one webhook at a time; of one that fails a single one, and pauses that grow to this.
AT_ONCE = 4
LONGEST_PAUSE = timedelta(minutes=1)
KEPT = timedelta(days=30)
SWEPT_AT_ONCE = 5000
State = WebhookMessage.State


# Claim ------------------------------------------------------------------------------------


@transaction.atomic
def claim_messages(*, most: int, actor: Any = None) -> list[Parcel]:
    """Take what is due, at most so many, and nobody else takes them until the claim runs out.

    A claim that ran out is a sender that died: the message goes again, under the same id.
    """
    now = clock.now()
    parcels: list[Parcel] = []
    for webhook in _webhooks_with_due(now):
        if len(parcels) >= most:
            break
        if not (webhook.owner.is_active and webhook.owner.has_perm(_hooks.MANAGE)):
            _orphaned(webhook)
            continue
        for message in _due_of(webhook, now, most - len(parcels)):
            parcel = _claimed(webhook, message, now)
            if parcel is not None:
                parcels.append(parcel)
    return parcels


def _webhooks_with_due(now: datetime) -> QuerySet[Webhook]:
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    due = WebhookMessage.objects.filter(free, webhook=OuterRef("pk"), state=State.PENDING, next_try_at__lte=now)
    awake = Q(quiet_until__isnull=True) | Q(quiet_until__lte=now)
    sending = Q(state=Webhook.State.ACTIVE) & awake & Exists(due)
    rows = Webhook.objects.alive().filter(sending | Exists(due.filter(name=TEST_EVENT)))
    # In no order: nobody's messages come first every time. What another sender just counts is his.
    return rows.order_by("?").select_related("owner").select_for_update(of=("self",), no_key=True, skip_locked=True)


def _orphaned(webhook: Webhook) -> None:
    reason = _("Its owner may no longer have webhooks. Take it over, then resume it.")
    _hooks.disable(webhook, reason)
    tests = WebhookMessage.objects.filter(webhook=webhook, state=State.PENDING, name=TEST_EVENT)
    tests.update(state=State.WITHHELD, claimed_until=None, last_error=reason)


def _due_of(webhook: Webhook, now: datetime, most: int) -> QuerySet[WebhookMessage]:
    mine = WebhookMessage.objects.filter(webhook=webhook, state=State.PENDING)
    under_way = mine.filter(claimed_until__gt=now).count()
    room = (1 if webhook.failing_since else AT_ONCE) - under_way
    due = mine.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=now), next_try_at__lte=now)
    if webhook.state != Webhook.State.ACTIVE or (webhook.quiet_until and webhook.quiet_until > now):
        due = due.filter(name=TEST_EVENT)
    return due.order_by("next_try_at", "pk").select_for_update(skip_locked=True)[: max(0, min(room, most))]


def _claimed(webhook: Webhook, message: WebhookMessage, now: datetime) -> Parcel | None:
    body = json.loads(message.body)
    if not message.is_test and not may_hear(webhook.owner, body["type"], body["data"]):
        message.state, message.claimed_until = State.WITHHELD, None
        message.last_error = _("The webhook's owner may not see what this is about.")
        message.save(update_fields=["state", "claimed_until", "last_error", "updated_at"])
        return None
    if message.claimed_until is not None:
        _note_lost_try(message)
    message.claimed_until = now + timedelta(seconds=settings.WEBHOOK_CLAIM_SECONDS)
    message.save(update_fields=["claimed_until", "tries", "updated_at"])
    return _parcel(webhook, message, now)


def _note_lost_try(message: WebhookMessage) -> None:
    error = _("The sender was stopped in the middle of this try; it may have arrived.")
    WebhookAttempt.objects.create(message=message, at=message.updated_at, error=error)
    # It counts, but the last try is always one whose end is known.
    message.tries = min(message.tries + 1, len(BACK_OFF))


def _parcel(webhook: Webhook, message: WebhookMessage, now: datetime) -> Parcel:
    stamp, refusal, signatures = int(now.timestamp()), "", ""
    try:
        signatures = " ".join(
            sealing.signature(sealing.unseal(sealed), message.message_id, stamp, message.body)
            for sealed in webhook.secrets_at(now)
        )
    except sealing.UnreadableSecret:
        refusal = _("The secret cannot be read: SECRET_KEY was changed. Rotate the secret.")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "revops-webhooks/1",
        "Connection": "close",
        "webhook-id": message.message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signatures,
    }
    claim: Any = message.claimed_until
    return Parcel(message.pk, webhook.pk, claim, webhook.url, headers, message.body, refusal)


# Record -----------------------------------------------------------------------------------


@transaction.atomic
def record_attempt(*, parcel: Parcel, answer: Answer, actor: Any = None) -> None:
    """Write down what a try brought, and what follows: done, another try, dead, or a webhook that is disabled."""
    webhook = Webhook.objects.select_for_update(no_key=True).get(pk=parcel.webhook)
    message = WebhookMessage.objects.select_for_update().filter(pk=parcel.message).first()
    if message is None:
        return
    WebhookAttempt.objects.create(
        message=message,
        at=clock.now(),
        status=answer.status,
        milliseconds=answer.milliseconds,
        error=answer.error,
        answer=answer.text,
    )
    if not answer.error:
        _delivered(webhook, message)
    elif message.state == State.PENDING and message.claimed_until == parcel.claim:
        _failed(webhook, message, answer)


def _delivered(webhook: Webhook, message: WebhookMessage) -> None:
    message.tries += 1
    message.state, message.claimed_until, message.last_error = State.DONE, None, ""
    message.done_at = message.done_at or clock.now()
    message.save(update_fields=["state", "claimed_until", "last_error", "done_at", "tries", "updated_at"])
    if webhook.failing_since and not message.is_test:
        webhook.failing_since = webhook.quiet_until = None
        webhook.save(update_fields=["failing_since", "quiet_until", "updated_at"])


def _failed(webhook: Webhook, message: WebhookMessage, answer: Answer) -> None:
    now = clock.now()
    message.tries += 1
    message.claimed_until, message.last_error = None, answer.error
    if message.is_test or message.tries > len(BACK_OFF):
        message.state = State.DEAD
    else:
        message.next_try_at = now + BACK_OFF[message.tries - 1]
    message.save(update_fields=["state", "claimed_until", "last_error", "tries", "next_try_at", "updated_at"])
    if message.is_test:
        return
    webhook.failing_since = webhook.failing_since or now
    failing = now - webhook.failing_since
    # As long again as it has been failing: a dead receiver is asked ever more seldom, one that slipped at once.
    webhook.quiet_until = now + min(failing, LONGEST_PAUSE)
    webhook.save(update_fields=["failing_since", "quiet_until", "updated_at"])
    if answer.gone:
        _hooks.disable(webhook, answer.error)
    elif failing >= DISABLED_AFTER:
        _hooks.disable(webhook, _("Nothing arrived for three days. Last: %(error)s") % {"error": answer.error})


# Again ------------------------------------------------------------------------------------


@transaction.atomic
def replay_message(*, message: WebhookMessage, actor: Any) -> WebhookMessage:
    """Send one again, whatever became of it, under its old id and with all its tries."""
    webhook = _hooks.opened(message.webhook, None, actor)
    _hooks.refuse_archived(webhook)
    row = WebhookMessage.objects.select_for_update().filter(pk=message.pk).first()
    if row is None:
        raise IllegalState("gone", _("This message is not kept any more."))
    if row.state != State.PENDING:
        row.state, row.done_at, row.tries, row.next_try_at = State.PENDING, None, 0, clock.now()
        row.save(update_fields=["state", "done_at", "tries", "next_try_at", "updated_at"])
        audit.record("webhook.replayed", webhook, actor=actor, message=row.message_id)
        waking.wake_after_commit()
    return row


@transaction.atomic
def replay_failed(*, webhook: Webhook, since: datetime, actor: Any) -> int:
    """Send again all that failed of what was written since a moment; returns how many."""
    webhook = _hooks.opened(webhook, None, actor)
    _hooks.refuse_archived(webhook)
    dead = WebhookMessage.objects.filter(webhook=webhook, state=State.DEAD, created_at__gte=since)
    now = clock.now()
    count = dead.exclude(name=TEST_EVENT).update(state=State.PENDING, tries=0, next_try_at=now, updated_at=now)
    if count:
        audit.record("webhook.replayed", webhook, actor=actor, since=since, count=count)
        waking.wake_after_commit()
    return count


# Forget -----------------------------------------------------------------------------------


@transaction.atomic
def forget_messages(*, actor: Any = None) -> int:
    """Drop some of what is older than 30 days, and secrets whose time is over; returns how many messages went."""
    now = clock.now()
    over = Webhook.objects.filter(previous_until__lte=now)
    over.update(previous_secret="", previous_until=None, updated_at=now)
    old = WebhookMessage.objects.filter(created_at__lt=now - KEPT).order_by("created_at", "pk")
    keys = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    WebhookMessage.objects.filter(pk__in=keys).delete()
    return len(keys)
