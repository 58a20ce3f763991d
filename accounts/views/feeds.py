"""Calendars of other programs: the address that they read, and the files that they export."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import services
from accounts.forms import refused
from accounts.forms_activities import CalendarFileForm
from accounts.ics import LARGEST
from accounts.ics_writing import write_calendar
from accounts.models import CalendarFeed
from accounts.selectors.calendars import feed_by_token, feed_entries, feed_of
from revops.core.api.throttling import take
from revops.core.errors import InvalidInput

# Of a minute's requests to the API: a calendar program asks every few minutes.
COST = 20


@require_GET
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """What a person planned, for their calendar program: the address is the key."""
    digest = CalendarFeed.digest_of(token)
    bucket = take(f"calendar:{digest}", COST)
    if not bucket.passes:
        wait = str(max(1, round(COST / bucket.rate)))
        return HttpResponse(_("Too many requests. Try again soon."), status=429, headers={"Retry-After": wait})
    feed = feed_by_token(token)
    if feed is None:
        raise Http404
    body = write_calendar(feed_entries(feed.user), name=_("%(name)s, revops") % {"name": feed.user})
    etag = quote_etag(CalendarFeed.digest_of(body.decode()))
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    fresh = HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)
    fresh["Content-Disposition"] = 'inline; filename="activities.ics"'
    return get_conditional_response(request, etag=etag, response=fresh) or fresh  # type: ignore[return-value]


@never_cache
@login_required
@permission_required("accounts.view_activity", raise_exception=True)
@require_http_methods(["GET", "POST"])
def calendar_settings(request: HttpRequest) -> HttpResponse:
    """One's calendar address: made, renewed, withdrawn. It stands on the answer to the form and nowhere else."""
    address = ""
    if request.method == "POST":
        _feed, raw = services.make_feed(actor=request.user)
        address = f"{settings.SITE_URL.rstrip('/')}{reverse('calendar-feed', args=[raw])}"
    title = _("Calendar")
    context = {
        "title": title,
        "crumbs": [(title, "")],
        "feed": feed_of(viewer=request.user),
        "address": address,
    }
    return render(request, "accounts/calendar_settings.html", context)


@login_required
@require_POST
def calendar_withdraw(request: HttpRequest) -> HttpResponse:
    """The address stops working."""
    services.withdraw_feed(actor=request.user)
    messages.success(request, _("The address no longer works."))
    return redirect("calendar-settings")


@login_required
@permission_required("accounts.add_activity", raise_exception=True)
@require_http_methods(["GET", "POST"])
def calendar_import(request: HttpRequest) -> HttpResponse:
    """Read a calendar file into one's activities, and say line by line what was not taken."""
    sent = request.method == "POST"
    form = CalendarFileForm(request.POST, request.FILES) if sent else CalendarFileForm()
    result: Any = None
    if sent and form.is_valid():
        try:
            data = form.cleaned_data["file"].read(LARGEST + 1)
            result = services.import_calendar(actor=request.user, data=data)
        except InvalidInput as error:
            refused(form, error)
        else:
            form = CalendarFileForm()
    context = {
        "form": form,
        "result": result,
        "title": _("Read a calendar"),
        "nav_key": "my_day",
        "crumbs": [(_("Activities"), reverse("activity-list")), (_("Read a calendar"), "")],
        "cancel_url": reverse("activity-list"),
        "submit_label": _("Read it"),
    }
    return render(request, "accounts/calendar_import.html", context, status=422 if form.errors else 200)
