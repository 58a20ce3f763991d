"""Activities on leads."""

from typing import Any

from django.db.models import QuerySet

from accounts.models import Activity
from leads.models import Lead, LeadActivity


def lead_activity_ids(user: Any) -> QuerySet[Any]:
    """Activities on a lead are seen by whoever sees the lead."""
    return LeadActivity.objects.filter(lead__in=Lead.objects.visible_to(user)).values("activity_id")


def activities_on(lead: Lead, *, viewer: Any) -> QuerySet[Activity]:
    """The lead's activities; who sees the lead sees them all."""
    return Activity.objects.filter(lead_link__lead=lead).select_related("owner", "account", "contact")
