"""Keys of what was there before: in batches, past history and triggers, for nothing that people typed changes."""

from typing import Any

from django.db import migrations
from psycopg2.extras import execute_values

from accounts.keys import person_key, phone_key

BATCH = 5000


def fill(apps: Any, schema_editor: Any) -> None:
    cursor = schema_editor.connection.cursor().cursor
    for table, columns, source, keys in (
        ("accounts_account", ("phone_key",), "SELECT id, phone, country FROM accounts_account WHERE phone <> ''",
         lambda row: (phone_key(row[0], row[1]),)),
        ("accounts_contact", ("phone_key", "person_key"),
         "SELECT c.id, c.phone, a.country, c.first_name, c.last_name FROM accounts_contact c"
         " JOIN accounts_account a ON a.id = c.account_id",
         lambda row: (phone_key(row[0], row[1]), person_key(row[2], row[3]))),
    ):  # fmt: skip
        fill_table(cursor, table, columns, source, keys)


def fill_table(cursor: Any, table: str, columns: tuple[str, ...], source: str, keys: Any) -> None:
    """`source` gives (id, the facts that `keys` makes the columns of)."""
    cursor.execute(source)
    rows = cursor.fetchall()
    if not rows:
        return
    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    setting = ", ".join(f"{name} = new.{name}" for name in columns)
    names = ", ".join(("id", *columns))
    sql = f"UPDATE {table} SET {setting} FROM (VALUES %s) AS new ({names}) WHERE {table}.id = new.id"  # noqa: S608
    for start in range(0, len(rows), BATCH):
        part = [(row[0], *keys(row[1:])) for row in rows[start : start + BATCH]]
        execute_values(cursor, sql, part, page_size=BATCH)
    cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_merging_and_keys")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
