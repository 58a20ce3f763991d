"""The command menu: go to a page, find a record, do something; only what this person may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from revops.core import saved, search
from revops.core.registries import (
    Command,
    CreateItem,
    Hit,
    NavItem,
    Searcher,
    commands,
    create_menu,
    navigation,
    permitted,
    searchers,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

EACH = 8
TOGETHER = 12


@dataclass(frozen=True)
class Option:
    """One line of the menu. Lower rank stands higher: exact 0, prefix 1, word 2, inside 3."""

    label: str
    sub: str
    url: str
    icon: str
    meta: str = ""
    keys: str = ""
    rank: int = 3


@dataclass(frozen=True)
class Group:
    title: str
    options: Sequence[Option]


def rank_of(label: str, text: str) -> int | None:
    """How well a label answers the text; None when it does not."""
    label, text = label.casefold(), text.casefold()
    if label == text:
        return 0
    if label.startswith(text):
        return 1
    if any(word.startswith(text) for word in label.split()):
        return 2
    return 3 if text in label else None


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def _option(item: NavItem | CreateItem | Command, key: str = "") -> Option:
    letter = getattr(item, "shortcut", "")
    keys = f"{key} {letter.upper()}" if key and letter else ""
    return Option(str(item.label), "", _address(item.url_name), item.icon, keys=keys)


def _places(user: AbstractUser) -> list[Option]:
    found = [_option(item, "G") for item in navigation.all() if permitted(item, user)]
    found += [_option(item) for item in commands.all() if permitted(item, user) and not item.verb]
    found += [Option(name, place, url, "bookmark") for name, place, url in saved.ways(user)]
    return [option for option in found if option.url]


def _verbs(user: AbstractUser) -> list[Option]:
    found = [_option(item, "C") for item in create_menu.all() if permitted(item, user)]
    found += [_option(item) for item in commands.all() if permitted(item, user) and item.verb]
    return [option for option in found if option.url]


def _matching(options: Sequence[Option], text: str) -> list[Option]:
    if not text:
        return list(options)
    ranked = [(rank_of(option.label, text), option) for option in options]
    hits = sorted(((rank, option) for rank, option in ranked if rank is not None), key=lambda pair: pair[0])
    return [option for _rank, option in hits]


def _record(searcher: Searcher, hit: Hit, text: str) -> Option:
    rank = 0 if hit.exact else rank_of(hit.label, text)
    sub = f"{searcher.label}, {hit.sub}" if hit.sub else str(searcher.label)
    return Option(hit.label, sub, hit.url, searcher.icon, hit.meta, rank=3 if rank is None else rank)


def _searchers(user: AbstractUser, people: bool) -> list[Searcher]:
    return [one for one in searchers.all() if permitted(one, user) and (one.people or not people)]


def find_records(user: AbstractUser, text: str, *, people: bool = False) -> list[Option]:
    """Records of all kinds, ranked: exact, then prefix, then the rest; at most a dozen."""
    found: list[Option] = []
    for searcher in _searchers(user, people):
        found += [_record(searcher, hit, text) for hit in searcher.search(user, text, EACH)]
    return sorted(found, key=lambda option: option.rank)[:TOGETHER]


def find_near(user: AbstractUser, text: str, known: Sequence[Option], *, people: bool = False) -> list[Option]:
    """Records that hold nearly what was typed, beside those that are `known` already; at most eight."""
    asked = {one.key: one for one in _searchers(user, people) if one.model}
    shown, found = {option.url for option in known}, []
    for kind, texts in search.spellings(text, asked).items():
        for spelling in texts:
            hits = asked[kind].search(user, spelling, EACH)
            found += [_record(asked[kind], hit, spelling) for hit in hits if hit.url not in shown]
            shown |= {hit.url for hit in hits}
    return sorted(found, key=lambda option: option.rank)[: search.ENOUGH]


def groups_for(user: AbstractUser, text: str) -> list[Group]:
    """What the menu shows for a text. `>` commands only, `@` people, `#` records."""
    mark, text = (text[0], text[1:].strip()) if text[:1] in (">", "@", "#") else ("", text)
    groups = []
    if mark != ">" and text:
        records = find_records(user, text, people=mark == "@")
        groups.append(Group(_("Records"), records))
        if len(records) < search.ENOUGH:
            groups.append(Group(_("Spelled nearly so"), find_near(user, text, records, people=mark == "@")))
    if mark not in ("@", "#"):
        groups.append(Group(_("Do"), _matching(_verbs(user), text)))
        groups.append(Group(_("Go to"), _matching(_places(user), text)))
    return [group for group in groups if group.options]


@login_required
def command(request: HttpRequest) -> HttpResponse:
    """The listbox for the menu; as a page of its own where there is no script."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    groups = groups_for(request.user, text)  # type: ignore[arg-type]
    fragment = request.headers.get("X-Requested-With") == "fetch"
    context = {"groups": groups, "q": text, "title": _("Search"), "fragment": fragment}
    return render(request, "core/command_list.html" if fragment else "core/command.html", context)
