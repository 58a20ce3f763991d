"""Where an activity is read: higher rooms hang activities on their own records and say so here."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from accounts.models import Activity
from revops.core.registries import Registry


@dataclass(frozen=True)
class ActivityHome:
    """`places(activity ids)` gives, for those that it knows, what they are about: (label, address)."""

    key: str
    places: Callable[[Collection[int]], Mapping[int, tuple[str, str]]]
    order: int = 100


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
