"""Telling people: rows in the caller's transaction, mails after the commit."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from celery import current_app
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Model
from django.urls import reverse
from django.utils import translation
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.core import clock, jobs
from revops.core.errors import InvalidInput
from revops.core.models import JobRun
from revops.core.registries import subjects
from revops.users.models import Notification, NotificationPreference, User
from revops.users.registries import notice_kinds
from revops.users.selectors.notices import bell_key, language_of, next_digest

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Mail = Notification.Mail
KEPT = timedelta(days=180)
# Demo data and migrations tell history through the same services: yesterday is news, last month is not.
OLD_NEWS = timedelta(days=2)
BATCH = 5000


@transaction.atomic
def notify(
    *,
    to: User | Iterable[User],
    kind: str,
    title: "StrOrPromise",
    url: str,
    body: "StrOrPromise" = "",
    actor: User | None = None,
    key: str = "",
    about: Model | None = None,
) -> int:
    """Tell people something; returns how many are told. The same `key` twice is told once.

    Nobody is told of what they did themselves, and nobody who left. Lazy `title` and `body` (`format_lazy`) are
    written in each person's language. `about` is the record: who cannot see it when reading does not learn its name.
    """
    entry = notice_kinds.get(kind)
    if entry is None:
        raise ImproperlyConfigured(f"{kind!r} is no kind of notification: register it.")
    if clock.behind() > OLD_NEWS:
        return 0
    asked = {one.pk: one for one in ([to] if isinstance(to, User) else to)}
    people = [one for one in asked.values() if one.is_active and (actor is None or one.pk != actor.pk)]
    wishes = {
        row.user_id: (row.in_page, row.mail)
        for row in NotificationPreference.objects.filter(kind=kind, user__in=people)
    }
    rows = []
    for person in people:
        in_page, mail = wishes.get(person.pk, (entry.in_page, entry.mail))
        if in_page or mail != Mail.NONE:
            with translation.override(language_of(person)):
                words = {"title": str(title)[:200], "body": str(body)[:1000], "url": url[:400]}
            row = Notification(user=person, kind=kind, actor=actor, key=key, in_page=in_page, mail=mail, **words)
            rows.append(_addressed(row, about))
    return _write(rows, key)


def _addressed(row: Notification, about: Model | None) -> Notification:
    if about is not None:
        if about._meta.label_lower not in subjects:
            raise ImproperlyConfigured(f"{about._meta.label_lower} is nothing to point at: register it (point_at).")
        row.about_model, row.about_id = about._meta.label_lower, str(about.pk)
    if clock.telling() or not row.user.email:
        return row
    if row.mail == Mail.NOW:
        row.mail_after = clock.now()
    elif row.mail == Mail.DIGEST:
        row.mail_after = next_digest(row.user)
    return row


def _write(rows: list[Notification], key: str) -> int:
    """Two who tell the same thing at once are both right: the second finds it told."""
    if key:
        told = Notification.objects.filter(key=key, user__in=[row.user_id for row in rows])
        known = set(told.values_list("user_id", flat=True))
        rows = [row for row in rows if row.user_id not in known]
    Notification.objects.bulk_create(rows, ignore_conflicts=bool(key))
    if rows:
        transaction.on_commit(partial(_told, [row.user_id for row in rows if row.in_page]), robust=True)
    if any(row.mail_after and row.mail == Mail.NOW for row in rows):
        transaction.on_commit(_nudge, robust=True)
    return len(rows)


def _told(user_ids: list[int]) -> None:
    cache.delete_many([bell_key(pk) for pk in user_ids])


def _nudge() -> None:
    # What is lost while the broker is down, the sweep of every minute sends.
    current_app.send_task("users.send_mails", queue="default", retry=False)


@transaction.atomic
def tell_job_ended(*, job: JobRun) -> int:
    """Whoever started a job hears that it is over, once."""
    if job.created_by is None:
        return 0
    what = job.params.get("title") or job.kind.replace("_", " ").replace(".", ": ").capitalize()
    failed = job.state == JobRun.State.FAILED
    return notify(
        to=job.created_by,
        kind=jobs.notice_of(job),
        title=format_lazy(gettext_lazy("Failed: {what}") if failed else gettext_lazy("Finished: {what}"), what=what),
        body=job.error if failed else "",
        url=reverse("core:job", args=[job.pk]),
        key=f"job:{job.pk}:{job.state}",
    )


@transaction.atomic
def read_notification(*, notification: Notification, actor: User) -> Notification:
    """Mark one as read; twice does no harm."""
    if notification.user_id == actor.pk and notification.read_at is None:
        notification.read_at = clock.now()
        notification.save(update_fields=["read_at", "updated_at"])
        transaction.on_commit(partial(_told, [actor.pk]), robust=True)
    return notification


@transaction.atomic
def read_all_notifications(*, actor: User) -> int:
    """Mark everything as read that the person has been told up to now."""
    done = Notification.objects.visible_to(actor).unread().update(read_at=clock.now(), updated_at=clock.now())
    transaction.on_commit(partial(_told, [actor.pk]), robust=True)
    return int(done)


@transaction.atomic
def prefer_notification(*, actor: User, kind: str, in_page: bool, mail: str) -> NotificationPreference:
    """Say where one wants to hear of a kind of thing. A mail that waits follows the new wish."""
    if notice_kinds.get(kind) is None:
        raise InvalidInput.of(kind=_("There is no such kind of notification."))
    if mail not in Mail.values:
        raise InvalidInput.of(mail=_("A mail comes at once, in the daily summary, or not at all."))
    row, _new = NotificationPreference.objects.update_or_create(
        user=actor, kind=kind, defaults={"in_page": in_page, "mail": mail}
    )
    if mail == Mail.NONE:
        Notification.objects.filter(user=actor, kind=kind, mail_after__isnull=False).update(mail_after=None)
    return row


@transaction.atomic
def sweep_notifications(*, actor: User | None = None) -> int:
    """Throw away what is older than 180 days, a batch at a time; says how many."""
    old = Notification.objects.filter(created_at__lt=clock.now() - KEPT).order_by("created_at").values("pk")[:BATCH]
    return int(Notification.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0])
