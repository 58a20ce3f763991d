"""How many leads stood in each state at the end of a day: what the funnel was, not what it would be by today's rows."""

from typing import Any, Self

from django.conf import settings
from django.db import models

from leads.models.lead import Lead, LeadQueue
from revops.core.scope import ScopedQuerySet, within_reach


class FunnelQuerySet(ScopedQuerySet["FunnelSnapshot"]):
    def visible_to(self, user: Any) -> Self:
        """Those of one's reach, and of the queues that one's people look after."""
        return self.filter(within_reach(user, "owner", "queue__owner"))


class FunnelSnapshot(models.Model):
    """So many leads of an owner (or queue) and source stood in a state on a day."""

    on = models.DateField()
    status = models.CharField(max_length=12, choices=Lead.Status.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="funnel_snapshots"
    )
    queue = models.ForeignKey(LeadQueue, null=True, on_delete=models.PROTECT, related_name="funnel_snapshots")
    source = models.CharField(max_length=60, blank=True, default="")
    count = models.PositiveIntegerField()

    objects = FunnelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["on", "status", "owner", "queue", "source"], nulls_distinct=False, name="funnel_snapshot_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.status}: {self.count}"
