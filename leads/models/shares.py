"""Leads shared by name."""

from django.db import models

from leads.models.lead import Lead
from revops.users.models.shares import RecordShare, share_indexes, share_rules


class LeadShare(RecordShare):
    """One lead for one person or team."""

    record = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="shares")

    class Meta:
        constraints = share_rules("lead_share")
        indexes = share_indexes("lead_share")
