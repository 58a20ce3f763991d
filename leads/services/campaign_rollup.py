"""The stored totals of a campaign, made again from its rows as often as anybody likes."""

from typing import Any

from django.db import transaction
from django.db.models import Sum

from leads.models import Campaign, CampaignDay, Lead
from leads.selectors.campaigns import days_of, first_touches
from revops.core import clock
from revops.core.status import lock

FIGURES = ("leads", "responses", "touches", "cost")


@transaction.atomic
def rollup_campaign(*, campaign: Campaign, actor: Any = None) -> Campaign:
    """One row a day, and the totals as their sum. They are figures, not a change by people: no version, no log."""
    campaign = lock(campaign)
    found = days_of(campaign)
    campaign.days.exclude(on__in=found).delete()
    CampaignDay.objects.bulk_create(
        [CampaignDay(campaign=campaign, on=on, **vars(day)) for on, day in found.items()],
        update_conflicts=True,
        unique_fields=["campaign", "on"],
        update_fields=FIGURES,
    )
    sums = campaign.days.aggregate(**{name: Sum(name, default=0) for name in FIGURES})
    brought = Lead.objects.filter(pk__in=first_touches(campaign).values("lead"))
    campaign.lead_count, campaign.responded_count = sums["leads"], sums["responses"]
    campaign.touch_count, campaign.actual_cost = sums["touches"], sums["cost"]
    campaign.qualified_count = brought.filter(qualified_at__isnull=False).count()
    campaign.converted_count = brought.filter(status=Lead.Status.CONVERTED).count()
    campaign.rolled_up_at = clock.now()
    campaign.save(
        update_fields=[
            *("lead_count", "responded_count", "qualified_count", "converted_count", "touch_count"),
            *("actual_cost", "rolled_up_at"),
        ]
    )
    return campaign
