"""Documents: handed in, read by whom they should be, renewed, hung on records, swept."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Account, AccountDocument, Document, DocumentVersion
from leads.models import LeadDocument
from opportunities.models import OpportunityDocument
from revops.core.errors import IllegalState, InvalidInput, NoRoom, NotAllowed, StaleCopy
from revops.core.models import AuditEntry
from tests.accounts.builders import make_account
from tests.core.threads import together
from tests.leads.builders import make_lead
from tests.opportunities.builders import make_deal

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\nendobj\n"


@pytest.fixture(autouse=True)
def shelf(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def a_file(name: str = "offer.pdf", content: bytes = PDF) -> ContentFile:
    return ContentFile(content, name)


def hand_in(actor: Any, record: Any = None, **fields: Any) -> Document:
    link = {"Account": AccountDocument, "Lead": LeadDocument, "Opportunity": OpportunityDocument}
    where = {"link": link[type(record).__name__], "record": record} if record else {}
    return services.upload_document(actor=actor, upload=fields.pop("upload", a_file()), **where, **fields)


def stored_files() -> list[str]:
    return [name for _path, _folders, names in os.walk(default_storage.location) for name in names]


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_document_keeps_every_version_and_the_newest_counts(alice: Any) -> None:
    document = hand_in(alice, title="Offer")
    services.add_version(
        document=document, version=1, actor=alice, upload=a_file("offer2.pdf", PDF + b"2"), note="New price"
    )
    rows = list(document.versions.order_by("number").values_list("number", "name", "is_newest", "note"))
    assert rows == [(1, "offer.pdf", False, ""), (2, "offer2.pdf", True, "New price")]
    assert len(stored_files()) == 2
    document.refresh_from_db()
    assert document.version == 2
    assert document.newest.size == len(PDF) + 1
    actions = AuditEntry.objects.about(document).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["document.uploaded", "document.renewed"]


def test_a_stale_copy_renews_nothing(alice: Any) -> None:
    document = hand_in(alice)
    services.update_document(document=document, version=1, actor=alice, title="Other")
    with pytest.raises(StaleCopy):
        services.add_version(document=document, version=1, actor=alice, upload=a_file())
    assert document.versions.count() == 1
    assert len(stored_files()) == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("run.exe", b"MZ", "not taken"),
        ("page.html", b"<script>", "not taken"),
        ("logo.svg", b"<svg/>", "not taken"),
        ("offer.pdf", b"<html>no pdf", "not what its name says"),
        ("photo.png", PDF, "not what its name says"),
        ("list.csv", b"a,b\x00c", "not what its name says"),
        ("empty.pdf", b"", "empty"),
        ("noending", PDF, "not taken"),
    ],
)
def test_a_file_of_a_wrong_kind_is_refused_and_nothing_is_kept(
    alice: Any, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        hand_in(alice, upload=a_file(name, content))
    assert words in refused.value.message
    assert not Document.objects.exists()
    assert stored_files() == []


def test_a_file_above_the_limit_is_refused(alice: Any, settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 10
    with pytest.raises(InvalidInput, match="larger than 10"):
        hand_in(alice)


@pytest.mark.parametrize("name", ["../../etc/passwd.pdf", "C:\\temp\\x.pdf", "a\nb\x00.pdf", "é" * 300 + ".pdf"])
def test_a_name_is_only_a_name(alice: Any, name: str) -> None:
    version = hand_in(alice, upload=a_file(name)).newest
    assert "/" not in version.name
    assert "\\" not in version.name
    assert version.name.isprintable()
    assert len(version.name) <= 200
    assert version.file.name.startswith("documents/")
    assert ".." not in version.file.name


def test_who_sees_the_record_reads_its_documents(alice: Any, bob: Any, charlie: Any, dana: Any) -> None:
    linked = hand_in(alice, make_account(alice))
    private = hand_in(alice, make_account(alice), access="private")
    everyone = hand_in(alice, access="everyone")
    seen = {who: set(Document.objects.visible_to(who)) for who in (alice, bob, charlie, dana)}
    assert seen[alice] == {linked, private, everyone}
    assert seen[bob] == {linked, everyone}
    assert seen[charlie] == {everyone}
    assert seen[dana] == {linked, everyone}


def test_a_document_is_read_by_each_record_that_it_hangs_on(alice: Any, charlie: Any) -> None:
    document = hand_in(alice, make_lead(alice))
    deal = make_deal(charlie)
    assert not Document.objects.visible_to(charlie).exists()
    for _twice in range(2):
        services.link_document(document=document, link=OpportunityDocument, record=deal, actor=alice)
    assert OpportunityDocument.objects.count() == 1
    assert list(Document.objects.visible_to(charlie)) == [document]
    services.unlink_document(document=document, link=OpportunityDocument, record=deal, actor=alice)
    assert not Document.objects.visible_to(charlie).exists()


def test_reading_is_not_changing(alice: Any, charlie: Any, olga: Any) -> None:
    document = hand_in(alice, access="everyone")
    with pytest.raises(NotAllowed):
        services.add_version(document=document, version=1, actor=charlie, upload=a_file())
    with pytest.raises(NotAllowed):
        services.archive_document(document=document, version=1, actor=charlie)
    assert document.versions.count() == 1
    assert services.update_document(document=document, version=1, actor=olga, kind="contract").kind == "contract"
    with pytest.raises(InvalidInput):
        services.update_document(document=document, version=2, actor=olga, access="private")


def test_an_archived_document_takes_no_new_version_until_it_is_restored(alice: Any) -> None:
    document = services.archive_document(document=hand_in(alice), version=1, actor=alice)
    with pytest.raises(IllegalState):
        services.add_version(document=document, version=2, actor=alice, upload=a_file())
    document = services.restore_document(document=document, version=2, actor=alice)
    services.add_version(document=document, version=3, actor=alice, upload=a_file())


def test_a_full_disk_keeps_nothing(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: str, content: Any, **kwargs: Any) -> str:
        path = Path(default_storage.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    with pytest.raises(NoRoom):
        hand_in(alice)
    assert not Document.objects.exists()
    assert stored_files() == []


def test_what_no_row_names_is_swept_after_a_day_and_nothing_else(alice: Any) -> None:
    kept = hand_in(alice).newest.file.name
    default_storage.save("documents/2026/01/orphan.pdf", a_file())
    assert services.sweep_files() == 0
    with time_machine.travel(timedelta(days=2), tick=False) as traveller:
        traveller.shift(timedelta(days=2))
        assert services.sweep_files() == 1
    assert default_storage.exists(kept)
    assert not default_storage.exists("documents/2026/01/orphan.pdf")


@pytest.mark.django_db(transaction=True)
def test_two_new_versions_at_once_get_two_numbers(alice: Any) -> None:
    document = hand_in(alice)

    def renew() -> None:
        services.add_version(document=document, version=None, actor=alice, upload=a_file())

    together(renew, renew)
    numbers = DocumentVersion.objects.filter(document=document).order_by("number").values_list("number", "is_newest")
    assert list(numbers) == [(1, False), (2, False), (3, True)]


# Screens ----------------------------------------------------------------------------------


def test_a_file_handed_in_on_a_record_stands_in_its_panel(alice: Any) -> None:
    lead, client = make_lead(alice), client_of(alice)
    answer = client.post(f"/documents/new/?about=lead:{lead.pk}", {
        "file": [a_file("one.pdf"), a_file("two.pdf")], "title": "", "kind": "rfp", "access": "linked", "note": "",
    })  # fmt: skip
    assert answer.status_code == 302
    assert answer["Location"] == lead.get_absolute_url()
    panel = client.get(reverse("document-list"), {"about": f"lead:{lead.pk}", "panel": "1"}).content.decode()
    assert "one.pdf" in panel
    assert "two.pdf" in panel
    assert f"/documents/new/?about=lead:{lead.pk}" in panel
    page = client.get(lead.get_absolute_url()).content.decode()
    assert f"/documents/?about=lead:{lead.pk}" in page
    document = Document.objects.get(title="one.pdf")
    assert str(lead) in client.get(document.get_absolute_url()).content.decode()


def test_a_download_is_saved_and_never_run(alice: Any, charlie: Any) -> None:
    version = hand_in(alice, upload=a_file("a.txt", b"<script>alert(1)</script>")).newest
    answer = client_of(alice).get(version.get_absolute_url() + "?show=1")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"  # type: ignore[attr-defined]
    assert client_of(charlie).get(version.get_absolute_url()).status_code == 404
    shown = client_of(alice).get(hand_in(alice).newest.get_absolute_url() + "?show=1")
    assert shown["Content-Disposition"].startswith("inline")


def test_a_record_out_of_sight_takes_no_document(alice: Any, charlie: Any) -> None:
    lead = make_lead(alice)
    answer = client_of(charlie).post(f"/documents/new/?about=lead:{lead.pk}", {"file": a_file()})
    assert answer.status_code == 404
    assert client_of(charlie).get(f"/documents/?about=lead:{lead.pk}").status_code == 200
    assert client_of(charlie).get("/documents/?about=user:1").status_code == 400
    assert not Document.objects.exists()


def test_a_refused_file_is_said_beside_its_field(alice: Any) -> None:
    answer = client_of(alice).post("/documents/new/", {
        "file": a_file("x.exe"), "kind": "other", "access": "linked",
    })  # fmt: skip
    assert answer.status_code == 422
    assert "not taken" in answer.content.decode()


# API --------------------------------------------------------------------------------------


def test_the_api_hands_in_renews_links_and_downloads(alice: Any, charlie: Any) -> None:
    client, account = client_of(alice), make_account(alice)
    made = client.post("/api/v1/documents", {"file": a_file(), "title": "Offer", "about": f"account:{account.pk}"})
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["newest"]["sha256"] == Document.objects.get().newest.sha256
    address = f"/api/v1/documents/{body['id']}"
    again = client.post(f"{address}/renew", {"file": a_file("b.pdf"), "note": "two"})
    assert again.status_code == 201
    assert again.json()["newest"]["number"] == 2
    assert [row["number"] for row in client.get(f"{address}/versions").json()] == [2, 1]
    file = client.get(f"{address}/versions/1/file")
    assert b"".join(file.streaming_content) == PDF  # type: ignore[attr-defined]
    found = client.get("/api/v1/documents", {"about": f"account:{account.pk}"}).json()["results"]
    assert [row["id"] for row in found] == [body["id"]]
    refused = client.post("/api/v1/documents", {"file": a_file("x.exe")})
    assert refused.status_code == 422
    other = client_of(charlie)
    assert other.get(f"{address}/versions/1/file").status_code == 404
    assert other.post(f"{address}/link", {"about": f"account:{account.pk}"}).status_code == 404
    mine = make_account(charlie)
    hidden = client.post(f"{address}/link", {"about": f"account:{mine.pk}"}, content_type="application/json")
    assert hidden.status_code == 404
    assert AccountDocument.objects.filter(record=Account.objects.get(pk=account.pk)).count() == 1
