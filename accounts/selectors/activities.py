"""Activities as lists, day items and the API show them."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import Activity


def activity_list(*, viewer: Any) -> QuerySet[Activity]:
    """Activities with who does them and what they are about."""
    return Activity.objects.visible_to(viewer).select_related("owner", "account", "contact", "series")


def overdue_activities(*, owner: Any, until: datetime) -> QuerySet[Activity]:
    """What a person planned for before `until` and has not done, oldest first."""
    return (
        Activity.objects.visible_to(owner)
        .planned()
        .filter(owner=owner, due_at__lt=until)
        .select_related("account", "contact")
        .order_by("due_at", "pk")
    )
