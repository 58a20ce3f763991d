"""What contacts have to say, product by product."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Contact, ContactRole
from accounts.selectors.contact_roles import roles_of
from revops.core import audit, merging
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import lock

MOST = 200


@transaction.atomic
def set_contact_roles(
    *, contact: Contact, roles: Collection[Mapping[str, Any]], version: int | None, actor: Any
) -> Contact:
    """All roles of a contact, each {role, product}; without a product it is for all of them. The same twice is once."""
    require(actor, "accounts.change_contact")
    contact = lock(contact, version)
    merging.refuse_alias(contact)
    if contact.archived_at is not None:
        raise IllegalState("archived", _("This contact is archived. Restore it first."))
    wanted = {(str(one.get("role", "")), one.get("product")): None for one in roles}
    unknown = next((role for role, _product in wanted if role not in Contact.Role.values), None)
    if unknown is not None:
        raise InvalidInput.of(roles=_("There is no role “%(role)s”.") % {"role": unknown})
    if len(wanted) > MOST:
        raise InvalidInput.of(roles=_("A contact has at most %(most)s roles.") % {"most": MOST})
    before = [str(row) for row in roles_of(contact)]
    stored = {(row.role, row.product): row for row in roles_of(contact)}
    ContactRole.objects.filter(pk__in=[row.pk for key, row in stored.items() if key not in wanted]).delete()
    missing = [key for key in wanted if key not in stored]
    ContactRole.objects.bulk_create([ContactRole(contact=contact, role=role, product=one) for role, one in missing])
    after = [str(row) for row in roles_of(contact)]
    if after != before:
        contact.version += 1
        contact.save(update_fields=["version", "updated_at"])
        audit.record("contact.changed", contact, actor=actor, changed={"product_roles": (before, after)})
    return contact
