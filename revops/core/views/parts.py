"""What a list page is declared with: figures, chips, tabs, actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from revops.core.errors import BadRequest

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

    `one(row=…, actor=…, **values)` is a service for one row; `undo(row=…, before=…, actor=…)` another that gives the
    old values back (`bulk.old_value`). `form(data, viewer)` makes the form that is asked first; its cleaned values go
    to `one`.
    """

    key: str
    label: StrOrPromise
    one: Callable[..., Any]
    icon: str = ""
    permission: str = ""
    danger: bool = False
    form: Callable[[Any, Any], forms.BaseForm] | None = None
    undo: Callable[..., Any] | None = None
    note: StrOrPromise = ""  # said in the dialog, or before an action that cannot be undone
    makes: bool = False  # what it does is a row elsewhere: done is done though the row itself stays as it was

    @property
    def asks(self) -> bool:
        """Whether a dialog comes first."""
        return self.form is not None or bool(self.note)

    def values(self, data: Mapping[str, Sequence[str]], viewer: Any) -> dict[str, Any]:
        """The posted values as the service takes them. Raises BadRequest naming what the form refuses."""
        if self.form is None:
            return {}
        query = QueryDict(mutable=True)
        for name, values in data.items():
            query.setlist(name, list(values))
        form = self.form(query, viewer)
        if not form.is_valid():
            name, problems = next(iter(form.errors.items()))
            label = form.fields[name].label if name in form.fields else ""
            raise BadRequest("bad_action", f"{label or self.label}: {problems[0]}")
        return dict(form.cleaned_data)


@dataclass(frozen=True)
class Empty:
    """What an empty list says: what will stand here, and the one way to start."""

    title: StrOrPromise = gettext_lazy("Nothing here yet")
    text: StrOrPromise = ""
    icon: str = "inbox"
    action: Action | None = None
