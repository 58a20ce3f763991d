"""Mails of notifications: taken under the row's lock, sent outside, marked afterwards.

Who takes a row pushes its time ahead, so that a worker killed between sending and marking costs a second mail at
worst, and two workers never send the same one.
"""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from revops.core import clock
from revops.core.errors import InvalidInput
from revops.users.models import Notification, NotificationPreference, User
from revops.users.registries import notice_kinds
from revops.users.selectors.notices import EVERY_DIGEST, readable, wishes_of
from revops.users.services.notices import prefer_notification

Mail = Notification.Mail
LEASE = timedelta(minutes=10)
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3))
AT_ONCE = 200


@transaction.atomic
def take_due_mails(*, actor: User | None = None) -> list[list[Notification]]:
    """Letters that are due: each one notification, or one person's summary. What is read or out of sight is dropped."""
    first = (
        Notification.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(mail_after__lte=clock.now())
        .order_by("mail_after", "pk")
        .select_related("user")[:AT_ONCE]
    )
    rows = list(first)
    digested = {row.user_id for row in rows if row.mail == Mail.DIGEST}
    rest = Notification.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        mail=Mail.DIGEST, mail_after__lte=clock.now(), user_id__in=digested
    )
    known = {row.pk for row in rows}
    rows += [row for row in rest.order_by("pk").select_related("user") if row.pk not in known]
    wanted = _wanted(rows)
    kept = {row.pk for row in wanted}
    Notification.objects.filter(pk__in=[row.pk for row in rows if row.pk not in kept]).update(mail_after=None)
    Notification.objects.filter(pk__in=kept).update(mail_after=clock.now() + LEASE)
    return _letters(wanted)


def _wanted(rows: list[Notification]) -> list[Notification]:
    people = {row.user_id: row.user for row in rows}
    hidden: set[int] = set()
    for pk, person in people.items():
        notices = readable([row for row in rows if row.user_id == pk], person)
        hidden |= {notice.row.pk for notice in notices if notice.hidden}
    return [
        row for row in rows if row.read_at is None and row.pk not in hidden and row.user.is_active and row.user.email
    ]


def _letters(rows: list[Notification]) -> list[list[Notification]]:
    letters = [[row] for row in rows if row.mail == Mail.NOW]
    summaries: dict[int, list[Notification]] = {}
    for row in sorted(rows, key=lambda row: row.pk):
        if row.mail == Mail.DIGEST:
            summaries.setdefault(row.user_id, []).append(row)
    return [*letters, *summaries.values()]


@transaction.atomic
def note_mailed(*, letter: list[Notification], actor: User | None = None) -> None:
    """The letter is on its way: it is not sent again."""
    rows = Notification.objects.filter(pk__in=[row.pk for row in letter], mailed_at__isnull=True)
    rows.update(mailed_at=clock.now(), mail_after=None)


@transaction.atomic
def note_mail_failed(*, letter: list[Notification], actor: User | None = None) -> None:
    """Try again later; after the fifth time no more (the row in the page stays)."""
    for row in Notification.objects.select_for_update().filter(pk__in=[row.pk for row in letter]):
        row.mail_tries += 1
        again = row.mail_tries <= len(BACK_OFF)
        row.mail_after = clock.now() + BACK_OFF[row.mail_tries - 1] if again else None
        row.save(update_fields=["mail_tries", "mail_after", "updated_at"])


@transaction.atomic
def unsubscribe(*, actor: User, kind: str) -> None:
    """End the mails of one kind, or the daily summary; the page goes on telling."""
    if kind != EVERY_DIGEST and notice_kinds.get(kind) is None:
        raise InvalidInput.of(kind=_("There is no such kind of notification."))
    for wish in wishes_of(actor):
        if wish.kind.key == kind or (kind == EVERY_DIGEST and wish.mail == Mail.DIGEST):
            prefer_notification(actor=actor, kind=wish.kind.key, in_page=wish.in_page, mail=Mail.NONE)


@transaction.atomic
def forget_notices(*, user: User, actor: User | None) -> int:
    """Somebody leaves: no mail goes out any more, and what is unread counts for nobody."""
    NotificationPreference.objects.filter(user=user).delete()
    return int(Notification.objects.filter(user=user, mail_after__isnull=False).update(mail_after=None))
