"""Deals shared by name."""

from django.db import models

from opportunities.models.opportunity import Opportunity
from revops.users.models.shares import RecordShare, share_indexes, share_rules


class OpportunityShare(RecordShare):
    """One deal, with its quotes and its order, for one person or team."""

    record = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="shares")

    class Meta:
        constraints = share_rules("opportunity_share")
        indexes = share_indexes("opportunity_share")
