"""Everything is shown in the person's own language, instants in their own time zone."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.utils.translation import get_language

from revops.core.acting import acting_as


class PreferencesMiddleware:
    """Each request runs in the language and the time zone of whoever is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        chosen = request.user.language  # read now: a request that signs out has no such user afterwards
        language = chosen or get_language()
        here = timezone.override(ZoneInfo(request.user.time_zone))
        with acting_as(request.user), here, translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            if isinstance(response, TemplateResponse) and not response.is_rendered:
                response.render()  # the admin's pages are rendered late: in the same language as all else
            if chosen:
                response["Content-Language"] = language
            return response
