"""Campaigns as lists and pages show them, and the counts of their rows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from leads.models import Campaign, CampaignMember, IntakeForm, Lead, MarketingCost, TouchPoint
from revops.core import clock

Step = CampaignMember.Status


def campaign_list(*, viewer: Any) -> QuerySet[Campaign]:
    """Campaigns with their owner."""
    return Campaign.objects.visible_to(viewer).select_related("owner").prefetch_related("products")


def campaign_of(code: str) -> Campaign | None:
    """The campaign that a link names; for machines, not for people's look-ups."""
    return Campaign.objects.filter(code__iexact=code).first() if code else None


def member_list(*, viewer: Any) -> QuerySet[CampaignMember]:
    """Members with whom they are."""
    rows = CampaignMember.objects.visible_to(viewer).select_related("campaign")
    return rows.select_related("lead__owner", "lead__queue", "contact__owner", "contact__account")


def touch_list(*, viewer: Any) -> QuerySet[TouchPoint]:
    """Touches with whom they reached."""
    return TouchPoint.objects.visible_to(viewer).select_related("campaign", "lead", "contact")


def cost_list(*, viewer: Any) -> QuerySet[MarketingCost]:
    """Marketing costs with the campaign that they were spent for."""
    return MarketingCost.objects.visible_to(viewer).select_related("campaign")


def form_list(*, viewer: Any) -> QuerySet[IntakeForm]:
    """Public forms with their campaign."""
    return IntakeForm.objects.visible_to(viewer).select_related("campaign")


def open_form(key: str) -> IntakeForm | None:
    """The form in use at a public address: the one door that stands open to everybody."""
    return IntakeForm.objects.by_key(key).select_related("campaign").first()


def touches_of(lead: Lead) -> QuerySet[TouchPoint]:
    """A lead's way to us, earliest first."""
    return lead.touches.select_related("campaign").order_by("at", "pk")


def first_touches(campaign: Campaign) -> QuerySet[TouchPoint]:
    """Touches of this campaign that were the first of their lead: the leads that it brought."""
    earlier = TouchPoint.objects.filter(lead=OuterRef("lead")).filter(
        Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
    )
    return TouchPoint.objects.filter(~Exists(earlier), campaign=campaign, lead__isnull=False)


@dataclass(frozen=True)
class Stage:
    """One step of a campaign's funnel: how many came so far, and the share of the step before."""

    key: str
    count: int
    of: int


def funnel_of(campaign: Campaign) -> list[Stage]:
    """From everybody chosen to the leads that were converted; each step counts whoever came that far or further."""
    by_status: Mapping[str, int] = dict(
        campaign.members.order_by().values_list("status").annotate(count=Count("pk")).values_list("status", "count")
    )
    steps, reached = [], 0
    for status in (Step.RESPONDED, Step.ENGAGED, Step.CONTACTED, Step.TARGETED):
        reached += by_status.get(status, 0)
        steps.append((str(status), reached))
    steps.reverse()
    brought = Lead.objects.filter(pk__in=first_touches(campaign).values("lead"))
    counts = brought.aggregate(
        leads=Count("pk"),
        qualified=Count("pk", filter=Q(qualified_at__isnull=False)),
        converted=Count("pk", filter=Q(status=Lead.Status.CONVERTED)),
    )
    steps += [(name, counts[name]) for name in ("leads", "qualified", "converted")]
    found, before = [], steps[0][1]
    for key, count in steps:
        found.append(Stage(key, count, before))
        before = count
    return found


@dataclass
class Day:
    """What one business day brought."""

    leads: int = 0
    responses: int = 0
    touches: int = 0
    cost: Decimal = Decimal(0)


def days_of(campaign: Campaign) -> dict[date, Day]:
    """The rows of a campaign by business day: what the roll-up stores."""
    zone = clock.company_zone()
    days: dict[date, Day] = defaultdict(Day)

    def spread(rows: QuerySet[Any], field: str, name: str) -> None:
        by_day = rows.order_by().annotate(day=TruncDate(field, tzinfo=zone)).values("day").annotate(count=Count("pk"))
        for row in by_day:
            setattr(days[row["day"]], name, row["count"])

    spread(first_touches(campaign), "at", "leads")
    spread(campaign.members.filter(status=Step.RESPONDED), "responded_at", "responses")
    spread(campaign.touches.all(), "at", "touches")
    for row in campaign.costs.order_by().values("on").annotate(sum=Sum("amount")):
        days[row["on"]].cost = row["sum"]
    return dict(days)


def costs_of(campaign: Campaign) -> QuerySet[MarketingCost]:
    """Rows of the marketing-cost pool that are this campaign's."""
    return campaign.costs.order_by("-on", "-pk")
