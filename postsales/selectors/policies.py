"""Service levels as the API shows them."""

from typing import Any

from django.db.models import QuerySet

from postsales.models import SlaPolicy


def policy_list(*, viewer: Any) -> QuerySet[SlaPolicy]:
    """Policies with their targets, for whoever sees cases."""
    rows = SlaPolicy.objects.prefetch_related("targets")
    return rows if viewer.has_perm("postsales.view_supportcase") else rows.none()
