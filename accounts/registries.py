"""What this room asks of higher ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django_stubs_ext import StrOrPromise

from accounts.models import TerritoryModel
from revops.core.registries import Registry


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
