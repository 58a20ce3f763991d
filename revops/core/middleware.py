"""One place where a refusal becomes a page, and where a request gets its id."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from revops.core import audit
from revops.core.errors import BadRequest, DomainError, NotAllowed, StaleCopy

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Every request has an id: in the response, in audit rows, in problem documents."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = audit.request_id.set(uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = audit.request_id.get()
            return response
        finally:
            audit.request_id.reset(token)


class DomainErrorMiddleware:
    """DomainError -> HTML. Views let it rise; forms that want it beside a field catch it themselves."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse(
                {
                    "code": error.code,
                    "detail": error.message,
                    "errors": [vars(e) for e in error.errors],
                    **error.facts,
                },
                status=409 if isinstance(error, StaleCopy) else error.status,
            )
        if isinstance(error, StaleCopy):
            return render(request, "core/stale.html", {"error": error, "record": error.current}, status=409)
        if isinstance(error, NotAllowed | BadRequest):
            return render(request, f"{error.status}.html", {"error": error}, status=error.status)
        return self._back(request, error)

    def _back(self, request: HttpRequest, error: DomainError) -> HttpResponse:
        """Say it where the person was: the page they came from, with the reason on top."""
        origin = request.headers.get("Referer", "")
        if request.method == "POST" and url_has_allowed_host_and_scheme(origin, {request.get_host()}):
            messages.error(request, error.message)
            return HttpResponseRedirect(origin)
        return render(request, "core/refused.html", {"error": error}, status=error.status)
