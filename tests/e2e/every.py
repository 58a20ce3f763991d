"""Every page that the product has, from its addresses: a new page is in the walk the day it gets a name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from tests.architecture.test_outsiders_get_404 import key_of
from tests.architecture.world import World

# The API, its description and the viewer of that: not drawn by our templates, and slow to write.
DRAWN_ELSEWHERE = ("api-", "schema", "api_docs")
READERS = ("alice", "olga", "erin", "bob", "paula", "pia@northstar.example", "")


@dataclass(frozen=True)
class Seen:
    """A page, and who opens it."""

    name: str
    path: str
    person: str


def names(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """(name, its keys) of every address; Django's admin has its own."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":
                yield from names(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        elif isinstance(entry, URLPattern) and entry.name and not entry.name.startswith(DRAWN_ELSEWHERE):
            yield f"{prefix}{entry.name}", tuple(entry.pattern.regex.groupindex)


@dataclass
class Walk:
    """What came up: pages; what is no page by itself (a verb, a file, a part of one); what nobody got."""

    pages: list[Seen]
    others: list[str]
    closed: list[str]


def walk(world: World, keys: dict[str, Callable[[], Any]]) -> Walk:
    """Every address, opened by the first of the readers who gets a page."""
    clients = {}
    for person in READERS:
        clients[person] = Client()
        if person:
            clients[person].force_login(get_user_model().objects.get(username=person))
    found = Walk([], [], [])
    for name, wanted in dict(names()).items():
        path = _path(name, wanted, world, keys)
        kind, person = _first(clients, path) if path else ("closed", "")
        if kind == "page":
            found.pages.append(Seen(name, path or "", person))
        else:
            (found.others if kind == "other" else found.closed).append(name)
    return found


def _first(clients: dict[str, Client], path: str) -> tuple[str, str]:
    """What the first reader gets who is let in."""
    last = "closed"
    for person, client in clients.items():
        kind = _kind(client, path)
        if kind in ("page", "other"):
            return kind, person
        if kind == "elsewhere" and person:  # nobody is sent to the sign-in from everywhere
            last = "other"
    return last, ""


def _kind(client: Client, path: str) -> str:
    answer = client.get(path)
    if answer.status_code in (403, 404):
        return "closed"
    if answer.status_code in (301, 302):
        return "elsewhere"
    html = answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming
    return "page" if answer.status_code == 200 and html and b"<main" in answer.content else "other"


def _path(name: str, wanted: tuple[str, ...], world: World, keys: dict[str, Callable[[], Any]]) -> str | None:
    """With the key of a record where one is known; a verb says that it is one with any key."""
    key = keys[name]() if name in keys else key_of(name, world)
    values = key if isinstance(key, dict) else {wanted[0]: key} if wanted and key is not None else {}
    for made_up in ("1", "x"):
        try:
            return reverse(name, kwargs=dict.fromkeys(wanted, made_up) | values)
        except NoReverseMatch:
            continue
    return None
