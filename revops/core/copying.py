"""Thousands of rows at once: COPY into a temporary table, from there one INSERT … SELECT or UPDATE … FROM.

Triggers, constraints and history see these rows like any others; what a service writes one by one stays with the ORM.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

M = TypeVar("M", bound=models.Model)
Writer = Callable[[Any], str]

FEW = 200  # up to here the temporary table costs more than it saves
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_NONE = "\\N"
_dumps = json.JSONEncoder(default=str).encode


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], text) if _SPECIAL.search(text) else text


def _plain(value: Any) -> str:
    """A value as COPY reads it: by its own text, but for what has none."""
    kind = type(value)
    if kind is str:
        return _escaped(value)
    if value is None:
        return _NONE
    if kind is bool:
        return "t" if value else "f"
    return _escaped(str(value))


def _as_json(value: Any) -> str:
    return _NONE if value is None else _escaped(_dumps(value)) if value else _dumps(value)


def _writer(field: Any) -> Writer:
    if isinstance(field, models.JSONField):
        return _as_json
    if isinstance(field, ArrayField):
        raise TypeError(f"{field} is an array: write it with the ORM")
    return _plain


def _stored(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if not field.generated]  # type: ignore[attr-defined]


@contextmanager
def staged(model: type[models.Model], fields: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A temporary table with the columns of these fields, filled; its name."""
    name = f"staged_{model._meta.db_table}"[:63]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    writers = [_writer(field) for field in fields]
    text = StringIO()
    for row in rows:
        text.write("\t".join([write(value) for write, value in zip(writers, row, strict=True)]))
        text.write("\n")
    text.seek(0)
    with connection.cursor() as cursor:
        # Not LIKE: that would bring along what must not be null, and what the database computes.
        cursor.execute(
            f'CREATE TEMPORARY TABLE "{name}" ON COMMIT DROP AS'
            f' SELECT {columns} FROM "{model._meta.db_table}" WITH NO DATA'
        )
        cursor.cursor.copy_expert(f'COPY "{name}" ({columns}) FROM STDIN', text)
        yield name
        cursor.execute(f'DROP TABLE "{name}"')


def insert(model: type[M], records: Sequence[M]) -> list[M]:
    """Write new records; they learn their keys. Like `bulk_create`, and several times as fast for many."""
    if len(records) < FEW:
        return list(model._base_manager.bulk_create(records))
    fields = _stored(model)
    _give_keys(model, records)
    for field in fields:
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            for record in records:
                field.pre_save(record, True)
    names = [field.attname for field in fields]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    rows = ([state[name] for name in names] for state in map(vars, records))
    with staged(model, fields, rows) as table, connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {columns} FROM "{table}"')
    for record in records:
        record._state.adding, record._state.db = False, connection.alias
    return list(records)


def insert_each(template: models.Model, own: Mapping[str, str], source: str) -> int:
    """A row like `template` for each row of `source` (SQL); `own` says in SQL what differs, by column. Says how many.

    What the model knows of a new row is so said in one place, whoever adds a column to it.
    """
    model = type(template)
    fields = [field for field in _stored(model) if not field.primary_key]
    for field in fields:
        field.pre_save(template, True)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(own.get(field.column, "%s") for field in fields)
    params = [
        field.get_db_prep_save(getattr(template, field.attname), connection)
        for field in fields
        if field.column not in own
    ]
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {values} FROM {source}', params)
        return int(cursor.rowcount)


def _give_keys(model: type[models.Model], records: Sequence[models.Model]) -> None:
    new = [record for record in records if record.pk is None]
    if not new:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [f'"{model._meta.db_table}"', model._meta.pk.column, len(new)],  # type: ignore[union-attr]
        )
        for record, (key,) in zip(new, cursor.fetchall(), strict=True):
            record.pk = key


def update(model: type[models.Model], records: Sequence[models.Model], names: Iterable[str]) -> None:
    """Write these fields of records that exist. Like `bulk_update`; nothing is locked before."""
    fields: list[Any] = [model._meta.get_field(name) for name in dict.fromkeys(names)]
    if records and fields:
        rows = ([record.pk, *(getattr(record, field.attname) for field in fields)] for record in records)
        update_from(model, fields, rows)


def update_from(model: type[models.Model], fields: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """The same for rows of values, each beginning with its key. What stands there already is not written again."""
    table, key = model._meta.db_table, model._meta.pk.column  # type: ignore[union-attr]
    changes = ", ".join(f'"{field.column}" = s."{field.column}"' for field in fields)
    now, then = (", ".join(f'{name}."{field.column}"' for field in fields) for name in ("t", "s"))
    with staged(model, [model._meta.pk, *fields], rows) as source, connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" AS t SET {changes} FROM "{source}" AS s'
            f' WHERE t."{key}" = s."{key}" AND ({now}) IS DISTINCT FROM ({then})'
        )


def count_anew(*tables: type[models.Model]) -> None:
    """Let PostgreSQL look at tables that were just filled: it plans the next question by what it saw last."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table._meta.db_table)}")
