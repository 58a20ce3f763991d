"""The context processor `frame`: what the shell of every page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.urls import NoReverseMatch, reverse

from revops.core.registries import CreateItem, NavItem, create_menu, navigation, permitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AbstractUser
    from django.http import HttpRequest
    from django_stubs_ext import StrOrPromise

COUNT_SECONDS = 30
_unread: list[Callable[[Any], int]] = []


def provide_unread(source: Callable[[Any], int]) -> None:
    """Register who knows the number on the bell."""
    _unread[:] = [source]


@dataclass(frozen=True)
class Link:
    """An entry of navigation or Create menu as the template needs it."""

    key: str
    label: StrOrPromise
    url: str
    icon: str
    shortcut: str
    current: bool = False
    count: int | None = None
    phone: bool = False


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:  # tests/core/test_registries.py names these
        return ""


def _count(item: NavItem, user: AbstractUser) -> int | None:
    count = item.count
    if count is None:
        return None
    return cache.get_or_set(f"nav:{item.key}:{user.pk}", lambda: count(user), COUNT_SECONDS)


def _link(item: NavItem | CreateItem, url: str, current: bool, count: int | None = None) -> Link:
    return Link(item.key, item.label, url, item.icon, item.shortcut, current, count, getattr(item, "phone", False))


def _navigation(user: AbstractUser, path: str) -> list[Link]:
    places = [(item, _address(item.url_name)) for item in navigation.all() if permitted(item, user)]
    places = [(item, url) for item, url in places if url]
    here = max((url for _, url in places if path == url or (url != "/" and path.startswith(url))), key=len, default="")
    return [_link(item, url, url == here, _count(item, user)) for item, url in places]


def _create(user: AbstractUser) -> list[Link]:
    places = [(item, _address(item.url_name)) for item in create_menu.all() if permitted(item, user)]
    return [_link(item, url, current=False) for item, url in places if url]


def _tabs(links: list[Link]) -> list[Link]:
    """Four places for the thumb: those that ask for it, then the next ones, as the navigation orders them."""
    chosen = sorted(links, key=lambda link: not link.phone)[:4]
    return [link for link in links if link in chosen]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Navigation and Create menu of the person signed in; nothing for others and for fragments."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "htmx", False):
        return {"frame": None}
    links = _navigation(user, request.path)
    return {
        "frame": {
            "navigation": links,
            "phone": _tabs(links),
            "create": _create(user),
            "home": links[0].url if links else "/",
            "unread": sum(source(user) for source in _unread),
        }
    }
