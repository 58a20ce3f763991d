"""The demo: the counts that are promised, figures that add up, and equal rows for an equal seed."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import time_machine
from django.db import transaction

from accounts.models import Account, ActivitySeries, Channel, Contact
from forecasting.demo.people import Cast
from forecasting.demo.promise import PAST, SYSTEM, remember
from forecasting.demo.prospects import learn
from forecasting.demo.story import DAYS, tell
from forecasting.models import Quota
from forecasting.models.ledger import LedgerEntry
from forecasting.selectors.changes import changes_for
from leads.learning.judging import READY_AUC
from leads.models import Lead, LeadPropensity, ScoringModel
from opportunities.models import Opportunity
from orders.models import Invoice, Order, OrderActivity
from postsales.models import CaseActivity, SupportCase
from revops.core import clock
from revops.core.models import Delivery
from revops.users.models import Team, User

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
SHARE = 0.06


class TakeItBack(Exception):
    """Rolls the first telling back."""


def picture() -> dict[str, list[Any]]:
    """What the rows say, without their keys."""
    return {
        "accounts": list(Account.objects.order_by("name").values_list("name", "owner__username", "country")),
        "contacts": list(Contact.objects.order_by("email").values_list("email", "title")),
        "leads": list(
            Lead.objects.order_by("email", "created_at", "status").values_list("email", "status", "created_at")
        ),
        "deals": list(
            Opportunity.objects.order_by("opened_on", "name", "amount").values_list(
                "name", "amount", "stage__key", "close_on", "owner__username"
            )
        ),
        "orders": list(Order.objects.order_by("number").values_list("number", "net", "booked_on", "status")),
        "invoices": list(Invoice.objects.order_by("number").values_list("number", "total", "paid", "issued_on")),
        "ledger": sorted(LedgerEntry.objects.values_list("account", "amount")),
    }


def test_equal_seed_and_day_give_equal_rows_and_another_seed_others() -> None:
    with time_machine.travel("2026-11-19 10:00+00:00"):
        pictures = []
        for seed in (7, 7, 8):
            with pytest.raises(TakeItBack), transaction.atomic():
                tell(seed=seed, share=SHARE)
                pictures.append(picture())
                raise TakeItBack
    assert pictures[0] == pictures[1]
    assert pictures[0]["deals"] != pictures[2]["deals"]


def test_the_counts_are_those_that_are_promised_and_everything_was_delivered() -> None:
    counts = tell(seed=7, share=SHARE)
    assert (counts["accounts"], counts["contacts"], counts["leads"], counts["opportunities"]) == (15, 42, 30, 36)
    assert counts["orders"] and counts["invoices"] and SupportCase.objects.exists()
    assert User.objects.filter(is_portal=False).count() == 12
    assert User.objects.get(is_portal=True).username == "paula", "a partner's guest"
    assert Team.objects.count() == 3
    assert Quota.objects.active().count() == 18, "six sellers, the three months of this quarter"
    assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()
    for order in Order.objects.booked():
        assert sum((split.amount for split in order.splits.all()), Decimal(0)) == order.net
    for deal in Opportunity.objects.filter(amount__isnull=False):
        assert sum((split.amount for split in deal.splits.all()), Decimal(0)) == deal.amount
    shows_people_their_day()
    has_enough_to_learn_from()


def shows_people_their_day() -> None:
    """Something repeats, is planned on an order and a case, comes by a channel, and was changed by a colleague."""
    assert ActivitySeries.objects.filter(ended_at__isnull=True).exists()
    assert Channel.objects.filter(accounts__isnull=False).exists()
    for link in (OrderActivity, CaseActivity):
        assert link._default_manager.filter(activity__status="planned").exists()
    assert changes_for(User.objects.get(username="alice"))


def has_enough_to_learn_from() -> None:
    """As many leads of the years before as the whole story has: their model passes, and open leads are told of."""
    assert not ScoringModel.objects.filter(status="published").exists(), "a small story has too few"
    Lead.objects.filter(external_system=SYSTEM).delete()
    cast, end = Cast({user.username: user for user in User.objects.all()}), clock.now()
    assert remember(cast, Random(7), end - timedelta(days=DAYS), end, PAST) == PAST
    learn(cast)
    model = ScoringModel.objects.get(status="published")
    assert model.metrics["auc"] >= READY_AUC
    assert LeadPropensity.objects.filter(lead__archived_at__isnull=True).exists()
    assert not Lead.objects.filter(external_system=SYSTEM, archived_at__isnull=True).exists()
