"""What is planned on a record that is over."""

from typing import Any

from django.db import transaction
from django.db.models import Model

from accounts.models import Activity, ActivitySeries
from accounts.pegs import peg_for
from accounts.services._next import end_of
from revops.core import audit
from revops.core.status import advance


@transaction.atomic
def wind_down(*, record: Model, actor: Any, keep: bool, reason: str) -> int:
    """Nothing repeats on this record any more; what is planned on it is dropped, or with `keep` stays as the last.

    It follows from what was done to the record, so that nobody needs a right of their own for it. Says how many were
    dropped.
    """
    planned = Activity.objects.planned().filter(pk__in=peg_for(record).activities_of([record.pk]))
    rows = list(planned.select_for_update(of=("self",)).order_by("pk"))
    keys = sorted({row.series_id for row in rows if row.series_id is not None})
    for series in ActivitySeries.objects.select_for_update().filter(pk__in=keys, ended_at__isnull=True).order_by("pk"):
        end_of(series, actor)
    if keep:
        return 0
    for row in rows:
        advance(row, Activity.Status.CANCELLED, Activity.TRANSITIONS)
        row.save(update_fields=["status", "version", "updated_at"])
        audit.record("activity.cancelled", row, actor=actor, reason=reason)
    return len(rows)
