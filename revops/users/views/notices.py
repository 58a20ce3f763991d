"""The bell, the list behind it, and what one wants to hear of."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from revops.core.errors import BadRequest
from revops.core.keyset import paginate
from revops.users import services
from revops.users.models import Notification
from revops.users.registries import notice_kinds
from revops.users.selectors.notices import (
    EVERY_DIGEST,
    notification_list,
    readable,
    unread_count,
    unsubscriber,
    wishes_of,
)

SHOWN = 50


@never_cache
@login_required
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The number on the bell; every page asks for it once a minute."""
    return render(request, "users/bell.html", {"unread": unread_count(request.user)})


@never_cache
@login_required
@require_GET
def notifications(request: HttpRequest) -> HttpResponse:
    """What one was told, newest first, by day."""
    unknown = sorted(set(request.GET) - {"show", "cursor"})
    if unknown or request.GET.get("show", "unread") != "unread":
        raise BadRequest("unknown_parameter", _("This list knows no such parameter."))
    only_unread = "show" in request.GET
    rows = notification_list(viewer=request.user)  # type: ignore[arg-type]
    page = paginate(rows.unread() if only_unread else rows, ["-id"], request.GET.get("cursor") or None, SHOWN)
    notices = readable(page.rows, request.user)  # type: ignore[arg-type]
    days = groupby(notices, key=lambda notice: timezone.localtime(notice.row.created_at).date())
    title = _("Notifications")
    context = {
        "title": title,
        "crumbs": [(title, "")],
        "days": [(day, list(of_day)) for day, of_day in days],
        "only_unread": only_unread,
        "unread": unread_count(request.user),
        "next": page.next_cursor,
        "views": [
            {"label": _("All"), "url": "?", "current": not only_unread},
            {"label": _("Unread"), "url": "?show=unread", "current": only_unread},
        ],
    }
    return render(request, "users/notifications.html", context)


@login_required
@require_GET
def open_notification(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark it as read and go to what it is about; what is out of sight by now is only marked."""
    row = get_object_or_404(Notification.objects.visible_to(request.user), pk=pk)
    services.read_notification(notification=row, actor=request.user)  # type: ignore[arg-type]
    (notice,) = readable([row], request.user)  # type: ignore[arg-type]
    if notice.hidden or not notice.url:
        messages.info(request, _("What this was about is no longer yours to see."))
        return redirect("notification-list")
    return redirect(notice.url)


@login_required
@require_POST
def read_notification(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as read and stay here."""
    row = get_object_or_404(Notification.objects.visible_to(request.user), pk=pk)
    services.read_notification(notification=row, actor=request.user)  # type: ignore[arg-type]
    return redirect("notification-list")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    services.read_all_notifications(actor=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Everything is marked as read."))
    return redirect("notification-list")


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Where one wants to hear of what."""
    if request.method == "POST":
        for wish in wishes_of(request.user):  # type: ignore[arg-type]
            in_page = f"{wish.kind.key}-page" in request.POST
            mail = request.POST.get(f"{wish.kind.key}-mail", wish.mail)
            if (in_page, mail) != (wish.in_page, wish.mail):
                services.prefer_notification(
                    actor=request.user,  # type: ignore[arg-type]
                    kind=wish.kind.key,
                    in_page=in_page,
                    mail=mail,
                )
        messages.success(request, _("Saved."))
        return redirect("notification-settings")
    title = _("What you hear of")
    context: dict[str, Any] = {
        "title": title,
        "crumbs": [(_("Notifications"), "/notifications/"), (title, "")],
        "wishes": wishes_of(request.user),  # type: ignore[arg-type]
        "mails": Notification.Mail.choices,
    }
    return render(request, "users/notification_settings.html", context)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """End mails without a sign-in: the link is signed. Mail programs send the POST themselves (one click)."""
    who = unsubscriber(token)
    if who is None:
        raise Http404
    user, kind = who
    if request.method == "POST":
        services.unsubscribe(actor=user, kind=kind)
    entry = notice_kinds.get(kind)
    context = {
        "title": _("No more mails"),
        "done": request.method == "POST",
        "digest": kind == EVERY_DIGEST,
        "label": entry.label if entry else "",
    }
    return render(request, "users/unsubscribe.html", context)
