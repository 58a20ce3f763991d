"""Mails of sequences, out through a real mail server and in as raw messages."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from time_machine import travel

from accounts.models import Activity
from leads import mailing, services
from leads.models import Enrollment, ReceivedMessage, SentMessage
from leads.selectors.sequences import unread_replies
from leads.tasks import run_sequence_steps
from revops.core.errors import IllegalState
from revops.users.models import Notification
from tests.cast import Cast
from tests.leads.builders import enrolled, make_lead, make_sequence
from tests.leads.smtp import post_office

TUESDAY = datetime(2026, 6, 9, 10, 0, tzinfo=UTC)
Status, Mail, Kind = Enrollment.Status, SentMessage.Status, ReceivedMessage.Kind


@pytest.fixture
def inbound(settings: Any) -> None:
    settings.INBOUND_DOMAIN, settings.INBOUND_TOKEN = "mail.revops.example", "let-me-in"


def due(cast: Cast, **fields: Any) -> Enrollment:
    """A lead in a sequence of three mails; the first is written."""
    steps = ((0, "email"), (1, "email"), (2, "email"))
    sequence = make_sequence(cast.bob, *steps, name=f"S{Enrollment.objects.count()}")
    with travel(TUESDAY, tick=False):
        one = enrolled(sequence, make_lead(cast.alice, **fields), cast.alice)
        services.run_due_steps()
    return one


def sent(cast: Cast, **fields: Any) -> SentMessage:
    """The same, sent."""
    one = due(cast, **fields)
    with travel(TUESDAY, tick=False):
        parcel = next(row for row in services.claim_mails(most=50) if row.token == one.token)
        handed = services.hand_mail(parcel=parcel)
        assert handed is not None
        services.settle_mail(parcel=handed)
    return one.messages.get()


def run(at: datetime = TUESDAY) -> None:
    with travel(at, tick=False):
        run_sequence_steps()


# Out -----------------------------------------------------------------------------------------


@pytest.mark.spec("SD-09")
def test_running_the_job_twice_sends_once_and_later_mails_thread(cast: Cast, settings: Any) -> None:
    with post_office(settings) as office:
        one = due(cast, first_name="Zoë", company="Müller\r\nBcc: everybody@x.example")
        for day in (0, 0, 1, 1, 2, 3, 9):
            run(TUESDAY + timedelta(days=day))
    assert len(office.taken) == 3 == one.messages.filter(status=Mail.SENT).count()
    first, second, third = (mail.message for mail in office.taken)
    back = f"reply+{one.token}@mail.revops.example"
    assert (first["Reply-To"], office.taken[0].sender, first["Auto-Submitted"]) == (back, back, "no")
    assert first["From"].addresses[0].display_name == cast.alice.get_full_name()
    assert "Bcc" not in first and "everybody@x.example" in first["Subject"]
    assert len(office.taken[0].raw) and {mail.to for mail in office.taken} == {one.lead.email_key}  # type: ignore[union-attr]
    body = first.get_content()
    assert body.startswith("Dear Zoë ") and f"/opt-out/{one.token}" in body
    assert f"/opt-out/{one.token}>" in first["List-Unsubscribe"]
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (first["In-Reply-To"], second["In-Reply-To"]) == (None, first["Message-ID"])
    assert third["References"].split() == [first["Message-ID"], second["Message-ID"]]
    one.refresh_from_db()
    assert one.status == Status.FINISHED


def test_a_line_that_is_a_dot_does_not_end_the_mail(cast: Cast, settings: Any) -> None:
    with post_office(settings) as office:
        one = due(cast)
        one.messages.update(body="Before\n.\n..\nafter ü\n")
        run()
    assert office.taken[0].message.get_content().split() == ["Before", ".", "..", "after", "ü"]


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_send_each_mail_once(cast: Cast, settings: Any) -> None:
    together = threading.Barrier(2, timeout=20)

    def slowly(_address: str, number: int) -> None:
        if number <= 2:
            together.wait()  # both senders are at work: neither goes on before the other has asked

    with post_office(settings, at_address=slowly) as office, travel(TUESDAY):
        sequence = make_sequence(cast.bob, (0, "email"))
        for _number in range(30):
            enrolled(sequence, make_lead(cast.alice), cast.alice)
        while services.run_due_steps():
            pass

        def job(_number: int) -> int:
            try:
                return mailing.send_due()
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=2) as pool:
            assert sum(pool.map(job, range(2))) == 30
    assert len({mail.to for mail in office.taken}) == len(office.taken) == 30
    assert SentMessage.objects.filter(status=Mail.SENT).count() == 30


def test_what_the_server_refuses_for_good_is_told_in_its_words(cast: Cast, settings: Any) -> None:
    def no(address: str, _number: int) -> str | None:
        return "550 5.1.1 No such person here" if address.startswith("gone") else None

    def never(address: str, _number: int) -> str | None:
        return "554 5.7.1 Looks like advertising" if address.startswith("strict") else None

    with post_office(settings, at_address=no, at_end=never) as office:
        gone, strict = due(cast, email="gone@there.example"), due(cast, email="strict@here.example")
        fine = due(cast)
        run()
    assert [mail.to for mail in office.taken] == [fine.messages.get().to]
    one, two = gone.messages.get(), strict.messages.get()
    assert (one.status, one.error) == (Mail.BOUNCED, "550 5.1.1 No such person here")
    assert (two.status, two.error, two.handed_at) == (Mail.FAILED, "554 5.7.1 Looks like advertising", None)
    gone.refresh_from_db()
    strict.refresh_from_db()
    assert (gone.status, strict.status) == (Status.BOUNCED, Status.ACTIVE)


def test_not_now_is_tried_again_later_and_later_and_then_given_up(cast: Cast, settings: Any) -> None:
    with post_office(settings, at_address=lambda _address, _number: "451 4.7.1 Try again") as office:
        one = due(cast)
        waits, at = [], TUESDAY
        for _try in range(6):
            run(at)
            row = one.messages.order_by("pk")[0]
            waits.append(row.due_at - at)
            at = row.due_at
    assert waits[:3] == [timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)]
    row = one.messages.order_by("pk")[0]
    assert (row.status, row.tries, row.error) == (Mail.FAILED, 6, "451 4.7.1 Try again")
    assert not office.taken


@pytest.mark.spec("SD-09")
def test_what_was_held_up_past_their_hours_waits_for_the_next_day(cast: Cast, settings: Any) -> None:
    with post_office(settings) as office:
        one = due(cast)
        services.pause_enrollment(enrollment=one, version=None, actor=cast.alice)
        run()
        with travel(TUESDAY.replace(hour=20), tick=False):
            services.resume_enrollment(enrollment=Enrollment.objects.get(), version=None, actor=cast.alice)
        run(TUESDAY.replace(hour=20))
        run(TUESDAY.replace(hour=20) + timedelta(hours=12, minutes=59))
        assert not office.taken
        assert one.messages.get().due_at == datetime(2026, 6, 10, 9, tzinfo=UTC)
        run(datetime(2026, 6, 10, 9, tzinfo=UTC))
    assert [mail.message["To"] for mail in office.taken] == [one.messages.get().to]


def test_a_server_that_is_away_costs_nobody_a_mail(cast: Cast, settings: Any) -> None:
    with post_office(settings):
        pass  # it is gone again; its port is closed
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    first, second = due(cast), due(cast)
    run()
    assert {row.status for row in SentMessage.objects.all()} == {Mail.WAITING}
    assert sorted(SentMessage.objects.values_list("tries", flat=True)) == [0, 1]  # the run ended with the first
    with post_office(settings) as office:
        run(TUESDAY + timedelta(minutes=6))
    assert {mail.to for mail in office.taken} == {first.messages.get().to, second.messages.get().to}


def test_an_objection_between_the_address_and_the_text_keeps_the_text_here(cast: Cast, settings: Any) -> None:
    def objects(_address: str, _number: int) -> None:
        services.set_policy(lead=one.lead, do_not_contact=True, actor=None)

    # In the same thread, so that the test's transaction is seen: the objection comes right before the last byte.
    with post_office(settings) as office:
        one = due(cast)
        with travel(TUESDAY, tick=False):
            parcel = services.claim_mails(most=1)[0]
            objects("", 0)
            post = mailing.Server()
            mailing._send(post, parcel)
            post.close()
    assert (office.asked, office.ended, office.taken) == (1, 0, [])
    row = one.messages.get()
    assert (row.status, row.handed_at) == (Mail.CANCELLED, None)


def test_a_mail_of_which_nobody_knows_whether_it_arrived_is_sent_again_only_by_a_person(
    cast: Cast, settings: Any
) -> None:
    with post_office(settings, at_end=lambda _address, number: _break_off() if number == 1 else None) as office:
        settings.EMAIL_TIMEOUT = 1
        one = due(cast)
        run()
        row = one.messages.get()
        assert row.status == Mail.UNCONFIRMED and row.handed_at is not None
        run(TUESDAY + timedelta(hours=1))
        assert office.ended == 1, "nobody tries again by itself"
        with travel(TUESDAY + timedelta(hours=2), tick=False):
            services.send_again(message=row, actor=cast.alice)
            with pytest.raises(IllegalState):
                services.send_again(message=row, actor=cast.alice)
        run(TUESDAY + timedelta(hours=2))
    assert office.ended == 2
    row.refresh_from_db()
    assert row.status == Mail.SENT


def _break_off() -> str:
    # Longer than the sender waits for an answer.
    threading.Event().wait(2)
    return "451 too late"


@pytest.mark.parametrize("handed", [False, True])
def test_what_a_killed_sender_left_goes_to_the_next_unless_its_last_byte_may_have_gone(
    cast: Cast, settings: Any, handed: bool
) -> None:
    one = due(cast)
    with travel(TUESDAY, tick=False):
        parcel = services.claim_mails(most=1)[0]
        if handed:
            services.hand_mail(parcel=parcel)
        assert not services.claim_mails(most=1)
    with travel(TUESDAY + timedelta(seconds=121), tick=False):
        again = services.claim_mails(most=1)
        assert bool(again) is not handed
        # Should the first one only have been slow, it hears that the mail is not its own any more.
        assert services.hand_mail(parcel=parcel) is None
    assert one.messages.get().status == (Mail.UNCONFIRMED if handed else Mail.WAITING)


# In ------------------------------------------------------------------------------------------


def letter(text: str = "Yes, call me.", **headers: str) -> bytes:
    mail = EmailMessage()
    facts = {"From": "Ann <ann@there.example>", "Subject": "Re: A question", "Message-ID": "<1@there.example>"}
    for name, value in {**facts, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def bounce(message: SentMessage, status: str = "5.1.1", action: str = "failed") -> bytes:
    return f"""From: MAILER-DAEMON@mx.there.example
