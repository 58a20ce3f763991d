"""The first answer to a routed lead on screen: due, past its limit, given; and the rows behind a campaign's figures."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from leads import services
from leads.models import Campaign, Lead
from leads.selectors.campaigns import funnel_of
from leads.tasks import routing_sla_watch
from leads.views.campaigns import _bars
from revops.core import clock
from revops.users.models import User
from tests.cast import Cast
from tests.leads.builders import make_lead, make_pool
from tests.leads.test_campaigns import make_campaign

MONDAY = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)


def listed(client: Client, **asked: str) -> str:
    return client.get(reverse("lead-list"), asked).content.decode()


@pytest.mark.spec("RO-16")
def test_the_list_says_until_when_a_lead_is_to_be_answered_and_how_it_went(client: Client, sam: User) -> None:
    make_pool((sam, 1, None))
    with time_machine.travel(MONDAY, tick=False):
        waits, taken = make_lead(None, last_name="Wandalen"), make_lead(None, last_name="Brunoson")
        make_lead(sam, last_name="Ottokar")
        for lead in (waits, taken):
            services.route_lead(lead=lead)
        services.start_working(lead=taken, version=None, actor=sam)
        client.force_login(sam)
        page = listed(client)
        assert page.count("Due 13:00") == 1 and page.count("Answered in time") == 1
        due = listed(client, mine="true", answer="due")
        assert "Wandalen" in due and "Brunoson" not in due and "Ottokar" not in due
        assert "Wandalen" not in listed(client, answer="late")
        assert "Due 13:00" in client.get(waits.get_absolute_url()).content.decode()
        assert client.get("/leads/funnel/").content.decode().count("sla ") == 1, "who was answered is due no more"
    with time_machine.travel(MONDAY + timedelta(hours=5), tick=False):
        client.force_login(sam)
        assert "Was due 13:00" in listed(client, answer="late")
        routing_sla_watch()
        services.start_working(lead=Lead.objects.get(pk=waits.pk), version=None, actor=sam)
        assert "Answered late" in client.get(waits.get_absolute_url()).content.decode()
        assert "Wandalen" not in listed(client, answer="due")
        assert "First answer</th>" not in listed(client), "no column of dashes"


def test_the_settings_tell_the_limit_as_people_tell_time(client: Client, olga: User) -> None:
    make_pool()
    client.force_login(olga)
    assert "first answer within 4 h of working time" in client.get(reverse("lead-routing")).content.decode()


@pytest.mark.spec("RO-10")
def test_each_step_of_a_campaign_opens_the_rows_that_it_counts(client: Client, cast: Cast) -> None:
    campaign: Campaign = make_campaign(cast.bob)
    leads = [make_lead(cast.alice) for _ in range(4)]
    services.note_touch(actor=cast.bob, campaign=campaign, lead=leads[0], responded=True)
    services.note_touch(actor=cast.bob, campaign=campaign, lead=leads[1])
    services.add_members(campaign=campaign, actor=cast.bob, leads=leads[2:])
    Lead.objects.filter(pk=leads[0].pk).update(qualified_at=clock.now())
    client.force_login(cast.bob)
    steps = _bars(campaign, funnel_of(campaign))
    shown = {step["url"].split("?")[1]: client.get(step["url"]).context["count"] for step in steps}
    assert list(shown.values()) == [step["count"] for step in steps]
    assert [step["count"] for step in steps] == [4, 2, 2, 1, 2, 1, 0]
    chip = client.get(steps[4]["url"]).content.decode()
    assert f"Brought by the campaign: {campaign.name}" in " ".join(chip.split()), "a name, no number"
