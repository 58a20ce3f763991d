"""The funnel as it stood at the end of each day."""

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count

from leads.models import FunnelSnapshot, Lead
from revops.core import clock
from revops.core.first_use import first_use


@transaction.atomic
def snapshot_funnel(*, on: date | None = None, actor: Any = None) -> int:
    """Count every lead that is not archived, by state, holder and source. Run again, the day is counted anew."""
    day = on or clock.today()
    rows = Lead.objects.filter(archived_at__isnull=True).order_by()
    counts = rows.values("status", "owner_id", "queue_id", "source").annotate(count=Count("pk"))
    with first_use(f"funnel of {day}"):  # of two at once the second counts the day anew
        FunnelSnapshot.objects.filter(on=day).delete()
        made = FunnelSnapshot.objects.bulk_create([FunnelSnapshot(on=day, **row) for row in counts], batch_size=1000)
    return len(made)
