"""What the pipeline looked like on a day: immutable, one row a day and opportunity (INV-52)."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models

from opportunities.models import Category, Opportunity, Stage
from revops.core.models import currency_field, money_field, percent_field
from revops.core.scope import ScopedQuerySet


class SnapshotQuerySet(ScopedQuerySet["PipelineSnapshot"]):
    def visible_to(self, user: Any) -> Self:
        """A snapshot is seen by whoever sees its opportunity."""
        return self.filter(opportunity__in=Opportunity.objects.visible_to(user).values("pk"))


class PipelineSnapshot(models.Model):
    """One opportunity as it stood at the end of a day."""

    on = models.DateField()
    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="snapshots")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=4, choices=Opportunity.Status.choices)
    category = models.CharField(max_length=10, choices=Category.choices)
    amount = money_field(null=True)
    currency = currency_field()
    base_amount = money_field(null=True)
    probability = percent_field()
    close_on = models.DateField(null=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["on", "opportunity"], name="snapshot_once_a_day")]
        indexes = [models.Index(fields=["opportunity", "-on"], name="snapshot_by_opportunity")]
        triggers = [pgtrigger.Protect(name="snapshot_immutable", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.opportunity} on {self.on}"
