"""Between two tests that commit, the tables are emptied: only those that hold something, and none is truncated.

Django truncates all tables and writes its content types and permissions anew. With so many tables that is the slowest
part of a short test.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.core.management import call_command
from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg2 import sql

from revops import embedded

# What Django's flush would write again, row for row; and the roles, which nobody but the product's code changes.
KEPT = {"django_content_type", "auth_permission", "django_migrations", "auth_group", "auth_group_permissions"}
MANY = 1000


@contextmanager
def quick_flush() -> Iterator[None]:
    """In here, tests that commit leave their tables in the quick way; on somebody's own server in Django's way."""
    if not ours():
        yield
        return
    django = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda self: empty()  # type: ignore[method-assign]
    try:
        yield
    finally:
        TransactionTestCase._fixture_teardown = django  # type: ignore[method-assign]


def ours() -> bool:
    """Only who owns the server may pass by its triggers and foreign keys."""
    return "DATABASE_URL" in os.environ.get(embedded.MARKER, "").split(",")


def after_others() -> None:
    """What processes of their own wrote when the last test was over."""
    if ours():
        empty()
    else:
        call_command("flush", verbosity=0, interactive=False)
    connection.close()


def empty() -> None:
    """Delete every row of every table, without asking triggers and foreign keys."""
    many = []
    with connection.cursor() as cursor:
        cursor.execute(_filled_question())
        filled = [name for (name,) in cursor.fetchall()]
        if not filled:
            return
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")
            for name in filled:
                cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
                if cursor.rowcount > MANY:
                    many.append(name)
        for name in many:
            # No daemon does it here, and what was deleted would be read over by each test after this one.
            cursor.execute(sql.SQL("VACUUM {}").format(sql.Identifier(name)))


@cache
def _filled_question() -> sql.Composed:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    one = sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})")
    parts = [one.format(sql.Literal(name), sql.Identifier(name)) for name in sorted(set(names) - KEPT)]
    return sql.SQL(" UNION ALL ").join(parts)
