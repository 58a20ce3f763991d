"""What a lower app asks of higher ones: each registry is filled by the apps when they start.

A registry refuses a second entry under a taken key, and keeps the order (order, then key),
so what a page shows never depends on the order of INSTALLED_APPS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser
    from django.db.models import Model, Q, QuerySet
    from django_stubs_ext import StrOrPromise


class Keyed(Protocol):
    """Anything with a key can stand in a registry."""

    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Keyed)


class Registry(Generic[T]):
    """Entries by key; double keys are a programming error, found at start-up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: dict[str, T] = {}

    def register(self, entry: T) -> T:
        if entry.key in self._entries:
            raise ImproperlyConfigured(f"{self.name}: the key {entry.key!r} is taken.")
        self._entries[entry.key] = entry
        return entry

    def all(self) -> list[T]:
        return sorted(self._entries.values(), key=lambda entry: (getattr(entry, "order", 100), entry.key))

    def keys(self) -> list[str]:
        return [entry.key for entry in self.all()]

    def get(self, key: str) -> T | None:
        return self._entries.get(key)

    def __iter__(self) -> Iterator[T]:
        return iter(self.all())

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries


def permitted(entry: Any, user: AbstractUser) -> bool:
    """Whether this person may see the entry. No permission named: everybody signed in."""
    permission = getattr(entry, "permission", "")
    return not permission or user.has_perm(permission)


# What the frame shows ---------------------------------------------------------------------


@dataclass(frozen=True)
class NavItem:
    """A line of the left navigation. `shortcut` is the letter after g."""

    key: str
    label: StrOrPromise
    url_name: str
    icon: str
    permission: str = ""
    order: int = 100
    count: Callable[[AbstractUser], int] | None = None
    shortcut: str = ""
    phone: bool = False  # stands in the tab bar of a phone (the first four)


@dataclass(frozen=True)
class CreateItem:
    """A line of the Create menu. `shortcut` is the letter after c."""

    key: str
    label: StrOrPromise
    url_name: str
    icon: str
    permission: str = ""
    order: int = 100
    shortcut: str = ""


@dataclass(frozen=True)
class Panel:
    """Rows of a higher app on the page of a lower one: a link, replaced by its first rows.

    `when` says for which record and person it stands there at all; `top` puts a card of its own above the groups.
    """

    key: str
    page: str
    title: StrOrPromise
    url: Callable[[Any], str]
    order: int = 100
    permission: str = ""
    icon: str = ""
    when: Callable[[Any, Any], bool] | None = None
    top: bool = False


@dataclass(frozen=True)
class Command:
    """A page or an action in the command menu. `verb` tells "do" from "go to"."""

    key: str
    label: StrOrPromise
    url_name: str
    icon: str
    permission: str = ""
    order: int = 100
    verb: bool = False


@dataclass(frozen=True)
class Hit:
    """One found record. `exact` puts a number or e-mail typed in full before everything else."""

    label: str
    sub: str
    url: str
    exact: bool = False
    meta: str = ""


@dataclass(frozen=True)
class Searcher:
    """Finds records of one kind among those that the user may see."""

    key: str
    label: StrOrPromise
    icon: str
    search: Callable[[AbstractUser, str, int], Sequence[Hit]]
    permission: str = ""
    order: int = 100
    people: bool = False  # answers to @, too
    model: type[Model] | None = None  # whose words are learned, so that misspelled ones find it


@dataclass(frozen=True)
class DayItem:
    """One thing that wants a person today. Lower rank comes first; due decides among equals.

    `activity` is the key of a planned activity, `version` its version: such a row is done and moved from My day.
    `key` tells it from all others of its source when a person puts it off; by default its address does.
    `minutes` is how long it was planned to take.
    """

    kind: str
    title: str
    sub: str
    url: str
    due_at: datetime | None = None
    rank: int = 100
    action: str = ""
    icon: str = "checkbox"
    activity: int | None = None
    version: int = 0
    key: str = ""
    source: str = ""  # the key of its source, filled in by day_for
    minutes: int | None = None


@dataclass(frozen=True)
class DaySource:
    """A source of things for My day: `items(user, day)` are those that want the person up to that day's end.

    A source gives at most DAY_MOST; the page says so when there are more.
    """

    key: str
    items: Callable[[AbstractUser, date], Sequence[DayItem]]
    permission: str = ""
    order: int = 100


# What services ask ------------------------------------------------------------------------


@dataclass(frozen=True)
class ScopeSource:
    """Ids of rows of `model` (label, as "accounts.activity") that a user may see for this reason."""

    key: str
    model: str
    ids: Callable[[AbstractUser], QuerySet[Any]]


