"""From a file to a checked plan: upload, map, dry run."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from revops.core import audit, files
from revops.core.errors import IllegalState, InvalidInput
from revops.core.status import advance, lock
from revops.integrations import documents, reading, staging, values, workbooks
from revops.integrations.models import HeaderMapping, ImportRun
from revops.integrations.registries import Importer
from revops.integrations.selectors import importer_for
from revops.integrations.services.plans import make_plan

State = ImportRun.State


@transaction.atomic
def create_run(*, actor: Any, kind: str, upload: File, file_name: str = "", system: str = "") -> ImportRun:
    """Take a file in: size first, then encoding and separator, then its rows into the staging table."""
    importer = importer_for(kind, actor)
    reading.refuse_size(upload.size)
    name = PurePath(file_name or upload.name or "file.csv").name.replace("\x00", "")[:200]
    raw: Any = upload.file
    sheets = workbooks.sheets_of(raw) if workbooks.looks_like_one(raw) else []
    encoding = _encoding(raw, bool(sheets))
    run = ImportRun(
        kind=kind,
        system=_system(system),
        file_name=name,
        size=upload.size,
        sha256=_digest(upload),
        encoding=encoding,
        delimiter=reading.detect_delimiter(raw, encoding) if encoding in reading.ENCODINGS else ",",
        sheets=sheets,
        sheet=sheets[0] if sheets else "",
        created_by=actor,
    )
    upload.seek(0)
    ending = encoding if encoding in (workbooks.XLSX, documents.JSON) else "csv"
    files.keep(run.file, f"import.{ending}", upload)
    try:
        run.save(force_insert=True)
        _stage(run)
        _suggest(run, importer)
        run.save()
    except Exception:
        run.file.delete(save=False)
        raise
    audit.record("import.uploaded", run, actor=actor, kind=kind, rows=run.row_count, sha256=run.sha256)
    return run


def _encoding(raw: Any, workbook: bool) -> str:
    if workbook:
        return workbooks.XLSX
    return documents.JSON if documents.looks_like_one(raw) else reading.detect_encoding(raw)


def _system(text: str) -> str:
    name = text.strip() or "file"
    if len(name) > 40 or "\x00" in name:
        raise InvalidInput.of(system=_("Name the other system in up to 40 characters."))
    return name


def _digest(upload: File) -> str:
    digest = hashlib.sha256()
    for piece in upload.chunks():
        digest.update(piece)
    return digest.hexdigest()


def _stage(run: ImportRun) -> None:
    run.rows.all().delete()
    stored: Any
    with run.file.open("rb") as stored:
        rows = reading.read_rows(stored, run.encoding, run.delimiter, run.sheet)
        first = next(rows, None)
        if first is None:
            raise InvalidInput.of(file=_("This file holds no rows."))
        names = staging.heads(first[1])
        run.columns = staging.stage_rows(run, rows, names)
    if not run.row_count:
        raise InvalidInput.of(file=_("This file has a head but no rows."))
    run.signature = hashlib.sha256("\x1f".join(name.casefold() for name in names).encode()).hexdigest()


# Columns ----------------------------------------------------------------------------------


def _suggest(run: ImportRun, importer: Importer) -> None:
    """As last time for this head, else by the columns' names."""
    known = HeaderMapping.objects.filter(kind=run.kind, signature=run.signature).first()
    if known is not None:
        run.mapping, run.date_order, run.decimal_sign = known.mapping, known.date_order, known.decimal_sign
        run.system = known.system if run.system == "file" else run.system
    else:
        run.mapping = _by_name(run, importer)
    _settle(run, importer)


def _by_name(run: ImportRun, importer: Importer) -> dict[str, str]:
    """Of two columns that could fill a field, the one whose name says it best: key and label go before other words."""
    words: dict[str, tuple[str, int]] = {}
    for field in importer.fields:
        for rank, name in enumerate((field.key, str(field.label), *field.aliases)):
            words.setdefault(_bare(name), (field.key, rank))
    best: dict[str, tuple[int, int]] = {}
    for place, column in enumerate(run.columns):
        key, rank = words.get(_bare(column["name"]), ("", 0))
        if key and (key not in best or rank < best[key][0]):
            best[key] = rank, place
    chosen = {place: key for key, (_rank, place) in best.items()}
    return {str(place): chosen[place] for place in sorted(chosen)}


