"""The pool of marketing costs: what was spent to win customers, beside salaries and commissions."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.campaigns import Campaign
from revops.core.models import BaseModel, currency_field, money_field
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet


class MarketingCostQuerySet(ScopedQuerySet["MarketingCost"]):
    def visible_to(self, user: Any) -> Self:
        """The company's costs: whoever holds the right sees all."""
        return self.all() if user.has_perm("leads.view_marketingcost") else self.filter(NOBODY)


class MarketingCost(BaseModel):
    """One amount that was spent, on a day, for a kind of work; a campaign's when it was spent for one.

    A correction is a row of its own, below zero.
    """

    class Kind(models.TextChoices):
        PROGRAM = "program", _("Campaign")
        RESEARCH = "research", _("Research partner")
        PARTNER = "partner", _("Promotion partner")
        DATA = "data", _("Data and tools")
        OTHER = "other", _("Other")

    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PROGRAM)
    source = models.CharField(max_length=200, help_text=_("Who was paid, or for what."))
    amount = money_field()
    currency = currency_field()
    on = models.DateField()
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="costs")

    objects = MarketingCostQuerySet.as_manager()

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0) & ~Q(source=""), name="marketing_cost_has_amount_and_source")
        ]
        indexes = [models.Index(fields=["on", "id"], name="marketing_cost_by_day")]

    def __str__(self) -> str:
        return f"{self.source}, {self.on}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)
