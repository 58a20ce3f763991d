"""Members of campaigns come in by a file: forward only, each once, and taken back with their touch."""

import pytest

from leads import services
from leads.models import CampaignMember, TouchPoint
from tests.cast import Cast
from tests.integrations.files import imported, refused, undone
from tests.leads.builders import make_lead
from tests.leads.test_campaigns import make_campaign


@pytest.mark.spec("RO-10")
def test_a_list_of_guests_makes_members_moves_them_forward_and_is_taken_back(cast: Cast) -> None:
    campaign = make_campaign(cast.olga, code="fair", name="Fleet fair")
    one, two, three = (make_lead(cast.alice, email=f"guest{n}@fair{n}.example") for n in range(3))
    services.add_members(campaign=campaign, actor=cast.olga, leads=[two])
    services.note_touch(actor=cast.olga, campaign=campaign, lead=three, responded=True)
    text = (
        "campaign,email,status\n"
        "FAIR,GUEST0@fair0.example,responded\n"
        "Fleet fair,guest1@fair1.example,responded\n"
        "fair,guest2@fair2.example,contacted\n"
        "fair,nobody@fair.example,responded\n"
        "none,guest0@fair0.example,responded\n"
        "fair,guest0@fair0.example,targeted\n"
    )
    run = imported("campaign_members", text, cast.olga)
    states = dict(campaign.members.values_list("lead_id", "status"))
    assert states == {one.pk: "responded", two.pk: "responded", three.pk: "responded"}
    assert [error["field"] for errors in refused(run).values() for error in errors] == ["email", "campaign", "email"]
    assert TouchPoint.objects.filter(campaign=campaign, kind="other", lead__in=[one, two]).count() == 2
    assert all(CampaignMember.objects.values_list("responded_at", flat=True))
    again = imported("campaign_members", "campaign,email,status\nfair,guest0@fair0.example,responded\n", cast.olga)
    assert campaign.members.count() == 3 and not refused(again)
    undone(run, cast.olga)
    assert not campaign.members.filter(lead=one).exists()
    assert not one.touches.exists() and two.touches.count() == 1
    assert campaign.members.get(lead=two).status == "responded"  # forward only
