"""New records straight from the staged rows, inside the database: what the plan decided is there already, so no row of
it comes to Python and goes back again.
"""

import json
from typing import Any

from django.db import connection, models

from revops.core import audit, clock, copying
from revops.core.models import Mergeable
from revops.integrations.models import ImportRow
from revops.integrations.registries import Stretch
from revops.integrations.writing import WRITTEN

TABLE = "made_records"
# What the plan says of a row, over what the model says of a new record.
TAKE = f"""
    CREATE TEMPORARY TABLE {TABLE} ON COMMIT DROP AS
    SELECT id AS row, nextval(pg_get_serial_sequence(%s, %s)) AS key, label, %s::jsonb || values AS facts
    FROM integrations_importrow
    WHERE run_id = %s AND verdict = '{ImportRow.Verdict.CREATE}' AND number > %s AND number <= %s ORDER BY number
"""
NOTE = f"""
    UPDATE integrations_importrow AS r SET record_id = m.key, written_version = 1, outcome = '{WRITTEN}'
    FROM {TABLE} AS m WHERE r.id = m.row
"""


def make_records(model: type[models.Model], stretch: Stretch, *, actor: Any, noun: str) -> int:
    """Make the records of a stretch of rows, each with its line in the log; returns how many.

    Until `forget_made`, the table `made_records` holds their keys, so that what comes with a new record can follow.
    """
    table, key = model._meta.db_table, model._meta.pk.column  # type: ignore[union-attr]
    fields = [field for field in model._meta.local_concrete_fields if not (field.primary_key or field.generated)]  # type: ignore[attr-defined]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(f'new."{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [f'"{table}"', key, _defaults(fields), stretch.run, stretch.after, stretch.last])
        made = int(cursor.rowcount)
        _follow_aliases(cursor, fields)
        cursor.execute(
            f'INSERT INTO "{table}" ("{key}", {columns})'
            f' SELECT m.key, {values} FROM {TABLE} AS m, jsonb_populate_record(NULL::"{table}", m.facts) AS new'
        )
        cursor.execute(NOTE)
    line = audit.entry(f"{noun}.imported", model(), actor=actor, import_run=stretch.run)
    copying.insert_each(line, {"object_id": "key::text", "label": "left(label, 200)"}, f"{TABLE} ORDER BY row")
    return made


def _follow_aliases(cursor: Any, fields: list[Any]) -> None:
    """What was merged away since the plan was made is followed to what stands for it; no merge comes between."""
    for field in fields:
        if not (field.many_to_one and issubclass(field.related_model, Mergeable)):
            continue
        parent, said = field.related_model._meta.db_table, f"(m.facts ->> '{field.column}')::bigint"
        cursor.execute(
            f'SELECT 1 FROM "{parent}" AS p WHERE p.id IN (SELECT {said} FROM {TABLE} AS m) ORDER BY p.id FOR KEY SHARE'
        )
        cursor.execute(
            f"UPDATE {TABLE} AS m SET facts = m.facts || jsonb_build_object('{field.column}', p.merged_into_id)"
            f' FROM "{parent}" AS p WHERE p.id = {said} AND p.merged_into_id IS NOT NULL'
        )


def _defaults(fields: list[Any]) -> str:
    """A new record before anything is said of it."""
    found = {field.column: audit.plain(field.get_default()) for field in fields}
    return json.dumps(found | {"updated_at": str(clock.now())})


def forget_made() -> None:
    """Before the next stretch of the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")
