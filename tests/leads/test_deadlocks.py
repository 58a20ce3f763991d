"""Who holds a record and writes what hangs on it, and who writes that first: one waits for the other, never both."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Activity
from leads import services
from leads.models import (
    Campaign,
    CampaignMember,
    DisqualifyReason,
    EnrichmentRun,
    FitResult,
    Lead,
    ResearchFinding,
)
from leads.tasks import refresh_fits
from opportunities.services import accept_handoff
from opportunities.setup import ensure_pipeline
from revops.core import clock
from tests.cast import Cast, make_cast
from tests.leads.builders import enrolled, make_handoff, make_lead, make_sequence
from tests.leads.test_at_once import waits
from tests.leads.test_campaigns import make_campaign
from tests.leads.test_markets import activated, make_market
from tests.leads.test_promotion import FACTS, make_partner
from tests.leads.test_sequence_mail import letter, sent

pytestmark = pytest.mark.django_db(transaction=True)


def crossed(holds: Callable[[], Any], other: Callable[[], Any], goes_on: Callable[[], Any]) -> Any:
    """Here `holds`, there `other` until it waits, then here `goes_on`; what the other one answered in the end."""

    moment = copy_context()  # another thread would be at another time

    def run() -> Any:
        try:
            return moment.run(other)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            holds()
            there = pool.submit(run)
            while not waits():
                assert not there.done(), "it did not wait"
            goes_on()
        return there.result(30)


@pytest.fixture
def cast(db: Any) -> Cast:
    return make_cast()


@pytest.mark.spec("SD-07")
def test_a_form_that_comes_in_while_people_are_chosen_for_its_campaign_is_taken(cast: Cast) -> None:
    campaign, lead = make_campaign(cast.bob), make_lead(cast.alice)
    touch = crossed(
        lambda: Campaign.objects.select_for_update().get(pk=campaign.pk),
        lambda: services.note_touch(actor=cast.bob, campaign=campaign, lead=lead, responded=True),
        lambda: services.add_members(campaign=campaign, actor=cast.bob, leads=[lead]),
    )
    assert touch.lead == lead and CampaignMember.objects.get().status == "responded"
    services.rollup_campaign(campaign=campaign)
    campaign.refresh_from_db()
    assert (campaign.lead_count, campaign.responded_count, campaign.touch_count) == (1, 1, 1)


@pytest.mark.spec("SD-01")
def test_a_lead_that_is_edited_while_a_market_scores_all_of_them_has_the_fit_of_its_latest_facts(cast: Cast) -> None:
    market = activated(make_market(cast.dana), cast.dana)
    lead = make_lead(cast.sam, industry="Manufacturing", region="California", employees=100)
    FitResult.objects.all().delete()
    crossed(
        lambda: Lead.objects.select_for_update().get(pk=lead.pk),
        refresh_fits,
        lambda: services.update_lead(lead=lead, version=None, actor=cast.sam, employees=300),
    )
    assert FitResult.objects.get(lead=lead, market=market).fit == 100


@pytest.mark.spec("SD-06")
def test_who_asks_about_a_lead_while_the_product_greets_it_asks_once(cast: Cast) -> None:
    lead = make_lead(cast.sam)
    services.create_provider(actor=None, name="Register", url="https://register.example/{domain}")
    [there] = crossed(
        lambda: Lead.objects.select_for_update().get(pk=lead.pk),
        lambda: services.ask_enrichment(lead=lead, actor=None),
        lambda: services.ask_enrichment(lead=lead, actor=cast.sam),
    )
    assert EnrichmentRun.objects.get() == there and there.asked_by == cast.sam


@pytest.mark.spec("SD-13")
def test_a_handoff_that_is_answered_while_its_limit_is_told_is_answered(cast: Cast) -> None:
    handoff = make_handoff(cast.sam, cast.alice)
    with clock.at(handoff.sla_due_at):
        told = crossed(
            lambda: Lead.objects.select_for_update().get(pk=handoff.lead_id),
            lambda: services.escalate_handoff(handoff=handoff),
            lambda: services.reject_handoff(handoff=handoff, reason="No budget", version=None, actor=cast.alice),
        )
    assert (told.status, told.escalated_at) == ("rejected", None)


@pytest.mark.spec("SD-03")
def test_a_finding_that_is_renewed_while_it_runs_out_is_the_new_one(cast: Cast) -> None:
    lead, other = make_lead(cast.sam), make_lead(cast.sam)
    facts = {"actor": cast.sam, "topic": "who", "value": "9 clinics", "source": "Site"}
    for one in (lead, other):
        services.add_finding(lead=one, expires_on=clock.today(), **facts)
    with clock.at(clock.now() + timedelta(days=2)):
        told = crossed(
            lambda: Lead.objects.select_for_update().get(pk=lead.pk),
            services.expire_findings,
            lambda: services.add_finding(lead=lead, **{**facts, "value": "12 clinics"}),
        )
    assert told == 1
    assert ResearchFinding.objects.get(brief__lead=lead, is_current=True).expired_at is None
    assert ResearchFinding.objects.get(brief__lead=other).expired_at is not None


@pytest.mark.spec("SD-09")
def test_a_lead_that_is_closed_while_its_step_is_due_is_called_no_more(cast: Cast) -> None:
    lead, other = make_lead(cast.alice), make_lead(cast.alice)
    sequence = make_sequence(cast.bob, (0, "call"), (1, "call"), on_weekends=True)
    moment = clock.now().replace(hour=12)
    with clock.at(moment):
        one, goes_on = (enrolled(sequence, person, cast.alice) for person in (lead, other))
        crossed(
            lambda: Lead.objects.select_for_update().get(pk=lead.pk),
            services.run_due_steps,
            lambda: services.disqualify_lead(
                lead=lead, version=None, actor=cast.alice, reason=DisqualifyReason.objects.first()
            ),
        )
    for row, state, calls in ((one, "stopped", 0), (goes_on, "active", 1)):
        row.refresh_from_db()
        assert row.status == state
        assert Activity.objects.filter(lead_link__lead=row.lead_id, kind="call").count() == calls


@pytest.mark.spec("SD-09")
def test_an_answer_that_comes_while_its_lead_is_closed_is_kept(cast: Cast) -> None:
    message = sent(cast)
    assert message.enrollment is not None and message.enrollment.lead is not None
    lead, reason = message.enrollment.lead, DisqualifyReason.objects.first()
    received = crossed(
        lambda: Lead.objects.select_for_update().get(pk=lead.pk),
        lambda: services.receive_mail(raw=letter(In_Reply_To=message.message_id)),
        lambda: services.disqualify_lead(lead=lead, version=None, actor=cast.alice, reason=reason),
    )
    assert (received.kind, received.answers) == ("reply", message)
    assert Activity.objects.get(lead_link__lead=lead, kind="email").body == "Yes, call me."
    assert message.enrollment.__class__.objects.get().status == "replied"


@pytest.mark.spec("SD-08")
def test_a_deal_that_is_approved_while_its_lead_is_converted_gets_a_lead_of_its_own(cast: Cast) -> None:
    ensure_pipeline()
    handoff = make_handoff(cast.sam, cast.alice, email=FACTS["email"])
    row = services.register_deal(partner=make_partner(cast.bob), actor=cast.bob, **FACTS)
    done = crossed(
        lambda: Lead.objects.select_for_update().get(pk=handoff.lead_id),
        lambda: services.approve_registration(registration=row, version=None, actor=cast.bob),
        lambda: accept_handoff(handoff=handoff, version=None, actor=cast.alice),
    )
    assert done.status == "approved" and done.lead_id != handoff.lead_id
    assert (Lead.objects.get(pk=handoff.lead_id).status, done.lead.status) == ("converted", "new")
