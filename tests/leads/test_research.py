"""Research (SD-03): five questions, findings with a source that run out, and the task to renew them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Activity
from leads import services
from leads.models import Lead, ResearchBrief, ResearchFinding
from leads.selectors.research import brief_of, research_on
from leads.tasks import expire_findings
from revops.core import clock
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed, StaleCopy
from tests.accounts.builders import make_account
from tests.cast import Cast
from tests.leads.builders import make_handoff, make_lead, make_qualified_lead

FOUR = ("who", "needs", "financial", "buying_now")


def note(lead: Lead, actor: Any, topic: str = "who", **fields: Any) -> ResearchFinding:
    fields = {"value": "9 clinics, family owned", "source": "Company site", **fields}
    return services.add_finding(actor=actor, lead=lead, topic=topic, **fields)


@pytest.mark.spec("SD-03")
def test_four_of_five_are_80_percent_and_60_with_one_task_once_finances_run_out(cast: Cast) -> None:
    lead = make_lead(cast.sam)
    for topic in FOUR:
        note(lead, cast.sam, topic)
    last = clock.today() + timedelta(days=3)
    note(lead, cast.sam, "financial", value="Revenue $8.4 million", expires_on=last)
    found = research_on(brief_of(lead))
    assert (found.percent, [one.topic for one in found.open]) == (80, ["competitor"])
    assert found.next_end is not None and (found.next_end.topic, found.next_end.days_left) == ("financial", 3)
    with clock.at(clock.now() + timedelta(days=3)):  # the last day counts
        expire_findings()
        assert research_on(brief_of(lead)).percent == 80 and not Activity.objects.filter(kind="task").exists()
    with clock.at(clock.now() + timedelta(days=4)):
        assert research_on(brief_of(lead)).percent == 60
        expire_findings()
        expire_findings()
        task = Activity.objects.get(kind="task")
        assert (task.owner, task.lead_link.lead, task.status) == (cast.sam, lead, "planned")
        assert "Finances" in task.subject and lead.company in task.subject
        note(lead, cast.sam, "financial", value="Revenue $9 million")
        assert research_on(brief_of(lead)).percent == 80
    assert ResearchFinding.objects.filter(topic="financial").count() == 3  # what stood before stays


@pytest.mark.spec("SD-03")
def test_a_finding_without_a_source_is_refused_everywhere(cast: Cast, client: Client) -> None:
    lead = make_lead(cast.sam)
    with pytest.raises(MissingFields):
        note(lead, cast.sam, source="  ")
    assert not ResearchFinding.objects.exists()
    brief = services.open_brief(actor=cast.sam, lead=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        ResearchFinding.objects.create(brief=brief, topic="who", value="x", source="", as_of=clock.today())
    client.force_login(cast.sam)
    body = {"topic": "who", "value": "9 clinics"}
    refused = client.post(f"/api/v1/research-briefs/{brief.pk}/findings", body, content_type="application/json")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "source")
    page = client.post(reverse("lead-research", args=[lead.pk]), {**body, "confidence": "high", "source": ""})
    assert page.status_code == 422 and not ResearchFinding.objects.exists()


def test_what_makes_no_sense_is_refused(cast: Cast) -> None:
    lead, today = make_lead(cast.sam), clock.today()
    for wrong in (
        {"as_of": today + timedelta(days=1)},
        {"expires_on": today - timedelta(days=1)},
        {"value": ""},
        {"confidence": "sure"},
    ):
        with pytest.raises(InvalidInput):
            note(lead, cast.sam, **wrong)
    with pytest.raises(InvalidInput):
        note(lead, cast.sam, "weather")
    with pytest.raises(NotAllowed):
        note(lead, cast.erin)
    with pytest.raises(InvalidInput):
        services.open_brief(actor=cast.sam)
    assert not ResearchFinding.objects.exists() and not ResearchBrief.objects.exists()


def test_a_brief_is_one_a_lead_and_changes_under_its_version(cast: Cast) -> None:
    lead = make_lead(cast.sam)
    brief = services.open_brief(actor=cast.sam, lead=lead, due_on=clock.today())
    with pytest.raises(IllegalState):
        services.open_brief(actor=cast.sam, lead=lead)
    brief = services.update_brief(brief=brief, version=1, actor=cast.sam, owner=cast.alice)
    with pytest.raises(StaleCopy):
        services.update_brief(brief=brief, version=1, actor=cast.sam, due_on=None)
    assert (brief.owner, brief.due_on) == (cast.alice, clock.today())


def test_a_lead_that_is_closed_asks_nobody_to_renew(cast: Cast) -> None:
    lead = make_lead(cast.sam)
    note(lead, cast.sam, expires_on=clock.today())
    Lead.objects.filter(pk=lead.pk).update(archived_at=clock.now())
    with clock.at(clock.now() + timedelta(days=2)):
        expire_findings()
    assert not Activity.objects.filter(kind="task").exists() and ResearchFinding.objects.get().expired_at


@pytest.mark.spec("SD-03", "SD-13")
def test_research_stands_on_the_page_and_goes_with_the_handoff(cast: Cast, client: Client) -> None:
    lead = make_qualified_lead(cast.sam)
    client.force_login(cast.sam)
    page = reverse("lead-research", args=[lead.pk])
    typed = {"topic": "who", "value": "9 clinics", "source": "Site", "confidence": "high", "expires_on": "2199-01-01"}
    assert client.post(page, typed).status_code == 302
    panel = client.get(page + "?panel=1").content.decode()
    assert "Research 20 %" in panel and "9 clinics" in panel and "Nobody looked yet" in panel
    saved = client.post(
        reverse("lead-brief", args=[lead.pk]), {"version": "1", "owner": cast.sam.pk, "due_on": "2199-01-01"}
    )
    assert saved.status_code == 302 and ResearchBrief.objects.get().due_on is not None
    assert client.get(page + "?topic=needs").status_code == 200
    assert client.get(lead.get_absolute_url()).status_code == 200
    handoff = services.submit_handoff(lead=lead, to_user=cast.alice, version=None, actor=cast.sam)
    assert handoff.package["research"] == ["Who they are: 9 clinics (Site)"]
    client.force_login(cast.alice)
    assert "9 clinics" in client.get(reverse("handoff-inbox")).content.decode()


def test_research_over_the_api_of_leads_and_accounts_and_not_for_outsiders(cast: Cast, client: Client) -> None:
    account = make_account(cast.alice)
    client.force_login(cast.alice)
    made = client.post("/api/v1/research-briefs", {"account": account.pk}, content_type="application/json")
    assert made.status_code == 201, made.content
    path = f"/api/v1/research-briefs/{made.json()['id']}"
    body = {"topic": "competitor", "value": "WayTrace until March", "source": "Call"}
    answer = client.post(f"{path}/findings", body, content_type="application/json")
    assert (answer.status_code, answer.json()["completeness"]) == (201, 20)
    changed = client.patch(path, {"due_on": "2199-01-01"}, content_type="application/json")
    assert (changed.status_code, changed.json()["due_on"]) == (200, "2199-01-01")
    assert len(client.get(f"/api/v1/research-briefs?account={account.pk}").json()["results"]) == 1
    client.force_login(cast.charlie)
    assert client.get(path).status_code == 404
    assert client.post(f"{path}/findings", body, content_type="application/json").status_code == 404
    hidden = make_handoff(cast.sam, cast.alice).lead
    assert client.post(reverse("lead-research", args=[hidden.pk]), {}).status_code == 404
