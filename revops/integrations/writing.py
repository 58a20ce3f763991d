"""Set-based writing of planned rows, for the import services of every app: create, update, take back.

Audited like the single-row services; nothing here publishes an event.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import CASCADE, PROTECT, SET_NULL
from django.utils.translation import gettext as _

from revops.core import audit, clock, copying, merging
from revops.core.models import AuditEntry, Mergeable
from revops.integrations.models import ImportRow
from revops.integrations.staging import save_written

Prepare = Callable[[Sequence[Any]], None]
Verdict = ImportRow.Verdict
WRITTEN, UNDONE, KEPT = "written", "undone", "kept"


def columns_of(model: type[models.Model], values: Mapping[str, Any], extras: Collection[str] = ()) -> dict[str, Any]:
    """Stored values as the model's own types; extras are left to the app."""
    read = _readers(model)
    return {name: read[name](value) for name, value in values.items() if name not in extras}


@cache
def _readers(model: type[models.Model]) -> dict[str, Callable[[Any], Any]]:
    found: dict[str, Callable[[Any], Any]] = {}
    for field in model._meta.concrete_fields:
        found |= dict.fromkeys((field.name, field.attname), field.to_python)
    return found


def write_rows(
    model: type[models.Model],
    rows: Sequence[ImportRow],
    *,
    actor: Any,
    noun: str,
    extras: Collection[str] = (),
    prepare: Prepare | None = None,
    derived: Collection[str] = (),
) -> tuple[list[Any], list[Any]]:
    """Create and update; returns both lists of records. Each row learns its record, version and what stood before.

    `prepare` fills the columns `derived` from the others.
    """
    new = [row for row in rows if row.verdict == Verdict.CREATE]
    old = [row for row in rows if row.verdict == Verdict.UPDATE]
    made = _create(model, new, extras, prepare)
    changed, pairs = _update(model, old, extras, prepare)
    _save(model, changed, {name for pair in pairs.values() for name in pair}, derived)
    entries = [audit.entry(f"{noun}.imported", record, actor=actor, import_run=rows[0].run_id) for record in made]
    entries += [
        audit.entry(f"{noun}.import_changed", record, actor=actor, changed=pairs[record.pk], import_run=rows[0].run_id)
        for record in changed
    ]
    copying.insert(AuditEntry, entries)
    save_written(rows)
    return made, changed


def _create(
    model: type[models.Model], rows: Sequence[ImportRow], extras: Collection[str], prepare: Prepare | None
) -> list[Any]:
    records: list[Any] = [model(**columns_of(model, row.values, extras)) for row in rows]
    _follow_merges(model, records, _readers(model))
    if prepare:
        prepare(records)
    copying.insert(model, records)
    for row, record in zip(rows, records, strict=True):
        row.record_id, row.written_version, row.outcome = record.pk, record.version, WRITTEN
    return records


def _update(
    model: type[models.Model], rows: Sequence[ImportRow], extras: Collection[str], prepare: Prepare | None
) -> tuple[list[Any], dict[Any, dict[str, tuple[Any, Any]]]]:
    locked = _locked(model, [row.record_id for row in rows])
    records: list[Any] = []
    pairs: dict[Any, dict[str, tuple[Any, Any]]] = {}
    for row in rows:
        record: Any = locked.get(row.record_id)
        if record is None:
            continue
        row.record_id = record.pk
        wanted = columns_of(model, row.values, extras)
        if "custom" in wanted:  # what changes, over what stands there by now
            wanted["custom"] = {k: v for k, v in {**record.custom, **wanted["custom"]}.items() if v is not None}
        said = {name: (getattr(record, name), value) for name, value in wanted.items()}
        row.before = row.before | {name: audit.plain(pair[0]) for name, pair in said.items()}
        if record.pk not in pairs:
            records.append(record)
        pairs[record.pk] = pairs.get(record.pk, {}) | said
        for name, value in wanted.items():
            setattr(record, name, value)
        record.version += 1
        record.updated_at = clock.now()
        row.written_version, row.outcome = record.version, WRITTEN
    _follow_merges(model, records, {name for pair in pairs.values() for name in pair})
    if prepare:
        prepare(records)
    return records, pairs


def _locked(model: type[models.Model], keys: Sequence[Any]) -> dict[Any, Any]:
    """The records, locked; what was merged away since the plan stands for what it became."""
    rows = model._base_manager.select_for_update(of=("self",)).order_by("pk")
    found: dict[Any, Any] = {record.pk: record for record in rows.filter(pk__in=keys)}
    if issubclass(model, Mergeable):
        into = {key: record.merged_into_id for key, record in found.items() if record.merged_into_id is not None}
        winners = {record.pk: found.get(record.pk, record) for record in rows.filter(pk__in={*into.values()})}
        found |= {key: winners[other] for key, other in into.items()}
    return found


