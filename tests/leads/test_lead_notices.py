"""What people hear of leads and handoffs."""

import pytest

from leads.services import assign_lead, reject_handoff, submit_handoff
from opportunities.services import accept_handoff
from opportunities.setup import ensure_pipeline
from revops.users.models import Notification
from tests.cast import Cast
from tests.leads.builders import make_handoff, make_lead, make_qualified_lead

pytestmark = pytest.mark.django_db


def told(kind: str) -> list[tuple[str, str]]:
    rows = Notification.objects.filter(kind=kind).order_by("pk")
    return list(rows.values_list("user__username", "title"))


def test_whoever_gets_a_lead_hears_of_it_and_whoever_takes_one_does_not(cast: Cast) -> None:
    lead = make_lead(cast.sam, first_name="Ada", last_name="King", company="Engines Ltd")
    assert told("lead.assigned") == []
    assign_lead(lead=lead, to_user=cast.alice, version=None, actor=cast.sam)
    assert told("lead.assigned") == [("alice", "Ada King, Engines Ltd is yours")]
    row = Notification.objects.get(kind="lead.assigned")
    assert (row.about_model, row.about_id, row.url) == ("leads.lead", str(lead.pk), lead.get_absolute_url())


def test_a_handoff_is_told_to_its_receiver_and_its_answer_to_its_sender(cast: Cast) -> None:
    handoff = make_handoff(cast.sam, cast.alice)
    ((who, title),) = told("handoff.submitted")
    assert who == "alice" and title == f"{cast.sam} hands {handoff.lead.company} over to you"
    reject_handoff(handoff=handoff, reason="No budget", version=handoff.version, actor=cast.alice)
    assert told("handoff.decided") == [("sam", f"{cast.alice} has sent {handoff.lead.company} back")]
    assert Notification.objects.get(kind="handoff.decided").body == "No budget"


def test_an_accepted_handoff_is_told_once(cast: Cast) -> None:
    ensure_pipeline()
    handoff = make_handoff(cast.sam, cast.alice)
    accept_handoff(handoff=handoff, version=handoff.version, actor=cast.alice)
    assert told("handoff.decided") == [("sam", f"{cast.alice} has taken over {handoff.lead.company}")]


def test_a_refused_handoff_tells_nobody(cast: Cast) -> None:
    lead = make_qualified_lead(cast.sam)
    with pytest.raises(Exception, match="Hand it to somebody else"):
        submit_handoff(lead=lead, to_user=cast.sam, version=lead.version, actor=cast.sam)
    assert told("handoff.submitted") == []
