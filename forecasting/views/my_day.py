"""My day: one ranked queue of what wants this person, counted at the source, with what to do about each row."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import services as accounts_services
from accounts.models import Activity
from accounts.views.records import shown_version
from forecasting import services
from forecasting.selectors.changes import MOST, changes_for, since_last_workday
from forecasting.selectors.my_day import (
    HORIZONS,
    TODAY,
    TOMORROW,
    WEEK,
    estimate_of,
    meetings_on,
    queue_of,
    tallies,
)
from revops.core import clock
from revops.core.errors import BadRequest, InvalidInput
from revops.core.registries import DayItem, panels_for

SHOWN, CHANGES = 50, 6
LABELS = {TODAY: gettext_lazy("Today"), TOMORROW: gettext_lazy("Tomorrow"), WEEK: gettext_lazy("Week")}
KNOWN = frozenset({"show", "on", "rows"})


@login_required
@require_GET
def my_day(request: HttpRequest) -> HttpResponse:
    """The queue of a horizon (`on`), the tallies over it and the meetings; `show` narrows it to a tally."""
    show, on = request.GET.get("show", "all"), request.GET.get("on", TODAY)
    if set(request.GET) - KNOWN or on not in HORIZONS or request.GET.get("rows", "all") != "all":
        raise BadRequest("unknown_filter", _("There is no such view of My day."))
    now = clock.now()
    queue = queue_of(request.user, on)
    parts = tallies(queue.items, now)
    chosen = next((tally for tally in parts if tally.key == show), None)
    if chosen is None:
        raise BadRequest("unknown_filter", _("There is no such view of My day."))
    shown = chosen.count if "rows" in request.GET else SHOWN
    day = clock.today() + timedelta(days=on == TOMORROW)
    changes = changes_for(request.user)
    context = {
        "title": _greeting(now) % {"name": request.user.first_name or request.user.username},
        "crumbs": [(_("My day"), "")],
        "nav_key": "my_day",
        "day": day,
        "estimate": _length(estimate_of(queue.items).minutes),
        "changes": changes[:CHANGES],
        "changed": len(changes),
        "changes_title": _changed(),
        "changes_capped": len(changes) >= MOST,
        "on": on,
        "show": show,
        "horizons": [(key, label, key == on) for key, label in LABELS.items()],
        "tallies": [tally for tally in parts if tally.count or tally.key in ("all", "overdue", show)],
        "queue": [_row(item, now) for item in chosen.items[:shown]],
        "more": max(chosen.count - shown, 0),
        "put_off": queue.put_off,
        "meetings": _meetings(request.user, day, now),
        "may_log": request.user.has_perm("accounts.add_activity"),
        "may_do": request.user.has_perm("accounts.change_activity"),
        "earn_url": next((card["url"] for card in panels_for("forecasting.my_day", request.user, request.user)), ""),
    }
    return render(request, "forecasting/my_day.html", context)


@login_required
@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    """All that others did since yesterday to what one owns or follows."""
    found = changes_for(request.user)
    context = {
        "title": _changed(),
        "crumbs": [(_("My day"), reverse("my-day")), (_("What changed"), "")],
        "nav_key": "my_day",
        "changes": found,
        "changed": len(found),
        "changes_capped": len(found) >= MOST,
        "since": since_last_workday(),
    }
    return render(request, "forecasting/changes_page.html", context)


@login_required
@require_POST
def log(request: HttpRequest) -> HttpResponse:
    """Log a line in one field."""
    try:
        made = services.log_line(actor=request.user, text=request.POST.get("text", ""))
    except InvalidInput as error:
        messages.error(request, error.message)
        return _back(request)
    about = made.contact or made.account
    if made.due_at is not None:
        when = date_format(timezone.localtime(made.due_at), "D j M, H:i")
        messages.success(request, _("Planned for %(day)s.") % {"day": when})
        return _back(request)
    said = _("Logged: %(kind)s with %(name)s.") if about else _("Logged: %(kind)s.")
    messages.success(request, said % {"kind": made.get_kind_display(), "name": about})
    return _back(request)


@login_required
@require_POST
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """A planned activity is done, without leaving the page."""
    activity = _activity(request, pk)
    accounts_services.complete_activity(activity=activity, version=shown_version(request), actor=request.user)
    messages.success(request, _("Done: %(what)s.") % {"what": activity.subject})
    return _back(request)


@login_required
@require_POST
def later(request: HttpRequest, pk: int) -> HttpResponse:
    """A planned activity moves to tomorrow."""
    activity = _activity(request, pk)
    moved = accounts_services.snooze_activity(actor=request.user, activity=activity, version=shown_version(request))
    when = date_format(clock.business_day(moved.due_at), "D j M") if moved.due_at else ""
    messages.success(request, _("Moved to %(day)s: %(what)s.") % {"day": when, "what": moved.subject})
    return _back(request)


@login_required
@require_POST
def put_off(request: HttpRequest) -> HttpResponse:
    """Something else is not wanted before tomorrow."""
    services.put_off(actor=request.user, key=request.POST.get("key", ""))
    messages.success(request, _("Put off until tomorrow."))
    return _back(request)


def _activity(request: HttpRequest, pk: int) -> Activity:
    return get_object_or_404(Activity.objects.visible_to(request.user), pk=pk)


def _back(request: HttpRequest) -> HttpResponse:
    """To the view of My day from which it was done."""
    view = {name: request.POST[name] for name in ("on", "show") if request.POST.get(name, "").isalpha()}
    return redirect(f"{reverse('my-day')}?{urlencode(view)}" if view else reverse("my-day"))


def _greeting(now: datetime) -> str:
    hour = now.astimezone(clock.company_zone()).hour
    if hour < 12:
        return _("Good morning, %(name)s")
    return _("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")


def _row(item: DayItem, now: datetime) -> dict[str, Any]:
    when, text = "none", _("Nothing planned")
    if item.due_at:
        when, text = _due(item.due_at, now)
    return {"item": item, "when": when, "text": text}


def _due(due: datetime, now: datetime) -> tuple[str, str]:
    zone = clock.company_zone()
    day, today = due.astimezone(zone).date(), now.astimezone(zone).date()
    if due < now:
        late = (today - day).days
        if late:
            return "late", _("%d day late") % late if late == 1 else _("%d days late") % late
        return "late", _("since %s") % f"{due.astimezone(zone):%H:%M}"
    if day == today:
        return "today", f"{due.astimezone(zone):%H:%M}"
    return "later", date_format(day, "D j M")


def _meetings(user: Any, day: Any, now: datetime) -> dict[str, Any]:
    """The day's meetings, and how long they take as far as that is known."""
    zone = clock.company_zone()
    found = [one for one in meetings_on(user, day)[:20] if one.due_at]
    rows = [
        {"at": f"{one.due_at.astimezone(zone):%H:%M}", "past": one.due_at < now, "activity": one}
        for one in found
        if one.due_at
    ]
    return {"rows": rows, "length": _length(sum(one.minutes or 0 for one in found))}


def _changed() -> str:
    day = since_last_workday()
    if (clock.today() - day).days == 1:
        return _("What changed since yesterday")
    return _("What changed since %(day)s") % {"day": date_format(day, "l")}


def _length(minutes: int) -> str:
    """2 h 40 min, 25 min; nothing for none."""
    if minutes < 60:
        return _("%(m)s min") % {"m": minutes} if minutes else ""
    return _("%(h)s h %(m)s min") % {"h": minutes // 60, "m": minutes % 60}
