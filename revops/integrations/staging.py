"""The staged rows in and out of the database: COPY for the rows of a file, one UPDATE a thousand rows for the rest."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from revops.core import copying
from revops.core.errors import InvalidInput
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.reading import MAX_COLUMNS, MAX_ROWS
from revops.integrations.registries import Draft
from revops.integrations.values import date_hint, decimal_hint

COPY = """
    COPY integrations_importrow
        (run_id, number, raw, problem, skipped, verdict, label, sub, errors, notes, changes, values, before, outcome,
        kept, marks, called)
    FROM STDIN WITH (FORMAT csv)
"""
EMPTY = ("f", "", "", "", "[]", "[]", "[]", "{}", "{}", "", "", "[]", "")
PLACEHOLDER = "␀"  # stands where a NUL stood, which no column of the database can hold
SAMPLES = 3
BATCH = 5000


class ColumnFacts:
    """What a column holds: how often it is filled, examples, and hints about dates and numbers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.filled = 0
        self.samples: list[str] = []
        self.dates: set[str] = set()
        self.numbers: set[str] = set()

    def see(self, cell: str) -> None:
        if not cell:
            return
        self.filled += 1
        if len(self.samples) < SAMPLES and cell not in self.samples:
            self.samples.append(cell[:60])
        if len(cell) <= 30 and any(char.isdigit() for char in cell):
            self.dates.add(date_hint(cell))
            self.numbers.add(decimal_hint(cell))

    def as_json(self, rows: int) -> dict[str, Any]:
        return {
            "name": self.name,
            "empty": 100 - 100 * self.filled // rows if rows else 100,
            "samples": self.samples,
            "dates": sorted(self.dates - {""}),
            "numbers": sorted(self.numbers - {""}),
        }


def heads(cells: Sequence[str]) -> list[str]:
    """Names for the columns: unnamed ones by their place, doubled ones numbered."""
    if len(cells) > MAX_COLUMNS:
        text = _("Row 1 has %(count)s columns; an import takes up to %(limit)s.")
        raise InvalidInput.of(file=text % {"count": f"{len(cells):,}", "limit": MAX_COLUMNS})
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = cell.replace("\x00", PLACEHOLDER).strip()[:120] or _("Column %(place)s") % {"place": place}
        names.append(name if name not in names else f"{name} ({place})")
    return names


def stage_rows(run: ImportRun, rows: Iterator[tuple[int, list[str]]], names: Sequence[str]) -> list[dict[str, Any]]:
    """COPY the file's rows into the staging table; returns the facts of its columns and sets run.row_count."""
    facts = [ColumnFacts(name) for name in names]
    buffer, count = io.StringIO(), 0
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)  # COPY takes an unquoted nothing for NULL
    for number, cells in rows:
        count += 1
        if count > MAX_ROWS:
            text = _("This file has more than %(limit)s rows. Split it.")
            raise InvalidInput.of(file=text % {"limit": f"{MAX_ROWS:,}"})
        raw, problem = _clean(cells, len(names))
        for fact, cell in zip(facts, raw, strict=False):
            fact.see(cell.strip())
        writer.writerow((run.pk, number, json.dumps(raw), problem, *EMPTY))
        if count % BATCH == 0:
            _copy(buffer)
    _copy(buffer)
    run.row_count = count
    return [fact.as_json(count) for fact in facts]


def _clean(cells: list[str], width: int) -> tuple[list[str], str]:
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if any("\x00" in cell for cell in cells):
        place = next(place for place, cell in enumerate(cells, 1) if "\x00" in cell)
        text = _("Column %(place)s holds a NUL character, which cannot be stored.") % {"place": place}
        return [cell.replace("\x00", PLACEHOLDER) for cell in cells], text
    if len(cells) != width:
        text = _("This row has %(count)s cells, the head has %(width)s.")
        return cells, text % {"count": len(cells), "width": width}
    return cells, ""


def _copy(buffer: io.StringIO) -> None:
    buffer.seek(0)
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(COPY, buffer)
    buffer.seek(0)
    buffer.truncate()


SURVEYED = ("called", "record_id")
PLANNED = ("verdict", "label", "sub", "errors", "notes", "changes", "values", "record_id", "marks", "above")
WRITTEN = ("record_id", "before", "written_version", "outcome", "kept")


def save_survey(drafts: Iterable[Draft]) -> None:
    """Write how rows are called, and what they stand for."""
    fields = [ImportRow._meta.get_field(name) for name in SURVEYED]
    rows = ((draft.key, draft.called[:200], getattr(draft.record, "pk", None)) for draft in drafts)
    copying.update_from(ImportRow, fields, rows)


def forget_plan(run: ImportRun) -> None:
    """As if nobody had looked at the rows."""
    blank = ImportRow()
    empty: dict[str, Any] = {name: getattr(blank, name) for name in (*PLANNED, *SURVEYED)}
    ImportRow.objects.filter(run=run).update(**empty)


def save_plan(drafts: Iterable[Draft]) -> None:
    """Write what the plan says beside the rows. No row is added, no sequence moves; what stands there is left alone."""
    fields = [ImportRow._meta.get_field(name) for name in PLANNED]
    copying.update_from(ImportRow, fields, map(_planned, drafts))


def _planned(draft: Draft) -> tuple[Any, ...]:
    new = draft.verdict == ImportRow.Verdict.CREATE
    stored: dict[str, Any] = {}
    if new or draft.verdict == ImportRow.Verdict.UPDATE:
        stored = {**draft.defaults, **draft.columns} if new else draft.columns
    return (
        draft.key,
        str(draft.verdict),
        draft.label[:200],
        draft.sub[:200],
        draft.errors,
        [draft.skip, *draft.notes] if draft.skip else draft.notes,
        draft.changes,
        stored,
        draft.record.pk if draft.record is not None else None,
        draft.marks,
        draft.above,
    )


def save_written(rows: Sequence[ImportRow]) -> None:
    """Which record each row made or changed, and what stood before."""
    copying.update(ImportRow, rows, WRITTEN)
