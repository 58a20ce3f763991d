"""What is known of a company's finances, and who tells us."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from leads.models.lead import Lead
from revops.core.models import BaseModel, currency_field, money_field
from revops.core.money import Money


class LeadFinancials(BaseModel):
    """A lead's financial facts with their source and date.

    `typed` names those that a person entered: no machine overwrites them. `filled` remembers what a machine wrote into
    the lead's own fields, so that it may bring exactly that up to date and nothing else.
    """

    FACTS = ("revenue", "currency", "employees", "credit_rating")

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, related_name="financials")
    revenue = money_field(null=True, blank=True)
    currency = currency_field()
    employees = models.PositiveIntegerField(null=True, blank=True)
    credit_rating = models.CharField(max_length=20, blank=True, default="")
    source = models.CharField(max_length=200)
    as_of = models.DateField()
    typed = ArrayField(models.CharField(max_length=20), default=list, editable=False)
    filled = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name_plural = "lead financials"
        constraints = [
            models.CheckConstraint(
                condition=Q(revenue__gte=0) | Q(revenue=None), name="lead_financials_revenue_not_negative"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="lead_financials_have_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.lead}, {self.as_of}"

    @property
    def money(self) -> Money | None:
        return None if self.revenue is None else Money(self.revenue, self.currency)
