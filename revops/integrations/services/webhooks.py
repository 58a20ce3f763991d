"""Webhooks: made, changed, paused, resumed, taken over, archived; secrets rotated; tests sent."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import advance, edit
from revops.integrations import sealing, waking
from revops.integrations.models import Webhook, WebhookMessage
from revops.integrations.models.webhooks import TEST_EVENT
from revops.integrations.services import _hooks, _outgoing

MOST = 100
KEPT_HOURS, MOST_HOURS = 24, 168
State, MessageState = Webhook.State, WebhookMessage.State


@transaction.atomic
def create_webhook(
    *, actor: Any, name: str, url: str, events: Iterable[str], filter: Mapping[str, Any] | None = None
) -> tuple[Webhook, str]:
    """Make a webhook that acts as its maker. The second value is its secret; nobody can read it again."""
    require(actor, _hooks.MANAGE, _("Your role does not include webhooks."))
    if Webhook.objects.alive().count() >= MOST:
        raise InvalidInput.of(name=_("There are %(most)s webhooks. Archive one first.") % {"most": MOST})
    chosen = _hooks.clean_events(events, actor)
    secret = sealing.new_secret()
    webhook = Webhook(
        name=_hooks.clean_name(name),
        url=_hooks.clean_url(url),
        events=chosen,
        filter=_hooks.clean_filter(filter or {}, chosen),
        owner=actor,
        created_by=actor,
        secret=sealing.seal(secret),
    )
    webhook.save(force_insert=True)
    audit.record("webhook.created", webhook, actor=actor, url=webhook.url, events=chosen, filter=webhook.filter)
    return webhook, secret


@transaction.atomic
def update_webhook(*, webhook: Webhook, version: int | None, actor: Any, **changes: Any) -> Webhook:
    """Change name, url, events or filter; messages that wait go to the new address with their old body."""
    webhook = _hooks.opened(webhook, version, actor, own=True)
    _hooks.refuse_archived(webhook)
    unknown = sorted(set(changes) - {"name", "url", "events", "filter"})
    if unknown:
        raise InvalidInput.of(**{unknown[0]: _("This cannot be set here.")})
    values = dict(changes)
    if "name" in values:
        values["name"] = _hooks.clean_name(values["name"])
    if "url" in values:
        values["url"] = _hooks.clean_url(values["url"])
    if {"events", "filter"} & set(values):
        events = _hooks.clean_events(values.get("events", webhook.events), actor)
        wanted = values.get("filter", webhook.filter)
        values |= {"events": events, "filter": _hooks.clean_filter(wanted or {}, events)}
    changed = edit(webhook, values)
    if changed:
        audit.record("webhook.changed", webhook, actor=actor, changed=changed)
    return webhook


@transaction.atomic
def rotate_secret(
    *, webhook: Webhook, version: int | None, actor: Any, keep_hours: int = KEPT_HOURS
) -> tuple[Webhook, str]:
    """Give it a new secret; the one before signs beside it for `keep_hours`, so that no message is refused meanwhile.

    The second value is the new secret; nobody can read it again.
    """
    webhook = _hooks.opened(webhook, version, actor, own=True)
    if not 0 <= keep_hours <= MOST_HOURS:
        raise InvalidInput.of(
            keep_hours=_("The old secret stays valid for 0 to %(most)s hours.") % {"most": MOST_HOURS}
        )
    secret = sealing.new_secret()
    kept = webhook.secret if keep_hours else ""
    webhook.previous_secret = kept
    webhook.previous_until = clock.now() + timedelta(hours=keep_hours) if kept else None
    webhook.secret = sealing.seal(secret)
    webhook.version += 1
    webhook.save(update_fields=["secret", "previous_secret", "previous_until", "version", "updated_at"])
    audit.record("webhook.secret_rotated", webhook, actor=actor, old_valid_until=webhook.previous_until)
    return webhook, secret


@transaction.atomic
def pause_webhook(*, webhook: Webhook, version: int | None, actor: Any) -> Webhook:
    """Send nothing for now; what happens meanwhile waits."""
    webhook = _hooks.opened(webhook, version, actor)
    _hooks.refuse_archived(webhook)
    advance(webhook, State.PAUSED, Webhook.TRANSITIONS, field="state")
    webhook.save(update_fields=["state", "version", "updated_at"])
    audit.record("webhook.paused", webhook, actor=actor)
    return webhook


@transaction.atomic
def resume_webhook(*, webhook: Webhook, version: int | None, actor: Any) -> Webhook:
    """Send again, and at once what waits, with all its tries."""
    webhook = _hooks.opened(webhook, version, actor)
    _hooks.refuse_archived(webhook)
    advance(webhook, State.ACTIVE, Webhook.TRANSITIONS, field="state")
    webhook.failing_since = webhook.quiet_until = webhook.disabled_at = None
    webhook.disabled_reason = ""
    webhook.save(
        update_fields=[
            "state", "failing_since", "quiet_until", "disabled_at", "disabled_reason", "version", "updated_at",
        ]
    )  # fmt: skip
    waiting = WebhookMessage.objects.filter(webhook=webhook, state=MessageState.PENDING)
    count = waiting.update(next_try_at=clock.now(), tries=0)
    audit.record("webhook.resumed", webhook, actor=actor, waiting=count)
    waking.wake_after_commit()
    return webhook


@transaction.atomic
def take_over_webhook(*, webhook: Webhook, version: int | None, actor: Any) -> Webhook:
    """Become its owner: from now on it sends what the actor may see."""
    webhook = _hooks.opened(webhook, version, actor)
    if webhook.owner_id == actor.pk:
        raise IllegalState("own", _("This webhook is yours."))
    _hooks.clean_events(webhook.events, actor)
    changed = edit(webhook, {"owner": actor})
    audit.record("webhook.taken_over", webhook, actor=actor, changed=changed)
    return webhook


@transaction.atomic
def archive_webhook(*, webhook: Webhook, version: int | None, actor: Any) -> Webhook:
    """Take it out of use: nothing is written for it any more, and what waits is not sent. The log stays."""
    webhook = _hooks.opened(webhook, version, actor)
    _hooks.refuse_archived(webhook)
    if webhook.state == State.ACTIVE:
        webhook.state = State.PAUSED
    webhook.archived_at = clock.now()
    webhook.version += 1
    webhook.save(update_fields=["state", "archived_at", "version", "updated_at"])
    WebhookMessage.objects.filter(webhook=webhook, state=MessageState.PENDING).update(
        state=MessageState.WITHHELD, claimed_until=None, last_error=_("The webhook was archived.")
    )
    audit.record("webhook.archived", webhook, actor=actor)
    return webhook


@transaction.atomic
def restore_webhook(*, webhook: Webhook, version: int | None, actor: Any) -> Webhook:
    """Bring it back, not yet sending."""
    webhook = _hooks.opened(webhook, version, actor)
    if webhook.archived_at is None:
        raise IllegalState("not_archived", _("This webhook is not archived."))
    changed = edit(webhook, {"archived_at": None})
    audit.record("webhook.restored", webhook, actor=actor, changed=changed)
    return webhook


@transaction.atomic
def send_test(*, webhook: Webhook, actor: Any) -> WebhookMessage:
    """A message of the kind webhook.test: tried once, paused or not, and without any effect on the webhook."""
    webhook = _hooks.opened(webhook, None, actor)
    _hooks.refuse_archived(webhook)
    waiting = WebhookMessage.objects.filter(webhook=webhook, name=TEST_EVENT, state=MessageState.PENDING)
    if waiting.exists():
        raise IllegalState("under_way", _("A test is on its way. See its outcome first."))
    now = clock.now()
    body = _outgoing.body_of(TEST_EVENT, now, {"webhook_id": webhook.pk, "name": webhook.name})
    message = WebhookMessage(webhook=webhook, name=TEST_EVENT, body=body, next_try_at=now)
    message.save(force_insert=True)
    audit.record("webhook.tested", webhook, actor=actor)
    waking.wake_after_commit()
    return message
