"""The plan of an import: what each row would do. The dry run and the commit call `plan`, so they cannot disagree.

Some rows at a time, in a transaction that the database holds read-only; what concerns the file as a whole is settled
over the staged rows (module `settling`).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connection, models, transaction
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext as _

from revops.core import upserts
from revops.core.custom.definitions import remembered
from revops.integrations import custom_cells, values
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.registries import Context, Draft, Importer, ImportField

Verdict = ImportRow.Verdict
DEFAULT_SIGN = "."
FEW = 200
REMEMBERED = 10_000  # texts of a column; of one that never repeats itself, no more than these are kept


@contextmanager
def reading_only() -> Iterator[None]:
    """The database refuses every write meanwhile, sequences included."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        yield


@contextmanager
def _looking(context: Context) -> Iterator[None]:
    # A time without a zone is the same one in the request of the dry run and in the worker that commits.
    with reading_only(), remembered(), timezone.override(ZoneInfo(context.viewer.time_zone)):
        yield


def survey(importer: Importer, context: Context, most: int) -> list[Draft]:
    """The next rows as far as others of the file need to know them."""
    with _looking(context):
        drafts = list(_drafts(context, importer, most))
        importer.survey(_sound(drafts), context)
    return drafts


def plan(importer: Importer, context: Context, most: int) -> list[Draft]:
    """The next rows, each with its verdict; remarks about the file go to the context."""
    with _looking(context):
        drafts = list(_drafts(context, importer, most))
        sound = identified(importer, _sound(drafts), context)
        importer.relate(sound, context)
        checks = _Checks(importer)
        for draft in sound:
            _decide(importer, draft, context, checks)
    for draft in drafts:
        if draft.errors:
            draft.verdict = Verdict.ERROR
        if not draft.label:
            draft.label, draft.sub = importer.title(draft)
    return drafts


def _sound(drafts: Sequence[Draft]) -> list[Draft]:
    return [draft for draft in drafts if not draft.errors and not draft.skip]


def identified(importer: Importer, drafts: Sequence[Draft], context: Context) -> list[Draft]:
    """Those that can be understood, each with the record that it stands for."""
    importer.resolve(drafts, context)
    sound = [draft for draft in drafts if not draft.errors]
    importer.identify(sound, context)
    _refuse_hidden(importer, sound, context.viewer)
    return sound


# Cells -> values --------------------------------------------------------------------------


class _Column:
    """How the cells of one column are read. Columns repeat themselves, so what was read is remembered."""

    def __init__(self, index: int, field: ImportField, run: ImportRun) -> None:
        self.index, self.field = index, field
        self._reader = _reader(field, run)
        self._known: dict[str, tuple[Any, str]] = {}

    def take(self, draft: Draft, text: str) -> None:
        value, refusal = (text, "") if self._reader is None else self._read(text)
        if refusal:
            draft.refuse(self.field.key, refusal)
            return
        draft.values[self.field.key] = value
        if self.field.column:
            draft.columns[self.field.column] = value

    def _read(self, text: str) -> tuple[Any, str]:
        found = self._known.get(text)
        if found is None:
            found = self._fresh(text)
            if len(self._known) < REMEMBERED:
                self._known[text] = found
        return found

    def _fresh(self, text: str) -> tuple[Any, str]:
        try:
            value = self._reader(text)  # type: ignore[misc]
            if isinstance(value, Decimal | int) and value < 0 and not self.field.negative:
                raise values.Refused(_("This cannot be less than 0."))
        except values.Refused as refused:
            return None, str(refused)
        return value, ""


def _reader(field: ImportField, run: ImportRun) -> Callable[[str], Any] | None:
    """None for a text that is taken as it stands."""
    sign, order = run.decimal_sign or DEFAULT_SIGN, run.date_order
    words = {str(word).casefold(): key for key, label in field.choices.items() for word in (key, label)}
    readers: dict[str, Callable[[str], Any]] = {
        "date": lambda text: values.read_date(text, order),
        "instant": lambda text: values.read_instant(text, order),
        "number": lambda text: values.read_number(text, sign),
        "money": lambda text: values.read_number(text, sign),
        "integer": lambda text: values.read_integer(text, sign),
        "email": values.read_email,
        "currency": values.read_currency,
        "flag": values.read_flag,
        "choice": lambda text: _choice(text, words, field),
    }
    return readers.get(field.type)