@dataclass(frozen=True)
class Step:
    """A named callable: a step of a merge, or a guard. Called with keywords only."""

    key: str
    run: Callable[..., Any]
    order: int = 100
    topic: str = ""  # what it belongs to, as "accounts.account" or "opportunities.reopen"
    label: StrOrPromise = ""


@dataclass(frozen=True)
class Holding:
    """A kind of thing that people hold, and that somebody else must take when they leave.

    `rows(user)` are those that the person holds now. `run(user=, to=, actor=)` gives one chunk of them to somebody
    else and says how many; 0 means that none are left. With `blocks` off they hold nobody back (what a person may
    keep), and `to` may be left out of a hand-over.
    """

    key: str
    label: StrOrPromise
    rows: Callable[[Any], QuerySet[Any]]
    run: Callable[..., int]
    order: int = 100
    blocks: bool = True
    url: Callable[[Any], str] | None = None

    def hand(self, *, user: Any, to: Any, actor: Any) -> int:
        """Chunk after chunk, in the caller's transaction."""
        moved = 0
        while chunk := self.run(user=user, to=to, actor=actor):
            moved += chunk
        return moved


@dataclass(frozen=True)
class Subject:
    """A model that stored texts point at ("leads.lead"): who points asks again what the reader may see."""

    key: str
    model: type[Model]


@dataclass(frozen=True)
class MergeKind:
    """Records that can be merged: `key` is the model's label.

    `fields` may be chosen from either record. `merge(winner=, loser=, choices=, version=, actor=)` and
    `undo(merge=, actor=)` are the room's services; `keys(record)` are the stored keys that follow from its fields;
    `page` is the address that compares two of them.
    """

    key: str
    model: type[Model]
    label: StrOrPromise
    fields: Sequence[str]
    permission: str
    merge: Callable[..., Any]
    undo: Callable[..., Any]
    keys: Callable[[Any], dict[str, Any]]
    page: str
    alias_follows: Sequence[str] = ()  # fields in which the alias goes with the winner
    joined: Mapping[str, Sequence[str]] = field(default_factory=dict)  # what goes with a field, as a currency
    order: int = 100


@dataclass(frozen=True)
class MergeRelation:
    """What becomes of the rows that point at a record when it is merged into another: `key` is "leads.handoff.lead".

    Rows go to the winner unless `stays` says that they stay with the loser (all, or those that meet a condition).
    Where a unique rule lets the winner keep only one of two, `rank(row)` decides: the higher one is kept, the
    winner's among equals, and the other is put away until the merge is taken apart; without `rank` the loser's stays.
    """

    key: str
    stays: bool | Q = False
    rank: Callable[[Any], Any] | None = None


navigation: Registry[NavItem] = Registry("navigation")
create_menu: Registry[CreateItem] = Registry("create_menu")
panels: Registry[Panel] = Registry("panels")
commands: Registry[Command] = Registry("commands")
searchers: Registry[Searcher] = Registry("searchers")
DAY_MOST = 200
day_items: Registry[DaySource] = Registry("day_items")
scope_sources: Registry[ScopeSource] = Registry("scope_sources")
hand_over: Registry[Holding] = Registry("hand_over")
merge_kinds: Registry[MergeKind] = Registry("merge_kinds")
merge_relations: Registry[MergeRelation] = Registry("merge_relations")
merge_steps: Registry[Step] = Registry("merge_steps")
guards: Registry[Step] = Registry("guards")
subjects: Registry[Subject] = Registry("subjects")


def panels_for(page: str, obj: Model, user: AbstractUser) -> list[dict[str, Any]]:
    """The panels of a record page, ready for `core/record.html`."""
    return [
        {"key": panel.key, "title": panel.title, "url": panel.url(obj), "icon": panel.icon, "top": panel.top}
        for panel in panels.all()
        if panel.page == page and permitted(panel, user) and (panel.when is None or panel.when(obj, user))
    ]


def point_at(*models: type[Model]) -> None:
    """Let notifications and the like point at records of these models. Each has a manager with `visible_to`."""
    for model in models:
        subjects.register(Subject(model._meta.label_lower, model))


def steps_for(registry: Registry[Step], topic: str) -> list[Step]:
    """The steps or guards of one topic, in order."""
    return [step for step in registry.all() if step.topic == topic]


def day_for(user: AbstractUser, today: date) -> list[DayItem]:
    """Everything that wants this person today, most pressing first."""
    found = [
        replace(item, source=source.key, key=item.key or f"{source.key}:{item.url}"[:200])
        for source in day_items.all()
        if permitted(source, user)
        for item in source.items(user, today)
    ]
    return sorted(
        found,
        key=lambda item: (item.rank, item.due_at.timestamp() if item.due_at else float("inf"), item.title),
    )
