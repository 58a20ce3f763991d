"""Plans to keep in touch, with when their leads were last touched."""

from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, Max, OuterRef, QuerySet, Subquery

from accounts.models import Activity
from leads.models import CultivationPlan, Lead


def _touches() -> QuerySet[Activity]:
    """What counts as a touch: something that happened, other than a note of one's own."""
    return Activity.objects.completed().exclude(kind=Activity.Kind.NOTE)


def last_touch(lead: Lead) -> datetime | None:
    """When somebody last called, met, wrote or did something on a lead."""
    found: datetime | None = _touches().filter(lead_link__lead=lead).aggregate(last=Max("happened_at"))["last"]
    return found


def cultivation_list(*, viewer: Any) -> QuerySet[CultivationPlan]:
    """Plans of the leads that the viewer sees, with their last touch and what is answered."""
    return with_touch(CultivationPlan.objects.visible_to(viewer))


def with_touch(plans: QuerySet[CultivationPlan]) -> QuerySet[CultivationPlan]:
    """Plans with lead, holder, answers and last touch in flat queries."""
    last = _touches().filter(lead_link__lead=OuterRef("lead")).order_by("-happened_at").values("happened_at")
    touched = Subquery(last[:1], output_field=DateTimeField())
    rows = plans.select_related("lead__owner", "lead__queue").prefetch_related("lead__answers")
    return rows.annotate(touched_at=touched)


def open_plans() -> QuerySet[CultivationPlan]:
    """Plans of leads that are still on their way."""
    return CultivationPlan.objects.filter(lead__status__in=Lead.OPEN, lead__archived_at__isnull=True)
