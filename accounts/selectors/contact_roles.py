"""Who has which say at an account, product by product."""

from collections.abc import Collection

from django.db.models import QuerySet

from accounts.models import Account, Contact, ContactRole
from revops.catalog.models import Product

DECIDES = Contact.Role.DECISION_MAKER


def roles_of(contact: Contact) -> QuerySet[ContactRole]:
    """A contact's roles, those for all products first."""
    rows = ContactRole.objects.filter(contact=contact).select_related("product")
    return rows.order_by("role", "product__name", "pk")


def undecided(account: Account, products: Collection[Product]) -> list[Product]:
    """The products for which nobody at the account decides, as far as we know. One who decides on all of them is
    enough for each; whose role on the contact itself says so decides on all of them, too.
    """
    people = Contact.objects.filter(account=account, archived_at__isnull=True, merged_into__isnull=True)
    if people.filter(role=DECIDES).exists():
        return []
    decided = set(
        ContactRole.objects.filter(contact__in=people, role=DECIDES).values_list("product", flat=True).distinct()
    )
    return [] if None in decided else [product for product in products if product.pk not in decided]
