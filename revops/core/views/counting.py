"""Counts that never go over a whole large table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

COUNT_LIMIT = 10_000
CHIP_LIMIT = 99  # a chip says how pressing, not how many


def bounded_count(rows: QuerySet[Any], limit: int = COUNT_LIMIT) -> int:
    """At most limit + 1: no page ever counts a whole large table."""
    return rows.order_by().values("pk")[: limit + 1].count()


def bounded_counts(asked: Sequence[tuple[QuerySet[Any], int]]) -> list[int]:
    """`bounded_count` of several, (rows, limit) each, in one statement."""
    parts: list[str] = []
    values: list[Any] = []
    for rows, limit in asked:
        try:
            sql, more = rows.order_by().values("pk")[: limit + 1].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608  what people wrote is in the values
        values += more
    if not values and all(part == "0" for part in parts):
        return [0] * len(parts)
    with connections[asked[0][0].db].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return [int(found) for found in cursor.fetchone()]


def count_text(count: int, limit: int = COUNT_LIMIT) -> str:
    return f"{limit:,}+" if count > limit else f"{count:,}"
