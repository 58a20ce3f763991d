"""Activities that come again: begin a series, change the rest of it, end it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Activity, ActivitySeries
from accounts.recurrence import clean_rule, moved_weekday, parts_of, passed, with_count
from accounts.services._next import end_of
from accounts.services.activities import cancel_activity, plan_activity, update_activity
from revops.core import audit
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock

# What the next one of a series takes from here.
TEMPLATE = ("kind", "subject", "body")


@transaction.atomic
def repeat_activity(
    *,
    activity: Activity,
    version: int | None,
    rule: str,
    actor: Any,
    zone: str = "",
    starts_at: datetime | None = None,
    without: Iterable[datetime] = (),
) -> Activity:
    """A planned activity becomes the first of a series, on the wall clock of its owner's zone."""
    require(actor, "accounts.change_activity")
    activity = _planned(lock(activity, version))
    if activity.series_id is not None:
        raise IllegalState("repeats_already", _("This repeats already: change how."))
    first = _whole(activity.due_at)
    series = ActivitySeries.objects.create(
        rule=clean_rule(rule),
        zone=zone or activity.owner.time_zone,
        starts_at=starts_at or first,
        without=[one.isoformat() for one in without],
        **{name: getattr(activity, name) for name in TEMPLATE},
    )
    edit(activity, {"series": series, "due_at": first, "occurrence_at": first})
    audit.record("activity.repeats", activity, actor=actor, rule=series.rule)
    return activity


@transaction.atomic
def change_following(
    *, activity: Activity, version: int | None, actor: Any, rule: str | None = None, **changes: Any
) -> Activity:
    """Change the planned one of a series and all that follow: its rule, its time, what it says, whose it is."""
    require(actor, "accounts.change_activity")
    held = _planned(lock(activity, version))
    if held.series_id is None or held.occurrence_at is None:
        raise IllegalState("repeats_not", _("This does not repeat."))
    series = ActivitySeries.objects.select_for_update().get(pk=held.series_id)
    if changes.get("due_at"):
        changes["due_at"] = _whole(changes["due_at"])
    wanted = _from_here(series, held, changes.get("due_at"), clean_rule(rule) if rule else "")
    held = update_activity(activity=held, version=None, actor=actor, **changes)
    wanted |= {name: getattr(held, name) for name in TEMPLATE}
    if "starts_at" in wanted:
        edit(held, {"occurrence_at": wanted["starts_at"]})
    changed = edit(series, wanted)
    if changed:
        audit.record("activity.series_changed", held, actor=actor, rule=series.rule)
    return held


@transaction.atomic
def plan_repeated(*, actor: Any, rule: str, **facts: Any) -> Activity:
    """Plan the first of a series. `facts`: what plan_activity takes."""
    first = plan_activity(actor=actor, **facts)
    return repeat_activity(activity=first, version=None, rule=rule, actor=actor)


@transaction.atomic
def arrange_activity(
    *,
    activity: Activity,
    version: int | None,
    actor: Any,
    rule: str | None = None,
    following: bool = False,
    **changes: Any,
) -> Activity:
    """Change an activity, and how it repeats: a rule, "" for no longer, None for as it is.

    Of a series only this one is changed, unless `following` says that the rest is, too; a rule is about the rest.
    """
    held = lock(activity, version)
    if held.series_id is None or held.status != Activity.Status.PLANNED or not (following or rule is not None):
        held = update_activity(activity=held, version=None, actor=actor, **changes)
        return repeat_activity(activity=held, version=None, rule=rule, actor=actor) if rule else held
    held = change_following(activity=held, version=None, actor=actor, rule=rule, **changes)
    return end_series(activity=held, version=None, actor=actor, keep=True) if rule == "" else held


@transaction.atomic
def end_series(*, activity: Activity, version: int | None, actor: Any, keep: bool = False) -> Activity:
    """No more of it: none follows, and the planned one is dropped, unless it is kept as the last."""
    require(actor, "accounts.change_activity")
    held = _planned(lock(activity, version))
    if held.series_id is None:
        raise IllegalState("repeats_not", _("This does not repeat."))
    series = ActivitySeries.objects.select_for_update().get(pk=held.series_id)
    if series.ended_at is None:
        end_of(series, actor)
    return held if keep else cancel_activity(activity=held, version=None, actor=actor)


def _planned(activity: Activity) -> Activity:
    if activity.status != Activity.Status.PLANNED:
        raise IllegalState("not_planned", _("Only a planned activity repeats."))
    return activity


def _whole(at: Any) -> Any:
    """To the second: rules know nothing finer."""
    return at.replace(microsecond=0)


def _from_here(series: ActivitySeries, held: Activity, to: datetime | None, rule: str) -> dict[str, Any]:
    """The series as it runs from this one on. Moved or ruled anew it begins here; what was counted stays counted."""
    was = held.occurrence_at
    if was is None or ((to is None or to == was) and rule in ("", series.rule)):
        return {}
    begins = to or _whole(held.due_at or was)
    if Activity.objects.filter(series=series, occurrence_at=begins).exclude(pk=held.pk).exists():
        raise InvalidInput.of(due_at=_("One of this series stands at this time already."))
    if rule and rule != series.rule:
        return {"rule": rule, "starts_at": begins, "without": []}
    shifted = moved_weekday(series.rule, was, begins, series.zone)
    count = parts_of(series.rule).get("COUNT")
    if count:
        over = passed(series.rule, series.starts_at, series.zone, was)
        shifted = with_count(shifted, max(1, int(count) - over))
    return {"rule": shifted, "starts_at": begins, "without": []}
