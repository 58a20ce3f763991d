"""Two records become one (and two again: revops.core.unmerging).

Rows that point at a record are found from the models, so none is forgotten; what a room wants otherwise it says in
`merge_relations`. The loser stays as an alias: issued documents and history go on pointing at it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pghistory.models
from django.db import connection, models, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.models import BaseModel, MergeMove, MergeRecord
from revops.core.registries import MergeKind, MergeRelation, merge_kinds, merge_relations, merge_steps, steps_for
from revops.core.scope import require
from revops.core.status import edit, lock

REVERSIBLE = timedelta(days=30)
MERGE_LOCK = 7_201_002  # merges come one after the other: they touch the same rows in any order
BATCH = 2000
CUSTOM = "custom."
Kind = MergeMove.Kind


def kind_of(record: models.Model) -> MergeKind:
    """How records like this are merged."""
    found = merge_kinds.get(record._meta.label_lower)
    if found is None:
        raise InvalidInput.of(other=_("Records of this kind are not merged."))
    return found


# Who points at it -------------------------------------------------------------------------


def relations_of(model: type[models.Model]) -> list[Any]:
    """Every foreign key that points at a model, but for field history: that is about the record as it was."""
    found = []
    for relation in model._meta.get_fields(include_hidden=True):
        if not relation.auto_created or relation.concrete or relation.many_to_many:
            continue
        field = relation.field  # type: ignore[union-attr]
        if not issubclass(field.model, pghistory.models.Event):
            found.append(field)
    return sorted(found, key=key_of)


def key_of(field: Any) -> str:
    """ "leads.handoff.lead": how a relation is named where somebody decides about it."""
    return f"{field.model._meta.label_lower}.{field.name}"


def unique_rules(field: Any) -> list[tuple[tuple[str, ...], Q | None, bool]]:
    """The unique rules of a relation: the other columns, the condition, whether nothing counts as a value."""
    meta = field.model._meta
    rules: list[tuple[tuple[str, ...], Q | None, bool]] = [((), None, False)] if field.unique else []
    for rule in meta.constraints:
        if isinstance(rule, models.UniqueConstraint) and field.name in rule.fields:
            others = tuple(meta.get_field(name).attname for name in rule.fields if name != field.name)
            rules.append((others, rule.condition, rule.nulls_distinct is False))
    for names in meta.unique_together:
        if field.name in names:
            rules.append((tuple(meta.get_field(n).attname for n in names if n != field.name), None, False))
    return rules


@dataclass(frozen=True)
class Share:
    """What a merge does with the rows of one relation."""

    field: Any
    goes: QuerySet[Any]
    stays: QuerySet[Any]

    @property
    def label(self) -> str:
        return str(self.field.model._meta.verbose_name_plural)


def shares_of(winner: models.Model, loser: models.Model) -> Iterator[Share]:
    """Relation after relation: which rows go to the winner and which stay with the alias, collisions aside."""
    for field in relations_of(type(loser)):
        rows = field.model._base_manager.filter(**{field.attname: loser.pk})
        # A row that is one with its record has no other key to go by.
        stays = True if field.primary_key else decision_of(field).stays
        if field.model is type(loser):  # it cannot hang under itself
            rows = rows.exclude(pk=winner.pk)
        if stays is True:
            yield Share(field, rows.none(), rows)
        elif stays is False:
            yield Share(field, rows, rows.none())
        else:
            yield Share(field, rows.exclude(stays), rows.filter(stays))


def decision_of(field: Any) -> MergeRelation:
    return merge_relations.get(key_of(field)) or MergeRelation(key_of(field))


# Merging ----------------------------------------------------------------------------------


@transaction.atomic
def merge(
    *,
    winner: Any,
    loser: Any,
    choices: Mapping[str, str],
    version: int | None,
    actor: Any,
    forced: Mapping[str, Any] | None = None,
) -> MergeRecord:
    """The loser becomes an alias of the winner. `choices` names the fields whose value comes from the loser
    ("loser") or stays ("winner"); where nothing is said, the loser fills what the winner leaves empty.
    """
    kind = kind_of(winner)
    if actor is not None:
        require(actor, kind.permission, _("Your role does not merge records."))
    one_at_a_time()
    winner, loser = _lock_both(kind, winner, loser, version, actor)
    for step in steps_for(merge_steps, f"{kind.key}.before"):
        step.run(winner=winner, loser=loser, actor=actor)
    row = MergeRecord(
        model=kind.key,
        winner_id=winner.pk,
        loser_id=loser.pk,
        loser_label=str(loser)[:200],
        merged_by=actor if actor is not None and actor.pk else None,
        merged_at=clock.now(),
        loser_before=_texts(loser),
    )
    wanted = {**_chosen(kind, winner, loser, choices), **(forced or {})}
    row.save(force_insert=True)
    row.moved = sum(_move(row, share, winner, loser) for share in list(shares_of(winner, loser)))
    names = {*wanted, *kind.alias_follows}
    follows = {name: wanted.get(name, getattr(winner, name)) for name in names if name in kind.alias_follows}
    # First out of the way: its id in another system may go to the winner.
    edit(loser, {"archived_at": clock.now(), "merged_into": winner, **follows})
    row.winner_before, row.winner_after = _change_winner(kind, winner, wanted)
    row.save(update_fields=["moved", "winner_before", "winner_after"])
    for step in steps_for(merge_steps, f"{kind.key}.after"):
        step.run(winner=winner, loser=loser, actor=actor)
    audit.record("record.merged", winner, actor=actor, merged=loser, moved=row.moved, merge=row.pk)
    audit.record("record.merged_away", loser, actor=actor, into=winner, merge=row.pk)
    return row


def one_at_a_time() -> None:
    """Merges and their undoing wait for each other until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MERGE_LOCK])


