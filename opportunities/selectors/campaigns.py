"""What campaigns and partners earned: won deals, credited to the touches that led to them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from leads.models import Campaign, MarketingCost, PromotionPartner, TouchPoint
from leads.selectors.attribution import MODELS, credited
from opportunities.models import Opportunity
from revops.core import clock
from revops.core.money import Money, money, truncated_percent
from revops.core.organisation import organisation
from revops.core.rates import base_amount, base_sum, refuse_missing


@dataclass(frozen=True)
class Touch:
    """What attribution asks of a touch."""

    campaign: int | None
    on: date


@dataclass
class Earned:
    """A campaign's part of the won deals that it touched, by model, and what it cost, all in the base currency."""

    deals: int = 0
    customers: int = 0
    amount: Decimal = Decimal(0)
    by_model: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(MODELS, Decimal(0)))
    cost: Decimal = Decimal(0)
    pool: Decimal = Decimal(0)
    currency: str = "USD"

    def money(self, amount: Decimal) -> Money:
        return Money(amount, self.currency)

    def roi(self, model: str) -> Decimal | None:
        """(earned - cost) / cost in per cent; None while nothing was spent."""
        return truncated_percent(self.by_model[model] - self.cost, self.cost)

    @property
    def cost_share(self) -> Decimal | None:
        """Its part of all marketing costs of its days, in per cent."""
        return truncated_percent(self.cost, self.pool)

    @property
    def cost_per_customer(self) -> Money | None:
        return Money(self.cost / self.customers, self.currency).rounded() if self.customers else None


def won_with(campaign: Campaign, *, viewer: Any) -> QuerySet[Opportunity]:
    """Won deals whose lead or contact this campaign touched before they closed."""
    touched = campaign.touches.annotate(day=TruncDate("at", tzinfo=clock.company_zone())).filter(
        Q(lead=OuterRef("lead")) | Q(contact=OuterRef("contact")), day__lte=OuterRef("closed_on")
    )
    return Opportunity.objects.visible_to(viewer).won().filter(Exists(touched))


def earned_by(campaign: Campaign, *, viewer: Any) -> Earned:
    """Four statements, however many deals and touches there are. Raises missing_rate."""
    found = Earned(currency=organisation().base_currency)
    rows = won_with(campaign, viewer=viewer).annotate(worth=base_amount("amount", "currency", "closed_on"))
    deals = list(rows.values("pk", "lead_id", "contact_id", "account_id", "amount", "worth", "closed_on"))
    refuse_missing(sum(1 for deal in deals if deal["amount"] is not None and deal["worth"] is None))
    touches = _touches(deals)
    for deal in deals:
        worth = money(deal["worth"] or Decimal(0), found.currency)
        way = [touch.campaign for touch in _before(touches, deal)]
        found.amount += worth
        for model in MODELS:
            found.by_model[model] += credited(worth, found.currency, way, model).get(campaign.pk, Decimal(0))
    found.deals, found.customers = len(deals), len({deal["account_id"] for deal in deals})
    found.cost = money(
        base_sum(MarketingCost.objects.filter(campaign=campaign), "amount", "currency", "on"), found.currency
    )
    found.pool = money(base_sum(_pool(campaign), "amount", "currency", "on"), found.currency)
    return found


def _pool(campaign: Campaign) -> QuerySet[MarketingCost]:
    """All marketing costs from its first day to its last, or to today while it runs, and its own whenever they came."""
    last = min(campaign.ends_on, clock.today()) if campaign.ended_at is None else campaign.ends_on
    return MarketingCost.objects.filter(Q(on__range=(campaign.starts_on, last)) | Q(campaign=campaign))


def _touches(deals: Sequence[Mapping[str, Any]]) -> Mapping[tuple[str, int], list[tuple[Any, int, Touch]]]:
    """Touches of the deals' leads and contacts in order of time, by whom they touched."""
    zone = clock.company_zone()
    leads, contacts = {deal["lead_id"] for deal in deals}, {deal["contact_id"] for deal in deals}
    rows = TouchPoint.objects.filter(Q(lead__in=leads - {None}) | Q(contact__in=contacts - {None}))
    found: dict[tuple[str, int], list[tuple[Any, int, Touch]]] = defaultdict(list)
    for pk, campaign, lead, contact, at in rows.order_by("at", "pk").values_list(
        "pk", "campaign_id", "lead_id", "contact_id", "at"
    ):
        whom = ("lead", lead) if lead else ("contact", contact)
        found[whom].append((at, pk, Touch(campaign, at.astimezone(zone).date())))
    return found


def _before(touches: Mapping[tuple[str, int], list[tuple[Any, int, Touch]]], deal: Mapping[str, Any]) -> list[Touch]:
    """The way to one deal: touches of its lead and of its contact up to the day on which it closed."""
    way = [*touches.get(("lead", deal["lead_id"]), ()), *touches.get(("contact", deal["contact_id"]), ())]
    return [touch for _at, _pk, touch in sorted(way, key=lambda row: row[:2]) if touch.on <= deal["closed_on"]]


@dataclass(frozen=True)
class Performance:
    """What came of a partner's registrations, in the base currency."""

    open_count: int
    won_count: int
    lost_count: int
    won: Money
    fee: Money
    deals: list[Opportunity]


def performance_of(partner: PromotionPartner, *, viewer: Any) -> Performance:
    """Deals of the leads that this partner registered, among those that the viewer sees."""
    rows = Opportunity.objects.visible_to(viewer).filter(lead__registration__partner=partner)
    counts = rows.aggregate(
        open=Count("pk", filter=Q(status=Opportunity.Status.OPEN)),
        won=Count("pk", filter=Q(status=Opportunity.Status.WON)),
        lost=Count("pk", filter=Q(status=Opportunity.Status.LOST)),
    )
    base = organisation().base_currency
    won = Money(base_sum(rows.won(), "amount", "currency", "closed_on"), base).rounded()
    return Performance(
        open_count=counts["open"],
        won_count=counts["won"],
        lost_count=counts["lost"],
        won=won,
        fee=won * (partner.fee_pct / 100),
        deals=list(rows.select_related("account", "stage", "owner").order_by("-pk")[:10]),
    )
