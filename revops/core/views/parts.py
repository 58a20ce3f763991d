"""What a list page is declared with: figures, chips, tabs, actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Figure:
    """A sum over the whole filter: in the strip of a list, on a record, on a dashboard."""

    label: StrOrPromise
    value: Any  # text, number or Money
    url: str = ""
    note: StrOrPromise = ""
    tone: str = ""


@dataclass(frozen=True)
class Chip:
    """A quick filter with its count. `params` are the parameters that it sets; pressed again it drops them."""

    key: str
    label: StrOrPromise
    params: Mapping[str, str]
    marker: str = ""  # today, late, none, later
    icon: str = ""


@dataclass(frozen=True)
class Tab:
    """A view of the list under a name of its own; "" shows everything."""

    label: StrOrPromise
    params: Mapping[str, str] = field(default_factory=dict)
    icon: str = ""


@dataclass(frozen=True)
class Action:
    """A button of the page head: {label, url, icon, primary}."""

    label: StrOrPromise
    url: str
    icon: str = ""
    primary: bool = False


@dataclass(frozen=True)
class BulkAction:
    """Something to do with the selected rows, or with the whole filter.

    `run(rows=QuerySet, actor=user, data=POST)` calls a service. It returns the sentence to show, or the
    JobRun to watch.
    """

    key: str
    label: StrOrPromise
    run: Callable[..., Any]
    icon: str = ""
    permission: str = ""
    danger: bool = False
    form: type[Any] | None = None  # a django Form asked in a dialog first


@dataclass(frozen=True)
class Empty:
    """What an empty list says: what will stand here, and the one way to start."""

    title: StrOrPromise = gettext_lazy("Nothing here yet")
    text: StrOrPromise = ""
    icon: str = "inbox"
    action: Action | None = None