def _bare(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _settle(run: ImportRun, importer: Importer) -> None:
    """Date order and decimal sign, where the mapped columns tell them."""
    dates = _hints(run, importer, "dates", ("date",))
    numbers = _hints(run, importer, "numbers", ("number", "money", "integer"))
    order, sign = values.settle(dates, ""), values.settle(numbers, "")
    run.date_order = order if order not in ("", values.ASK) else run.date_order
    run.decimal_sign = sign if sign not in ("", values.ASK) else run.decimal_sign
    if run.sheets:  # the numbers of a workbook are numbers
        run.decimal_sign = "."


def _hints(run: ImportRun, importer: Importer, what: str, types: Sequence[str]) -> list[str]:
    places = [int(place) for place, key in run.mapping.items() if getattr(importer.field(key), "type", "") in types]
    return [hint for place in places for hint in run.columns[place][what]]


@transaction.atomic
def map_run(
    *,
    run: ImportRun,
    version: int | None,
    actor: Any,
    mapping: Mapping[str, str],
    date_order: str = "",
    decimal_sign: str = "",
    system: str = "",
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    allow_duplicates: bool = False,
) -> ImportRun:
    """Say which column fills which field, and how the file is written. Remembered for files with the same head."""
    importer = importer_for(run.kind, actor)
    run = lock(run, version)
    _refuse_committed(run)
    asked = (encoding or run.encoding, delimiter or run.delimiter, sheet or run.sheet)
    if asked != (run.encoding, run.delimiter, run.sheet):
        run.encoding, run.delimiter, run.sheet = asked
        _refuse_unknown_shape(run)
        _stage(run)
        mapping = _by_name(run, importer)
    run.mapping = _checked_mapping(run, importer, mapping)
    run.system = _system(system or run.system)
    run.date_order, run.decimal_sign = date_order or run.date_order, decimal_sign or run.decimal_sign
    run.allow_duplicates = allow_duplicates
    if not date_order or not decimal_sign:
        before = (date_order, decimal_sign)
        _settle(run, importer)
        run.date_order, run.decimal_sign = before[0] or run.date_order, before[1] or run.decimal_sign
    advance(run, State.MAPPED, ImportRun.TRANSITIONS, field="state")
    run.counts, run.remarks, run.job = {}, [], None  # a check under way is none of this mapping
    run.save()
    HeaderMapping.objects.update_or_create(
        kind=run.kind,
        signature=run.signature,
        defaults={
            "mapping": run.mapping,
            "system": run.system,
            "date_order": run.date_order,
            "decimal_sign": run.decimal_sign,
        },
    )
    return run


def _refuse_committed(run: ImportRun) -> None:
    if run.state not in (State.UPLOADED, State.MAPPED, State.CHECKED):
        raise IllegalState("import_over", _("This file is imported already. Upload it again to import it once more."))


def _refuse_unknown_shape(run: ImportRun) -> None:
    if run.sheets:
        if run.sheet not in run.sheets or run.encoding != workbooks.XLSX:
            raise InvalidInput.of(sheet=_("There is no such sheet."))
        return
    if run.encoding not in (*reading.ENCODINGS, documents.JSON):
        raise InvalidInput.of(encoding=_("There is no such encoding."))
    if run.delimiter not in reading.DELIMITERS:
        raise InvalidInput.of(delimiter=_("Columns are separated by comma, semicolon, tab or bar."))


def _checked_mapping(run: ImportRun, importer: Importer, mapping: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, key in mapping.items():
        if not key:
            continue
        if not str(place).isdigit() or int(place) >= len(run.columns):
            raise InvalidInput.of(mapping=_("There is no column %(place)s.") % {"place": str(place)[:10]})
        field = importer.field(str(key))
        if field is None:
            raise InvalidInput.of(mapping=_("There is no field “%(key)s”.") % {"key": str(key)[:40]})
        if field.key in found.values():
            raise InvalidInput.of(mapping=_("Two columns fill “%(label)s”. Leave one out.") % {"label": field.label})
        found[str(int(place))] = field.key
    return found


# Dry run ----------------------------------------------------------------------------------


@transaction.atomic
def check_run(*, run: ImportRun, version: int | None, actor: Any) -> ImportRun:
    """The dry run: what each row would do. It writes nothing but the plan itself, beside the staged rows."""
    importer_for(run.kind, actor)
    run = lock(run, version)
    refuse_unready(run=run, actor=actor)
    make_plan(run=run, actor=actor)
    advance(run, State.CHECKED, ImportRun.TRANSITIONS, field="state")
    run.job = None  # a slower check that is under way gives way
    run.save(update_fields=["state", "counts", "remarks", "job", "version", "updated_at"])
    return run


@transaction.atomic
def refuse_unready(*, run: ImportRun, actor: Any) -> None:
    """Raise where a locked run cannot be checked: it is imported already, or it is open how to read it."""
    _refuse_committed(run)
    _refuse_unanswered(run, importer_for(run.kind, actor))


def _refuse_unanswered(run: ImportRun, importer: Importer) -> None:
    if not run.mapping:
        raise InvalidInput.of(mapping=_("Say which column fills which field."))
    if run.date_order == "" and values.settle(_hints(run, importer, "dates", ("date",)), "") == values.ASK:
        raise InvalidInput.of(date_order=_("Dates like 3/4/2026 can be read two ways: say which."))
    numbers = _hints(run, importer, "numbers", ("number", "money", "integer"))
    if run.decimal_sign == "" and values.settle(numbers, "") == values.ASK:
        raise InvalidInput.of(decimal_sign=_("Numbers like 1.234 can be read two ways: say which sign is decimal."))
