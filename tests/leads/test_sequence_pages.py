"""The pages of sequences: built, put to use, people enrolled and taken out, answers read."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services import create_account, create_contact
from leads import services
from leads.models import (
    ContactPolicy,
    Enrollment,
    MessageTemplate,
    ReceivedMessage,
    SentMessage,
    Sequence,
    SequenceStep,
)
from leads.services.templates import create_template
from revops.core import clock
from revops.core.models import BulkRow
from revops.core.registries import day_for
from revops.users.models import User
from tests.leads.builders import make_lead
from tests.leads.test_pages import signed_in

STEPS = {
    "step": ["1", "2", "3"],
    "s1-kind": "email", "s1-day_offset": "0", "s1-template": "",
    "s1-subject": "Dear {first_name}", "s1-body": "About {company}.", "s1-name": "First words",
    "s2-kind": "call", "s2-day_offset": "3", "s2-subject": "Ask whether they read it",
    "s3-kind": "visit", "s3-day_offset": "7", "s3-subject": "Drop by",
}  # fmt: skip


def post(client: Client, address: str, *keys: Any, **data: Any) -> Any:
    return client.post(reverse(address, args=keys), data)


def facts(owner: User, **more: Any) -> dict[str, Any]:
    return {"name": "Rail", "description": "New lines", "owner": owner.pk, **STEPS, **more}


def make_sequence(actor: User, *, active: bool = True, name: str = "Rail") -> Sequence:
    """A mail, then a call."""
    text = create_template(actor=actor, name=f"{name} text", subject="Dear {first_name}", body="About {company}.")
    sequence = services.create_sequence(actor=actor, name=name)
    steps = [
        {"kind": "email", "day_offset": 0, "template": text, "subject": ""},
        {"kind": "call", "day_offset": 3, "template": None, "subject": "Ask"},
    ]
    sequence = services.set_steps(sequence=sequence, steps=steps, version=None, actor=actor)
    return services.activate_sequence(sequence=sequence, version=None, actor=actor) if active else sequence


def enrolled(lead: Any, sequence: Sequence, actor: User) -> Enrollment:
    return services.enroll(sequence=sequence, leads=[lead], actor=actor).enrollments[0]


def mailed(row: Enrollment, **fields: Any) -> SentMessage:
    """The first step's mail as it stands once the server took it."""
    now, step = clock.now(), row.sequence.steps.get(position=1)
    told = {"status": "sent", "handed_at": now, "sent_at": now, "to": "a@b.example", "subject": "Dear you", **fields}
    return SentMessage.objects.create(
        enrollment=row, step=step, message_id=f"<{row.pk}@here>", body="Words", due_at=now, **told
    )


def answered_mail(row: Enrollment, mail: SentMessage, **fields: Any) -> ReceivedMessage:
    told: dict[str, Any] = {"kind": "reply", "sender": "ann@b.example", "subject": "Re: Dear you", "text": "Yes!"}
    return ReceivedMessage.objects.create(
        digest=f"{row.pk}-{fields.get('kind', '')}", enrollment=row, answers=mail, received_at=clock.now(),
        **{**told, **fields},
    )  # fmt: skip


# The builder ------------------------------------------------------------------------------