def _lock_both(kind: MergeKind, winner: Any, loser: Any, version: int | None, actor: Any) -> tuple[Any, Any]:
    if winner.pk == loser.pk:
        raise InvalidInput.of(other=_("A record is not merged with itself."))
    first, second = sorted((winner, loser), key=lambda record: record.pk)
    locked = {one.pk: lock(one, version if one.pk == winner.pk else None) for one in (first, second)}
    for record in locked.values():
        refuse_alias(record)
        if record.archived_at is not None:
            raise IllegalState("archived", _("“%(name)s” is archived. Restore it first.") % {"name": record})
    rows: Any = kind.model._default_manager
    if actor is not None and rows.visible_to(actor).filter(pk__in=[*locked]).count() != 2:
        raise InvalidInput.of(other=_("There is no such record, or it is not yours to see."))
    return locked[winner.pk], locked[loser.pk]


def refuse_alias(record: Any) -> None:
    """An alias is changed by nobody: what it stands for is."""
    if record.merged_into_id is not None:
        raise IllegalState(
            "merged",
            _("“%(name)s” was merged into “%(other)s”: go on there.") % {"name": record, "other": record.merged_into},
            facts={"merged_into": record.merged_into_id},
        )


def hold(*records: Any) -> None:
    """Something new hangs on these: until the transaction ends no merge takes them away, and one that waits takes the
    new row along. Raises IllegalState where one is an alias by now.

    A foreign key alone does not see to it: it is checked at the commit only, and an alias is a row like any other.
    Who locks the record itself in the same transaction does that first, or two of them wait for each other.
    """
    for record in records:
        if record is not None and (into := _alias_of(record)) is not None:
            record.merged_into_id = into
            refuse_alias(record)


def standing(record: Any) -> Any:
    """The same where nobody is to be refused: the record, or what it was merged into meanwhile."""
    while record is not None and (into := _alias_of(record)) is not None:
        record = type(record)._base_manager.get(pk=into)
    return record


def lock_standing(record: Any) -> Any:
    """The same, locked: `standing` first and `lock` after it would let two of them wait for each other."""
    record = lock(record)
    while record.merged_into_id is not None:
        record = lock(record.merged_into)
    return record


def standing_all(records: Iterable[Any]) -> list[Any]:
    """The same of many records of one kind: each once, in their order, asked of the database all at once."""
    rows = list(records)
    if not rows:
        return []
    into = standing_keys(type(rows[0]), [row.pk for row in rows])
    gone = {row.pk for row in rows if into[row.pk] != row.pk}
    others = type(rows[0])._base_manager.in_bulk([into[key] for key in gone]) if gone else {}
    return list({into[row.pk]: others[into[row.pk]] if row.pk in gone else row for row in rows}.values())


def standing_keys(model: type[models.Model], keys: Iterable[Any]) -> dict[Any, Any]:
    """The key that each of these stands for by now: its own, or that of what it was merged into. All are held."""
    found = {key: key for key in keys}
    asked = sorted({*found})
    while asked:
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(model._meta.db_table)
            sql = f"SELECT id, merged_into_id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"  # noqa: S608
            cursor.execute(sql, [asked])
            into = {key: other for key, other in cursor.fetchall() if other is not None}
        found = {key: into.get(now, now) for key, now in found.items()}
        asked = sorted({*into.values()})
    return found


def _alias_of(record: Any) -> Any:
    table = record._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT merged_into_id FROM "{table}" WHERE id = %s FOR KEY SHARE', [record.pk])  # noqa: S608
        found = cursor.fetchone()
    return found[0] if found else None


