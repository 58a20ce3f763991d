"""Counts that never go over a whole large table."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

COUNT_LIMIT = 10_000
CHIP_LIMIT = 99  # a chip says how pressing, not how many


def bounded_count(rows: QuerySet[Any], limit: int = COUNT_LIMIT) -> int:
    """At most limit + 1: no page ever counts a whole large table."""
    return rows.order_by().values("pk")[: limit + 1].count()


def count_text(count: int, limit: int = COUNT_LIMIT) -> str:
    return f"{limit:,}+" if count > limit else f"{count:,}"
