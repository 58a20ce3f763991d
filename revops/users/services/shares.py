"""Sharing one record with one person or team. Pay is no record that can be shared."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.core import audit, clock, merging
from revops.core.errors import InvalidInput, NotAllowed
from revops.core.models import Mergeable
from revops.core.scope import require
from revops.core.status import lock
from revops.users.models import RecordShare, Team, TeamMembership, User
from revops.users.registries import Sharing, sharing
from revops.users.services.notices import notify
from revops.users.shares import counting

Level = RecordShare.Level


@transaction.atomic
def share_record(
    *,
    record: Any,
    user: User | None = None,
    team: Team | None = None,
    level: str = Level.VIEW,
    until: date | None = None,
    message: str = "",
    actor: User,
) -> RecordShare:
    """Let a person or a team see a record, or work on it. Sharing again changes what was agreed."""
    kind = _may_share(record, actor)
    record = lock(record)
    if isinstance(record, Mergeable):
        merging.refuse_alias(record)
    _check(user, team, level, until, message, actor)
    target = {"user": user} if user is not None else {"team": team}
    terms = {"level": level, "until": until, "message": message.strip(), "created_by": actor}
    before = kind.model.objects.filter(record=record, **target).first()
    share: RecordShare
    share, _made = kind.model.objects.update_or_create(record=record, **target, defaults=terms)
    changed = {"level": (before.level, level), "until": (before.until, until)} if before else None
    audit.record(
        "record.shared", record, actor=actor, changed=changed, **{"with": user or team, "level": level, "until": until}
    )
    _tell(record, share, actor)
    return share


@transaction.atomic
def revoke_share(*, share: Any, actor: User) -> None:
    """End it at once. Whoever may share the record may, and whom it was given to."""
    record = share.record
    if share.user_id != actor.pk:
        _may_share(record, actor)
        lock(record)
    gone = type(share).objects.filter(pk=share.pk).delete()[0]
    if gone:
        audit.record("record.unshared", record, actor=actor, **{"with": share.user or share.team})


def _may_share(record: Any, actor: User) -> Sharing:
    """By one's own reach and right: what somebody shared with me I cannot pass on."""
    kind = sharing.get(record._meta.label_lower)
    if kind is None:
        raise NotAllowed(_("This cannot be shared."))
    require(actor, kind.permission, _("Your role does not share this."))
    with counting():
        if not kind.record._default_manager.visible_to(actor).filter(pk=record.pk).exists():
            raise NotAllowed(_("This is shared with you: only those whose it is share it with others."))
    return kind


def _check(user: User | None, team: Team | None, level: str, until: date | None, message: str, actor: User) -> None:
    if (user is None) == (team is None):
        raise InvalidInput.of(user=_("Choose a person or a team."))
    if user is not None and user.pk == actor.pk:
        raise InvalidInput.of(user=_("You see this already."))
    if user is not None and not (user.is_active and user.can_sign_in):
        raise InvalidInput.of(user=_("%(name)s does not work here.") % {"name": user})
    if level not in Level.values:
        raise InvalidInput.of(level=_("A share is to read or to work on."))
    if until is not None and until < clock.today():
        raise InvalidInput.of(until=_("This day has passed."))
    if len(message) > 400 or "\x00" in message:
        raise InvalidInput.of(message=_("A message has at most 400 characters."))


def _tell(record: Any, share: RecordShare, actor: User) -> None:
    """The person, or everybody who is in the team today."""
    people = [share.user] if share.user else _members(share.team)
    notify(
        to=[person for person in people if person is not None],
        kind="record.shared",
        title=format_lazy(gettext_lazy("{name} shares {record} with you"), name=str(actor), record=str(record)[:150]),
        body=share.message,
        url=record.get_absolute_url(),
        actor=actor,
        about=record,
    )


def _members(team: Team | None) -> list[User]:
    rows = TeamMembership.objects.filter(team=team, during__contains=clock.today(), user__is_active=True)
    return [row.user for row in rows.select_related("user")]
