"""Rows by the million: INSERT ... SELECT with the models' own defaults, indexes and checks made once at the end.

Whatever looks like chance is a hash of the row's number and the seed: equal seed, equal rows, in any order of writing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

from revops.core.models import AuditEntry

Table = type[models.Model]


def run(sql: str) -> int:
    """One statement; returns how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.rowcount


def literal(value: Any) -> str:
    """A value as SQL."""
    with connection.cursor() as cursor:
        return str(cursor.mogrify("%s", [value]).decode())


def array(values: Sequence[Any], kind: str = "text") -> str:
    """A constant list."""
    return f"ARRAY[{', '.join(literal(value) for value in values)}]::{kind}[]"


def roll(key: str, salt: int, sides: int | str) -> str:
    """A whole number from 0 to sides - 1 that hangs on the key, the salt and the seed."""
    return f"pg_temp.roll({key}, {salt}, {sides})"


def pick(values: Sequence[Any], key: str, salt: int, kind: str = "text") -> str:
    """One of the values."""
    return f"({array(values, kind)})[1 + {roll(key, salt, len(values))}]"


def define(name: str, arguments: str, returns: str, body: str) -> None:
    """A function of this session; short enough that the planner writes it out."""
    run(f"CREATE OR REPLACE FUNCTION pg_temp.{name}({arguments}) RETURNS {returns} LANGUAGE sql STABLE AS $$ {body} $$")


def start_chance(seed: int) -> None:
    """Define `roll` for this seed."""
    mask = 2**63 - 1
    define(
        "roll",
        "key bigint, salt int, sides int",
        "int",
        f"SELECT ((hashint8extended(key, {seed * 1000}::bigint + salt) & {mask}) % greatest(sides, 1))::int",
    )


def insert(model: Table, columns: Mapping[str, str], source: str) -> int:
    """INSERT ... SELECT. A column that is not named gets the model's default."""
    named = dict(columns)
    for field in model._meta.local_concrete_fields:
        default = None if field.generated or field.primary_key else field.get_default()  # type: ignore[attr-defined]
        if field.column not in named and default is not None:
            named[str(field.column)] = literal(field.get_db_prep_save(default, connection))
    names = ", ".join(f'"{name}"' for name in named)
    count = run(f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {", ".join(named.values())} FROM {source}')
    if model._meta.pk is not None and model._meta.pk.column in columns:
        table, key = model._meta.db_table, model._meta.pk.column
        run(f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), greatest((SELECT max({key}) FROM {table}), 1))")
    return count


def before_images(model: Table, then: Mapping[str, str], at: str, source: str) -> int:
    """Rows of field history: the record `r` of `source` as it stood, with the columns in `then` as they were."""
    event: Any = model._meta.get_field("events").related_model
    stored = {field.column for field in model._meta.local_concrete_fields if not field.generated}  # type: ignore[attr-defined]
    copied = [field.column for field in event._meta.local_concrete_fields if field.column in stored]
    columns = {name: then.get(name, f'r."{name}"') for name in copied}
    columns |= {"pgh_created_at": at, "pgh_label": "'update'", "pgh_obj_id": "r.id"}
    return insert(event, columns, source)


def every_table(modules: Iterable[Table]) -> list[str]:
    """Their tables and those of their field history."""
    tables = []
    for model in modules:
        tables.append(model._meta.db_table)
        tables += [rel.related_model._meta.db_table for rel in model._meta.related_objects if rel.name == "events"]
    return tables


@contextmanager
def unburdened(tables: Sequence[str]) -> Iterator[None]:
    """Without indexes, foreign keys and triggers meanwhile; afterwards they are made again and so checked at once.

    Within the caller's transaction: if anything is wrong, the tables are as they were.
    """
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET CONSTRAINTS ALL DEFERRED")
    names = ", ".join(literal(name) for name in tables)
    keys = _found(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE contype = 'f' AND conrelid::regclass::text IN ({names}) ORDER BY oid"
    )
    indexes = _found(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE "
        f"i.indrelid::regclass::text IN ({names}) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE "
        "c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')) ORDER BY i.indexrelid"
    )
    for table, name, _definition in keys:
        run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _definition in indexes:
        run(f"DROP INDEX {name}")
    for table in tables:
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in tables:
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        run(f"ANALYZE {table}")
    for _name, definition in indexes:
        run(definition)
    for table, name, definition in keys:
        run(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _found(sql: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def logged(model: Table, action: str, who: str, label: str, at: str, where: str = "true") -> None:
    """One row of the log for each record `l`."""
    columns = {"at": at, "actor_id": who, "action": f"'{action}'", "model": f"'{model._meta.label_lower}'"}
    columns |= {"object_id": "l.id::text", "label": f"left({label}, 200)"}
    insert(AuditEntry, columns, f"{model._meta.db_table} AS l WHERE {where}")
