"""Guests are kept to their portal; everybody sees everything in their own language and time zone."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language

from revops.core.acting import acting_as
from revops.users.registries import portals

# What whoever is signed in may do for themselves, and what is open to everybody.
OWN_PAGES = frozenset(
    {
        "account_login",
        "account_logout",
        "account_inactive",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "offline",
    }
)


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


class PortalMiddleware:
    """People of other companies open their portal and nothing else: any other address is 404, whatever guards it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        guest = request.user.is_authenticated and request.user.is_portal  # now: they may sign out in this request
        response = self.get_response(request)
        if guest and response.status_code == 404:
            return render(request, "users/portal_404.html", status=404)
        return response

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        if not request.user.is_authenticated or not request.user.is_portal:
            return None
        match = request.resolver_match
        name = match.view_name if match is not None else ""
        if name in OWN_PAGES:
            return None
        for portal in portals.all():
            if portal.opens(request.user):
                if name == "home":
                    return HttpResponseRedirect(reverse(portal.pages[0]))
                if name in portal.pages:
                    return None
        return HttpResponseNotFound()  # the page that says so is made in one place, above