def _choice(text: str, words: Mapping[str, str], field: ImportField) -> str:
    if text.casefold() not in words:
        options = ", ".join(str(label) for label in field.choices.values())
        raise values.Refused(_("Use one of: %(options)s.") % {"options": options})
    return words[text.casefold()]


def _drafts(context: Context, importer: Importer, most: int) -> Iterator[Draft]:
    run = context.run
    mapped = [(int(place), importer.field(key)) for place, key in run.mapping.items()]
    columns = [_Column(index, field, run) for index, field in mapped if field is not None]
    rows = run.rows.filter(number__gt=context.after).order_by("number")[:most]
    for key, number, raw, problem, skipped in rows.values_list("pk", "number", "raw", "problem", "skipped"):
        draft, width = Draft(number, {}, key=key), len(raw)
        if skipped:
            draft.skip, draft.verdict = _("Left out by hand."), Verdict.SKIP
        elif problem:
            draft.errors.append({"field": "", "value": "", "message": problem})
        for column in columns:
            text = raw[column.index].strip() if column.index < width else ""
            if text:
                draft.cells[column.field.key] = text
                if not skipped:
                    column.take(draft, text)
        yield draft


# Rows -> records --------------------------------------------------------------------------


def among(keys: Iterable[str | int]) -> Any:
    """What `__in` compares with, however many they are: one parameter, joined like a table."""
    found = list({*keys})
    if len(found) < FEW:
        return found
    taken = "jsonb_array_elements_text(%s::jsonb)"
    return RawSQL(f"SELECT {taken if isinstance(found[0], str) else f'({taken})::bigint'}", [json.dumps(found)])  # noqa: S611


def match_external(drafts: Sequence[Draft], importer: Importer, context: Context, *joins: str) -> None:
    """By the id in the other system; rows without one are left to the next rule."""
    system = context.run.system
    with_id = [draft for draft in drafts if draft.values.get("external_id")]
    refuse_twins(with_id, "external_id", lambda draft: draft.values["external_id"])
    found = upserts.those_known(importer.model, system, [draft.values["external_id"] for draft in with_id], *joins)
    for draft in with_id:
        draft.record = found.get(draft.values["external_id"])
        draft.defaults |= {"external_system": system, "external_id": draft.values["external_id"]}
    # Two ids of one record: one of them came with what was merged into it.
    refuse_twins(with_id, "external_id", lambda draft: draft.record.pk if draft.record is not None else None)


def match_by(
    drafts: Iterable[Draft],
    records: Iterable[Any],
    of_draft: Callable[[Draft], Hashable],
    of_record: Callable[[Any], Hashable],
) -> None:
    """By a key that both have; a key that two records share matches neither."""
    found: dict[Hashable, list[Any]] = defaultdict(list)
    for record in records:
        found[of_record(record)].append(record)
    for draft in drafts:
        same = found.get(of_draft(draft), [])
        if draft.record is None and len(same) == 1:
            draft.record = same[0]


def refuse_twins(drafts: Iterable[Draft], key: str, of_draft: Callable[[Draft], Hashable]) -> None:
    """The second row of one file that stands for the same record is refused: once all rows are marked, for the first
    one may have been planned long ago.
    """
    for draft in drafts:
        mark = of_draft(draft)
        if mark not in (None, ""):
            # Of what differs the marks differ, and a number is never a text.
            draft.marks.append(f"{key}:{mark}" if type(mark) is str else f"{key}::{_encode(mark)}")


_encode = json.JSONEncoder(default=str, ensure_ascii=False).encode


