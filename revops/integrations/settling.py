"""What concerns a file as a whole, over its staged rows: twins, circles, counts. Each is one question to the database,
however many rows there are and in however many steps they were planned.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import Count, Func, IntegerField, Sum
from django.utils.translation import gettext as _

from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.registries import Importer

Verdict = ImportRow.Verdict

REFUSE = """
    UPDATE integrations_importrow AS r
    SET verdict = 'error', errors = r.errors || said.errors, changes = '[]', "values" = '{}'
    FROM (SAID) AS said WHERE r.id = said.id
"""
# %(places)s: field -> column of the file; the mark of a row begins with the field that it was read from.
TWINS = """
    WITH marked AS MATERIALIZED (
        SELECT r.id, r.number, m.mark, m.place, split_part(m.mark, ':', 1) AS field
        FROM integrations_importrow AS r, jsonb_array_elements_text(r.marks) WITH ORDINALITY AS m(mark, place)
        WHERE r.run_id = %(run)s
    ), shared AS (
        SELECT mark, min(number) AS first FROM marked GROUP BY mark HAVING count(*) > 1
    )
    SELECT marked.id, jsonb_agg(jsonb_build_object(
        'field', marked.field,
        'value', coalesce(left(btrim(row.raw ->> (%(places)s::jsonb ->> marked.field)::int), 200), ''),
        'message', replace(%(text)s, '#', shared.first::text)
    ) ORDER BY marked.place) AS errors
    FROM marked JOIN shared USING (mark) JOIN integrations_importrow AS row USING (id)
    WHERE marked.number > shared.first GROUP BY marked.id
"""
CIRCLES = """
    SELECT id, jsonb_build_array(jsonb_build_object(
        'field', %(field)s,
        'value', coalesce(left(btrim(raw ->> (%(places)s::jsonb ->> %(field)s)::int), 200), ''),
        'message', %(text)s
    )) AS errors
    FROM integrations_importrow WHERE run_id = %(run)s AND number = ANY(%(numbers)s)
        AND NOT errors @> jsonb_build_array(jsonb_build_object('field', %(field)s, 'message', %(text)s))
"""


def settle(run: ImportRun, importer: Importer) -> None:
    """Refuse what only shows over the whole file, and count."""
    places = json.dumps({key: int(place) for place, key in run.mapping.items()})
    params: dict[str, Any] = {"run": run.pk, "places": places}
    text = _("Row %(number)s is the same one.") % {"number": "#"}
    _refuse(TWINS, {**params, "text": text})
    numbers = in_circles(above_of(run)) if importer.under else []
    if numbers:
        _refuse(CIRCLES, {**params, "field": importer.under, "text": str(importer.circle), "numbers": numbers})
    run.counts = tally(run)


def _refuse(said: str, params: dict[str, Any]) -> None:
    """Rows with what is said against them. A refused row would change nothing; what it was refused for before stays."""
    with connection.cursor() as cursor:
        cursor.execute(REFUSE.replace("SAID", said), params)


def above_of(run: ImportRun) -> dict[int, int]:
    """Which row hangs under which."""
    rows = ImportRow.objects.filter(run=run, above__isnull=False).order_by().values_list("number", "above")
    return {number: above for number, above in rows if above is not None}


def in_circles(above: Mapping[int, int]) -> list[int]:
    """Those that come back to themselves on the way up; who only hangs under such a one does not."""
    walked: dict[int, int] = {}  # row -> the walk that came by first
    found: list[int] = []
    for start in above:
        row: int | None = start
        while row is not None and row not in walked:
            walked[row] = start
            row = above.get(row)
        if row is not None and walked[row] == start:
            first = row
            while row is not None:
                found.append(row)
                row = above[row] if above[row] != first else None
    return found


def tally(run: ImportRun) -> dict[str, int]:
    """Rows by verdict, and the cells that would change."""
    rows = ImportRow.objects.filter(run=run).order_by()
    counts = {verdict.value: 0 for verdict in Verdict}
    counts |= dict(rows.values_list("verdict").annotate(rows=Count("id")))
    cells = Sum(Func("changes", function="jsonb_array_length", output_field=IntegerField()))
    changed = rows.filter(verdict=Verdict.UPDATE).aggregate(cells=cells) if counts[Verdict.UPDATE] else {}
    return counts | {"cells": changed.get("cells") or 0}


# What importers ask about the rest of the file --------------------------------------------


def called(run: ImportRun, names: Iterable[str]) -> dict[str, tuple[int, int | None]]:
    """The first row that is called so, and the record that it stands for: as the survey found them."""
    wanted = sorted({*names} - {""})
    rows = ImportRow.objects.filter(run=run, called__in=wanted).order_by("-number")
    return {name: (number, key) for name, number, key in rows.values_list("called", "number", "record_id")}


def made_before(run: ImportRun, number: int, column: str) -> set[str]:
    """What new records of rows up to this one are given: a value that may be given once is not given again."""
    rows = ImportRow.objects.filter(run=run, number__lte=number, verdict=Verdict.CREATE).order_by()
    return {value for value in rows.values_list(f"values__{column}", flat=True) if value}
