"""Writes to accounts."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.keys import KEYS, account_keys, phone_key, take_keys
from accounts.models import Account, Contact
from accounts.selectors.duplicates import account_duplicates, hidden_accounts
from accounts.services.twins import tell_owners
from accounts.validation import refuse_guests, refuse_invalid, refuse_unknown, tidy
from revops.core import audit, clock, merging, upserts
from revops.core.custom import values as custom_values
from revops.core.errors import DuplicateSuspected, IllegalState, InvalidInput
from revops.core.registries import guards, steps_for
from revops.core.scope import require, sees_everything
from revops.core.status import edit, lock

FIELDS = (
    "name",
    "owner",
    "kind",
    "parent",
    "territory",
    "channel",
    "industry",
    "tier",
    "segment",
    "employees",
    "annual_revenue",
    "currency",
    "year_established",
    "website",
    "phone",
    "street",
    "city",
    "postal_code",
    "state",
    "country",
)
POINTERS = ("owner", "parent", "territory", "channel")
EXTERNAL = ("external_system", "external_id")
TREE_LOCK = 7_201_001  # who hangs under whom changes one at a time, or two changes could close a circle


@transaction.atomic
def create_account(
    *,
    actor: Any,
    name: str,
    owner: Any = None,
    allow_duplicate: bool = False,
    custom: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Account:
    """A new account, owned by `owner` or else by who makes it. Raises DuplicateSuspected."""
    if actor is not None:
        require(actor, "accounts.add_account")
    refuse_unknown(fields, (*FIELDS, *EXTERNAL))
    account = Account(owner=owner or actor, **tidy({"name": name, **fields}))
    _refuse_bad_values(account, actor)
    _refuse_archived_channel(account)
    merging.hold(account.parent)
    account.custom = custom_values.for_new(account, custom, asked=actor is not None)
    twins = [] if actor is None else account_duplicates(viewer=actor, account=account)
    if twins:
        _allow_duplicate(actor, twins, allow_duplicate)
    account.save(force_insert=True)
    audit.record("account.created", account, actor=actor, **({"duplicate_of": twins} if twins else {}))
    if not sees_everything(actor):
        tell_owners(rows=hidden_accounts(viewer=actor, account=account), actor=actor)
    return account


def _allow_duplicate(actor: Any, twins: list[dict[str, Any]], allowed: bool) -> None:
    if not allowed:
        raise DuplicateSuspected(_("An account like this exists already."), twins)
    require(actor, "accounts.allow_duplicate", _("Your role may not create an account twice."))


@transaction.atomic
def update_account(
    *, account: Account, version: int | None, actor: Any, custom: Mapping[str, Any] | None = None, **changes: Any
) -> Account:
    """Change facts of an account, its owner included. Refuses a parent that would close a circle."""
    if actor is not None:
        require(actor, "accounts.change_account")
    refuse_unknown(changes, FIELDS)
    if changes.get("parent") is not None:
        _lock_tree()
    account = lock(account, version)
    _refuse_archived(account)
    wanted = tidy(changes)
    trial = Account(**{**{name: getattr(account, name) for name in FIELDS}, **wanted})
    trial.pk = account.pk
    _refuse_bad_values(trial, actor, wanted)
    if trial.channel_id != account.channel_id:
        _refuse_archived_channel(trial)
    if "parent" in wanted:
        _refuse_circle(account, trial.parent)
    if custom:
        wanted["custom"] = custom_values.merged(account, custom)
    changed = edit(account, {**wanted, **account_keys(trial)})
    shown = {name: pair for name, pair in changed.items() if name not in KEYS}
    if "country" in changed:
        _dial_from(account)
    if changed:
        audit.record("account.changed", account, actor=actor, changed=shown)
    return account


@transaction.atomic
def archive_account(*, account: Account, version: int | None, actor: Any, reason: str = "") -> Account:
    """Take an account out of lists and searches. Whatever still needs it may refuse (guards of accounts.archive)."""
    require(actor, "accounts.change_account")
    account = lock(account, version)
    _refuse_archived(account)
    for guard in steps_for(guards, "accounts.archive"):
        guard.run(account=account, actor=actor)
    edit(account, {"archived_at": clock.now()})
    audit.record("account.archived", account, actor=actor, reason=reason)
    return account


@transaction.atomic
def restore_account(*, account: Account, version: int | None, actor: Any) -> Account:
    """Bring an archived account back."""
    require(actor, "accounts.change_account")
    account = lock(account, version)
    merging.refuse_alias(account)
    if account.archived_at is None:
        raise IllegalState("not_archived", _("This account is not archived."))
    upserts.refuse_taken(account)
    edit(account, {"archived_at": None})
    audit.record("account.restored", account, actor=actor)
    return account


def _dial_from(account: Account) -> None:
    """Numbers of its people without a country code ring in the account's country."""
    people = list(Contact.objects.filter(account=account).exclude(phone="").exclude(phone__startswith="+"))
    for person in people:
        person.phone_key = phone_key(person.phone, account.country)
    Contact.objects.bulk_update(people, ["phone_key"], batch_size=500)


def _refuse_archived(account: Account) -> None:
    merging.refuse_alias(account)
    if account.archived_at is not None:
        raise IllegalState("archived", _("This account is archived. Restore it first."))


def _refuse_bad_values(account: Account, actor: Any, changes: Any = FIELDS) -> None:
    """Field checks, the two keys, and that what it points at is within the actor's sight."""
    if account.owner_id is None:
        raise InvalidInput.of(owner=_("Say who owns this account."))
    refuse_guests(owner=account.owner)
    refuse_invalid(account, [name for name in (*FIELDS, *EXTERNAL) if name not in POINTERS])
    take_keys(account, account_keys(account))
    for name in ("employees", "annual_revenue"):
        value = getattr(account, name)
        if value is not None and value < 0:
            raise InvalidInput.of(**{name: _("This cannot be less than 0.")})
    parent = account.parent if actor is not None and "parent" in changes else None
    if parent is not None and not Account.objects.visible_to(actor).filter(pk=parent.pk).exists():
        raise InvalidInput.of(parent=_("There is no such account, or it is not yours to see."))


def _refuse_archived_channel(account: Account) -> None:
    if account.channel is not None and account.channel.archived_at is not None:
        raise InvalidInput.of(channel=_("This channel is archived. Restore it first."))


def _refuse_circle(account: Account, parent: Account | None) -> None:
    """Walk up as the tree stands now: the parent as it was handed in may be older than that."""
    above = parent.pk if parent is not None else None
    while above is not None:
        if above == account.pk:
            raise InvalidInput.of(parent=_("This would make the account its own parent."))
        above = Account.objects.filter(pk=above).values_list("parent_id", flat=True).first()


def _lock_tree() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE_LOCK])
