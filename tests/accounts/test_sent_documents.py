"""Where each version of a document was sent stands on its page, for those who see the mail."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts.models import Document
from leads import services
from leads.models import SentDocument, SentMessage
from leads.tasks import send_mails
from tests.accounts.builders import make_account, make_contact
from tests.accounts.test_documents import client_of, hand_in
from tests.cast import Cast
from tests.leads.builders import make_lead
from tests.leads.smtp import post_office
from tests.leads.test_writing import renewed

pytestmark = [pytest.mark.django_db, pytest.mark.spec("DA-07")]


@pytest.fixture(autouse=True)
def shelf(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def send(actor: Any, document: Document, **person: Any) -> SentMessage:
    files = [document.newest.pk]
    return services.write_mail(actor=actor, subject="Prices", body="Here.", versions=files, **person)


def panel(person: Any, document: Document, **asked: str) -> str:
    answer = client_of(person).get(reverse("document-mails", args=[document.pk]), {"panel": "1", **asked})
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_document_shows_which_version_went_to_whom(cast: Cast, settings: Any) -> None:
    document = hand_in(cast.alice, title="Price list", access="everyone")
    lead = make_lead(cast.alice, last_name="Quartz")
    contact = make_contact(make_account(cast.alice), "Zander", email="z@there.example")
    with post_office(settings):
        first = send(cast.alice, document, lead=lead)
        send_mails()
        renewed(document, cast.alice)
        send(cast.alice, document, contact=contact)
        assert "Zander" not in panel(cast.alice, document), "what waits has not been sent"
        send_mails()
    shown = panel(cast.alice, document)
    assert shown.index("version 2") < shown.index("Zander") < shown.index("version 1") < shown.index("Quartz")
    assert first.get_absolute_url() in shown
    page = client_of(cast.alice).get(document.get_absolute_url()).content.decode()
    assert reverse("document-mails", args=[document.pk]) in page
    listed = client_of(cast.alice).get(reverse("sent-message-list"), {"document": document.pk}).content.decode()
    assert "Quartz" in listed and "Zander" in listed


def test_who_does_not_see_the_mail_does_not_learn_of_it_nor_who_does_not_see_the_document(
    cast: Cast, settings: Any
) -> None:
    open_one = hand_in(cast.alice, title="Price list", access="everyone")
    hers = hand_in(cast.alice, title="Draft", access="private")
    lead = make_lead(cast.alice, last_name="Quartz")
    with post_office(settings):
        send(cast.alice, open_one, lead=lead)
        mail = send(cast.alice, hers, lead=lead)
        send_mails()
    assert "Quartz" in panel(cast.bob, open_one)  # her manager sees her leads
    assert "Quartz" not in panel(cast.charlie, open_one)
    for person in (cast.bob, cast.charlie):
        assert client_of(person).get(reverse("document-mails", args=[hers.pk])).status_code == 404
    seen = client_of(cast.bob).get(mail.get_absolute_url()).content.decode()
    assert "Draft" not in seen and "A document that you do not see" in seen
    assert "Draft" not in client_of(cast.bob).get(lead.get_absolute_url()).content.decode()
    assert "Draft" in client_of(cast.alice).get(mail.get_absolute_url()).content.decode()


def test_what_went_is_never_written_over(cast: Cast, settings: Any) -> None:
    document = hand_in(cast.alice, access="everyone")
    with post_office(settings):
        send(cast.alice, document, lead=make_lead(cast.alice))
        send_mails()
    row = SentDocument.objects.get()
    for act in (lambda: SentDocument.objects.filter(pk=row.pk).update(handed_at=row.created_at), row.delete):
        with pytest.raises(DatabaseError, match="Cannot update or delete rows"), transaction.atomic():
            act()
