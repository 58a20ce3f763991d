"""Personal API tokens: shown once, kept as a digest, revoked by their owner."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from revops.core import audit, clock
from revops.core.errors import InvalidInput, NotAllowed
from revops.users.models import ApiToken, User

SCOPE = re.compile(r"^(\*|[a-z][a-z/-]{1,40}):(read|write)$")
MOST = 20
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_token(
    *, actor: User, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token of one's own. The second value is the token itself; nobody can read it again."""
    chosen = sorted(set(scopes))
    _check(actor, name.strip(), chosen, expires_at)
    raw = f"rvo_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=actor,
        name=name.strip(),
        prefix=raw[:10],
        digest=ApiToken.digest_of(raw),
        scopes=chosen,
        expires_at=expires_at,
    )
    audit.record("token.created", token, actor=actor, scopes=chosen, expires_at=expires_at)
    return token, raw


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: User) -> ApiToken:
    """End a token at once. Its owner may, and whoever administers people; twice does no harm."""
    if token.user_id != actor.pk and not actor.has_perm("users.change_user"):
        raise NotAllowed(_("This is somebody else's token."))
    row = ApiToken.objects.select_for_update().get(pk=token.pk)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at", "updated_at"])
        audit.record("token.revoked", row, actor=actor)
    return row


@transaction.atomic
def note_token_use(*, token: ApiToken, actor: User) -> None:
    """Keep when a token was last used, at most once a minute."""
    now = clock.now()
    if token.last_used_at is not None and token.last_used_at >= now - USE_NOTED_EVERY:
        return
    due = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    ApiToken.objects.filter(due, pk=token.pk).update(last_used_at=now)


def _check(actor: User, name: str, scopes: list[str], expires_at: datetime | None) -> None:
    if actor.is_portal:
        raise NotAllowed(_("A portal has no tokens."))
    if not name or len(name) > 80:
        raise InvalidInput.of(name=_("A token needs a name of up to 80 characters."))
    wrong = [scope for scope in scopes if not SCOPE.match(scope)]
    if wrong or not scopes:
        raise InvalidInput.of(scopes=_("Choose what the token may do, such as leads:read or *:read."))
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput.of(expires_at=_("This moment has passed."))
    if ApiToken.objects.filter(user=actor, revoked_at__isnull=True).count() >= MOST:
        raise InvalidInput.of(name=_("You have %(most)s tokens. Revoke one first.") % {"most": MOST})
