"""The one family of refusals. Services raise them; core maps them once to HTML and once to problem+json."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


log = logging.getLogger("revops.request")
AT_ONCE = ("23505", "23P01", "40P01")  # unique, excluded, each waiting for the other


@dataclass(frozen=True)
class FieldError:
    """One field's refusal: `pointer` is the field's name (dotted for nested input)."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """A rule said no: nothing was written. `code` is stable for machines, `message` is for people."""

    status = 422
    title: StrOrPromise = gettext_lazy("Refused by a rule")

    def __init__(
        self,
        code: str,
        message: str,
        *,
        errors: Sequence[FieldError] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.errors = list(errors)
        self.facts = dict(facts or {})


class InvalidInput(DomainError):
    """Well-formed input that one or more fields refuse."""

    title: StrOrPromise = gettext_lazy("Some fields were refused")

    @classmethod
    def of(cls, **messages: str) -> InvalidInput:
        """Build from field=message pairs; the first message is the headline."""
        errors = [FieldError(name, "invalid", str(text)) for name, text in messages.items()]
        return cls("invalid", errors[0].detail, errors=errors)


class MissingFields(DomainError):
    """An action needs fields that are still empty; screens ask for exactly these."""

    title: StrOrPromise = gettext_lazy("Something is missing")

    def __init__(self, message: str, fields: Sequence[str], *, code: str = "missing_fields") -> None:
        errors = [FieldError(name, "required", message) for name in fields]
        super().__init__(code, message, errors=errors, facts={"missing": list(fields)})
        self.fields = list(fields)


class BadRequest(DomainError):
    """Malformed or unknown input: a filter, a cursor, a sort key."""

    status = 400
    title: StrOrPromise = gettext_lazy("Malformed or unknown input")


class NotAllowed(DomainError):
    """Seen, but this person may not do it."""

    status = 403
    title: StrOrPromise = gettext_lazy("Not allowed")

    def __init__(self, message: str, *, code: str = "not_allowed", facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(code, message, facts=facts)


class IllegalState(DomainError):
    """The record's status does not permit it."""

    status = 409
    title: StrOrPromise = gettext_lazy("Not possible in this state")


class DuplicateSuspected(DomainError):
    """A create that looks like an existing record; `facts['candidates']` are those that the actor may see."""

    status = 409
    title: StrOrPromise = gettext_lazy("This may exist already")

    def __init__(self, message: str, candidates: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("duplicate_suspected", message, facts={"candidates": list(candidates)})


class StaleCopy(DomainError):
    """The record changed since it was shown. HTML answers 409 with both versions, the API 412."""

    status = 412
    title: StrOrPromise = gettext_lazy("Changed since you opened it")

    def __init__(self, current: Any, shown: int) -> None:
        super().__init__(
            "stale_copy",
            _("Somebody changed this since you opened it. Nothing was saved."),
            facts={"current_version": current.version, "shown_version": shown},
        )
        self.current = current


class PreconditionRequired(DomainError):
    """A money verb without If-Match."""

    status = 428
    title: StrOrPromise = gettext_lazy("If-Match is required")


class NoRoom(DomainError):
    """The server's disk is full: what was sent is not kept."""

    status = 507
    title: StrOrPromise = gettext_lazy("No room left")

    def __init__(self, message: str) -> None:
        super().__init__("no_room", message)


def in_words(error: Exception) -> Exception:
    """What the database alone could know, as a refusal: something open was given to a person who has left, or two
    wrote the same at once. Services look for the like of what they write; it was not there yet when this one looked.
    """
    diag = getattr(error.__cause__, "diag", None)
    rule = getattr(diag, "constraint_name", None)
    if rule == "holder_works_here":
        return InvalidInput.of(owner=_("This person has left and takes nothing over."))
    if getattr(diag, "sqlstate", None) not in AT_ONCE:
        return error
    log.warning("two at once: %s", rule or diag.sqlstate)  # type: ignore[union-attr]
    text = _(
        "Somebody wrote the same at this very moment, so nothing was saved. Look whether it is done, or try again."
    )
    return IllegalState("written_meanwhile", text)


def reason_of(error: Exception) -> str:
    """An error as an administrator may read it: its first line. Below it the database puts the row, pay included."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"[:2000]


class MissingRate(DomainError):
    """No exchange rate on or before the date: an error, never 1.0."""

    title: StrOrPromise = gettext_lazy("No exchange rate")

    def __init__(self, source: str, target: str, on: Any) -> None:
        super().__init__(
            "missing_rate",
            _("There is no exchange rate from %(source)s to %(target)s on %(on)s.")
            % {"source": source, "target": target, "on": on.isoformat()},
        )
