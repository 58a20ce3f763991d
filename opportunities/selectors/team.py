"""Deal teams as the API and the page of a deal show them."""

from typing import Any

from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from opportunities.models import Opportunity, OpportunitySplit, OpportunityTeamMember


def team_list(*, viewer: Any) -> QuerySet[OpportunityTeamMember]:
    """Places on the teams of the deals that the viewer sees, each with its overlay."""
    overlay = OpportunitySplit.objects.filter(
        opportunity=OuterRef("opportunity"), user=OuterRef("user"), kind=OpportunitySplit.Kind.OVERLAY
    )
    number: Any = DecimalField(max_digits=9, decimal_places=6)
    return (
        OpportunityTeamMember.objects.filter(opportunity__in=Opportunity.objects.visible_to(viewer))
        .select_related("user", "opportunity")
        .annotate(overlay_pct=Coalesce(Subquery(overlay.values("percent")[:1]), Value(0), output_field=number))
    )
