"""A cache, a database or a disk that is away, seen from inside; tests/e2e/test_faults.py has the real thing."""

import errno
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.test import Client, RequestFactory
from redis import Redis

from revops.core import cache as cache_module
from revops.core.cache import ForgivingCache
from revops.core.storage import WholeFileStorage
from revops.core.views import health

# Cache ------------------------------------------------------------------------------------


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> ForgivingCache:
    """A cache at an address where nobody listens."""
    monkeypatch.setattr(ForgivingCache, "_back_at", 0)
    monkeypatch.setattr(cache_module, "PAUSE_SECONDS", 60)
    return ForgivingCache("redis://127.0.0.1:1/0", {"OPTIONS": {"socket_connect_timeout": 1}})


def test_a_cache_that_is_away_finds_nothing_and_breaks_nothing(away: ForgivingCache) -> None:
    assert away.get("a", 7) == 7 and away.get_many(["a"]) == {} and not away.has_key("a")
    assert away.set("a", 1) is None and away.set_many({"a": 1}) == [] and away.add("a", 1) is True
    assert away.incr("a") == 1 and not away.touch("a") and not away.delete("a") and away.delete_many(["a"]) is None
    assert away.get_or_set("a", lambda: 42) == 42


def test_it_is_asked_again_only_after_a_pause(away: ForgivingCache, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def client(*_: Any, **__: Any) -> Redis:
        tries.append(1)
        return Redis(port=1, retry=None)

    monkeypatch.setattr(away._cache, "get_client", client)
    for _ in range(5):
        away.get("a")
    assert len(tries) == 1
    monkeypatch.setattr(ForgivingCache, "_back_at", 0)
    away.get("a")
    assert len(tries) == 2


# Files ------------------------------------------------------------------------------------


class Cut(ContentFile):
    """A file whose second half finds no room."""

    def chunks(self, chunk_size: int | None = None) -> Any:
        yield b"first half"
        raise OSError(errno.ENOSPC, "No space left on device")


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_file_stands_under_its_name_whole_or_not_at_all(tmp_path: Path) -> None:
    storage = WholeFileStorage(location=tmp_path)
    with pytest.raises(OSError, match="No space left"):
        storage.save("offers/a.pdf", Cut(b""))
    assert names(tmp_path) == set()
    assert storage.save("offers/a.pdf", ContentFile(b"whole")) == "offers/a.pdf"
    assert (tmp_path / "offers/a.pdf").read_bytes() == b"whole"


def test_a_second_file_of_a_name_gets_another_and_harms_nothing(tmp_path: Path) -> None:
    storage = WholeFileStorage(location=tmp_path)
    first, second = storage.save("a.pdf", ContentFile(b"1")), storage.save("a.pdf", ContentFile(b"2"))
    assert first == "a.pdf" != second and names(tmp_path) == {first, second}
    # Taken in the moment between looking and writing.
    (tmp_path / "b.pdf").write_bytes(b"theirs")
    assert storage._reserve("b.pdf") != "b.pdf" and (tmp_path / "b.pdf").read_bytes() == b"theirs"


# Words for people and for programs --------------------------------------------------------


def answer(error: Exception, path: str = "/leads/?page=2", **headers: str) -> Any:
    request: HttpRequest = RequestFactory().get(path, headers=headers)
    try:
        raise error
    except type(error):
        return health.broken(request)


@pytest.mark.parametrize("error", [OperationalError("server closed"), InterfaceError("connection already closed")])
def test_a_database_that_is_away_is_said_as_not_now(error: Exception) -> None:
    page = answer(error)
    assert page.status_code == 503 and page["Retry-After"] == "5"
    assert b"Back in a moment" in page.content and b'href="/leads/?page=2"' in page.content
    program = answer(error, "/api/v1/leads")
    assert program.status_code == 503 and program["Content-Type"] == "application/problem+json"
    assert b'"code": "unavailable"' in program.content and program["Retry-After"] == "5"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_said_as_no_room(number: int) -> None:
    assert answer(OSError(number, "full")).status_code == 507
    assert b"has no room for this file" in answer(OSError(number, "full")).content
    assert b'"code": "no_room"' in answer(OSError(number, "full"), "/api/v1/imports").content


@pytest.mark.parametrize("error", [KeyError("x"), OSError(errno.EACCES, "denied")])
def test_anything_else_is_our_fault_and_tells_nothing_of_it(error: Exception) -> None:
    page = answer(error)
    assert page.status_code == 500 and b"Something broke on our side" in page.content
    assert b"denied" not in page.content and "Retry-After" not in page
    assert b'"code": "broken"' in answer(error, "/leads/", Accept="application/json").content


@pytest.mark.django_db
def test_a_page_whose_person_cannot_be_looked_up_says_so_too(
    client: Client, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frame of every page asks the database; this one must not."""
    client.force_login(alice)
    client.raise_request_exception = False

    def gone(*_: Any, **__: Any) -> None:
        raise OperationalError("the database system is shutting down")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore._get_session_from_db", gone)
    page = client.get("/leads/")
    assert page.status_code == 503 and b"Back in a moment" in page.content and page["X-Request-ID"]