def test_a_sequence_is_built_with_a_text_written_in_place(olga: User) -> None:
    made = post(signed_in(olga), "sequence-new", **facts(olga))
    sequence = Sequence.objects.get()
    assert (made.status_code, made.url) == (302, sequence.get_absolute_url())
    kinds = list(sequence.steps.order_by("position").values_list("kind", "day_offset", "subject"))
    assert kinds == [("email", 0, ""), ("call", 3, "Ask whether they read it"), ("visit", 7, "Drop by")]
    assert MessageTemplate.objects.get().steps.get().sequence == sequence


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"s1-body": "Dear {frist_name}"}, "{frist_name} is not known"),
        ({"s1-name": ""}, "This field is required"),
        ({"s2-day_offset": "9"}, "cannot come before the one above"),
        ({"step": []}, "Add at least one step"),
        ({"s2-kind": "dance"}, "Select a valid choice"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_a_refused_sequence_says_why_and_nothing_is_kept(olga: User, wrong: dict[str, Any], said: str) -> None:
    answer = post(signed_in(olga), "sequence-new", **facts(olga, **wrong))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Sequence.objects.exists() and not MessageTemplate.objects.exists() and not SequenceStep.objects.exists()


@pytest.mark.parametrize(
    ("move", "order"),
    [("up:2", ["2", "1", "3"]), ("down:2", ["1", "3", "2"]), ("remove:1", ["2", "3"]), ("up:1", ["1", "2", "3"]),
     ("down:3", ["1", "2", "3"]), ("add", ["1", "2", "3", "4"]), ("up:77", ["1", "2", "3"]), ("", ["1", "2", "3"])],
)  # fmt: skip
def test_steps_move_are_added_and_taken_away_and_keep_what_was_typed(olga: User, move: str, order: list[str]) -> None:
    page = signed_in(olga).post(reverse("sequence-draw"), {**STEPS, "move": move}).content.decode()
    assert re.findall(r'name="step" value="([0-9]+)"', page) == order
    if "2" in order:
        assert "Ask whether they read it" in page
    if move == "add":
        assert 'name="s4-day_offset" value="10"' in page
    assert not Sequence.objects.exists()


def test_another_kind_asks_for_other_fields(olga: User) -> None:
    page = signed_in(olga).post(reverse("sequence-draw"), {**STEPS, "s1-kind": "call"}).content.decode()
    assert 'name="s1-body"' not in page and 'name="s1-subject"' in page and "What is to do" in page


def test_the_preview_fills_in_the_lead_that_was_chosen(olga: User, charlie: User) -> None:
    lead = make_lead(olga, first_name="Ann", company="Westmoor")
    page = signed_in(olga).post(reverse("sequence-preview"), {**STEPS, "person": lead.pk}).content.decode()
    assert "Dear Ann" in page and "About Westmoor." in page and "Day 0" in page
    text = {"subject": "Hello {first_name}", "body": "<b>{company}</b>", "person": lead.pk}
    page = signed_in(olga).post(reverse("sequence-preview"), text).content.decode()
    assert "Hello Ann" in page and "&lt;b&gt;Westmoor" in page
    hidden = signed_in(charlie).post(reverse("sequence-preview"), {**STEPS, "person": lead.pk}).content.decode()
    assert "Ann" not in hidden and "Westmoor" not in hidden
    assert [one["value"] for one in signed_in(olga).get(reverse("lead-pick"), {"q": "westm"}).json()] == [lead.pk]
    assert signed_in(charlie).get(reverse("lead-pick"), {"q": "westm"}).json() == []


def test_one_in_use_is_renamed_but_its_steps_wait_for_a_pause(olga: User) -> None:
    sequence, client = make_sequence(olga), signed_in(olga)
    page = client.get(reverse("sequence-edit", args=[sequence.pk])).content.decode()
    assert "Pause it to change its steps" in page and "add-step" not in page
    renamed = post(client, "sequence-edit", sequence.pk, **facts(olga, name="Rails", version=sequence.version))
    assert renamed.status_code == 302
    sequence.refresh_from_db()
    assert (sequence.name, sequence.steps.count()) == ("Rails", 2)
    post(client, "sequence-verb", sequence.pk, "pause", version=sequence.version)
    sequence.refresh_from_db()
    changed = post(client, "sequence-edit", sequence.pk, **facts(olga, version=sequence.version))
    assert (changed.status_code, sequence.steps.count()) == (302, 3)


def test_a_stale_builder_changes_nothing(olga: User) -> None:
    sequence = make_sequence(olga, active=False)
    answer = post(signed_in(olga), "sequence-edit", sequence.pk, **facts(olga, version=sequence.version - 1))
    assert answer.status_code == 409
    assert sequence.steps.count() == 2 and not MessageTemplate.objects.filter(name="First words").exists()


def test_who_may_not_build_may_look(olga: User, alice: User, erin: User) -> None:
    sequence = make_sequence(olga)
    assert signed_in(alice).get(sequence.get_absolute_url()).status_code == 200
    assert post(signed_in(alice), "sequence-new", **facts(alice)).status_code == 403
    assert post(signed_in(alice), "sequence-verb", sequence.pk, "pause", version=1).status_code == 403
    assert post(signed_in(olga), "sequence-verb", sequence.pk, "dance", version=1).status_code == 400
    assert signed_in(erin).get(sequence.get_absolute_url()).status_code == 403
    assert Sequence.objects.get().status == "active"


# Figures ----------------------------------------------------------------------------------


@pytest.mark.spec("SD-09")
def test_each_figure_of_a_step_opens_the_very_rows_that_it_counts(olga: User, alice: User, charlie: User) -> None:
    sequence = make_sequence(olga)
    rows = [enrolled(make_lead(alice), sequence, alice) for _n in range(4)]
    mails = [mailed(rows[0]), mailed(rows[1]), mailed(rows[2], status="bounced", error="550 unknown")]
    answered_mail(rows[0], mails[0])
    answered_mail(rows[1], mails[1], kind="opt_out")
    for person, seen in ((alice, True), (charlie, False)):
        page = signed_in(person).get(sequence.get_absolute_url())
        cells = {cell["label"]: cell for cell in page.context["steps_shown"][0]["cells"]}
        wanted = {"Sent": 3, "Replied": 1, "Bounced": 1, "Opted out": 1, "Failed": 0}
        assert {label: cell["count"] for label, cell in cells.items()} == {k: v * seen for k, v in wanted.items()}
        for label, cell in cells.items():
            opened = signed_in(person).get(cell["url"])
            assert len(opened.context["rows"]) == cell["count"], label
        waiting = page.context["steps_shown"][0]
        listed = signed_in(person).get(waiting["waiting_url"]).context["rows"]
        assert len(listed) == waiting["waiting"] == 4 * seen
        for state in page.context["states"]:
            assert len(signed_in(person).get(state["url"]).context["rows"]) == state["count"]
    figures = signed_in(alice).get(sequence.get_absolute_url()).context["steps_shown"][0]
    assert [str(cell["share"]) for cell in figures["cells"]] == ["None", "33.3", "33.3", "33.3", "0.0"]


def test_the_list_counts_whom_one_sees_and_its_queries_stay_few(
    olga: User, alice: User, django_assert_max_num_queries: Any
) -> None:
    for name in ("Rail", "Road", "Water"):
        sequence = make_sequence(olga, name=name)
        row = enrolled(make_lead(alice), sequence, alice)
        mailed(row)
    services.stop_enrollment(enrollment=row, version=None, actor=alice)
    client = signed_in(alice)
    client.get(reverse("sequence-list"))
    with django_assert_max_num_queries(20):
        page = client.get(reverse("sequence-list"))
    counts = [(one.name, one.enrolled_count, one.running_count) for one in page.context["page"].rows]
    assert counts == [("Water", 1, 0), ("Road", 1, 1), ("Rail", 1, 1)]


# People -----------------------------------------------------------------------------------


def test_a_lead_is_enrolled_paused_goes_on_and_is_stopped(olga: User, alice: User) -> None:
    sequence, lead, client = make_sequence(olga), make_lead(alice), signed_in(alice)
    made = post(client, "lead-enroll", lead.pk, sequence=sequence.pk, sender=alice.pk)
    assert (made.status_code, made.url) == (302, lead.get_absolute_url())
    row = Enrollment.objects.get()
    for verb, status in (("pause", "paused"), ("resume", "active"), ("stop", "stopped")):
        assert post(client, "enrollment-verb", row.pk, verb, version=row.version).status_code == 302
        row.refresh_from_db()
        assert row.status == status
    panel = client.get(reverse("lead-outreach", args=[lead.pk]), {"panel": "1"}).content.decode()
    assert "Rail" in panel and "Stopped" in panel and "<main" not in panel
    assert post(client, "enrollment-verb", row.pk, "dance", version=1).status_code == 400


@pytest.mark.spec("SD-09")
def test_who_objected_is_not_enrolled_and_the_page_says_so(olga: User, alice: User) -> None:
    sequence, lead, client = make_sequence(olga), make_lead(alice), signed_in(alice)
    rules = {"basis": "consent", "window_from": "08:00", "window_to": "12:00", "time_zone": "Europe/Berlin"}
    saved = post(client, "lead-policy", lead.pk, **rules, do_not_contact="on", reason="Asked on the phone")
    assert saved.status_code == 302
    policy = ContactPolicy.objects.get()
    assert policy.do_not_contact_at is not None and policy.time_zone == "Europe/Berlin"
    refused = post(client, "lead-enroll", lead.pk, sequence=sequence.pk, sender=alice.pk)
    assert refused.status_code == 422 and "does not want to be contacted" in refused.content.decode()
    assert not Enrollment.objects.exists()
    page = client.get(reverse("lead-outreach", args=[lead.pk])).content.decode()
    assert "Not to be contacted since" in page and 'name="sequence"' not in page
    stale = post(client, "lead-policy", lead.pk, **rules, version=policy.version + 5)
    assert stale.status_code == 409
    wrong = {**rules, "window_from": "13:00", "version": policy.version}
    assert post(client, "lead-policy", lead.pk, **wrong).status_code == 422
    policy.refresh_from_db()
    assert policy.do_not_contact_at is not None


def test_a_contact_has_the_same_panel_and_rules(olga: User, alice: User) -> None:
    sequence, client = make_sequence(olga), signed_in(alice)
    account = create_account(actor=alice, name="Westmoor Rail")
    contact = create_contact(actor=alice, account=account, last_name="Pike", email="pike@westmoor.example")
    assert post(client, "contact-enroll", contact.pk, sequence=sequence.pk, sender=alice.pk).status_code == 302
    page = client.get(reverse("contact-outreach", args=[contact.pk]))
    assert page.status_code == 200 and "Rail" in page.content.decode()
    assert reverse("contact-outreach", args=[contact.pk]) in client.get(contact.get_absolute_url()).content.decode()


def test_an_outsider_finds_none_of_it(olga: User, alice: User, charlie: User) -> None:
    lead, sequence = make_lead(alice), make_sequence(olga)
    row = enrolled(lead, sequence, alice)
    mail = answered_mail(row, mailed(row))
    client = signed_in(charlie)
    for name in ("lead-outreach", "lead-policy"):
        assert client.get(reverse(name, args=[lead.pk])).status_code == 404
    assert post(client, "lead-enroll", lead.pk, sequence=sequence.pk, sender=charlie.pk).status_code == 404
    assert post(client, "enrollment-verb", row.pk, "stop", version=row.version).status_code == 404
    assert post(client, "reply-read", mail.pk).status_code == 404
    assert client.get(reverse("reply-inbox"), {"open": mail.pk}).status_code == 404
    row.refresh_from_db()
    assert row.status == "active"


def test_many_leads_are_enrolled_from_the_list_and_the_refused_are_named(olga: User, alice: User) -> None:
    sequence = make_sequence(olga)
    good, closed = make_lead(alice), make_lead(alice)
    services.set_policy(actor=alice, lead=closed, do_not_contact=True)
    picked = {"action": "enroll", "pk": [good.pk, closed.pk]}
    answer = signed_in(alice).post(
        reverse("lead-list"), {**picked, "enroll-sequence": sequence.pk, "enroll-sender": alice.pk}, follow=True
    )
    assert answer.status_code == 200
    assert Enrollment.objects.get().lead == good
    outcomes = {row.object_id: (row.outcome, row.reason) for row in BulkRow.objects.all()}
    assert outcomes[good.pk][0] == "changed"
    assert outcomes[closed.pk][0] == "refused" and "does not want to be contacted" in outcomes[closed.pk][1]


def test_a_mail_that_failed_is_sent_again_from_the_persons_page(olga: User, alice: User, charlie: User) -> None:
    lead = make_lead(alice)
    mail = mailed(enrolled(lead, make_sequence(olga), alice), status="failed", error="550 no")
    client = signed_in(alice)
    assert "Send again" in client.get(reverse("lead-outreach", args=[lead.pk])).content.decode()
    assert post(signed_in(charlie), "sent-message-again", mail.pk).status_code == 404
    assert post(client, "sent-message-again", mail.pk).url == lead.get_absolute_url()
    mail.refresh_from_db()
    assert (mail.status, mail.error) == ("waiting", "")
    assert post(client, "sent-message-again", mail.pk).status_code in (409, 422)


# Answers ----------------------------------------------------------------------------------


def test_an_answer_stands_in_my_day_and_the_inbox_until_it_is_opened(olga: User, alice: User) -> None:
    row = enrolled(lead := make_lead(alice, first_name="Ann"), make_sequence(olga), alice)
    mail = answered_mail(row, mailed(row))
    client, today = signed_in(alice), clock.today()
    assert [item.url for item in day_for(alice, today) if item.icon == "mail"] == [f"/leads/replies/?open={mail.pk}"]
    page = client.get(reverse("reply-inbox"), {"open": mail.pk}).content.decode()
    assert "Yes!" in page and f"/leads/{lead.pk}/write/?answers={mail.pk}" in page
    mail.refresh_from_db()
    assert mail.read_at is None  # looking at it is not yet writing
    assert client.post(reverse("reply-read", args=[mail.pk]), headers={"HX-Request": "true"}).status_code == 204
    mail.refresh_from_db()
    assert mail.read_at
    assert not [item for item in day_for(alice, today) if item.icon == "mail"]
    assert "Answers to mails" in client.get(reverse("reply-inbox")).content.decode()
    assert client.get(reverse("reply-inbox"), {"box": "attic"}).status_code == 400


def test_mail_that_belongs_to_nobody_is_shown_to_who_looks_after_it(olga: User, alice: User) -> None:
    ReceivedMessage.objects.create(
        digest="x", kind="unmatched", sender="who@where.example", subject="Hello?", received_at=clock.now()
    )
    assert "Hello?" in signed_in(olga).get(reverse("reply-inbox"), {"box": "unmatched"}).content.decode()
    assert signed_in(alice).get(reverse("reply-inbox"), {"box": "unmatched"}).status_code == 400


def test_mails_sent_stand_on_the_timeline(olga: User, alice: User) -> None:
    lead = make_lead(alice)
    row = enrolled(lead, make_sequence(olga), alice)
    mailed(row)
    assert "Mail: Dear you" in signed_in(alice).get(lead.get_absolute_url()).content.decode()


# Templates --------------------------------------------------------------------------------


def test_a_template_is_written_changed_and_put_away(olga: User) -> None:
    client, text = signed_in(olga), {"name": "Hello", "subject": "Dear {first_name}", "body": "Words"}
    assert post(client, "message-template-new", **text).status_code == 302
    template = MessageTemplate.objects.get()
    wrong = post(client, "message-template-edit", template.pk, **{**text, "body": "{nonsense}"}, version=1)
    assert wrong.status_code == 422 and "{nonsense} is not known" in wrong.content.decode()
    assert post(client, "message-template-edit", template.pk, **{**text, "body": "More"}, version=9).status_code == 409
    assert post(client, "message-template-edit", template.pk, **{**text, "body": "More"}, version=1).status_code == 302
    template.refresh_from_db()
    assert template.body == "More"
    assert post(client, "message-template-archive", template.pk, version=template.version).status_code == 302
    assert "Hello" not in client.get(reverse("message-template-list"), {"panel": "1"}).content.decode()
    assert "Hello" in client.get(reverse("message-template-list"), {"archived": "true"}).content.decode()