def _follow_merges(model: type[models.Model], records: Sequence[Any], names: Collection[str]) -> None:
    """What records hang on by these columns is held; where it was merged away since the plan, they hang on what it
    became.
    """
    for field in model._meta.concrete_fields:
        to: Any = field.related_model
        if field.attname not in names or field.name == "merged_into" or to is None or not issubclass(to, Mergeable):
            continue
        keys = {getattr(record, field.attname) for record in records} - {None}
        standing = merging.standing_keys(to, keys)
        for record in records:
            key = getattr(record, field.attname)
            if standing.get(key, key) != key:
                setattr(record, field.attname, standing[key])


def _save(model: type[models.Model], records: Sequence[Any], names: Iterable[str], derived: Collection[str]) -> None:
    known = _readers(model)
    names = [*names, *(name for name in derived if name in known), "version", "updated_at"]
    copying.update(model, records, names)


# Taking back ------------------------------------------------------------------------------


def undo_rows(
    model: type[models.Model],
    rows: Sequence[ImportRow],
    *,
    actor: Any,
    noun: str,
    own_models: Collection[str] = (),
    extras: Collection[str] = (),
    restore: Callable[[Sequence[tuple[ImportRow, Any]]], None] | None = None,
    clear: Callable[[Sequence[Any]], None] | None = None,
    prepare: Prepare | None = None,
    derived: Collection[str] = (),
) -> dict[int, str]:
    """Delete what was created, restore what was updated; kept is what somebody changed since or builds upon.

    `clear` takes away first what the import made beside the records, `restore` what it changed beside them;
    `prepare` and `derived` are those of `write_rows`.
    """
    new, old, kept = _unchanged(model, rows)
    new, used = _without_used(model, new, own_models)
    kept |= used
    entries = [audit.entry(f"{noun}.import_undone", record, actor=actor) for _row, record in [*new, *old]]
    copying.insert(AuditEntry, entries)
    if restore:
        restore(old)
    _restore(model, old, extras)
    if prepare and derived:
        again = [record for _row, record in old]
        prepare(again)
        copying.update(model, again, [name for name in derived if name in _readers(model)])
    if clear:
        clear([record for _row, record in new])
    model._base_manager.filter(pk__in=[record.pk for _row, record in new]).delete()
    _mark(rows, kept)
    return kept


Pairs = list[tuple[ImportRow, Any]]


def _unchanged(model: type[models.Model], rows: Sequence[ImportRow]) -> tuple[Pairs, Pairs, dict[int, str]]:
    """Rows with their records as the import left them, created and updated ones; and those that changed since."""
    records = {
        record.pk: record
        for record in model._base_manager.select_for_update(of=("self",))
        .filter(pk__in=[row.record_id for row in rows])
        .order_by("pk")
    }
    kept: dict[int, str] = {}
    new: Pairs = []
    old: Pairs = []
    for row in rows:
        record: Any = records.get(row.record_id)
        if record is None:
            continue
        if record.version != row.written_version:
            kept[row.number] = _("Changed since the import.")
        else:
            (new if row.verdict == Verdict.CREATE else old).append((row, record))
    return new, old, kept


def _without_used(
    model: type[models.Model], pairs: list[tuple[ImportRow, Any]], own_models: Collection[str]
) -> tuple[list[tuple[ImportRow, Any]], dict[int, str]]:
    used = used_by(model, [record.pk for _row, record in pairs], own_models)
    free = [pair for pair in pairs if pair[1].pk not in used]
    text = _("In use: %(what)s.")
    return free, {row.number: text % {"what": used[record.pk]} for row, record in pairs if record.pk in used}


def used_by(model: type[models.Model], keys: Iterable[Any], own_models: Collection[str]) -> dict[Any, str]:
    """Which of these records something else points at, and what: later work that an undo must not tear away."""
    keys = list(keys)
    used: dict[Any, str] = {}
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or relation.on_delete not in (PROTECT, CASCADE, SET_NULL):
            continue
        other: Any = relation.related_model
        if other._meta.auto_created or other._meta.label_lower in own_models or "pgh_id" in _names(other):
            continue
        column = relation.field.attname
        for key in other._base_manager.filter(**{f"{column}__in": keys}).values_list(column, flat=True).distinct():
            used.setdefault(key, str(other._meta.verbose_name))
    return used


def _names(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.fields}


def _restore(model: type[models.Model], pairs: Sequence[tuple[ImportRow, Any]], extras: Collection[str]) -> None:
    by_columns: dict[frozenset[str], list[Any]] = defaultdict(list)
    for row, record in pairs:
        for name, value in columns_of(model, _known(model, row.before), extras).items():
            setattr(record, name, value)
        record.version += 1
        record.updated_at = clock.now()
        by_columns[frozenset(_known(model, row.before)) - frozenset(extras)].append(record)
    for names, records in by_columns.items():
        copying.update(model, records, [*names, "version", "updated_at"])


def _known(model: type[models.Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what the app remembered for itself."""
    found = {}
    for name, value in values.items():
        try:
            model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        found[name] = value
    return found


def _mark(rows: Sequence[ImportRow], kept: Mapping[int, str]) -> None:
    for row in rows:
        row.outcome = KEPT if row.number in kept else UNDONE
        row.kept = kept.get(row.number, "")[:200]
    save_written(rows)
