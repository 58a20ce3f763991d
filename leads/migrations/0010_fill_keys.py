"""Keys of the leads that were there before."""

from importlib import import_module
from typing import Any

from django.db import migrations

from accounts.keys import name_key, person_key, phone_key

fill_table = import_module("accounts.migrations.0013_fill_keys").fill_table


def fill(apps: Any, schema_editor: Any) -> None:
    fill_table(
        schema_editor.connection.cursor().cursor,
        "leads_lead",
        ("phone_key", "name_key", "person_key"),
        "SELECT id, phone, country, company, first_name, last_name FROM leads_lead",
        lambda row: (phone_key(row[0], row[1]), name_key(row[2]), person_key(row[3], row[4])),
    )


class Migration(migrations.Migration):
    dependencies = [("leads", "0009_merging_and_keys"), ("accounts", "0013_fill_keys")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
