from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads import services
from leads.models import DisqualifyReason, Handoff, Lead
from leads.tasks import score_lead
from revops.core import clock
from revops.users.models import User
from tests.leads.builders import GOOD, PACKAGE, answered, make_handoff, make_lead, make_pool, make_qualified_lead


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, name: str, *args: Any, **data: Any) -> Any:
    return client.post(reverse(name, args=args), data)


def test_an_sdr_makes_a_lead_answers_qualifies_and_hands_it_off(sam: User, alice: User) -> None:
    from leads.setup import ensure_leads

    ensure_leads()
    client = signed_in(sam)
    made = post(client, "lead-new", last_name="Rahimi", company="Elmbridge Vets", email="y@elmbridge.example")
    lead = Lead.objects.get()
    assert (made.status_code, made.url, lead.owner) == (302, lead.get_absolute_url(), sam)
    post(client, "lead-answers", lead.pk, version=1, **GOOD, needs_evidence="Call on Monday")
    score_lead(lead.pk)
    page = client.get(lead.get_absolute_url())
    assert "Score 77: this lead qualifies" in page.content.decode()
    lead.refresh_from_db()
    post(client, "lead-package", lead.pk, version=lead.version, **PACKAGE)
    lead.refresh_from_db()
    post(client, "lead-qualify", lead.pk, version=lead.version)
    lead.refresh_from_db()
    assert lead.status == "qualified"
    sent = post(client, "lead-handoff", lead.pk, version=lead.version, to_user=alice.pk, note="Bring figures")
    assert sent.status_code == 302
    handoff = Handoff.objects.get()
    assert (handoff.to_user, handoff.package["note"]) == (alice, "Bring figures")
    inbox = signed_in(alice).get(reverse("handoff-inbox")).content.decode()
    assert "Elmbridge Vets" in inbox and "Bring figures" in inbox and "WayTrace" in inbox


def test_a_suspected_duplicate_is_asked_about_and_made_on_purpose(sam: User, charlie: User) -> None:
    twin = make_lead(sam, email="j.pike@tamar.example")
    client, facts = signed_in(sam), {"last_name": "Pike", "company": "Tamar", "email": "J.Pike@tamar.example"}
    asked = post(client, "lead-new", **facts)
    assert asked.status_code == 409 and twin.name in asked.content.decode()
    assert Lead.objects.count() == 1
    assert post(client, "lead-new", **facts, allow_duplicate="1").status_code == 302
    hidden = post(signed_in(charlie), "lead-new", **facts)
    assert hidden.status_code == 302  # what charlie cannot see is not leaked
    assert Lead.objects.count() == 3


def test_every_lead_of_the_list_says_why_it_has_its_scores(sam: User) -> None:
    bare, known = make_lead(sam), answered(make_lead(sam), sam)
    page = signed_in(sam).get(reverse("lead-list")).content.decode()
    told = {lead.pk: page.split(f'id="why-{lead.pk}"')[1].split("</td>")[0] for lead in (bare, known)}
    assert "Nothing is answered yet" in told[bare.pk] and "Score 77" in told[known.pk]
    for lead in (bare, known):
        assert reverse("lead-scores", args=[lead.pk]) in told[lead.pk]
        assert reverse("lead-qualify", args=[lead.pk]) in told[lead.pk]


def test_a_source_that_the_product_writes_is_shown_in_words_and_no_column_stands_empty(sam: User) -> None:
    lead = make_lead(sam, source="research_partner")
    client = signed_in(sam)
    for page in (reverse("lead-list"), reverse("lead-board"), reverse("lead-funnel"), lead.get_absolute_url()):
        shown = client.get(page).content.decode()
        assert "Research partner" in shown and ">research_partner" not in shown, page
    # Nobody has a probability while no model is in use; asked for by name the column is there.
    keys = [head["column"].key for head in client.get(reverse("lead-list")).context["heads"]]
    asked = [
        head["column"].key for head in client.get(reverse("lead-list") + "?columns=name,propensity").context["heads"]
    ]
    assert "propensity" not in keys and asked == ["name", "propensity"]


def test_a_lead_without_an_answer_has_nothing_so_far_and_its_history_says_what_was_found(sam: User) -> None:
    lead = make_lead(sam)
    services.add_finding(actor=sam, lead=lead, topic="needs", value="Half empty night tours", source="Call")
    page = signed_in(sam).get(lead.get_absolute_url()).content.decode()
    figure = page.split("Score so far")[1].split("</dd>")[0]
    assert ">0</a>" in " ".join(figure.split()).replace("> ", ">").replace(" <", "<")
    assert "Half empty night tours" in page.split('id="timeline"')[1]


def test_the_composer_names_what_goes_along_and_the_inbox_what_its_number_is(sam: User, alice: User) -> None:
    lead = make_qualified_lead(sam)
    composer = signed_in(sam).get(reverse("lead-handoff", args=[lead.pk])).content.decode()
    assert "What goes along" in composer and "Competitive situation" in composer
    services.submit_handoff(lead=lead, to_user=alice, version=None, actor=sam)
    assert "score 77<" in signed_in(alice).get(reverse("handoff-inbox")).content.decode()


