"""Indexes of custom fields: one expression index for what filters compare, another where lists sort otherwise, a third
for parts of a text.

They are made and dropped CONCURRENTLY, outside any transaction, by a worker: nobody's writes wait. What there should
be follows from the definitions, so a run that was cut short is simply run again.
"""

import hashlib
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connection, models
from django.db.models import Expression
from django.db.models.functions import Upper
from django.db.utils import Error

from revops.core.custom.definitions import homes
from revops.core.custom.registry import kind_of
from revops.core.errors import reason_of
from revops.core.models import CustomField

LOCK = 7_201_044  # one worker at a time
PREFIX = "cfx"


def wants(field: CustomField) -> dict[str, models.Index]:
    """{name: index} that this definition should have. The name tells its expression, so a change asks for another."""
    if not field.is_indexed or not field.is_active:
        return {}
    kind = kind_of(field)
    found = {}
    if kind.index == "gin":
        found["f"] = _gin(field, kind.compared(field.key))
    elif kind.index:
        found["f"] = _btree(field, kind.compared(field.key), "f")
    if "contains" in kind.operators:
        found["t"] = _trigrams(field, kind.compared(field.key))
    if kind.sortable and kind.ordered(field) != kind.compared(field.key):
        found["s"] = _btree(field, kind.ordered(field), "s")
    return {index.name: index for index in found.values()}


def _name(field: CustomField, expression: Expression, use: str) -> str:
    digest = hashlib.sha256(f"{field.model}.{field.key}.{expression!r}".encode()).hexdigest()[:8]
    return f"{PREFIX}_{use}_{digest}_{field.key[:12]}"[:30]


def _btree(field: CustomField, expression: Expression, use: str) -> models.Index:
    return models.Index(expression, "id", name=_name(field, expression, use))


def _gin(field: CustomField, expression: Expression) -> models.Index:
    return GinIndex(OpClass(expression, name="jsonb_path_ops"), name=_name(field, expression, "f"))


def _trigrams(field: CustomField, expression: Expression) -> models.Index:
    """What "contains" looks at, whatever the case."""
    expression = Upper(expression)
    return GinIndex(OpClass(expression, name="gin_trgm_ops"), name=_name(field, expression, "t"))


def standing(table: str) -> dict[str, bool]:
    """{name: valid} of the indexes that this module made on a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = %s::regclass AND c.relname LIKE %s",
            [table, f"{PREFIX}\\_%"],
        )
        return dict(cursor.fetchall())


def bring_in_line() -> dict[int, str]:
    """Make what is missing, drop what nobody wants; {id of the field: error, "" when it stands}."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return {}
        try:
            return _each_model()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _each_model() -> dict[int, str]:
    fields = list(CustomField.objects.order_by("pk"))
    errors: dict[int, str] = {}
    for home in homes:
        there = standing(home.model._meta.db_table)
        wanted: set[str] = set()
        for field in fields:
            if field.model == home.key:
                wanted |= set(wants(field))
                errors[field.pk] = _make(home.model, field, there)
        for name in set(there) - wanted:
            _drop(name)
    return errors


def _make(model: type[models.Model], field: CustomField, there: dict[str, bool]) -> str:
    for name, index in wants(field).items():
        if there.get(name):
            continue
        try:
            if name in there:  # a build that was cut short leaves it invalid
                _drop(name)
            with connection.schema_editor(atomic=False) as editor:
                postgres: Any = editor
                postgres.add_index(model, index, concurrently=True)
        except Error as error:
            return reason_of(error)
    return ""


def _drop(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {connection.ops.quote_name(name)}")
