"""Definitions are read once a request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from revops.core.custom.definitions import remembered


class CustomFieldsMiddleware:
    """What a process remembers of the definitions ends with the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with remembered():
            return self.get_response(request)
