"""Writes to channels, the routes by which what we sell reaches accounts."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.events import ChannelChanged
from accounts.models import Channel
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from revops.core import audit, clock, outbox
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock
from revops.users.services import hand_rows

FIELDS = ("name", "kind", "owner", "note")
CHANGE = "accounts.change_channel"


@transaction.atomic
def create_channel(*, actor: Any, name: str, **fields: Any) -> Channel:
    """Another route to market."""
    if actor is not None:
        require(actor, "accounts.add_channel")
    refuse_unknown(fields, FIELDS)
    channel = Channel(**tidy({"name": name, **fields}))
    _check(channel)
    channel.save(force_insert=True)
    audit.record("channel.created", channel, actor=actor)
    outbox.publish(ChannelChanged(channel_id=channel.pk, change="created"))
    return channel


@transaction.atomic
def update_channel(*, channel: Channel, version: int | None, actor: Any, **changes: Any) -> Channel:
    """Another name, kind, note, or somebody else who looks after it."""
    require(actor, CHANGE)
    refuse_unknown(changes, FIELDS)
    channel = lock(channel, version)
    if channel.archived_at is not None:
        raise IllegalState("archived", _("This channel is archived. Restore it first."))
    wanted = tidy(changes)
    _check(Channel(pk=channel.pk, **{name: wanted.get(name, getattr(channel, name)) for name in FIELDS}))
    changed = edit(channel, wanted)
    if changed:
        audit.record("channel.changed", channel, actor=actor, changed=changed)
        outbox.publish(ChannelChanged(channel_id=channel.pk, change="changed"))
    return channel


@transaction.atomic
def archive_channel(*, channel: Channel, version: int | None, actor: Any, reason: str = "") -> Channel:
    """No account is put on it any more; those that are stay, so that history can be told."""
    require(actor, CHANGE)
    channel = lock(channel, version)
    if channel.archived_at is not None:
        raise IllegalState("archived", _("This channel is archived already."))
    edit(channel, {"archived_at": clock.now()})
    audit.record("channel.archived", channel, actor=actor, reason=reason)
    outbox.publish(ChannelChanged(channel_id=channel.pk, change="archived"))
    return channel


@transaction.atomic
def restore_channel(*, channel: Channel, version: int | None, actor: Any) -> Channel:
    """Bring an archived channel back, unless its name was given to another one or who looked after it has left."""
    require(actor, CHANGE)
    channel = lock(channel, version)
    if channel.archived_at is None:
        raise IllegalState("not_archived", _("This channel is not archived."))
    _refuse_second(channel)
    keeps = channel.owner is None or channel.owner.is_active
    edit(channel, {"archived_at": None} if keeps else {"archived_at": None, "owner": None})
    audit.record("channel.restored", channel, actor=actor)
    outbox.publish(ChannelChanged(channel_id=channel.pk, change="restored"))
    return channel


@transaction.atomic
def hand_over_channels(*, user: Any, to: Any, actor: Any) -> int:
    """Channels that `user` looks after; says how many went."""
    return len(hand_rows(rows=Channel.objects.active(), user=user, to=to, actor=actor, action="channel.changed"))


def _check(channel: Channel) -> None:
    refuse_invalid(channel, ("name", "kind", "note"))
    _refuse_second(channel)


def _refuse_second(channel: Channel) -> None:
    if Channel.objects.active().filter(name__iexact=channel.name).exclude(pk=channel.pk).exists():
        raise InvalidInput.of(name=_("There is a channel of this name."))
