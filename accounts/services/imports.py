"""Set-based writers of imported accounts and contacts. They keep the keys that the single-row services keep."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models.expressions import RawSQL

from accounts.keys import KEYS, account_keys, contact_keys, take_keys
from accounts.models import Account, Activity, Contact
from accounts.selectors.duplicates import hidden_twins_of_many
from accounts.services.twins import tell_owners
from revops.core.scope import sees_everything
from revops.integrations.making import TABLE, forget_made, make_records
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.registries import Stretch
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
    write_rows(Account, rows, actor=actor, noun="account", extras=EXTRAS, prepare=_account_keys, derived=KEYS)


def _account_keys(records: Sequence[Account]) -> None:
    for record in records:
        take_keys(record, account_keys(record))


@transaction.atomic
def make_accounts(*, stretch: Stretch, actor: Any) -> None:
    """New accounts; parents within the file follow in `link_accounts`."""
    if make_records(Account, stretch, actor=actor, noun="account"):
        _tell_of_twins(Account, ("name_key", "domain", "phone_key"), actor)
    forget_made()


@transaction.atomic
def make_contacts(*, stretch: Stretch, actor: Any) -> None:
    """New contacts."""
    if make_records(Contact, stretch, actor=actor, noun="contact"):
        _tell_of_twins(Contact, ("email_key",), actor)
    forget_made()


def _tell_of_twins(model: type[Account] | type[Contact], names: Sequence[str], actor: Any) -> None:
    """Whose record looks like a new one hears of it; who imports learns nothing of what they do not see."""
    if not sees_everything(actor):
        made = model._default_manager.filter(pk__in=RawSQL(f"SELECT key FROM {TABLE}", []))  # noqa: S608, S611
        tell_owners(rows=hidden_twins_of_many(viewer=actor, made=made, names=names), actor=actor)


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
    """Loosen the accounts that this import made, and those that it hung under one of them, unless somebody changed
    them since: so they can go in any order.
    """
    sql = """
        UPDATE accounts_account AS child
        SET parent_id = CASE row.verdict WHEN 'create' THEN NULL ELSE (row.before ->> 'parent_id')::bigint END
        FROM integrations_importrow AS row
        WHERE row.run_id = %s AND row.outcome = %s AND (row.verdict = 'create' OR row.values ? 'parent_row')
            AND row.record_id = child.id AND row.written_version = child.version AND child.parent_id IS NOT NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [run.pk, WRITTEN])


@transaction.atomic
def undo_accounts(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete accounts that nobody changed or builds upon; restore the updated ones."""
    return undo_rows(Account, rows, actor=actor, noun="account", extras=EXTRAS, prepare=_account_keys, derived=KEYS)


@transaction.atomic
def import_contacts(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Create and update contacts."""
    write_rows(Contact, rows, actor=actor, noun="contact", prepare=_contact_keys, derived=KEYS)


def _contact_keys(records: Sequence[Contact]) -> None:
    # Where their accounts are, as far as a number needs it.
    keys = {one.account_id for one in records if one.phone and not one.phone.startswith("+")}
    countries = dict(Account.objects.filter(pk__in=keys).values_list("pk", "country"))
    for record in records:
        take_keys(record, contact_keys(record, countries.get(record.account_id, "")))


@transaction.atomic
def undo_contacts(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete contacts that nobody changed or builds upon; restore the updated ones."""
    return undo_rows(Contact, rows, actor=actor, noun="contact", prepare=_contact_keys, derived=KEYS)


@transaction.atomic
def make_activities(*, stretch: Stretch, actor: Any) -> None:
    """New activities. They are history, so nobody hears of them."""
    make_records(Activity, stretch, actor=actor, noun="activity")
    forget_made()


@transaction.atomic
def import_activities(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Put texts of activities right."""
    write_rows(Activity, rows, actor=actor, noun="activity")


@transaction.atomic
def undo_activities(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete activities that nobody changed or builds upon; restore the updated ones."""
    return undo_rows(Activity, rows, actor=actor, noun="activity")
