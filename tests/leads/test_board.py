from typing import Any

import pytest
from django.test import Client

from leads import services
from leads.models import DisqualifyReason, Lead
from revops.users.models import User
from tests.leads.builders import GOOD, answered, make_handoff, make_lead, make_qualified_lead


def drop(client: Client, lead: Lead, stage: str, **more: Any) -> Any:
    body = {"stage": stage, "version": Lead.objects.get(pk=lead.pk).version, **more}
    return client.post(f"/leads/{lead.pk}/board/", body, headers={"X-Requested-With": "fetch"})


def state(lead: Lead) -> str:
    return Lead.objects.values_list("status", flat=True).get(pk=lead.pk)


def test_the_board_shows_lanes_of_the_list_s_filter_and_further_cards(client: Client, sam: User) -> None:
    for number in range(22):
        make_lead(sam, last_name=f"Many{number:02}", source="Fair")
    make_lead(sam, last_name="Other", source="Web")
    client.force_login(sam)
    page = client.get("/leads/board/?source=fair").content.decode()
    assert page.count("data-card=") == 20 and "Other" not in page and 'data-lane="qualified"' in page
    assert "Many21" in page and "Many01" not in page
    assert 'href="/leads/?source=fair' in page  # the list of the same filter
    more = page.split('hx-get="/leads/board/lanes/new/')[1].split('"')[0].replace("&amp;", "&")
    further = client.get(f"/leads/board/lanes/new/{more}").content.decode()
    assert further.count("data-card=") == 2 and "Many01" in further
    assert client.get("/leads/board/?nonsense=1").status_code == 400
    assert client.get("/leads/board/lanes/converted/").status_code == 400
    assert "/leads/board/" in client.get("/leads/").content.decode()


def test_a_card_says_what_is_known_of_a_lead_instead_of_an_amount(client: Client, sam: User) -> None:
    lead = answered(make_lead(sam, source="Referral"), sam)
    client.force_login(sam)
    card = client.get("/leads/board/").content.decode().split(f'data-card="{lead.pk}"')[1].split("</article>")[0]
    assert f"Referral, Fit {lead.fit.score}" in card and "Score 77" in card and "–" not in card


def test_a_card_goes_where_its_state_may_go(client: Client, sam: User) -> None:
    lead = answered(make_lead(sam), sam)
    assert state(lead) == "working"
    client.force_login(sam)
    moved = drop(client, lead, "nurture")
    assert moved.status_code == 200 and f'data-card="{lead.pk}"' in moved.content.decode()
    assert state(lead) == "nurture"
    refused = drop(client, lead, "qualified")
    assert refused.status_code == 409 and state(lead) == "nurture"
    assert drop(client, lead, "working").status_code == 200
    assert drop(client, lead, "qualified").status_code == 200
    back = drop(client, lead, "working")
    assert back.status_code == 409 and "handoff is rejected" in back.content.decode()
    assert state(lead) == "qualified"
    assert drop(client, lead, "converted").status_code == 409
    assert drop(client, lead, "new").status_code == 409
    reason = DisqualifyReason.objects.filter(is_active=True).first()
    assert reason is not None
    stale = client.post(f"/leads/{lead.pk}/board/", {"stage": "disqualified", "version": 1, "reason": reason.pk})
    assert stale.status_code == 409 and state(lead) == "qualified"


def test_what_is_missing_is_asked_in_a_dialog(client: Client, sam: User) -> None:
    lead = answered(make_lead(sam), sam, **{name: GOOD[name] for name in ("needs", "finances", "reputation")})
    client.force_login(sam)
    asked = drop(client, lead, "qualified")
    said = asked.content.decode()
    assert asked.status_code == 422 and 'name="budget"' in said and 'name="authority"' in said
    assert 'name="needs"' not in said
    assert drop(client, lead, "qualified", budget="101", authority="70").status_code == 422
    assert state(lead) == "working" and not lead.answers.filter(criterion="budget").exists()
    assert drop(client, lead, "qualified", budget=GOOD["budget"], authority=GOOD["authority"]).status_code == 200
    assert state(lead) == "qualified"
    other = make_lead(sam)
    asked = drop(client, other, "disqualified")
    assert asked.status_code == 422 and 'name="reason"' in asked.content.decode() and state(other) == "new"
    reason = DisqualifyReason.objects.filter(is_active=True).first()
    assert reason is not None
    assert drop(client, other, "disqualified", reason=reason.pk).status_code == 200
    assert state(other) == "disqualified"


@pytest.mark.spec("SD-12")
def test_authority_0_is_said_and_the_card_goes_back(client: Client, sam: User) -> None:
    lead = answered(make_lead(sam), sam, **{**GOOD, "authority": 0})
    client.force_login(sam)
    refused = drop(client, lead, "qualified")
    assert refused.status_code == 422 and "Authority is 0" in refused.content.decode()
    assert state(lead) == "working"


def test_outsiders_cannot_move_a_card(client: Client, sam: User, alice: User, charlie: User, erin: User) -> None:
    lead = make_qualified_lead(sam)
    client.force_login(charlie)
    assert drop(client, lead, "disqualified").status_code == 404
    handed = make_handoff(sam, alice)
    client.force_login(alice)
    assert client.get("/leads/board/").status_code == 200
    services.reject_handoff(handoff=handed, reason="No", version=None, actor=alice)
    assert drop(client, handed.lead, "nurture").status_code == 404
    client.force_login(erin)
    assert client.get("/leads/board/").status_code == 403
