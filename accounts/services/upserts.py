"""Accounts and contacts by the id that another system gives them."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account, Contact
from accounts.services.accounts import create_account, update_account
from accounts.services.contacts import create_contact, update_contact
from revops.core import upserts
from revops.core.errors import InvalidInput


@transaction.atomic
def upsert_account(
    *, system: str, external_id: str, actor: Any, version: int | None = None, **fields: Any
) -> tuple[Account, bool]:
    """Create or change the account that `system` knows as `external_id`; says whether it was created.

    Raises Http404 when the record exists beyond the actor's scope.
    """
    reference = {"external_system": system, "external_id": external_id}

    def create() -> Account:
        if not fields.get("name"):
            raise InvalidInput.of(name=_("A new account needs a name."))
        return create_account(actor=actor, allow_duplicate=True, **{**fields, **reference})

    def change(account: Account) -> Account:
        return update_account(account=account, version=version, actor=actor, **fields)

    return upserts.upsert(
        model=Account,
        system=system,
        external_id=external_id,
        version=version,
        actor=actor,
        create=create,
        change=change,
    )


@transaction.atomic
def upsert_contact(
    *, system: str, external_id: str, actor: Any, version: int | None = None, **fields: Any
) -> tuple[Contact, bool]:
    """Create or change the contact that `system` knows as `external_id`; says whether it was created."""
    reference = {"external_system": system, "external_id": external_id}

    def create() -> Contact:
        return create_contact(actor=actor, allow_duplicate=True, **{**fields, **reference})

    def change(contact: Contact) -> Contact:
        return update_contact(contact=contact, version=version, actor=actor, **fields)

    return upserts.upsert(
        model=Contact,
        system=system,
        external_id=external_id,
        version=version,
        actor=actor,
        create=create,
        change=change,
    )
