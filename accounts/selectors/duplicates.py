"""Who looks the same: by key, and only among what the viewer may see, so that nothing hidden shines through."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.keys import domain_of, email_key, name_key
from accounts.models import Account, Contact

SHOWN = 5


def account_duplicates(
    *, viewer: Any, name: str = "", website: str = "", exclude: int | None = None
) -> list[dict[str, Any]]:
    """Accounts with the same name (legal form aside) or the same web domain."""
    key, domain = name_key(name), domain_of(website)
    same = (Q(name_key=key) if key else Q(pk__in=[])) | (Q(domain=domain) if domain else Q(pk__in=[]))
    rows = Account.objects.visible_to(viewer).active().filter(same).exclude(pk=exclude or 0).select_related("owner")
    return [
        candidate(
            "account",
            row,
            [
                *([_("same name")] if key and row.name_key == key else []),
                *([_("same web domain")] if domain and row.domain == domain else []),
            ],
            str(row.owner),
        )
        for row in rows.order_by("pk")[:SHOWN]
    ]


def contact_duplicates(
    *, viewer: Any, email: str, account: Account | None = None, exclude: int | None = None
) -> list[dict[str, Any]]:
    """Contacts with the same e-mail address, at one account or anywhere."""
    key = email_key(email)
    if not key:
        return []
    rows = Contact.objects.visible_to(viewer).active().filter(email_key=key).exclude(pk=exclude or 0)
    if account is not None:
        rows = rows.filter(account=account)
    shown = rows.select_related("account", "owner").order_by("pk")[:SHOWN]
    return [candidate("contact", row, [_("same e-mail")], f"{row.account}, {row.owner}") for row in shown]


def candidate(kind: str, record: Any, reasons: Sequence[str], sub: str = "") -> dict[str, Any]:
    """A suspected duplicate as pages and the API show it."""
    return {
        "kind": kind,
        "id": record.pk,
        "label": str(record),
        "sub": sub,
        "url": record.get_absolute_url(),
        "reasons": list(reasons),
    }
