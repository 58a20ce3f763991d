"""Drift (RO-16): a model that was learned from real leads, and leads since then that are of another kind."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from leads import services
from leads.models import DisqualifyReason, Lead, ModelDrift, ScoringModel
from leads.setup import ensure_leads
from revops.core import clock, jobs
from revops.users.models import Notification, User
from tests.accounts.builders import make_account, make_contact

# How often leads of a source convert: what there is to learn.
RATES = {"Web": 0.1, "Fair": 0.35, "Referral": 0.65, "Partner": 0.9}


def ended(olga: User, sources: Sequence[str], won: Sequence[bool], days_ago: Sequence[int]) -> None:
    """Leads that came in so long ago and ended a day later."""
    account = make_account(olga)
    contact = make_contact(account)
    reason = DisqualifyReason.objects.all()[0]
    now = clock.now()
    lost, gained = Lead.Status.DISQUALIFIED, Lead.Status.CONVERTED
    made = Lead.objects.bulk_create(
        [
            Lead(
                last_name=f"Person {at}",
                company=f"Firm {at}",
                owner=olga,
                source=source,
                status=gained if hit else lost,
                converted_at=now - timedelta(days=ago - 1) if hit else None,
                account=account if hit else None,
                contact=contact if hit else None,
                disqualify_reason=None if hit else reason,
            )
            for at, (source, hit, ago) in enumerate(zip(sources, won, days_ago, strict=True))
        ]
    )
    for lead, ago in zip(made, days_ago, strict=True):
        lead.created_at, lead.updated_at = now - timedelta(days=ago), now - timedelta(days=ago - 1)
    Lead.objects.bulk_update(made, ["created_at", "updated_at"])


@pytest.fixture
def model(olga: User) -> ScoringModel:
    """Learned from 800 leads that came in over the year before the last 40 days, and published."""
    ensure_leads()
    chance = np.random.default_rng(7)
    sources = [str(one) for one in chance.choice(list(RATES), 800)]
    won = [bool(chance.random() < RATES[source]) for source in sources]
    ended(olga, sources, won, [400 - at * 360 // 800 for at in range(800)])
    jobs.run(str(services.start_training(actor=olga).pk))
    first = ScoringModel.objects.get(number=1)
    assert first.status == "ready" and first.metrics["auc"] > 0.75, (first.status, first.reasons, first.metrics)
    services.publish_model(model=first, version=first.version, actor=olga)
    first.refresh_from_db()
    return first


def told(olga: User) -> int:
    return Notification.objects.filter(user=olga, kind="scoring.drift").count()


@pytest.mark.spec("RO-16")
def test_leads_of_30_days_that_it_orders_worse_give_one_notice_and_a_row(
    model: ScoringModel, olga: User, client: Client
) -> None:
    assert services.watch_drift() == []
    # The same sources convert as often as they did.
    sources = sorted([*RATES] * 20)
    ended(olga, sources, [at % 20 < RATES[source] * 20 for at, source in enumerate(sources)], [20] * 80)
    assert (services.watch_drift(), told(olga)) == ([], 0)
    # Then the world turns: what did best does worst.
    Lead.objects.filter(created_at__gt=clock.now() - timedelta(days=30)).delete()
    ended(olga, sources, [at % 20 >= RATES[source] * 20 for at, source in enumerate(sources)], [20] * 80)
    [row] = services.watch_drift()
    assert (row.kind, row.model_id) == ("auc", model.pk)
    assert row.value < row.limit and float(row.limit) == pytest.approx(model.metrics["auc"] - 0.05, abs=1e-4)
    assert told(olga) == 1
    assert (services.watch_drift(), told(olga), ModelDrift.objects.count()) == ([], 1, 1)
    client.force_login(olga)
    for page in (reverse("lead-scoring"), reverse("scoring-model", args=[model.pk])):
        assert "worse than when it was published" in client.get(page).content.decode()


@pytest.mark.spec("RO-16")
def test_a_field_and_the_scores_that_moved_by_more_than_a_fifth_give_one_notice(
    model: ScoringModel, olga: User, client: Client
) -> None:
    """300 leads of the last weeks, still open, nearly all by one source."""
    rows = [Lead(last_name=f"New {at}", company="New", owner=olga, source="Web") for at in range(300)]
    Lead.objects.bulk_create(rows)
    found = services.watch_drift()
    assert [(row.kind, row.name) for row in found] == [("field", "source"), ("score", "")]
    assert all(row.value > row.limit and float(row.limit) == 0.2 for row in found)
    assert told(olga) == 1
    assert (services.watch_drift(), told(olga)) == ([], 1)
    client.force_login(olga)
    page = client.get(reverse("lead-scoring")).content.decode()
    assert "Source of new leads is distributed otherwise" in page
    assert "scores of new leads are distributed otherwise" in page
