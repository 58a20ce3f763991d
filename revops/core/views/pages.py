"""Pages of the frame itself: the style guide and the page for a lost connection."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from revops.core.views.specimens import specimens


def offline(request: HttpRequest) -> HttpResponse:
    """Said when the server cannot be reached or the session is gone."""
    return render(request, "offline.html", {"title": _("You are offline")})


@login_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component on one page, for those who build and those who review."""
    if not request.user.is_staff:
        raise PermissionDenied
    return render(request, "core/styleguide.html", {"title": _("Components"), **specimens()})
