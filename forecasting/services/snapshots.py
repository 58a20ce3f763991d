"""The nightly picture of the pipeline."""

from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Value
from django.db.models.fields import DateField

from forecasting.models.forecast import PipelineSnapshot
from opportunities.models import Opportunity
from revops.core import clock
from revops.core.rates import base_amount

COLUMNS = (
    "on",
    "opportunity_id",
    "owner_id",
    "stage_id",
    "status",
    "category",
    "amount",
    "currency",
    "base_amount",
    "probability",
    "close_on",
)


@transaction.atomic
def snapshot_pipeline(*, actor: Any = None, on: date | None = None) -> int:
    """Write today's rows for every open deal and every deal closed since the last picture; returns how many were new.

    Set-based and idempotent: a day that was taken already stays as it is. `actor` is None: the clock does it.
    """
    day = on or clock.today()
    rows = (
        Opportunity.objects.filter(archived_at__isnull=True)
        .exclude(closed_on__lt=_since(day))
        .annotate(day=Value(day, output_field=DateField()), base=base_amount("amount", "currency", day))
        .values_list(
            "day",
            "pk",
            "owner_id",
            "stage_id",
            "status",
            "category",
            "amount",
            "currency",
            "base",
            "probability",
            "close_on",
        )
        .order_by()
    )
    sql, params = rows.query.sql_with_params()
    table, names = PipelineSnapshot._meta.db_table, ", ".join(f'"{name}"' for name in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{table}" ({names}) {sql} ON CONFLICT DO NOTHING', params)
        return cursor.rowcount


def _since(day: date) -> date:
    """The day of the picture before this one: deals closed earlier stand in it already."""
    before = PipelineSnapshot.objects.filter(on__lt=day).order_by("-on").values_list("on", flat=True).first()
    return before or day