def test_refused_fields_stand_beside_what_was_typed(sam: User) -> None:
    page = post(signed_in(sam), "lead-new", last_name="", company="<b>Acme</b>", email="nobody")
    assert page.status_code == 422
    assert "&lt;b&gt;Acme&lt;/b&gt;" in page.content.decode() and not Lead.objects.exists()


def test_a_lead_given_to_the_turn_may_leave_its_makers_sight(sam: User, charlie: User, olga: User) -> None:
    make_pool((charlie, 1, None))
    made = post(signed_in(sam), "lead-new", last_name="Rahimi", company="Elmbridge", route="on")
    assert made.url == reverse("lead-list")
    services.route_lead(lead=Lead.objects.get())
    assert Lead.objects.get().owner == charlie


@pytest.mark.spec("INV-92")
def test_an_outsider_finds_no_lead_behind_any_address(sam: User, charlie: User, alice: User) -> None:
    handoff = make_handoff(sam, alice)
    lead, client = handoff.lead, signed_in(charlie)
    for name in ("lead-detail", "lead-edit", "lead-qualify", "lead-handoff"):
        assert client.get(reverse(name, args=[lead.pk])).status_code in (403, 404), name
    for name in ("lead-answers", "lead-package", "lead-disqualify", "lead-assign", "lead-route", "lead-log"):
        assert post(client, name, lead.pk, version=1).status_code == 404, name
    assert post(client, "handoff-reject", handoff.pk, version=1, reason="No").status_code == 404
    assert client.get(reverse("handoff-inbox"), {"open": handoff.pk}).status_code == 404
    assert lead.company not in client.get(reverse("lead-list")).content.decode()
    assert Client().get(lead.get_absolute_url()).status_code == 302


def test_a_missing_right_is_refused_and_nothing_happens(sam: User, dana: User, alice: User) -> None:
    lead = make_lead(sam)
    assert post(signed_in(alice), "lead-new", last_name="X", company="Y").status_code == 302
    from django.contrib.auth.models import Group

    dana.groups.set(Group.objects.filter(name="Executive"))
    client = signed_in(dana)
    assert client.get(lead.get_absolute_url()).status_code == 200
    for name, verb in (("lead-edit", ()), ("lead-qualify", ())):
        assert post(client, name, lead.pk, *verb, version=1).status_code == 403, name
    assert post(client, "lead-move", lead.pk, "start", version=1).status_code == 403
    lead.refresh_from_db()
    assert (lead.status, lead.version) == ("new", 1)


def test_a_stale_copy_shows_both_versions_and_saves_nothing(sam: User) -> None:
    lead = make_lead(sam, company="Elmbridge")
    services.update_lead(lead=lead, version=1, actor=sam, company="Elmbridge Group")
    answer = post(signed_in(sam), "lead-edit", lead.pk, version=1, last_name=lead.last_name, company="Elmbridge Vets")
    assert answer.status_code == 409
    assert "Elmbridge Group" in answer.content.decode() and "Elmbridge Vets" in answer.content.decode()
    lead.refresh_from_db()
    assert lead.company == "Elmbridge Group"


