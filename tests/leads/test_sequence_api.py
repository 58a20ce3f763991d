"""Sequences over the API, in the console, in the search; what merging and converting make of enrolments."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from leads import services
from leads.models import ContactPolicy, Enrollment, Lead, Sequence
from leads.search import search_sequences
from opportunities.services import convert_lead
from opportunities.setup import ensure_pipeline
from tests.cast import Cast
from tests.leads.builders import enrolled, make_lead, make_qualified_lead, make_sequence, make_template
from tests.leads.test_sequence_mail import TUESDAY, letter, sent

Status = Enrollment.Status


def api(person: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def done(client: APIClient, path: str, body: dict[str, Any] | None = None, expected: int = 200) -> Any:
    answer = client.post(f"/api/v1/{path}", body or {})
    assert answer.status_code == expected, answer.json()
    return answer.json()


@pytest.mark.spec("SD-09")
def test_a_sequence_from_its_first_text_to_its_end(cast: Cast) -> None:
    bob, alice = api(cast.bob), api(cast.alice)
    wrong = done(bob, "message-templates", {"name": "Hi", "subject": "Hi", "body": "{nobody}"}, 422)
    assert wrong["errors"][0]["pointer"].endswith("body")
    text = done(bob, "message-templates", {"name": "Hi", "subject": "Hi {name}", "body": "{sender}"}, 201)
    steps = [
        {"day_offset": 0, "kind": "email", "template": text["id"]},
        {"day_offset": 2, "kind": "call", "subject": "Ask how it went"},
    ]
    done(bob, "sequences", {"name": "Autumn", "steps": [*steps, {"day_offset": 1, "kind": "task"}]}, 422)
    assert not Sequence.objects.exists()
    made = done(bob, "sequences", {"name": "Autumn", "steps": steps}, 201)
    assert [(row["kind"], row["day_offset"], row["sent"]) for row in made["steps"]] == [("email", 0, 0), ("call", 2, 0)]
    path, lead = f"sequences/{made['id']}", make_lead(cast.alice)
    done(alice, f"{path}/enroll", {"leads": [lead.pk]}, 409)
    done(bob, f"{path}/activate")
    stranger = make_lead(cast.sam)
    done(alice, f"{path}/enroll", {"leads": [stranger.pk]}, 422)
    one = done(alice, f"{path}/enroll", {"leads": [lead.pk]}, 201)["enrolled"][0]
    enrollment = f"enrollments/{one['id']}"
    assert done(alice, f"{enrollment}/pause")["status"] == "paused"
    stale = alice.post(f"/api/v1/{enrollment}/resume", {}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert done(alice, f"{enrollment}/resume")["status"] == "active"
    assert done(alice, f"{enrollment}/stop", {"reason": "They rang"})["reason"] == "They rang"
    done(alice, f"{enrollment}/stop", expected=409)
    assert bob.patch(f"/api/v1/{path}", {"steps": steps[:1]}).status_code == 409
    done(bob, f"{path}/pause")
    shown = bob.patch(f"/api/v1/{path}", {"steps": steps[:1]})
    assert (shown.status_code, len(shown.json()["steps"])) == (200, 1)
    assert done(bob, f"{path}/archive")["status"] == "archived"
    assert bob.get("/api/v1/sequences").json()["results"] == []
    assert len(bob.get("/api/v1/sequences?status=archived").json()["results"]) == 1


def test_mails_and_answers_are_rows_and_figures(cast: Cast) -> None:
    message = sent(cast)
    services.receive_mail(raw=letter(In_Reply_To=message.message_id))
    alice, outsider = api(cast.alice), api(cast.charlie)
    rows = alice.get("/api/v1/sent-messages?outcome=replied").json()["results"]
    assert [(row["id"], row["status"]) for row in rows] == [(message.pk, "sent")]
    (received,) = alice.get("/api/v1/received-messages?unread=true&kind=reply").json()["results"]
    assert received["answers"] == message.pk
    assert done(alice, f"received-messages/{received['id']}/mark-read")["read_at"]
    assert not alice.get("/api/v1/received-messages?unread=true").json()["results"]
    done(alice, f"sent-messages/{message.pk}/send-again", expected=409)
    for path in (f"sent-messages/{message.pk}", f"received-messages/{received['id']}"):
        assert outsider.get(f"/api/v1/{path}").status_code == 404
    step = alice.get(f"/api/v1/sequences/{message.enrollment.sequence_id}").json()["steps"][0]
    assert (step["sent"], step["replied"], step["bounced"]) == (1, 1, 0)


def test_who_may_be_contacted_is_one_record_of_each_person(cast: Cast) -> None:
    alice, lead = api(cast.alice), make_lead(cast.alice)
    body = {"lead": lead.pk, "time_zone": "Mars/Olympus"}
    assert done(alice, "contact-policies", body, 422)["errors"][0]["pointer"].endswith("time_zone")
    body = {"lead": lead.pk, "time_zone": "Asia/Tokyo", "window_from": "08:00", "window_to": "12:00"}
    made = done(alice, "contact-policies", body, 201)
    path = f"/api/v1/contact-policies/{made['id']}"
    assert alice.patch(path, {"window_to": "07:00"}).status_code == 422
    shown = alice.patch(path, {"do_not_contact": True, "reason": "By phone"}).json()
    assert shown["do_not_contact_at"] and shown["time_zone"] == "Asia/Tokyo"
    assert alice.patch(path, {"do_not_contact": False}).json()["do_not_contact_at"] is None
    assert done(alice, "contact-policies", {"lead": lead.pk, "basis": "consent"}, 201)["id"] == made["id"]
    assert api(cast.charlie).patch(path, {"basis": "none"}).status_code == 404


def test_of_two_merged_leads_the_stricter_record_stays_and_one_goes_on(cast: Cast) -> None:
    sequence = make_sequence(cast.bob)
    winner, loser = make_lead(cast.alice), make_lead(cast.alice)
    first, second = enrolled(sequence, winner, cast.alice), enrolled(sequence, loser, cast.alice)
    other = enrolled(make_sequence(cast.bob, name="Other"), loser, cast.alice)
    services.set_policy(lead=winner, basis="consent", actor=cast.alice)
    services.set_policy(lead=loser, basis="interest", actor=cast.alice)
    ContactPolicy.objects.filter(lead=loser).update(do_not_contact_at=TUESDAY)
    merge = services.merge_leads(winner=winner, loser=loser, version=None, actor=cast.alice)
    assert ContactPolicy.objects.get(lead=winner).do_not_contact_at == TUESDAY
    other.refresh_from_db()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (other.lead, first.lead, second.lead) == (winner, winner, loser)
    services.take_leads_apart(merge=merge, actor=cast.alice)
    assert ContactPolicy.objects.get(lead=winner).basis == "consent"
    other.refresh_from_db()
    assert other.lead == loser


def test_a_converted_lead_leaves_its_sequences_and_its_contact_inherits_the_hours(cast: Cast) -> None:
    ensure_pipeline()
    lead = make_qualified_lead(cast.alice)
    one = enrolled(make_sequence(cast.bob), lead, cast.alice)
    services.set_policy(lead=lead, time_zone="Asia/Tokyo", actor=cast.alice)
    convert_lead(lead=lead, version=None, actor=cast.alice)
    one.refresh_from_db()
    lead.refresh_from_db()
    assert (lead.status, one.status) == (Lead.Status.CONVERTED, Status.STOPPED)
    assert lead.contact is not None and lead.contact.policy.time_zone == "Asia/Tokyo"


def test_the_console_shows_all_of_it_and_the_search_finds_sequences(cast: Cast, client: Client) -> None:
    message = sent(cast)
    services.receive_mail(raw=letter(In_Reply_To=message.message_id))
    make_template(cast.bob, name="Another")
    client.force_login(cast.olga)
    for name in ("sequence", "messagetemplate", "enrollment", "sentmessage", "receivedmessage", "contactpolicy"):
        assert client.get(f"/admin/leads/{name}/").status_code == 200, name
    page = client.get(f"/admin/leads/enrollment/{message.enrollment_id}/change/")
    assert page.status_code == 200 and message.enrollment.token not in page.content.decode()
    hits = search_sequences(cast.alice, message.enrollment.sequence.name, 5)
    assert [hit.label for hit in hits] == [message.enrollment.sequence.name]
    assert not search_sequences(cast.charlie, "nothing of this name", 5)
