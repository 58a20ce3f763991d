"""Every word of the screens can be said in another language, and German says all of them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from revops.core import wording
from tests.architecture.addresses import addresses
from tests.architecture.test_outsiders_get_404 import address_of
from tests.architecture.world import make_world
from tests.cast import Cast
from tests.wording import pseudo

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%|\{\w+\}")
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
# Pages that are not ours, or that show machines what machines read.
NOT_READ = (
    "mfa",
    "schema",
    "api_docs",
    "styleguide",
    "admin",
    "account_",
    "socialaccount",
    "openid",
    "metrics",
    "health",
    "ready",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_knows_all_words_of_the_screens_and_no_others(language: str) -> None:
    wanted = {(message.id, message.context) for message in wording.wording() if message.id}
    known = {(message.id, message.context) for message in wording.read(language) if message.id}
    assert not wanted - known, "run `manage.py words`, and translate"
    assert not known - wanted, "run `manage.py words`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_complete(language: str) -> None:
    assert not [message.id for message in wording.waiting(wording.read(language))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_puts_in_what_the_original_puts_in(language: str) -> None:
    wrong = []
    for message in wording.read(language):
        ids = message.id if isinstance(message.id, list | tuple) else [message.id]
        said = message.string if isinstance(message.string, list | tuple) else [message.string]
        allowed = {frozenset(PLACEHOLDER.findall(one)) for one in ids}
        wrong += [message.id for one in said if one and frozenset(PLACEHOLDER.findall(one)) not in allowed]
    assert not wrong


@pytest.fixture
def strange(tmp_path: Path, settings: Any) -> Iterator[None]:
    """The language that nobody speaks."""
    pseudo.write(tmp_path)
    settings.LOCALE_PATHS = [tmp_path, *settings.LOCALE_PATHS]
    settings.LANGUAGES = [*settings.LANGUAGES, (pseudo.CODE, "Pseudo")]
    pseudo.forget()
    yield
    settings.LOCALE_PATHS = settings.LOCALE_PATHS[1:]
    pseudo.forget()


@pytest.mark.django_db
def test_no_page_says_a_word_that_cannot_be_translated(cast: Cast, client: Client, strange: None) -> None:
    world = make_world(cast)
    people = [cast.alice, cast.bob, cast.dana, cast.erin, cast.olga]
    for person in people:
        person.language = pseudo.CODE
        person.save(update_fields=["language"])
    data = pseudo.words_of_the_database()
    paths = [(one, one.path if not one.keys else address_of(one, world)) for one in addresses() if not one.is_api]
    found, seen = [], 0
    for address, path in paths:
        if path is None or address.name.removeprefix("core:").startswith(NOT_READ) or "logout" in path:
            continue
        for person in people:
            client.force_login(person)
            answer = client.get(path)
            if answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
                seen += 1
                found += [f"{path}: {text}" for text in pseudo.untranslated(answer.content.decode(), data)]
                break
    assert seen > 60
    assert not found, "\n".join(sorted(set(found)))


@pytest.mark.django_db
def test_each_person_reads_in_their_own_language(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    assert "Opportunities" in client.get("/opportunities/list/").content.decode()
    saved = client.post("/settings/me/", {"language": "de", "time_zone": "Europe/Berlin"})
    assert saved.status_code == 302
    page = client.get("/opportunities/list/")
    assert '<html lang="de"' in page.content.decode()
    assert "Verkaufschancen" in page.content.decode()
    client.force_login(cast.bob)
    assert "Opportunities" in client.get("/opportunities/list/").content.decode()
    assert client.post("/settings/me/", {"language": "xx", "time_zone": "UTC"}).status_code == 422