def test_an_inline_save_of_a_stale_copy_says_so_and_shows_the_lead_as_it_is(sam: User) -> None:
    lead = make_lead(sam)
    services.answer_criteria(lead=lead, version=1, actor=sam, answers={"needs": 40})
    client = signed_in(sam)
    address = reverse("lead-answers", args=[lead.pk])
    answer = client.post(address, {"version": 1, "needs": 90}, headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
    assert "Somebody changed this" in client.get(lead.get_absolute_url()).content.decode()
    refused = client.post(address, {"version": 2, "needs": 101}, headers={"HX-Request": "true"}, follow=True)
    assert "An answer is a number from 0 to 100." in refused.content.decode()
    assert lead.answers.get().value == 40


def test_states_move_by_their_buttons(sam: User) -> None:
    client, lead = signed_in(sam), make_lead(sam)
    reason = DisqualifyReason.objects.first()
    for name, args, data, status in (
        ("lead-move", ("start",), {}, "working"),
        ("lead-move", ("nurture",), {}, "nurture"),
        ("lead-move", ("reopen",), {}, "working"),
        ("lead-disqualify", (), {"reason": ""}, "working"),
        ("lead-disqualify", (), {"reason": reason.pk}, "disqualified"),
        ("lead-move", ("reopen",), {}, "working"),
        ("lead-move", ("start",), {}, "working"),
    ):
        lead.refresh_from_db()
        post(client, name, lead.pk, *args, version=lead.version, **data)
        lead.refresh_from_db()
        assert lead.status == status, name
    assert post(client, "lead-move", lead.pk, "fly", version=lead.version).status_code == 400


def test_one_field_and_one_click_log_a_touch_and_start_the_work(sam: User) -> None:
    lead, client = make_lead(sam), signed_in(sam)
    facts = {"kind": "call", "text": "Two vans drive back empty.\nWants a price."}
    assert post(client, "lead-log", lead.pk, **facts).status_code == 302
    lead.refresh_from_db()
    page = client.get(lead.get_absolute_url()).content.decode()
    assert lead.status == "working" and "Two vans drive back empty." in page and "Wants a price." in page
    post(client, "lead-log", lead.pk, kind="call", next_subject="Ask who signs", next_at="2099-11-23T10:00")
    assert "Ask who signs" in client.get(lead.get_absolute_url()).content.decode()
    assert post(client, "lead-log", lead.pk, kind="call").status_code == 422


def test_the_record_says_what_the_handoff_still_lacks(sam: User) -> None:
    lead = answered(make_lead(sam), sam, needs=88, finances=72, reputation=80, budget=60)
    page = signed_in(sam).get(lead.get_absolute_url()).content.decode()
    assert "Authority is unanswered, so the lead cannot qualify" in page
    assert "Authority of 85 or more qualifies." in page
    assert "3 gaps before a seller can take it" in page


def test_a_rejection_shows_its_reason_to_the_sender(sam: User, alice: User) -> None:
    handoff = make_handoff(sam, alice)
    facts = {"reason": "Budget not confirmed", "find_out": "Who signs?"}
    assert post(signed_in(alice), "handoff-reject", handoff.pk, version=1, **facts).status_code == 302
    page = signed_in(sam).get(handoff.lead.get_absolute_url()).content.decode()
    assert "Sent back to you" in page and "Budget not confirmed: Who signs?" in page


def test_the_list_filters_counts_and_exports(sam: User) -> None:
    answered(make_lead(sam, company="Tamar", source="Referral"), sam)
    make_lead(sam, company="=HYPERLINK(1)", source="List")
    client = signed_in(sam)
    page = client.get(reverse("lead-list"), {"source": "Referral"}).content.decode()
    assert "Tamar" in page and "HYPERLINK" not in page and "77" in page
    assert client.get(reverse("lead-list"), {"colour": "red"}).status_code == 400
    assert client.get(reverse("lead-list"), {"sort": "colour"}).status_code == 400
    for sort in ("-score", "fit", "next", "-created", "company"):
        assert client.get(reverse("lead-list"), {"sort": sort}).status_code == 200, sort
    for when in ("late", "today", "later", "none"):
        assert client.get(reverse("lead-list"), {"next": when}).status_code == 200
    csv = b"".join(client.get(reverse("lead-list"), {"export": "csv"}).streaming_content).decode()
    assert "'=HYPERLINK(1)" in csv and "popover" not in csv


def test_bulk_actions_call_the_service_for_each_row(sam: User, alice: User, bob: User) -> None:
    leads = [make_lead(sam) for _ in range(3)]
    keys = [lead.pk for lead in leads]
    client = signed_in(bob)
    client.post(reverse("lead-list"), {"action": "assign", "pk": keys[:2], "assign-owner": alice.pk})
    assert Lead.objects.filter(owner=alice).count() == 2
    reason = DisqualifyReason.objects.first()
    client.post(reverse("lead-list"), {"action": "disqualify", "all": "1", "disqualify-reason": reason.pk})
    assert Lead.objects.filter(status="disqualified").count() == 3
    assert client.post(reverse("lead-list"), {"action": "assign", "pk": keys, "assign-owner": ""}).status_code == 400


def test_the_list_and_inbox_cost_the_same_queries_with_many_rows(
    sam: User, alice: User, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost() -> tuple[int, int]:
        counts = []
        for client, address in ((signed_in(sam), "lead-list"), (signed_in(alice), "handoff-inbox")):
            client.get(reverse(address))
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(reverse(address)).status_code == 200
            counts.append(len(queries))
        return counts[0], counts[1]

    for _ in range(3):
        make_handoff(sam, alice)
    few = cost()
    for _ in range(27):
        make_handoff(sam, alice)
    assert cost() == few


def test_the_funnel_counts_what_its_links_show(sam: User) -> None:
    make_lead(sam)
    make_qualified_lead(sam)
    rows = signed_in(sam).get("/api/v1/leads/funnel").json()["results"]
    assert {row["status"]: row["count"] for row in rows if row["count"]} == {"new": 1, "qualified": 1}
    for row in rows:
        page = signed_in(sam).get(f"{reverse('lead-list')}?status={row['status']}").content.decode()
        assert page.count('data-row="') == row["count"]


def test_the_inbox_says_how_fast_one_answers_and_what_was_answered_this_week(sam: User, alice: User) -> None:
    taken, refused = make_handoff(sam, alice), make_handoff(sam, alice)
    make_handoff(sam, alice)
    services.reject_handoff(handoff=refused, reason="Not our market", version=1, actor=alice)
    Handoff.objects.filter(pk=taken.pk).update(status="accepted", decided_at=clock.now(), decided_by=alice)
    page = signed_in(alice).get(reverse("handoff-inbox"))
    assert [figure.value for figure in page.context["figures"]] == ["0 min", "1 of 2"]
    assert [row["words"] for row in page.context["answered"]] == ["Accepted in 0 min", "Rejected: Not our market"]
    assert signed_in(sam).get(reverse("handoff-inbox")).context["figures"] == [], "only one's own answers count"
