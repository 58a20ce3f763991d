"""Every error of the API as RFC 9457 application/problem+json."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from revops.core import audit
from revops.core.errors import DomainError, FieldError, in_words

CONTENT_TYPE = "application/problem+json"
# What Django raises while it reads a body.
UNREADABLE = (MultiPartParserError, SuspiciousOperation, UnreadablePostError)
TITLES = {
    400: "Malformed or unknown input",
    401: "Sign in or send a token",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    415: "Unsupported media type",
    422: "Some fields were refused",
    429: "Too many requests",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    title: str = "",
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Response:
    """A problem document: type, title, status, code, detail, errors[], request_id, and the refusal's own facts."""
    body = {
        **audit.plain(facts or {}),
        "type": f"/api/docs/#error-{code}",
        "title": title or TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": str(detail),
        "errors": [vars(e) for e in errors or []],
        "request_id": audit.request_id.get(),
    }
    return Response(body, status=status, headers=dict(headers or {}), content_type=CONTENT_TYPE)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. Unknown exceptions stay unhandled, so that they are logged and answered with 500."""
    set_rollback()
    error = in_words(error)
    if isinstance(error, DomainError):
        return problem(
            error.status, error.code, error.message, title=str(error.title), errors=error.errors, facts=error.facts
        )
    if isinstance(error, Http404):
        return problem(404, "not_found", "There is no such record, or it is not yours to see.")
    if isinstance(error, UNREADABLE):
        return problem(400, "unreadable", "The body is cut off, or larger than what is read in one piece.")
    if isinstance(error, PermissionDenied):
        return problem(403, "not_allowed", "Your role does not include this.")
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flatten(error.get_full_details()))
        return problem(422, "invalid", errors[0].detail if errors else "Invalid input.", errors=errors)
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    return None


def _from_drf(error: exceptions.APIException) -> Response:
    headers = {}
    wait, auth_header = getattr(error, "wait", None), getattr(error, "auth_header", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    if auth_header:
        headers["WWW-Authenticate"] = auth_header
    status = 401 if isinstance(error, exceptions.NotAuthenticated) else error.status_code
    return problem(status, str(error.default_code), str(error.detail), headers=headers)


def _flatten(details: Any, pointer: str = "") -> list[FieldError]:
    """DRF's nested error details as a flat list of pointers: lines.0.quantity."""
    if isinstance(details, Mapping) and "message" in details and "code" in details:
        name = pointer or "non_field_errors"
        return [FieldError(name, str(details["code"]), str(details["message"]))]
    rows: list[FieldError] = []
    if isinstance(details, Mapping):
        for key, value in details.items():
            rows += _flatten(value, f"{pointer}.{key}" if pointer else str(key))
    elif isinstance(details, list):
        leaf = all(isinstance(d, Mapping) and "message" in d for d in details)
        for index, value in enumerate(details):
            rows += _flatten(value, pointer if leaf else f"{pointer}.{index}".lstrip("."))
    return rows
