"""Plans as their pages and the API show them, and the ledger."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from forecasting.models.compensation import CompPlan, PlanAssignment, PlanVersion
from forecasting.models.ledger import LedgerEntry


def plan_list(*, viewer: Any) -> QuerySet[CompPlan]:
    """Plans with the editions and tiers that the viewer may see."""
    versions = PlanVersion.objects.visible_to(viewer).prefetch_related("components__tiers").order_by("-number")
    return CompPlan.objects.visible_to(viewer).prefetch_related(Prefetch("versions", versions))


def assignment_list(*, viewer: Any) -> QuerySet[PlanAssignment]:
    """Who is on which edition."""
    return PlanAssignment.objects.visible_to(viewer).select_related("user", "plan", "plan_version__plan")


def ledger_list(*, viewer: Any) -> QuerySet[LedgerEntry]:
    """The ledger as its API shows it."""
    return LedgerEntry.objects.visible_to(viewer).select_related(
        "payee", "component", "origin_period", "posting_period", "source_line__order"
    )
