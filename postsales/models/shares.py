"""Cases shared by name."""

from django.db import models

from postsales.models.cases import SupportCase
from revops.users.models.shares import RecordShare, share_indexes, share_rules


class CaseShare(RecordShare):
    """One case for one person or team."""

    record = models.ForeignKey(SupportCase, on_delete=models.CASCADE, related_name="shares")

    class Meta:
        constraints = share_rules("case_share")
        indexes = share_indexes("case_share")
