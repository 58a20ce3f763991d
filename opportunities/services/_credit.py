"""The amounts of the split rows: totals per person run over these rows in SQL, so they are kept with every change."""

from decimal import Decimal

from opportunities.models import Opportunity, OpportunitySplit
from revops.core.money import allocate, money


def spread(opportunity: Opportunity) -> None:
    """Write each split's share of the deal's amount: largest remainder over revenue, plain share for overlays."""
    rows = list(opportunity.splits.order_by("pk"))
    amount, currency = Decimal(opportunity.amount or 0), opportunity.currency
    revenue = [row for row in rows if row.kind == OpportunitySplit.Kind.REVENUE]
    if revenue:
        for row, share in zip(revenue, allocate(amount, [row.percent for row in revenue], currency), strict=True):
            row.amount = share
    for row in rows:
        if row.kind == OpportunitySplit.Kind.OVERLAY:
            row.amount = money(amount * row.percent / 100, currency)
    OpportunitySplit.objects.bulk_update(rows, ["amount"])
