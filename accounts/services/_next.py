"""The next one of a series: planned in the transaction that ends the one before, once."""

from datetime import datetime
from typing import Any

from accounts.models import Activity, ActivityAttendee, ActivitySeries
from accounts.pegs import pegs
from accounts.recurrence import next_slot
from revops.core import audit, clock, merging


def plan_next(*, activity: Activity, actor: Any) -> Activity | None:
    """Plan what comes after `activity`, which its caller holds locked and has just ended; None when nothing does.

    What was missed meanwhile is not made up for: the next one lies in the future.
    """
    if activity.series_id is None or activity.occurrence_at is None:
        return None
    series = ActivitySeries.objects.select_for_update().get(pk=activity.series_id)
    if series.ended_at is not None:
        return None
    after = max(activity.occurrence_at, clock.now())
    at = next_slot(series.rule, series.starts_at, series.zone, after, left_out(series))
    if at is None:
        end_of(series, actor)
        return None
    return _made(series, activity, at, actor)


def left_out(series: ActivitySeries) -> frozenset[datetime]:
    """The times that somebody took out of a series."""
    return frozenset(datetime.fromisoformat(text) for text in series.without)


def end_of(series: ActivitySeries, actor: Any) -> None:
    """Nothing more of it is planned."""
    series.ended_at = clock.now()
    series.version += 1
    series.save(update_fields=["ended_at", "version", "updated_at"])
    audit.record("activity.series_ended", series, actor=actor)


def _made(series: ActivitySeries, before: Activity, at: datetime, actor: Any) -> Activity:
    made = Activity(
        status=Activity.Status.PLANNED,
        kind=series.kind,
        subject=series.subject,
        body=series.body,
        minutes=before.minutes,
        owner_id=before.owner_id,
        account=merging.standing(before.account),
        contact=merging.standing(before.contact),
        due_at=at,
        series=series,
        occurrence_at=at,
        custom=dict(before.custom),
    )
    made.save(force_insert=True)
    rows = ActivityAttendee.objects.filter(activity=before).values_list("email", "email_key")
    ActivityAttendee.objects.bulk_create(
        [ActivityAttendee(activity=made, email=email, email_key=key) for email, key in rows]
    )
    _carry(before, made)
    audit.record("activity.planned", made, actor=actor, due_at=at)
    return made


def _carry(before: Activity, made: Activity) -> None:
    """The next one stands on the records on which the one before does."""
    for peg in pegs:
        for key in peg.links(activity=before).values_list(f"{peg.field}_id", flat=True):
            peg.link._default_manager.create(activity=made, **{f"{peg.field}_id": key})
