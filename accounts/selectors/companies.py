"""Accounts and contacts as lists, pages and the API show them."""

from typing import Any

from django.db.models import Count, DateTimeField, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account, Activity, Contact, Territory


def account_list(*, viewer: Any) -> QuerySet[Account]:
    """Accounts with owner, territory, channel and parent, how many contacts, and when somebody last did something."""
    contacts = (
        Contact.objects.filter(account=OuterRef("pk"), archived_at__isnull=True)
        .order_by()
        .values("account")
        .annotate(n=Count("pk"))
        .values("n")
    )
    last = (
        Activity.objects.filter(account=OuterRef("pk"), happened_at__isnull=False)
        .order_by("-happened_at")
        .values("happened_at")[:1]
    )
    return (
        Account.objects.visible_to(viewer)
        .select_related("owner", "territory", "channel", "parent")
        .annotate(
            contact_count=Coalesce(Subquery(contacts, output_field=IntegerField()), 0),
            last_activity_at=Subquery(last, output_field=DateTimeField()),
        )
    )


def family_of(account_id: int) -> list[int]:
    """The keys under which an account's rows stand: its own, and those of what was merged into it."""
    return [account_id, *Account.objects.filter(merged_into=account_id).values_list("pk", flat=True)]


def contact_list(*, viewer: Any) -> QuerySet[Contact]:
    """Contacts with their account and owner."""
    return (
        Contact.objects.visible_to(viewer).select_related("account", "owner").annotate(account_name=F("account__name"))
    )


def territory_list(*, viewer: Any) -> QuerySet[Territory]:
    """Every region, for whoever sees accounts."""
    return Territory.objects.all() if viewer.has_perm("accounts.view_account") else Territory.objects.none()