To: reply+{(message.enrollment or message).token}@mail.revops.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver it.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.there.example

Final-Recipient: rfc822; {message.to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: message/rfc822

Message-ID: {message.message_id}
Subject: {message.subject}

Hello
--b--
""".replace("\n", "\r\n").encode()


def post(client: Client, raw: bytes, token: str = "let-me-in") -> Any:
    return client.post("/intake/mail", raw, content_type="message/rfc822", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.spec("SD-09")
def test_a_reply_stops_all_later_steps_and_the_sender_hears_of_it(cast: Cast, client: Client, inbound: None) -> None:
    message = sent(cast)
    raw = letter(In_Reply_To=message.message_id)
    assert post(client, raw).json()["kind"] == Kind.REPLY
    assert post(client, raw).status_code == 202  # the same again
    row = ReceivedMessage.objects.get()
    one = message.enrollment
    one.refresh_from_db()
    assert (row.answers, row.enrollment, one.status, one.next_at) == (message, one, Status.REPLIED, None)
    for day in (1, 2, 5):
        with travel(TUESDAY + timedelta(days=day), tick=False):
            assert services.run_due_steps() == 0
    assert one.messages.count() == 1
    assert Activity.objects.get(lead_link__lead=one.lead).body == "Yes, call me."
    assert Notification.objects.filter(kind="sequence.replied", user=cast.alice).count() == 1
    assert list(unread_replies(cast.alice)) == [row] and not unread_replies(cast.charlie).exists()
    services.mark_read(message=row, actor=cast.alice)
    assert not unread_replies(cast.alice).exists()


def test_a_reply_is_known_by_the_address_to_which_it_comes(cast: Cast, client: Client, inbound: None) -> None:
    one = due(cast)  # its first mail waits: somebody forwarded the address
    raw = letter(To=f"Us <Reply+{one.token.upper()}@mail.revops.example>")
    assert post(client, raw).json()["kind"] == Kind.REPLY
    one.refresh_from_db()
    assert (one.status, one.messages.get().status) == (Status.REPLIED, Mail.CANCELLED)
    assert post(client, letter(To="info@mail.revops.example")).json()["kind"] == Kind.UNMATCHED
    client.force_login(cast.alice)
    assert len(client.get("/api/v1/received-messages").json()["results"]) == 1
    client.force_login(cast.olga)
    assert len(client.get("/api/v1/received-messages").json()["results"]) == 2


@pytest.mark.parametrize(
    ("status", "action", "ends"),
    [("5.1.1", "failed", True), ("4.4.7", "failed", True), ("4.4.1", "delayed", False), ("5.1.1", "", True)],
)
def test_a_bounce_ends_it_and_a_delay_does_not(
    cast: Cast, client: Client, inbound: None, status: str, action: str, ends: bool
) -> None:
    message = sent(cast)
    kind = post(client, bounce(message, status, action)).json()["kind"]
    message.refresh_from_db()
    one = Enrollment.objects.get()
    expected = (Kind.BOUNCE, Mail.BOUNCED, Status.BOUNCED) if ends else (Kind.AUTO_REPLY, Mail.SENT, Status.ACTIVE)
    assert (kind, message.status, one.status) == expected
    assert not Activity.objects.filter(lead_link__lead=one.lead).exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"X_Autoreply": "yes"},
        {"Precedence": "bulk"},
        {"Subject": "Out of office: Re: A question"},
        {"Subject": "Automatische Antwort: Re: A question"},
    ],
)
def test_an_automatic_answer_stops_nothing(cast: Cast, client: Client, inbound: None, headers: dict[str, str]) -> None:
    message = sent(cast)
    assert post(client, letter(In_Reply_To=message.message_id, **headers)).json()["kind"] == Kind.AUTO_REPLY
    one = Enrollment.objects.get()
    assert one.status == Status.ACTIVE and not unread_replies(cast.alice).exists()


@pytest.mark.parametrize("words", ["STOP", "Unsubscribe.\n\n> Dear Ann", "Bitte abmelden!", "<p>opt-out</p>"])
def test_who_writes_stop_is_written_to_no_more(cast: Cast, client: Client, inbound: None, words: str) -> None:
    message = sent(cast)
    raw = letter(words, In_Reply_To=message.message_id)
    if words.startswith("<"):
        raw = raw.replace(b"text/plain", b"text/html")
    assert post(client, raw).json()["kind"] == Kind.OPT_OUT
    one = Enrollment.objects.get()
    assert one.status == Status.OPTED_OUT and one.lead is not None
    assert one.lead.policy.do_not_contact_at is not None


def test_who_only_quotes_the_line_about_opting_out_has_answered(cast: Cast, client: Client, inbound: None) -> None:
    message = sent(cast)
    words = "On Tuesday Alice wrote:\n> stop\n\nWhen would you call?"
    assert post(client, letter(words, In_Reply_To=message.message_id)).json()["kind"] == Kind.REPLY


def test_the_door_opens_to_the_mail_server_only(cast: Cast, client: Client, inbound: None, settings: Any) -> None:
    raw = letter()
    assert post(client, raw, token="guess").status_code == 401
    assert client.post("/intake/mail", raw, content_type="message/rfc822").status_code == 401
    head = {"Authorization": "Bearer let-me-in"}
    assert client.post("/intake/mail", {"a": "b"}, headers=head).status_code == 415
    assert post(client, b" ").status_code == 400
    assert post(client, b"a" * (10 * 1024 * 1024 + 1)).status_code == 413
    assert client.get("/intake/mail").status_code == 405
    settings.INBOUND_TOKEN = ""
    assert post(client, raw, token="").status_code == 401
    assert not ReceivedMessage.objects.exists()


ODD = [
    b"\x00\xff\xfe", b"Subject: =?utf-9?q?=FF?=\r\n\r\nx",
    b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff\x00",
    b"In-Reply-To: <" + b"x" * 5000 + b">\r\n\r\n", b"Content-Type: multipart/mixed\r\n\r\nno boundary",
    b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n--b--",
    b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus\r\n",
    b"From: =?utf-8?b?!!!?= <\xff@\x00>\r\nSubject: \xd0\x00\r\nContent-Transfer-Encoding: base64\r\n\r\n!!",
    b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1500)),
]  # fmt: skip


@pytest.mark.parametrize("raw", ODD, ids=range(len(ODD)))
def test_no_mail_however_broken_is_an_error_of_ours(cast: Cast, client: Client, inbound: None, raw: bytes) -> None:
    assert post(client, raw).status_code in (202, 400)


@example_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 700), noise=st.binary(max_size=40))
def test_a_bounce_cut_and_soiled_anywhere_is_taken_or_refused(
    cast: Cast, client: Client, inbound: None, cut: int, noise: bytes
) -> None:
    message = SentMessage.objects.first() or sent(cast)
    whole = bounce(message)
    assert post(client, whole[:cut] + noise + whole[cut:]).status_code in (202, 400)


# The page ------------------------------------------------------------------------------------


def test_the_link_asks_and_one_click_acts(cast: Cast, client: Client) -> None:
    message = sent(cast)
    address = f"/opt-out/{message.enrollment.token}"
    strict = Client(enforce_csrf_checks=True)
    asked = strict.get(address)
    assert asked.status_code == 200 and b"No more of these mails?" in asked.content
    one = Enrollment.objects.get()
    assert one.status == Status.ACTIVE  # a program that only follows links changes nothing
    assert strict.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert strict.post(address).status_code == 200  # again: the same
    one.refresh_from_db()
    assert one.status == Status.OPTED_OUT
    assert client.get(f"/opt-out/{'0' * 40}").status_code == 404
    codes = [strict.get(address).status_code for _number in range(25)]
    assert codes[-1] == 429 and 200 in codes
