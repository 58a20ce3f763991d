"""One place where a refusal becomes a page, where a request gets its id, and where it is counted."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import resolve
from django.utils.http import url_has_allowed_host_and_scheme

from revops.core import metrics, trace
from revops.core.errors import BadRequest, DomainError, NotAllowed, StaleCopy, in_words
from revops.core.logs import route_of
from revops.core.views.stale import stale_page

GetResponse = Callable[[HttpRequest], HttpResponse]
# Asked every few seconds by machines that know no host name of ours and follow no redirect.
PROBES = ("/healthz", "/readyz", "/metrics")

log = logging.getLogger("revops.request")


class RequestIdMiddleware:
    """Every request has an id: in the response, in audit rows, in problem documents, in log lines, in its tasks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = trace.request_id.set(trace.accepted(request.headers.get("X-Request-ID", "")))
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = trace.request_id.get()
            return response
        finally:
            trace.request_id.reset(token)


class WatchMiddleware:
    """One line and one count for each request: by the name of its route, never by what stands in the address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started, statements = time.perf_counter(), _Statements()
        with connection.execute_wrapper(statements):
            response = self.get_response(request)
        seconds = time.perf_counter() - started
        route, method = self._route(request), request.method or ""
        metrics.observe(
            route=route, method=method, status=response.status_code, seconds=seconds, statements=statements.count
        )
        if route != "static" and (request.path_info not in PROBES or response.status_code >= 500):
            facts = {"route": route, "method": method, "status": response.status_code, "user_id": self._user(request)}
            facts |= {"duration_ms": round(1000 * seconds), "sql": statements.count}
            log.info("%s %s %s", method, route, response.status_code, extra=facts)
        return response

    def _route(self, request: HttpRequest) -> str:
        return "static" if request.path_info.startswith(settings.STATIC_URL) else route_of(request)

    def _user(self, request: HttpRequest) -> Any:
        """Whoever was recognised on the way; nobody is looked up for the log."""
        known = (request.__dict__.get("user"), request.__dict__.get("_cached_user"))
        return next((found for one in known if one is not None and (found := vars(one).get("id"))), None)


class _Statements:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        return execute(sql, params, many, context)


class ProbeMiddleware:
    """Answers the probes before the host is checked, TLS asked for or a session read."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            return self.get_response(request)
        request.resolver_match = match = resolve(request.path_info)
        return match.func(request, *match.args, **match.kwargs)


class DomainErrorMiddleware:
    """DomainError -> HTML. Views let it rise; forms that want it beside a field catch it themselves."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        error = in_words(error)
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
            return stale_page(request, error)
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