def _refuse_hidden(importer: Importer, drafts: Sequence[Draft], viewer: Any) -> None:
    """A record beyond one's sight is not changed by a file either."""
    keys = {draft.record.pk for draft in drafts if draft.record is not None}
    manager: Any = importer.model._default_manager
    scoped = manager.visible_to(viewer) if hasattr(manager, "visible_to") else manager.all()
    seen = set(scoped.filter(pk__in=among(keys)).values_list("pk", flat=True))
    for draft in drafts:
        if draft.record is not None and draft.record.pk not in seen:
            draft.refuse("", _("This record exists already and is not yours to change."))
            draft.record = None


# Records -> verdicts ----------------------------------------------------------------------


class _Checks:
    """What the model's own fields say to the values of columns; each value is asked about once."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self._fields: dict[str, Any] = {}
        self._known: dict[str, dict[Any, tuple[Any, str]]] = {}

    def check(self, draft: Draft) -> None:
        for column, value in list(draft.columns.items()):
            if column not in self._fields:
                self._fields[column] = self._field(column)
                self._known[column] = {}
            if self._fields[column] is None:
                continue
            draft.columns[column], refusal = self._checked(column, value)
            if refusal:
                draft.refuse(_field_key(self._importer, column), refusal)

    def _field(self, column: str) -> Any:
        field = None if column in self._importer.extras else _model_field(self._importer.model, column)
        return None if field is None or field.is_relation else field

    def _checked(self, column: str, value: Any) -> tuple[Any, str]:
        known, key = self._known[column], (type(value), value)
        found = known.get(key)
        if found is None:
            try:
                found = self._fields[column].clean(value, None), ""
            except ValidationError as error:
                found = value, str(error.messages[0])
            if len(known) < REMEMBERED:
                known[key] = found
        return found


def _decide(importer: Importer, draft: Draft, context: Context, checks: _Checks) -> None:
    importer.judge(draft, context)
    if not draft.errors:
        checks.check(draft)
        custom_cells.read(importer, draft, context.run)
    if draft.errors:
        return
    if draft.skip:
        draft.verdict = Verdict.SKIP
    elif draft.record is None:
        _plan_create(importer, draft)
    else:
        _plan_update(importer, draft)


def _model_field(model: type[models.Model], column: str) -> Any:
    try:
        return model._meta.get_field(column)
    except FieldDoesNotExist:
        return None


def _field_key(importer: Importer, column: str) -> str:
    return next((field.key for field in importer.fields if field.column == column), column.removesuffix("_id"))


def _plan_create(importer: Importer, draft: Draft) -> None:
    for key in importer.needed:
        if key not in draft.cells:
            draft.refuse(key, _("A new record needs this."))
    if draft.errors:
        return
    draft.verdict = Verdict.CREATE
    draft.changes = [_change(importer, draft, column, None) for column in draft.columns]
    custom_cells.plan_create(importer, draft)
    draft.columns |= importer.keys(draft)


def _plan_update(importer: Importer, draft: Draft) -> None:
    changed = {
        column: importer.current(draft.record, column)
        for column, value in draft.columns.items()
        if importer.current(draft.record, column) != value
    }
    draft.changes = [_change(importer, draft, column, before) for column, before in changed.items()]
    draft.columns = {column: draft.columns[column] for column in changed}
    more = custom_cells.plan_update(importer, draft)
    draft.verdict = Verdict.UPDATE if changed or more else Verdict.SAME


def _change(importer: Importer, draft: Draft, column: str, before: Any) -> dict[str, str]:
    key = importer.field_of.get(column) or _field_key(importer, column)
    relation = column.removesuffix("_id")
    if before is not None and relation != column and hasattr(draft.record, relation):
        before = getattr(draft.record, relation)
    return {
        "field": key,
        "before": as_text(before),
        "after": draft.shown.get(column) or as_text(draft.columns[column]),
    }


def as_text(value: Any) -> str:
    """A value as the dry run shows it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,.2f}".removesuffix(".00")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)[:300]
