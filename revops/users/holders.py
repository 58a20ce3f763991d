"""Nobody who left holds anything open: the database says so, whoever writes and however many at once.

A trigger a statement, not a row: a set-based write of a hundred thousand rows asks once for each holder among them.
It takes a shared lock on the holder that `deactivate_user` takes alone, so that an assignment and a farewell at the
same moment come one after the other: the later one sees what the earlier one did.
"""

import pgtrigger
from django.db import connection

# The first half of the advisory lock; the second is the person's key.
LEAVING = 2094

_FUNCTION = """
    FOR person IN
        SELECT DISTINCT n.{field}_id AS id FROM {source}
        WHERE n.{field}_id IS NOT NULL AND ({now}){changed} ORDER BY 1
    LOOP
        PERFORM pg_advisory_xact_lock_shared({lock}, person.id::int);
        IF NOT (SELECT is_active FROM users_user WHERE id = person.id) THEN
            RAISE EXCEPTION 'person % has left and cannot hold what is open', person.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'holder_works_here';
        END IF;
    END LOOP;
    RETURN NULL;
"""


def held_by_working_people(name: str, open_when: str = "true", field: str = "owner") -> list[pgtrigger.Trigger]:
    """Triggers for `Meta.triggers`: rows that are open have no holder who left.

    `open_when` is SQL over one row, written {r}.status; a row that becomes open again is asked about, too.
    """
    now, before = open_when.format(r="n"), open_when.format(r="o")
    changed = f" AND (n.{field}_id IS DISTINCT FROM o.{field}_id OR NOT ({before}))"
    return [
        pgtrigger.Trigger(
            name=f"{name}_new",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            referencing=pgtrigger.Referencing(new="new_rows"),
            declare=[("person", "record")],
            func=_FUNCTION.format(field=field, source="new_rows n", now=now, changed="", lock=LEAVING),
        ),
        pgtrigger.Trigger(
            name=f"{name}_changed",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
            declare=[("person", "record")],
            func=_FUNCTION.format(
                field=field, source="new_rows n JOIN old_rows o ON o.id = n.id", now=now, changed=changed, lock=LEAVING
            ),
        ),
    ]


def nobody_assigns_to(user_id: int) -> None:
    """Until this transaction ends, nothing can be given to this person: whoever tries waits, then is refused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LEAVING, user_id])