def _chosen(kind: MergeKind, winner: Any, loser: Any, choices: Mapping[str, str]) -> dict[str, Any]:
    known = {*kind.fields, *(CUSTOM + key for key in {**winner.custom, **loser.custom})}
    for name, side in choices.items():
        if name not in known or side not in ("winner", "loser"):
            raise InvalidInput.of(choices=_("“%(name)s” cannot be chosen here.") % {"name": name[:80]})
    taken = [name for name in kind.fields if _takes(choices.get(name), winner, loser, name)]
    wanted = {part: getattr(loser, part) for name in taken for part in (name, *kind.joined.get(name, ()))}
    custom = {
        key: value
        for key, value in loser.custom.items()
        if choices.get(CUSTOM + key, "winner" if key in winner.custom else "loser") == "loser"
    }
    dropped = {key for key in winner.custom if choices.get(CUSTOM + key) == "loser" and key not in loser.custom}
    if custom or dropped:
        kept = {key: value for key, value in winner.custom.items() if key not in dropped}
        wanted["custom"] = {**kept, **custom}
    return wanted


def _takes(side: str | None, winner: Any, loser: Any, name: str) -> bool:
    return side == "loser" if side else is_empty(getattr(winner, name)) and not is_empty(getattr(loser, name))


def is_empty(value: Any) -> bool:
    """Nothing was said: 0 and no are answers."""
    return value is None or value == ""


def _change_winner(kind: MergeKind, winner: Any, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set the chosen values and the keys that follow; what stood before and after, as text."""
    trial = type(winner)(**{field.attname: getattr(winner, field.attname) for field in stored_fields(type(winner))})
    for name, value in wanted.items():
        setattr(trial, name, value)
    before = _texts(winner)
    changed = edit(winner, {**wanted, **kind.keys(trial)})
    after = _texts(winner)
    names = {winner._meta.get_field(name).attname for name in changed}
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def _move(row: MergeRecord, share: Share, winner: Any, loser: Any) -> int:
    field = share.field
    staying = _settle_collisions(row, share, winner)
    rows = share.goes.exclude(pk__in=staying) if staying else share.goes
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        MergeMove.objects.bulk_create(
            [MergeMove(merge=row, relation=key_of(field), kind=Kind.MOVED, row_id=str(key)) for key in part]
        )
        point_at_record(field.model._base_manager.filter(pk__in=part), field, winner.pk)
    return len(keys)


def point_at_record(rows: QuerySet[Any], field: Any, target: Any) -> int:
    """Who has the row open in a form learns that it changed."""
    changes: dict[str, Any] = {field.attname: target}
    if issubclass(field.model, BaseModel):
        changes |= {"version": F("version") + 1, "updated_at": clock.now()}
    return rows.update(**changes)


def _settle_collisions(row: MergeRecord, share: Share, winner: Any) -> list[Any]:
    """Rows of the loser that a unique rule keeps from going; the one of two that gives way is put away."""
    field, rank = share.field, decision_of(share.field).rank
    staying: list[Any] = []
    for others, condition, empty_counts in unique_rules(field):
        there = field.model._base_manager.filter(**{field.attname: winner.pk})
        mine = share.goes.exclude(pk__in=staying)
        if condition is not None:
            there, mine = there.filter(condition), mine.filter(condition)
        rivals = {_values(rival, others): rival for rival in there}
        for twin in mine.order_by("pk"):
            key = _values(twin, others)
            rival = rivals.get(key)
            if rival is None or (None in key and not empty_counts):
                continue
            if rank is None:
                staying.append(twin.pk)
            else:
                _put_away(row, field, rival if rank(twin) > rank(rival) else twin)
    return staying


def _values(row: Any, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _put_away(row: MergeRecord, field: Any, gone: models.Model) -> None:
    MergeMove.objects.create(
        merge=row, relation=key_of(field), kind=Kind.PUT_AWAY, row_id=str(gone.pk), row=_texts(gone)
    )
    rows = type(gone)._base_manager.filter(pk=gone.pk)
    rows._raw_delete(rows.db)  # type: ignore[attr-defined]


def stored_fields(model: type[models.Model]) -> list[Any]:
    """Columns that are written, not derived."""
    return [field for field in model._meta.concrete_fields if not field.generated]  # type: ignore[attr-defined]


def _texts(record: models.Model) -> dict[str, Any]:
    """Every column as text (JSON as it is): what it was, whatever becomes of the model."""
    return {field.attname: text_of(field, record) for field in stored_fields(type(record))}


def text_of(field: Any, record: models.Model) -> Any:
    return None if getattr(record, field.attname) is None else field.value_to_string(record)


def value_of(field: Any, text: Any) -> Any:
    return None if text is None else field.to_python(text)


def until(row: MergeRecord) -> datetime:
    """How long a merge can be taken apart."""
    return row.merged_at + REVERSIBLE


def can_undo(row: MergeRecord) -> bool:
    """Whether it stands and is not too old."""
    return row.undone_at is None and clock.now() <= until(row)
