"""What the rooms tell people about. Filled in AppConfig.ready()."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from revops.core.registries import Registry
from revops.users.models import Notification

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class NoticeKind:
    """A kind of notification, and where people hear of it until they say otherwise."""

    key: str
    label: StrOrPromise
    in_page: bool = True
    mail: str = Notification.Mail.DIGEST
    icon: str = "bell"
    order: int = 100


notice_kinds: Registry[NoticeKind] = Registry("notice_kinds")


@dataclass(frozen=True)
class Sharing:
    """A kind of record that can be shared by name: its model, its table of shares, and who may share it.

    `others(record)` are people who see it for further reasons (a split, the deal team), with the reason.
    """

    key: str
    record: type[Any]
    model: type[Any]
    permission: str
    others: Callable[[Any], list[tuple[Any, StrOrPromise]]] | None = None


sharing: Registry[Sharing] = Registry("sharing")


@dataclass(frozen=True)
class Portal:
    """Pages for people of other companies: the names of their addresses, the first of which is where they arrive.

    `opens(user)` says whose portal it is.
    """

    key: str
    pages: Sequence[str]
    opens: Callable[[Any], bool]
    order: int = 100


portals: Registry[Portal] = Registry("portals")
