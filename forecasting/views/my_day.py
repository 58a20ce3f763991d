"""My day: one ranked queue of what wants this person today, counted at the source."""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Activity
from revops.core import clock
from revops.core.errors import BadRequest
from revops.core.registries import DayItem, day_for, panels_for

SHOWN = 50
MEETINGS = (Activity.Kind.MEETING, Activity.Kind.VISIT)


@login_required
def my_day(request: HttpRequest) -> HttpResponse:
    """The queue, the tallies over it and today's meetings; `show` narrows it to a tally."""
    show = request.GET.get("show", "all")
    unknown = sorted(set(request.GET) - {"show"})
    now, today = clock.now(), clock.today()
    everything = day_for(request.user, today)
    tallies = _tallies(everything, now)
    if unknown or show not in {tally["key"] for tally in tallies}:
        raise BadRequest("unknown_filter", _("There is no such view of My day."))
    chosen = next(tally for tally in tallies if tally["key"] == show)["items"]
    context = {
        "title": _greeting(now) % {"name": request.user.first_name or request.user.username},
        "crumbs": [(_("My day"), "")],
        "nav_key": "my_day",
        "today": today,
        "tallies": [{**tally, "current": tally["key"] == show, "count": len(tally["items"])} for tally in tallies],
        "queue": [_row(item, now) for item in chosen[:SHOWN]],
        "more": max(len(chosen) - SHOWN, 0),
        "meetings": _meetings(request.user, now),
        "earn_url": next((card["url"] for card in panels_for("forecasting.my_day", request.user, request.user)), ""),
    }
    return render(request, "forecasting/my_day.html", context)


def _greeting(now: datetime) -> str:
    hour = now.astimezone(clock.company_zone()).hour
    if hour < 12:
        return _("Good morning, %(name)s")
    return _("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")


def _tallies(items: list[DayItem], now: datetime) -> list[dict[str, Any]]:
    """Each tally holds the very rows it counts."""
    return [
        {"key": "all", "label": _("All today"), "items": items},
        {
            "key": "overdue",
            "label": _("Overdue"),
            "bad": True,
            "items": [item for item in items if item.due_at and item.due_at < now],
        },
        {"key": "leads", "label": _("Leads and handoffs"), "items": [i for i in items if i.kind in LEAD_KINDS]},
        {"key": "deals", "label": _("Deals and approvals"), "items": [i for i in items if i.kind in DEAL_KINDS]},
    ]


LEAD_KINDS = frozenset({"lead", "handoff"})
DEAL_KINDS = frozenset({"opportunity", "deal", "approval", "quote"})


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


def _meetings(user: Any, now: datetime) -> list[dict[str, Any]]:
    zone = clock.company_zone()
    start = datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone)
    found = (
        Activity.objects.visible_to(user)
        .filter(owner=user, kind__in=MEETINGS, due_at__gte=start, due_at__lt=start + timedelta(days=1))
        .exclude(status=Activity.Status.CANCELLED)
        .select_related("account")
        .order_by("due_at")[:20]
    )
    return [
        {"at": f"{one.due_at.astimezone(zone):%H:%M}", "past": one.due_at < now, "activity": one}
        for one in found
        if one.due_at
    ]
