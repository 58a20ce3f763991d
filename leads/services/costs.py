"""Marketing costs: written once, corrected by a row of their own."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.validation import refuse_invalid
from leads.models import Campaign, MarketingCost
from leads.services.campaign_rollup import rollup_campaign
from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.money import coin
from revops.core.scope import require
from revops.core.status import lock


@transaction.atomic
def record_cost(
    *,
    actor: Any,
    source: str,
    amount: Decimal,
    currency: str,
    on: date,
    kind: str = MarketingCost.Kind.PROGRAM,
    campaign: Campaign | None = None,
) -> MarketingCost:
    """Something was paid for. Below zero takes back what was written too high."""
    if actor is not None:
        require(actor, "leads.add_marketingcost")
    cost = MarketingCost(kind=kind, source=source.strip(), amount=amount, currency=currency, on=on, campaign=campaign)
    refuse_invalid(cost, ("kind", "source", "amount", "currency", "on"))
    if not amount or amount % coin(currency):
        raise InvalidInput.of(amount=_("An amount is not 0 and no finer than a coin."))
    if on > clock.today():
        raise InvalidInput.of(on=_("This day is still to come: a cost is written when it is there."))
    if campaign is not None:
        _refuse_for_campaign(lock(campaign), cost)
    cost.save(force_insert=True)
    audit.record("cost.recorded", cost, actor=actor, amount=amount, currency=currency)
    if campaign is not None:
        rollup_campaign(campaign=campaign)
    return cost


def _refuse_for_campaign(campaign: Campaign, cost: MarketingCost) -> None:
    if campaign.status == Campaign.Status.ANALYSED:
        raise IllegalState("illegal_state", _("This campaign is analysed: its figures are closed."))
    if cost.currency != campaign.currency:
        raise InvalidInput.of(currency=_("This campaign is kept in %(currency)s.") % {"currency": campaign.currency})
    spent = campaign.costs.aggregate(sum=Sum("amount", default=Decimal(0)))["sum"]
    if spent + cost.amount < 0:
        raise InvalidInput.of(amount=_("That is more than was written before."))
