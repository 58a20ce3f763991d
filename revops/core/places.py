"""The lists of the product by name: what saved views and bulk jobs refer to, whichever page shows the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, resolve, reverse

from revops.core.registries import Registry, permitted

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Place:
    """One thing with its pages: `layouts` is {"list": "lead-list", "board": …, "calendar": …}, names of addresses.

    A page tells with `place` and `layout` which of them it is; they share filter, saved views and columns.
    """

    key: str
    label: StrOrPromise
    permission: str
    layouts: Mapping[str, str] = field(default_factory=dict)
    icon: str = "list"
    order: int = 100


list_places: Registry[Place] = Registry("places")


def places_of(user: Any) -> list[str]:
    """Keys of the lists that this person may open."""
    return [place.key for place in list_places.all() if permitted(place, user)]


def address_of(key: str, layout: str) -> str:
    """Where a list stands in this layout, or else as a list; "" when it is gone."""
    place = list_places.get(key)
    if place is None:
        return ""
    name = place.layouts.get(layout) or place.layouts.get("list", "")
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def page_of(key: str, layout: str = "list") -> Any:
    """The class of the page that shows this list, None when there is none."""
    address = address_of(key, layout)
    return getattr(resolve(address).func, "view_class", None) if address else None
