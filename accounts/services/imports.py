"""Set-based writers of imported accounts and contacts. They keep the keys that the single-row services keep."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from accounts.keys import account_keys, contact_keys, take_keys
from accounts.models import Account, Contact
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.writing import WRITTEN, undo_rows, write_rows

EXTRAS = frozenset({"parent_row"})


@transaction.atomic
def import_accounts(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Create and update accounts; parents within the file follow in `link_accounts`."""
    moved = [row for row in rows if "parent_row" in row.values and row.verdict == ImportRow.Verdict.UPDATE]
    keys = [row.record_id for row in moved if row.record_id is not None]
    parents = dict(Account.objects.filter(pk__in=keys).values_list("pk", "parent_id"))
    for row in moved:
        row.before = {"parent_id": parents.get(row.record_id or 0)}
    write_rows(Account, rows, actor=actor, noun="account", extras=EXTRAS, prepare=_account_keys)


def _account_keys(records: Sequence[Account]) -> None:
    for record in records:
        take_keys(record, account_keys(record))


@transaction.atomic
def link_accounts(*, run: ImportRun, actor: Any) -> None:
    """Hang accounts under parents that came in the same file. Part of their making: no version rises."""
    sql = """
        UPDATE accounts_account AS child SET parent_id = parent.record_id
        FROM integrations_importrow AS row
        JOIN integrations_importrow AS parent
            ON parent.run_id = row.run_id AND parent.number = (row.values ->> 'parent_row')::integer
        WHERE row.run_id = %s AND row.outcome = %s AND row.record_id = child.id
            AND parent.outcome = %s AND parent.record_id <> child.id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [run.pk, WRITTEN, WRITTEN])


@transaction.atomic
def unlink_accounts(*, run: ImportRun, actor: Any) -> None:
    """Loosen the accounts that this import made and nobody changed, so that they can go in any order."""
    sql = """
        UPDATE accounts_account AS child SET parent_id = NULL
        FROM integrations_importrow AS row
        WHERE row.run_id = %s AND row.outcome = %s AND row.verdict = 'create'
            AND row.record_id = child.id AND row.written_version = child.version AND child.parent_id IS NOT NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [run.pk, WRITTEN])


@transaction.atomic
def undo_accounts(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete accounts that nobody changed or builds upon; restore the updated ones."""

    def keys(pairs: Sequence[tuple[ImportRow, Any]]) -> None:
        for row, record in pairs:
            row.before |= account_keys(_as_before(record, row))

    return undo_rows(Account, rows, actor=actor, noun="account", extras=EXTRAS, restore=keys)


@transaction.atomic
def import_contacts(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Create and update contacts."""
    write_rows(Contact, rows, actor=actor, noun="contact", prepare=_contact_keys)


def _contact_keys(records: Sequence[Contact]) -> None:
    countries = _countries(records)
    for record in records:
        take_keys(record, contact_keys(record, countries.get(record.account_id, "")))


def _countries(contacts: Sequence[Contact]) -> dict[int, str]:
    """Where the accounts of these people are, as far as a number needs it."""
    keys = {one.account_id for one in contacts if one.phone and not one.phone.startswith("+")}
    return dict(Account.objects.filter(pk__in=keys).values_list("pk", "country"))


def _as_before(record: Any, row: ImportRow) -> Any:
    """A copy with the values that the import replaced."""
    kept = {field.attname: getattr(record, field.attname) for field in record._meta.concrete_fields if not field.generated}
    return type(record)(**{**kept, **{name: row.before[name] for name in row.before if name in kept}})


@transaction.atomic
def undo_contacts(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete contacts that nobody changed or builds upon; restore the updated ones."""

    def keys(pairs: Sequence[tuple[ImportRow, Any]]) -> None:
        for row, record in pairs:
            was = _as_before(record, row)
            row.before |= contact_keys(was, was.account.country)

    return undo_rows(Contact, rows, actor=actor, noun="contact", restore=keys)
