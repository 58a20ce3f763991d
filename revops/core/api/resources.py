"""What there is: every resource and operation, read from the addresses, so that none can be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from drf_spectacular.generators import EndpointEnumerator

PREFIX = "/api/v1/"


@dataclass(frozen=True)
class Operation:
    """A method at an address, and the action of the view behind it."""

    method: str
    path: str
    action: str
    view: type[Any]

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    @property
    def on_record(self) -> bool:
        """Whether it names one record."""
        return self.path.endswith("{id}") or "{id}/" in self.path


@dataclass
class Resource:
    """A noun of the API: its own view (None where it is only a verb), and all that can be done."""

    key: str
    operations: list[Operation] = field(default_factory=list)

    @property
    def view(self) -> Any:
        """The view that lists it, else the first one."""
        views = [operation.view for operation in self.operations]
        return next((view for view in views if hasattr(view, "selector") or hasattr(view, "out")), views[0])

    @property
    def path(self) -> str:
        return min((operation.path for operation in self.operations), key=len)


@cache
def resources() -> dict[str, Resource]:
    """By key, in the order of the alphabet."""
    found: dict[str, Resource] = {}
    for operation in sorted(operations(), key=lambda row: (row.path, row.method)):
        key = getattr(operation.view, "meta_key", "") or operation.view.resource
        found.setdefault(key, Resource(key)).operations.append(operation)
    return dict(sorted(found.items()))


def operations() -> Iterator[Operation]:
    """Every operation under /api/v1/."""
    for path, _regex, method, callback in EndpointEnumerator().get_api_endpoints():
        view: Any = getattr(callback, "cls", None)
        if path.startswith(PREFIX) and getattr(view, "resource", ""):
            yield Operation(method, path.replace("{pk}", "{id}"), callback.actions[method.lower()], view)


@cache
def key_of_model() -> dict[type[Any], str]:
    """Under which resource a model's records are found."""
    keys: dict[type[Any], str] = {}
    for key, resource in resources().items():
        shown = getattr(resource.view, "out", None)
        if shown is not None and not getattr(resource.view, "meta_key", ""):
            keys.setdefault(shown.Meta.model, key)
    return keys
