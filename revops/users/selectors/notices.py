"""What a person is told, as far as they may still know it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import gettext as _

from revops.core import clock
from revops.core.registries import subjects
from revops.users.models import Notification, NotificationPreference, User
from revops.users.models.notices import NotificationQuerySet
from revops.users.registries import NoticeKind, notice_kinds

MOST = 99
COUNT_SECONDS = 30
DIGEST_AT = time(7)
EVERY_DIGEST = "*"
SALT = "notifications.unsubscribe"


@dataclass(frozen=True)
class Notice:
    """A notification as its reader may see it now."""

    row: Notification
    title: str
    body: str
    url: str
    icon: str
    hidden: bool = False


@dataclass(frozen=True)
class Wish:
    """Where a person hears of one kind of thing."""

    kind: NoticeKind
    in_page: bool
    mail: str


def notification_list(*, viewer: User) -> NotificationQuerySet:
    """What a person was told in the page."""
    return Notification.objects.visible_to(viewer).select_related("actor")


def readable(rows: Collection[Notification], viewer: User) -> list[Notice]:
    """Each row with its words, or without them where the record is out of the reader's sight; a query a model."""
    seen = _seen(rows, viewer)
    return [_notice(row, not row.about_model or (row.about_model, row.about_id) in seen) for row in rows]


def _notice(row: Notification, visible: bool) -> Notice:
    kind = notice_kinds.get(row.kind)
    icon = kind.icon if kind else "bell"
    if visible:
        return Notice(row, row.title, row.body, row.url, icon)
    return Notice(row, _("About a record that is no longer yours to see"), "", "", icon, hidden=True)


def _seen(rows: Iterable[Notification], viewer: User) -> set[tuple[str, str]]:
    asked: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.about_model:
            asked[row.about_model].add(row.about_id)
    found = set()
    for model, ids in asked.items():
        subject = subjects.get(model)
        if subject is not None:
            manager: Any = subject.model._default_manager
            seen = manager.visible_to(viewer).filter(pk__in=ids).values_list("pk", flat=True)
            found |= {(model, str(pk)) for pk in seen}
    return found


def bell_key(user_id: int) -> str:
    """Where the number on the bell is kept."""
    return f"bell:{user_id}"


def unread_count(user: Any) -> int:
    """The number on the bell, at most 99, at most half a minute old; services forget it when it changes."""
    rows = Notification.objects.visible_to(user).unread().order_by()
    return int(cache.get_or_set(bell_key(user.pk), lambda: rows.values("pk")[:MOST].count(), COUNT_SECONDS) or 0)


def wishes_of(user: User) -> list[Wish]:
    """Every kind with what this person chose, or the kind's own default."""
    chosen = {row.kind: row for row in NotificationPreference.objects.filter(user=user)}
    return [
        Wish(kind, *((row.in_page, row.mail) if (row := chosen.get(kind.key)) else (kind.in_page, kind.mail)))
        for kind in notice_kinds
    ]


def language_of(user: User) -> str:
    """The language in which a person is written to."""
    return str(getattr(user, "language", "") or settings.LANGUAGE_CODE)


def notification_address(row: Notification) -> str:
    """Opens the record and marks the row read; as a mail links it."""
    return f"{settings.SITE_URL.rstrip('/')}{reverse('notification-open', args=[row.pk])}"


def next_digest(user: User) -> datetime:
    """The next seven o'clock in a person's own time zone."""
    zone, now = ZoneInfo(user.time_zone), clock.now()
    today = now.astimezone(zone).date()
    first = datetime.combine(today, DIGEST_AT, zone)
    return first if first > now else datetime.combine(today + timedelta(days=1), DIGEST_AT, zone)


def unsubscribe_address(user: User, kind: str) -> str:
    """Ends the mails of one kind (or the daily summary) without a sign-in: the token is signed."""
    token = signing.dumps({"user": user.pk, "kind": kind}, salt=SALT)
    return f"{settings.SITE_URL.rstrip('/')}{reverse('notification-unsubscribe', args=[token])}"


def unsubscriber(token: str) -> tuple[User, str] | None:
    """Whom a link was written for, and which kind of mail it ends; nothing for a token that is not ours."""
    try:
        said = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=said["user"], is_active=True).first()
    return (user, said["kind"]) if user else None


def settings_address() -> str:
    """Where one chooses what to hear of."""
    return f"{settings.SITE_URL.rstrip('/')}{reverse('notification-settings')}"
