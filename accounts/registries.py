"""Where an activity is read: higher rooms hang activities on their own records and say so here."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_stubs_ext import StrOrPromise

from accounts.models import Activity, TerritoryModel
from revops.core.registries import Registry


@dataclass(frozen=True)
class ActivityHome:
    """`places(activity ids)` gives, for those that it knows, what they are about: (label, address).

    `carry(source=, to=, actor=)` hangs the next one of a series on the same record.
    """

    key: str
    places: Callable[[Collection[int]], Mapping[int, tuple[str, str]]]
    order: int = 100
    carry: Callable[..., None] | None = None


@dataclass(frozen=True)
class TerritoryEffect:
    """What else people gain or lose by a planned model: `rows(model, viewer)` gives texts to read beside its preview,
    (what, before, after, address). A room that adds rows changes nothing by them when the model comes into force.
    """

    key: str
    label: StrOrPromise
    rows: Callable[[TerritoryModel, Any], Sequence[tuple[str, str, str, str]]]
    order: int = 100


@dataclass(frozen=True)
class TimelineSource:
    """What a room adds to a record's timeline: `entries(record, limit)`, newest first. Who sees it sees them."""

    key: str
    entries: Callable[[Any, int], Sequence[Any]]
    order: int = 100


timeline_sources: Registry[TimelineSource] = Registry("timeline_sources")
territory_effects: Registry[TerritoryEffect] = Registry("territory_effects")
activity_homes: Registry[ActivityHome] = Registry("activity_homes")


def homes_of(activities: Collection[Activity]) -> dict[int, tuple[str, str]]:
    """What each activity is about, one query a room: a deal or lead before the account, the account before nothing."""
    found: dict[int, tuple[str, str]] = {}
    for home in activity_homes:
        rest = [row.pk for row in activities if row.pk not in found]
        found.update(home.places(rest) if rest else {})
    for row in activities:
        about = row.account or row.contact
        if row.pk not in found:
            found[row.pk] = (str(about), about.get_absolute_url()) if about else ("", row.get_absolute_url())
    return found
