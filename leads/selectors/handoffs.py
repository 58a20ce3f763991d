"""Handoffs as the inbox and the API show them."""

from typing import Any

from django.db.models import QuerySet

from leads.models import Handoff
from revops.core.scope import reach_ids


def handoff_list(*, viewer: Any) -> QuerySet[Handoff]:
    """Handoffs with their lead and both people."""
    return Handoff.objects.visible_to(viewer).select_related("lead", "from_user", "to_user", "decided_by")


def may_decide(handoff: Handoff, user: Any) -> bool:
    """The seller it was handed to, or who manages that seller; never who sent it."""
    if user.pk == handoff.to_user_id:
        return True
    ids = reach_ids(user)
    return user.pk != handoff.from_user_id and (ids is None or handoff.to_user_id in ids)


def handed_lead_ids(user: Any) -> Any:
    """Leads that were offered to this person, or to somebody they manage."""
    ids = reach_ids(user)
    rows = Handoff.objects.filter(status__in=[Handoff.Status.SUBMITTED, Handoff.Status.ACCEPTED])
    return (rows if ids is None else rows.filter(to_user_id__in=ids)).values("lead_id")
