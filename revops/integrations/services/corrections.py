"""A single row of a checked file put right, or left out, by hand; the whole file is checked again."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from revops.core import audit
from revops.core.errors import IllegalState, InvalidInput
from revops.core.models import JobRun
from revops.core.status import lock
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.selectors import importer_for
from revops.integrations.services.commits import CHECKED_AT_ONCE, start_check
from revops.integrations.services.runs import check_run

MOST = 10_000


@transaction.atomic
def correct_row(
    *, run: ImportRun, number: int, version: int | None, actor: Any, cells: Mapping[str, str], leave_out: bool = False
) -> JobRun | None:
    """Write what a row should say (by field), or leave it out. Returns the job that checks a large file again."""
    importer_for(run.kind, actor)
    run = lock(run, version)
    if run.state != ImportRun.State.CHECKED:
        raise IllegalState("not_checked", _("Check the file first; what is imported is corrected in the record."))
    row = run.rows.select_for_update().filter(number=number).first()
    if row is None:
        raise IllegalState("gone", _("There is no such row any more."))
    changed = _write(row, {key: int(place) for place, key in run.mapping.items()}, cells, len(run.columns))
    if leave_out != row.skipped:
        changed["left_out"] = (row.skipped, leave_out)
        row.skipped = leave_out
    if changed:
        row.save(update_fields=["raw", "problem", "skipped"])
        audit.record("import.row_corrected", run, actor=actor, row=number, changed=changed)
    if run.row_count > CHECKED_AT_ONCE:
        return start_check(run=run, version=None, actor=actor)
    check_run(run=run, version=None, actor=actor)
    return None


def _write(row: ImportRow, places: Mapping[str, int], cells: Mapping[str, str], width: int) -> dict[str, Any]:
    raw = [*row.raw[:width], *[""] * (width - len(row.raw))]
    changed: dict[str, Any] = {}
    for key, text in cells.items():
        if key not in places:
            raise InvalidInput.of(cells=_("No column fills “%(key)s”.") % {"key": str(key)[:40]})
        if len(text) > MOST or "\x00" in text:
            raise InvalidInput.of(**{key: _("This text is too long, or holds a character that cannot be stored.")})
        if raw[places[key]].strip() != text.strip():
            changed[key] = (raw[places[key]][:200], text[:200])
            raw[places[key]] = text
    if changed:
        row.raw, row.problem = raw, ""
    return changed
