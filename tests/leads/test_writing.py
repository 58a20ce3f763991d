"""A mail that a person writes: out through a real mail server with its documents, and what comes back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient
from time_machine import travel

from accounts.models import Activity, Document, DocumentVersion
from accounts.services import add_version, archive_document, update_document, upload_document
from leads import mailing, services
from leads.models import Lead, ReceivedMessage, SentDocument, SentMessage
from leads.selectors.sequences import unread_replies
from leads.tasks import run_sequence_steps, send_mails
from revops.core import clock
from revops.core.errors import DomainError, InvalidInput, NotAllowed
from revops.users.models import Notification
from tests.accounts.builders import make_account, make_contact
from tests.cast import Cast
from tests.leads.builders import enrolled, make_lead, make_sequence, make_template
from tests.leads.smtp import post_office
from tests.leads.test_pages import signed_in
from tests.leads.test_sequence_mail import bounce, letter, post

Mail = SentMessage.Status
DA_07 = pytest.mark.spec("DA-07")


@pytest.fixture(autouse=True)
def shelf(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def paper(owner: Any, title: str = "Price list", *, text: bytes = b"%PDF-1.7 one", **fields: Any) -> Document:
    name = fields.pop("name", "prices.pdf")
    return upload_document(actor=owner, upload=ContentFile(text, name), title=title, **{"access": "everyone", **fields})


def renewed(document: Document, owner: Any, text: bytes = b"%PDF-1.7 two") -> DocumentVersion:
    return add_version(
        document=document, version=None, actor=owner, upload=ContentFile(text, "newer.pdf")
    ).versions.get(is_newest=True)


def written(cast: Cast, *files: Document, lead: Lead | None = None, **fields: Any) -> SentMessage:
    told: dict[str, Any] = {"subject": "Our prices, {first_name}", "body": "As you asked.", **fields}
    person = {} if "contact" in fields or "replies_to" in fields else {"lead": lead or make_lead(cast.alice)}
    versions = [one.newest.pk for one in files]
    return services.write_mail(**{"actor": cast.alice, "versions": versions, **person, **told})


def files_of(message: Any) -> list[tuple[str | None, str, bytes]]:
    return [(one.get_filename(), one.get_content_type(), one.get_content()) for one in message.iter_attachments()]


# Out -----------------------------------------------------------------------------------------


@DA_07
def test_a_mail_leaves_with_its_documents_and_keeps_which_version_went(cast: Cast, settings: Any) -> None:
    one = paper(cast.alice, name="Preisliste für Größe 5\u2028.pdf")
    two = paper(cast.bob, "Letter", name="hello.eml", text=b"Subject: x\r\n\r\nfrom: y")
    with post_office(settings) as office:
        lead = make_lead(cast.alice, first_name="Zoë")
        row = written(cast, one, two, lead=lead, subject="Prices, {first_name}\r\nBcc: all@x.example")
        send_mails()
        send_mails()
    [mail] = office.taken
    row.refresh_from_db()
    assert (row.status, row.tries, row.sent_at is not None) == (Mail.SENT, 1, True)
    message = mail.message
    assert (mail.to, message["Bcc"], message["List-Unsubscribe"]) == (lead.email_key, None, None)
    assert message["Subject"] == "Prices, Zoë Bcc: all@x.example" and message.get_content_type() == "multipart/mixed"
    assert message["Reply-To"] == f"reply+{row.token}@mail.revops.example"
    assert message.get_body().get_content().strip() == "As you asked."
    pdf, eml = files_of(message)
    assert pdf == ("Preisliste für Größe 5.pdf", "application/pdf", b"%PDF-1.7 one")
    assert b"filename*=utf-8''Preisliste" in mail.raw
    assert eml == ("hello.eml", "application/octet-stream", b"Subject: x\r\n\r\nfrom: y")
    assert set(SentDocument.objects.gone().values_list("version", flat=True)) == {one.newest.pk, two.newest.pk}
    done = Activity.objects.get(lead_link__lead=lead)
    assert (done.kind, done.owner, done.subject) == ("email", cast.alice, row.subject)
    assert "With 2 documents." in done.body
    lead.refresh_from_db()
    assert lead.status == Lead.Status.WORKING, "a mail is a touch"


def test_a_file_name_cannot_bring_a_header(cast: Cast, settings: Any) -> None:
    one = paper(cast.alice)
    DocumentVersion.objects.filter(document=one).update(name='a"\r\nBcc: all@x.example\r\n\r\n.pdf')
    with post_office(settings) as office:
        written(cast, one)
        send_mails()
    [mail] = office.taken
    head = mail.raw.split(b"\r\n\r\n", 1)[0]
    assert mail.message["Bcc"] is None and b"Bcc" not in head
    [(name, kind, data)] = files_of(mail.message)
    assert (kind, data) == ("application/pdf", b"%PDF-1.7 one") and name is not None and "\n" not in name


def test_pressed_twice_it_is_one_mail(cast: Cast, settings: Any) -> None:
    press, lead = uuid4(), make_lead(cast.alice)
    with post_office(settings) as office:
        first = written(cast, lead=lead, submission=press)
        assert written(cast, lead=lead, submission=press) == first
        assert written(cast, lead=lead, submission=uuid4()) != first
        send_mails()
    assert len(office.taken) == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"subject": "Dear {nobody}"}, "invalid"),
        ({"body": "{frist_name}"}, "invalid"),
        ({"subject": " "}, "invalid"),
        ({"to": "somebody@else.example"}, "invalid"),
        ({"body": "x" * 20_001}, "invalid"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(cast: Cast, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        written(cast, **fields)
    assert (refused.value.code, len(refused.value.errors)) == (code, 1) and not SentMessage.objects.exists()


@DA_07
def test_only_the_version_that_counts_of_a_document_in_sight_is_taken(cast: Cast) -> None:
    one, hers = paper(cast.alice), paper(cast.charlie, access="private")
    old = one.newest.pk
    renewed(one, cast.alice)
    lead = make_lead(cast.alice)

    def refused(*keys: int) -> DomainError:
        with pytest.raises(DomainError) as found:
            written(cast, lead=lead, versions=keys)
        return found.value

    error = refused(old)
    assert (error.code, error.facts["newest"]) == ("superseded", 2) and "version 2 counts now" in error.message
    with pytest.raises(Http404):
        written(cast, lead=lead, versions=[hers.newest.pk])
    with pytest.raises(Http404):
        written(cast, lead=lead, versions=[10**9])
    archived = paper(cast.alice, "Old")
    archive_document(document=archived, version=None, actor=cast.alice)
    assert refused(archived.newest.pk).code == "archived"
    large = [paper(cast.alice, f"Large {n}").newest for n in range(2)]
    DocumentVersion.objects.filter(pk__in=[file.pk for file in large]).update(size=10_000_000)
    assert refused(*(file.pk for file in large)).code == "too_large"
    assert not SentMessage.objects.exists()


# Objections ----------------------------------------------------------------------------------


def test_who_objects_is_not_written_to_and_what_waits_stays_here(cast: Cast, settings: Any) -> None:
    lead, same = make_lead(cast.alice, email="ann@there.example"), make_lead(cast.alice, company="Other")
    with post_office(settings) as office:
        row = written(cast, lead=lead)
        services.set_policy(lead=lead, do_not_contact=True, actor=None)
        row.refresh_from_db()
        assert row.status == Mail.CANCELLED
        with pytest.raises(DomainError) as refused:
            written(cast, lead=lead)
        assert refused.value.code == "do_not_contact"
        # Taken up already when the objection comes: heard before the last byte.
        late = written(cast, lead=same)
        parcel = services.claim_mails(most=5)[0]
        SentMessage.objects.filter(pk=late.pk).update(status=Mail.WAITING)
        services.set_policy(lead=same, do_not_contact=True, actor=None)
        SentMessage.objects.filter(pk=late.pk).update(status=Mail.WAITING, claimed_at=parcel.claimed_at)
        assert services.hand_mail(parcel=parcel) is None
        send_mails()
    late.refresh_from_db()
    assert (office.taken, late.status) == ([], Mail.CANCELLED)
    # Once for the first; for the second when it was taken off and, here put back, when it was about to go.
    assert Notification.objects.filter(kind="mail.failed", user=cast.alice).count() == 3


def test_hours_do_not_hold_back_what_a_person_sends_nor_does_a_closed_lead(cast: Cast, settings: Any) -> None:
    lead = make_lead(cast.alice)
    services.set_policy(lead=lead, actor=cast.alice, window_from="09:00", window_to="10:00")
    Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.NURTURE)
    with post_office(settings) as office, travel("2026-06-07T03:00Z", tick=False):  # a Sunday, at night
        written(cast, lead=lead)
        send_mails()
    assert len(office.taken) == 1


# Superseded between writing and sending ------------------------------------------------------


@DA_07
def test_a_version_superseded_meanwhile_is_not_sent_and_the_newer_one_is_sent_again(cast: Cast, settings: Any) -> None:
    one = paper(cast.bob)
    with post_office(settings) as office:
        row = written(cast, one)
        newer = renewed(one, cast.bob)
        send_mails()
        row.refresh_from_db()
        assert (office.ended, row.status, row.handed_at) == (0, Mail.FAILED, None)
        assert row.error == "“Price list” is superseded: version 2 counts now."
        told = Notification.objects.get(kind="mail.failed")
        assert (told.user, told.url) == (cast.alice, row.get_absolute_url())
        with pytest.raises(DomainError) as refused:
            services.send_again(message=row, actor=cast.alice)
        assert refused.value.facts["newest"] == 2
        with pytest.raises(NotAllowed):
            services.send_again(message=row, actor=cast.bob, newer=True)
        services.send_again(message=row, actor=cast.alice, newer=True)
        send_mails()
    assert files_of(office.taken[0].message)[0][2] == b"%PDF-1.7 two"
    assert SentDocument.objects.gone().get().version == newer


@DA_07
@pytest.mark.parametrize("how", ["archived", "private"])
def test_a_document_taken_back_meanwhile_is_not_sent(cast: Cast, settings: Any, how: str) -> None:
    one = paper(cast.bob)
    with post_office(settings) as office:
        row = written(cast, one)
        if how == "archived":
            archive_document(document=one, version=None, actor=cast.bob)
        else:
            update_document(document=one, version=None, actor=cast.bob, access="private")
        send_mails()
    row.refresh_from_db()
    words = {"archived": "“Price list” is archived.", "private": "A document of this mail is private to somebody else."}
    assert (office.taken, row.status, row.error) == ([], Mail.FAILED, words[how])


@DA_07
def test_between_the_address_and_the_text_a_newer_version_keeps_the_text_here(cast: Cast, settings: Any) -> None:
    one = paper(cast.alice)

    with post_office(settings) as office:
        row = written(cast, one)
        parcel = services.claim_mails(most=1)[0]
        renewed(one, cast.alice)
        server = mailing.Server()
        mailing._send(server, parcel)
        server.close()
    row.refresh_from_db()
    assert (office.asked, office.ended, row.status) == (1, 0, Mail.FAILED)


@DA_07
def test_a_template_takes_its_documents_along_in_the_version_that_counts_then(cast: Cast, settings: Any) -> None:
    one = paper(cast.bob)
    with pytest.raises(InvalidInput):
        make_template(cast.bob, name="Not for all", documents=[paper(cast.bob, "Linked", access="linked")])
    text = make_template(cast.bob, name="With", documents=[one])
    with post_office(settings) as office:
        written(cast, template=text, subject="", body="")
        parcel = services.claim_mails(most=1)[0]
        newer = renewed(one, cast.bob)
        assert services.hand_mail(parcel=parcel) is None  # written anew, with what counts now
        send_mails()
        sequence = services.create_sequence(actor=cast.bob, name="Papers")
        steps = [{"day_offset": 0, "kind": "email", "template": text}]
        sequence = services.set_steps(sequence=sequence, steps=steps, version=None, actor=cast.bob)
        sequence = services.activate_sequence(sequence=sequence, version=None, actor=cast.bob)
        with travel("2026-06-09T10:00Z", tick=False):
            enrolled(sequence, make_lead(cast.alice), cast.alice)
            run_sequence_steps()
    assert [files_of(mail.message)[0][2] for mail in office.taken] == [b"%PDF-1.7 two"] * 2
    assert {row.version for row in SentDocument.objects.gone()} == {newer}
    assert office.taken[1].message["List-Unsubscribe"], "a mailing says how to get out of it"


def test_what_the_server_puts_off_left_nothing_and_its_next_try_says_what_went(cast: Cast, settings: Any) -> None:
    text = make_template(cast.bob, name="With", documents=[one := paper(cast.bob)])
    with post_office(settings, at_end=lambda _to, number: "451 Later" if number == 1 else None) as office:
        row = written(cast, template=text)
        send_mails()
        assert not SentDocument.objects.gone().exists()
        newer = renewed(one, cast.bob)
        with travel(clock.now() + timedelta(minutes=6), tick=False):
            send_mails()
    row.refresh_from_db()
    assert (row.status, len(office.taken), SentDocument.objects.count()) == (Mail.SENT, 1, 2)
    assert SentDocument.objects.gone().get().version == newer


def test_a_file_that_is_gone_is_told_and_nothing_is_sent(cast: Cast, settings: Any) -> None:
    one = paper(cast.alice)
    with post_office(settings) as office:
        row = written(cast, one)
        one.newest.file.storage.delete(one.newest.file.name)
        send_mails()
    row.refresh_from_db()
    assert (office.taken, row.status, row.error) == ([], Mail.FAILED, "A document is not where it was stored.")


# At once -------------------------------------------------------------------------------------


@DA_07
@pytest.mark.django_db(transaction=True)
def test_a_sender_waits_for_a_version_that_is_being_added_and_hears_of_it(cast: Cast) -> None:
    one = paper(cast.alice)
    row = written(cast, one)
    parcel = services.claim_mails(most=1)[0]

    def hand() -> Any:
        try:
            return services.hand_mail(parcel=parcel)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            renewed(one, cast.alice)
            sender = pool.submit(hand)
            while not _somebody_waits():
                assert not sender.done()  # it must not go past what is being written
        assert sender.result(20) is None
    row.refresh_from_db()
    assert (row.status, row.handed_at) == (Mail.FAILED, None) and not SentDocument.objects.exists()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@DA_07
@pytest.mark.django_db(transaction=True)
def test_whoever_comes_first_no_version_leaves_after_its_successor_is_there(cast: Cast) -> None:
    one, lead = paper(cast.alice), make_lead(cast.alice)
    for _round in range(6):
        row = written(cast, one, lead=lead)
        parcel = services.claim_mails(most=1)[0]
        together = threading.Barrier(2, timeout=20)

        def do(act: Any, together: Any = together) -> Any:
            try:
                together.wait()
                return act()
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=2) as pool:
            handed = pool.submit(do, lambda parcel=parcel: services.hand_mail(parcel=parcel))
            newer = pool.submit(do, lambda: renewed(one, cast.alice)).result(20)
        row.refresh_from_db()
        gone = SentDocument.objects.filter(message=row).first()
        if handed.result(20) is None:
            assert gone is None and row.status == Mail.FAILED
        else:
            assert gone is not None and gone.handed_at <= newer.created_at
            services.settle_mail(parcel=handed.result())


# Back ----------------------------------------------------------------------------------------


@pytest.fixture
def sent(cast: Cast, settings: Any) -> Iterator[SentMessage]:
    account = make_account(cast.alice)
    contact = make_contact(account, "Lee", email="ann@there.example")
    with post_office(settings):
        row = written(cast, contact=contact)
        send_mails()
        row.refresh_from_db()
        yield row


def test_an_answer_is_read_in_the_inbox_and_answered_in_its_thread(
    cast: Cast, client: Client, settings: Any, sent: SentMessage
) -> None:
    answer = letter("Tell me more.", To=f"reply+{sent.token}@mail.revops.example", From="ann.private@home.example")
    assert post(client, answer).json()["kind"] == "reply"
    row = ReceivedMessage.objects.get()
    assert (row.contact, row.answers, list(unread_replies(cast.alice))) == (sent.contact, sent, [row])
    assert Activity.objects.filter(contact=sent.contact, kind="email").count() == 2
    assert Notification.objects.get(kind="sequence.replied").user == cast.alice
    assert not ReceivedMessage.objects.visible_to(cast.charlie).exists()
    page = signed_in(cast.alice).get(f"{reverse('reply-inbox')}?open={row.pk}")
    write = f"{reverse('contact-write', args=[sent.contact_id])}?answers={row.pk}"
    assert write in page.content.decode()
    fields = {
        "to": "ann.private@home.example",
        "subject": "Re: A question",
        "body": "Here it is.",
        "submission": uuid4(),
    }
    with post_office(settings) as office:
        for _press in range(2):
            assert signed_in(cast.alice).post(write, fields).status_code == 302
        send_mails()
    [mail] = office.taken
    assert mail.to == "ann.private@home.example"
    assert (mail.message["In-Reply-To"], mail.message["References"]) == (
        row.message_id,
        f"{sent.message_id} {row.message_id}",
    )
    with pytest.raises(InvalidInput):
        services.write_mail(actor=cast.alice, lead=make_lead(cast.alice), replies_to=row, subject="x", body="y")


@pytest.mark.parametrize("what", ["bounce", "stop", "away"])
def test_a_bounce_is_told_an_objection_is_heard_an_automatic_answer_changes_nothing(
    cast: Cast, client: Client, sent: SentMessage, what: str
) -> None:
    raw = {
        "bounce": bounce(sent),
        "stop": letter("Stop.", In_Reply_To=sent.message_id),
        "away": letter("I am away", In_Reply_To=sent.message_id, Auto_Submitted="auto-replied"),
    }[what]
    kinds = {"bounce": "bounce", "stop": "opt_out", "away": "auto_reply"}
    assert post(client, raw).json()["kind"] == kinds[what]
    sent.refresh_from_db()
    assert sent.status == (Mail.BOUNCED if what == "bounce" else Mail.SENT)
    assert Notification.objects.filter(kind="mail.failed", user=cast.alice).count() == (what == "bounce")
    if what == "stop":
        with pytest.raises(DomainError) as refused:
            written(cast, contact=sent.contact)
        assert refused.value.code == "do_not_contact"


# Pages and API -------------------------------------------------------------------------------


def test_a_mail_is_written_on_the_page_of_a_lead(cast: Cast) -> None:
    lead, one = make_lead(cast.alice, first_name="Zoë"), paper(cast.alice)
    text = make_template(cast.bob, name="Hello")
    alice, address = signed_in(cast.alice), reverse("lead-write", args=[lead.pk])
    assert address in alice.get(lead.get_absolute_url()).content.decode()
    filled = alice.get(address, {"template": text.pk}).content.decode()
    assert "Dear Zoë" in filled and f"A question for {lead.company}" in filled
    assert alice.get(reverse("mail-documents"), {"q": "price"}).json() == [
        {"value": one.newest.pk, "text": "Price list, version 1, 12\xa0bytes"}
    ]
    facts = {"to": lead.email_key, "subject": "Hello", "body": "Words", "versions": [one.newest.pk]}
    made = alice.post(address, facts)
    row = SentMessage.objects.get()
    assert (made.status_code, made.url, row.lead, row.sender) == (302, lead.get_absolute_url(), lead, cast.alice)
    assert "Mail: Hello" in alice.get(lead.get_absolute_url()).content.decode()
    assert "Price list" in alice.get(row.get_absolute_url()).content.decode()
    renewed(one, cast.alice)
    wrong = alice.post(address, facts)
    assert wrong.status_code == 422 and "version 2 counts now" in wrong.content.decode()
    assert (
        "{nobody} is not known" in alice.post(address, {**facts, "body": "{nobody}", "versions": []}).content.decode()
    )
    stranger = signed_in(cast.charlie)
    for path in (address, row.get_absolute_url()):
        assert stranger.get(path).status_code == 404
    assert SentMessage.objects.count() == 1


def test_the_page_of_a_failed_mail_sends_it_again_with_the_newer_version(cast: Cast, settings: Any) -> None:
    one = paper(cast.alice)
    with post_office(settings) as office:
        row = written(cast, one)
        renewed(one, cast.alice)
        send_mails()
        alice, again = signed_in(cast.alice), reverse("sent-message-again", args=[row.pk])
        assert "Send the newer version" in alice.get(row.get_absolute_url()).content.decode()
        assert "Send the newer version" not in signed_in(cast.bob).get(row.get_absolute_url()).content.decode()
        assert alice.post(again, {"newer": "1"}).url == row.get_absolute_url()
        send_mails()
    assert len(office.taken) == 1


@DA_07
def test_the_api_writes_refuses_and_shows_what_went(cast: Cast, settings: Any) -> None:
    api = APIClient()
    api.force_authenticate(cast.alice)
    one, lead = paper(cast.alice), make_lead(cast.alice)
    hers = paper(cast.charlie, access="private")
    old = one.newest.pk
    asked = {"lead": lead.pk, "subject": "Prices", "body": "As you asked.", "versions": [old]}
    with post_office(settings):
        made = api.post("/api/v1/sent-messages", asked, headers={"Idempotency-Key": "k1"})
        again = api.post("/api/v1/sent-messages", asked, headers={"Idempotency-Key": "k1"})
        assert (made.status_code, made.json()["id"]) == (201, again.json()["id"])
        assert made.json()["documents"] == [{"document": one.pk, "version": old, "sent_version": None}]
        send_mails()
    found = api.get("/api/v1/sent-messages", {"document": one.pk}).json()["results"]
    assert [(row["status"], row["documents"][0]["sent_version"]) for row in found] == [("sent", old)]
    renewed(one, cast.alice)
    answers = [api.post("/api/v1/sent-messages", {**asked, "versions": [key]}) for key in (old, hers.newest.pk, 10**9)]
    assert [answer.status_code for answer in answers] == [422, 404, 404]
    assert "version 2 counts now" in answers[0].json()["detail"]
    assert api.post("/api/v1/sent-messages", {"subject": "x", "body": "y"}).status_code == 422
    api.force_authenticate(cast.charlie)
    assert api.post("/api/v1/sent-messages", asked).status_code == 422  # a lead that he does not see
    assert api.get(f"/api/v1/sent-messages/{found[0]['id']}").status_code == 404
    assert SentMessage.objects.count() == 1


def test_a_mail_of_a_person_goes_while_a_sequence_rests(cast: Cast, settings: Any) -> None:
    sequence = make_sequence(cast.bob, (0, "email"))
    with post_office(settings) as office, travel("2026-06-09T10:00Z", tick=False):
        enrolled(sequence, make_lead(cast.alice), cast.alice)
        services.run_due_steps()
        services.pause_sequence(sequence=sequence, version=None, actor=cast.bob)
        row = written(cast)
        send_mails()
    assert [mail.to for mail in office.taken] == [row.to]


@DA_07
def test_documents_of_a_template_are_for_everybody_and_change_with_it(cast: Cast) -> None:
    api = APIClient()
    api.force_authenticate(cast.bob)
    one, two, linked = paper(cast.bob), paper(cast.bob, "Terms"), paper(cast.bob, "Linked", access="linked")
    asked = {"name": "With", "subject": "Hi", "body": "See there.", "documents": [linked.pk]}
    refused = api.post("/api/v1/message-templates", asked)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "documents")
    made = api.post("/api/v1/message-templates", {**asked, "documents": [one.pk, two.pk]}).json()
    path = f"/api/v1/message-templates/{made['id']}"
    assert made["documents"] == [one.pk, two.pk]
    stale = api.patch(path, {"documents": [two.pk]}, headers={"If-Match": '"7"'})
    changed = api.patch(path, {"documents": [two.pk]}, headers={"If-Match": f'"{made["version"]}"'}).json()
    assert (stale.status_code, changed["documents"], changed["version"]) == (412, [two.pk], made["version"] + 1)
    bob, address = signed_in(cast.bob), reverse("message-template-edit", args=[made["id"]])
    assert "Terms" in bob.get(address).content.decode()
    facts = {"name": "With", "subject": "Hi", "body": "See there.", "version": changed["version"]}
    assert bob.post(address, {**facts, "documents": [one.pk]}).status_code == 302
    assert api.get(path).json()["documents"] == [one.pk]
    picked = bob.get(reverse("template-documents"), {"q": ""}).json()
    assert {row["text"] for row in picked} == {"Price list", "Terms"}
    address = reverse("lead-write", args=[make_lead(cast.alice).pk])
    written_to = signed_in(cast.alice).get(address, {"template": made["id"]})
    assert "Goes along with this template:" in written_to.content.decode()
