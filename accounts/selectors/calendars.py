"""What a person's calendar program reads: the planned activities, and the coming times of what repeats."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from accounts.ics_writing import Entry
from accounts.models import Activity, CalendarFeed
from accounts.recurrence import slots
from revops.core import clock

# How far, and how often, the times of a series are foretold.
AHEAD, FORETOLD = timedelta(days=120), 60
MOST = 2000
LENGTH = 30


def feed_of(*, viewer: Any) -> CalendarFeed | None:
    """A person's own address, while it works."""
    return CalendarFeed.objects.filter(user=viewer, revoked_at__isnull=True).first()


def feed_by_token(token: str) -> CalendarFeed | None:
    """Whose address it is; of nobody who has left, or who may not see activities."""
    digest = CalendarFeed.digest_of(token)
    rows = CalendarFeed.objects.filter(digest=digest, revoked_at__isnull=True, user__is_active=True)
    feed = rows.filter(user__can_sign_in=True, user__is_portal=False).select_related("user").first()
    return feed if feed is not None and feed.user.has_perm("accounts.view_activity") else None


def planned_of(user: Any) -> QuerySet[Activity]:
    """A person's own planned activities that they may see, soonest first."""
    rows = Activity.objects.visible_to(user).planned().filter(owner=user)
    return rows.select_related("series", "account", "contact").order_by("due_at", "pk")[:MOST]


def feed_entries(user: Any) -> list[Entry]:
    """What stands in a person's feed. A time of a series keeps its UID when it is planned, and when it is moved."""
    return [entry for row in planned_of(user) for entry in _entries(row)]


def _entries(row: Activity) -> Iterator[Entry]:
    if row.due_at is None:
        return
    version = row.version + (row.series.version if row.series else 0)
    changed = max(row.updated_at, row.series.updated_at) if row.series else row.updated_at
    yield _entry(row, _uid(row, row.occurrence_at), row.due_at, version, changed)
    if row.series is None or row.series.ended_at is not None or row.occurrence_at is None:
        return
    series, left = row.series, 0
    without = set(series.without)
    for at in slots(series.rule, series.starts_at, series.zone, max(clock.now(), row.occurrence_at) + AHEAD):
        if at <= max(row.occurrence_at, row.due_at) or at.isoformat() in without:
            continue
        yield _entry(row, _uid(row, at), at, series.version, series.updated_at, series.subject, series.body)
        left += 1
        if left == FORETOLD:
            return


def _uid(row: Activity, slot: datetime | None) -> str:
    host = urlsplit(settings.SITE_URL).hostname or "revops"
    if row.series_id is None or slot is None:
        return f"activity-{row.pk}@{host}"
    return f"series-{row.series_id}-{slot:%Y%m%dT%H%M%SZ}@{host}"


def _entry(
    row: Activity,
    uid: str,
    at: datetime,
    version: int,
    changed: datetime,
    subject: str | None = None,
    body: str | None = None,
) -> Entry:
    about = str(row.account or row.contact or "")
    subject, body = (row.subject, row.body) if subject is None else (subject, body or "")
    return Entry(
        uid=uid,
        starts_at=at,
        minutes=row.minutes or LENGTH,
        title=f"{subject} ({about})" if about else subject,
        body=body,
        url=f"{settings.SITE_URL.rstrip('/')}{reverse('activity-open', args=[row.pk])}",
        sequence=version,
        changed_at=changed,
    )
