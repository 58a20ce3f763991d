"""What is on its way out says so, in its answers and in the description, before it goes.

`Deprecation` (RFC 9745) is the day since when nobody should begin to use it, `Sunset` (RFC 8594) the day after which
it may be gone, `Link` what to use instead and where that is written down.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from django.utils.http import http_date

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Deprecation:
    """Since when, until when, and the address of what takes its place."""

    since: date
    sunset: date
    successor: str = ""
    note: str = ""

    def headers(self) -> dict[str, str]:
        """As the two RFCs write them: a structured date, and a date of HTTP."""
        links = ['</api/docs/>; rel="deprecation"; type="text/html"']
        if self.successor:
            links.insert(0, f'<{self.successor}>; rel="successor-version"')
        return {
            "Deprecation": f"@{_instant(self.since)}",
            "Sunset": http_date(_instant(self.sunset)),
            "Link": ", ".join(links),
        }

    @property
    def sentence(self) -> str:
        """For the description."""
        instead = f" Use {self.successor} instead." if self.successor else ""
        note = f" {self.note}" if self.note else ""
        return f"Deprecated since {self.since}; may be gone after {self.sunset}.{instead}{note}"


def deprecated(since: date, sunset: date, successor: str = "", note: str = "") -> Callable[[F], F]:
    """On a view's action: this operation is on its way out. On a whole view, and on fields, see `of`."""

    def mark(handler: F) -> F:
        handler.deprecation = Deprecation(since, sunset, successor, note)  # type: ignore[attr-defined]
        return handler

    return mark


def of(view: Any, action: str) -> Deprecation | None:
    """An operation's own, else its view's (`deprecation = Deprecation(...)`)."""
    found = getattr(getattr(view, action, None), "deprecation", None) or getattr(view, "deprecation", None)
    return found if isinstance(found, Deprecation) else None


def of_fields(view: Any) -> Mapping[str, Deprecation]:
    """Names of fields on their way out: `deprecated_fields = {"fax": Deprecation(...)}` on the view."""
    return getattr(view, "deprecated_fields", {})


def headers_of(view: Any, action: str, fields: Iterable[str]) -> dict[str, str]:
    """What an answer says: of its operation, else of the field among `fields` that goes first."""
    found = list(_concerned(view, action, fields))
    return min(found, key=lambda row: row.sunset).headers() if found else {}


def _concerned(view: Any, action: str, fields: Iterable[str]) -> Iterator[Deprecation]:
    operation = of(view, action)
    if operation is not None:
        yield operation
    going = of_fields(view)
    yield from (going[name] for name in fields if name in going)


def _instant(day: date) -> int:
    return int(datetime.combine(day, time.min, UTC).timestamp())
