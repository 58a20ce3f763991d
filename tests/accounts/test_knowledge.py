"""Knowledge: the words inside documents are found by those who may read them, in the version that counts."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from typst import compile as typeset

from accounts import reading, services
from accounts.models import DocumentText
from accounts.services.document_texts import claim_texts
from accounts.tasks import read_documents
from revops.core import clock
from tests.accounts.builders import make_account
from tests.accounts.test_documents import a_file, client_of, hand_in
from tests.builders import make_token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shelf(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def office(path: str, body: str) -> bytes:
    """An office file with one part."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(path, f'<d xmlns:w="urn:w">{body}</d>')
    return made.getvalue()


def docx() -> bytes:
    return office("word/document.xml", "<w:p><w:r>The gear</w:r><w:r>box lasts</w:r></w:p><w:p>nine years</w:p>")


def pdf() -> bytes:
    return typeset(b"= Bearings\nThe gearbox lasts nine years.", format="pdf")


def found_by(person: Any, text: str) -> list[str]:
    page = client_of(person).get("/documents/", {"q": text})
    assert page.status_code == 200
    return sorted(row.title for row in page.context["page"].rows)


@pytest.mark.spec("DA-07")
def test_the_search_finds_words_inside_a_file_only_for_those_who_may_read_it(
    alice: Any, bob: Any, charlie: Any
) -> None:
    account = make_account(alice)
    hand_in(alice, account, upload=a_file("one.txt", b"The gearbox lasts nine years."), title="Linked")
    hand_in(alice, upload=a_file("two.txt", b"A gearbox of our own."), title="Hers", access="private")
    hand_in(charlie, upload=a_file("three.md", b"# Gearbox\n\nFor all."), title="Open", access="everyone")
    assert found_by(alice, "gearbox") == []  # nobody has read them yet
    read_documents()
    assert found_by(alice, "gearbox") == ["Hers", "Linked", "Open"]
    assert found_by(bob, "gearbox") == ["Linked", "Open"]
    assert found_by(charlie, "gearbox") == ["Open"]
    assert found_by(alice, "gear nine") == ["Linked"]
    assert found_by(alice, "hers") == ["Hers"]
    for nonsense in ("'", "zz & | !", "gearbox:*", "\\", "nowhere"):
        assert found_by(charlie, nonsense) == ([] if nonsense != "gearbox:*" else ["Open"])


@pytest.mark.spec("DA-07")
def test_only_the_version_that_counts_is_found(alice: Any) -> None:
    paper = hand_in(alice, upload=a_file("price.txt", b"Old price: zanzibar"), title="Prices")
    read_documents()
    assert found_by(alice, "zanzibar") == ["Prices"]
    services.add_version(document=paper, version=None, actor=alice, upload=a_file("price.txt", b"New price: quartz"))
    assert found_by(alice, "zanzibar") == []
    read_documents()
    assert (found_by(alice, "zanzibar"), found_by(alice, "quartz")) == ([], ["Prices"])


def test_the_list_shows_where_the_words_stand_as_text(alice: Any) -> None:
    hand_in(alice, upload=a_file("n.txt", b"Before <b>the gearbox</b> breaks, oil it."), title="Notes")
    read_documents()
    page = client_of(alice).get("/documents/", {"q": "gearbox"}).content.decode()
    assert re.search(r"Before\s+the gearbox\s+breaks, oil it", page) and "<b>" not in page


def test_the_api_asks_the_same_search(alice: Any, charlie: Any) -> None:
    hand_in(alice, upload=a_file("one.txt", b"The gearbox lasts."), title="Linked")
    read_documents()
    for person, titles in ((alice, ["Linked"]), (charlie, [])):
        token = make_token(person, "*:read")
        rows = Client().get("/api/v1/documents?q=gearbox", headers={"Authorization": f"Bearer {token}"}).json()
        assert [row["title"] for row in rows["results"]] == titles


@pytest.mark.parametrize(("name", "made"), [("a.docx", docx), ("a.pdf", pdf), ("a.odt", docx)])
def test_office_files_and_pdfs_are_read(alice: Any, name: str, made: Callable[[], bytes]) -> None:
    content = made() if name != "a.odt" else office("content.xml", "<w:h>The gearbox</w:h><w:p>lasts nine years</w:p>")
    hand_in(alice, upload=a_file(name, content), title="Paper")
    read_documents()
    assert found_by(alice, "gearbox lasts nine") == ["Paper"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.pdf", b"%PDF-1.7\nnothing"),
        ("broken.docx", b"PK\x03\x04 nothing"),
        ("bomb.docx", office("word/document.xml", "<!DOCTYPE d [<!ENTITY a 'gearbox'>]><w:p>&a;</w:p>")),
        ("latin.txt", "gr\xfc\xdfe und k\xfcsse aus dem b\xfcro".encode("latin-1")),
    ],
)
def test_a_file_that_breaks_its_reader_is_read_once_and_hurts_nobody(alice: Any, name: str, content: bytes) -> None:
    hand_in(alice, upload=a_file(name, content), title="Odd")
    read_documents()
    row = DocumentText.objects.get()
    assert row.read_at and row.tries == 1 and "gearbox" not in row.text
    assert claim_texts() == []
    assert found_by(alice, "odd") == ["Odd"]


def test_a_reader_that_never_comes_back_is_tried_three_times(alice: Any) -> None:
    hand_in(alice, upload=a_file("a.txt", b"words"), title="Slow")
    start = clock.now()
    claimed = []
    for minutes in (0, 5, 11, 22, 33, 44):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            claimed.append(len(claim_texts()))
    assert claimed == [1, 0, 1, 1, 0, 0]


def test_a_file_that_is_gone_is_read_as_empty(alice: Any) -> None:
    paper = hand_in(alice, upload=a_file("a.txt", b"words"), title="Gone")
    Path(paper.newest.file.path).unlink()
    assert reading.read_due() == 1
    assert DocumentText.objects.get().text == ""
    assert found_by(alice, "gone") == ["Gone"]
