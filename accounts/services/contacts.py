"""Writes to contacts."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.keys import KEYS, contact_keys, take_keys
from accounts.models import Account, Contact
from accounts.selectors.duplicates import contact_duplicates, hidden_contacts
from accounts.services.twins import tell_owners
from accounts.validation import refuse_guests, refuse_invalid, refuse_unknown, tidy
from revops.core import audit, clock, merging, upserts
from revops.core.acting import refuse_readers
from revops.core.custom import values as custom_values
from revops.core.errors import DuplicateSuspected, IllegalState, InvalidInput
from revops.core.scope import require, sees_everything
from revops.core.status import edit, lock

FIELDS = ("account", "owner", "first_name", "last_name", "title", "email", "phone", "role")
TEXTS = ("first_name", "last_name", "title", "email", "phone", "role")
EXTERNAL = ("external_system", "external_id")


@transaction.atomic
def create_contact(
    *,
    actor: Any,
    account: Account,
    last_name: str,
    owner: Any = None,
    allow_duplicate: bool = False,
    custom: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Contact:
    """A person at an account; owned by `owner`, else by the account's owner. Raises DuplicateSuspected."""
    if actor is not None:
        require(actor, "accounts.add_contact")
        refuse_readers(account)
    refuse_unknown(fields, (*FIELDS, *EXTERNAL))
    merging.hold(account)
    if account.archived_at is not None:
        raise IllegalState("archived", _("This account is archived. Restore it first."))
    contact = Contact(account=account, owner=owner or account.owner, **tidy({"last_name": last_name, **fields}))
    refuse_invalid(contact, (*TEXTS, *EXTERNAL))
    refuse_guests(owner=contact.owner)
    take_keys(contact, contact_keys(contact, account.country))
    contact.custom = custom_values.for_new(contact, custom, asked=actor is not None)
    twins = (
        [] if actor is None else contact_duplicates(viewer=actor, email=contact.email, account=account, contact=contact)
    )
    if twins and not allow_duplicate:
        raise DuplicateSuspected(_("This account has a contact with this e-mail address."), twins)
    if twins:
        require(actor, "accounts.allow_duplicate", _("Your role may not create a contact twice."))
    contact.save(force_insert=True)
    audit.record("contact.created", contact, actor=actor, **({"duplicate_of": twins} if twins else {}))
    if contact.email_key and not sees_everything(actor):
        hidden = hidden_contacts(viewer=actor, email_key=contact.email_key, exclude=contact.pk)
        tell_owners(rows=hidden, actor=actor)
    return contact


@transaction.atomic
def update_contact(
    *, contact: Contact, version: int | None, actor: Any, custom: Mapping[str, Any] | None = None, **changes: Any
) -> Contact:
    """Change facts of a contact; moving it to another account keeps its history."""
    if actor is not None:
        require(actor, "accounts.change_contact")
    refuse_unknown(changes, FIELDS)
    contact = lock(contact, version)
    _refuse_archived(contact)
    wanted = tidy(changes)
    account = wanted.get("account", contact.account)
    moves = actor is not None and account.pk != contact.account_id
    if moves and not Account.objects.visible_to(actor).filter(pk=account.pk).exists():
        raise InvalidInput.of(account=_("There is no such account, or it is not yours to see."))
    if account.pk != contact.account_id:
        merging.hold(account)
    trial = Contact(**{**{name: getattr(contact, name) for name in FIELDS}, **wanted})
    refuse_invalid(trial, TEXTS)
    refuse_guests(owner=wanted.get("owner"))
    if custom:
        wanted["custom"] = custom_values.merged(contact, custom)
    changed = edit(contact, {**wanted, **contact_keys(trial, account.country)})
    if changed:
        shown = {name: pair for name, pair in changed.items() if name not in KEYS}
        audit.record("contact.changed", contact, actor=actor, changed=shown)
    return contact


@transaction.atomic
def archive_contact(*, contact: Contact, version: int | None, actor: Any, reason: str = "") -> Contact:
    """Take a contact out of lists and searches."""
    require(actor, "accounts.change_contact")
    contact = lock(contact, version)
    _refuse_archived(contact)
    edit(contact, {"archived_at": clock.now()})
    audit.record("contact.archived", contact, actor=actor, reason=reason)
    return contact


@transaction.atomic
def restore_contact(*, contact: Contact, version: int | None, actor: Any) -> Contact:
    """Bring an archived contact back."""
    require(actor, "accounts.change_contact")
    contact = lock(contact, version)
    merging.refuse_alias(contact)
    if contact.archived_at is None:
        raise IllegalState("not_archived", _("This contact is not archived."))
    upserts.refuse_taken(contact)
    edit(contact, {"archived_at": None})
    audit.record("contact.restored", contact, actor=actor)
    return contact


def _refuse_archived(contact: Contact) -> None:
    merging.refuse_alias(contact)
    if contact.archived_at is not None:
        raise IllegalState("archived", _("This contact is archived. Restore it first."))
