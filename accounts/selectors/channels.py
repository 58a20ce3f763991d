"""Channels as lists, pages and the API show them."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account, Channel


def channel_list(*, viewer: Any) -> QuerySet[Channel]:
    """Each with how many accounts the viewer sees on it."""
    on_it = (
        Account.objects.visible_to(viewer)
        .active()
        .filter(channel=OuterRef("pk"))
        .order_by()
        .values("channel")
        .annotate(n=Count("pk"))
        .values("n")
    )
    rows = Channel.objects.visible_to(viewer).select_related("owner")
    return rows.annotate(account_count=Coalesce(Subquery(on_it, output_field=IntegerField()), 0))
