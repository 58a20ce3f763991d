"""The log box and what is planned, as every record page with a timeline has them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import services
from accounts.forms import LogForm, refused
from accounts.models import Activity
from revops.core import clock
from revops.core.errors import InvalidInput

SHOWN = 20


def touch_context(
    request: HttpRequest, activities: QuerySet[Activity], *, log: LogForm | None, url: str, may: bool = True
) -> dict[str, Any]:
    """What `accounts/log.html` and `accounts/planned.html` read; `activities` are those of the record in view."""
    rows = activities.filter(status=Activity.Status.PLANNED).select_related("owner")
    planned = list(rows.order_by("due_at", "pk")[:SHOWN])
    return {
        "log": log or LogForm(),
        "log_url": url,
        "may_log": may and request.user.has_perm("accounts.add_activity"),
        "planned": planned,
        "next": next_words(planned[0] if planned else None),
        "now": clock.now(),
    }


def touched(request: HttpRequest, record: Any, page: Callable[..., HttpResponse], write: Any = None) -> HttpResponse:
    """One touch, as the log box sends it. `write` is the service, where the room has one of its own."""
    form = LogForm(request.POST)
    if not form.is_valid():
        return page(request, record, log=form, status=422)
    facts: dict[str, Any] = {"actor": request.user, "done": form.done(), "planned": form.planned()}
    try:
        if write is None:
            services.log_touch_on(record=record, **facts)
        else:
            write(**facts)
    except InvalidInput as error:
        refused(form, error)
        return page(request, record, log=form, status=422)
    messages.success(request, said(form))
    return redirect(record)


def said(form: LogForm) -> str:
    """What became of it; of a task, for when."""
    planned = form.planned()
    if form.done() is not None or planned is None:
        return _("Logged.")
    return _("Planned for %(day)s.") % {"day": date_format(timezone.localtime(planned["due_at"]), "D j M, H:i")}


def next_words(activity: Activity | None) -> tuple[str, str]:
    """The next action of a record: what and when, and its tone."""
    if activity is None or activity.due_at is None:
        return _("No next action"), "none"
    return _worded(activity.subject, activity.due_at)


def next_cell(row: Any, *, going: bool = True) -> tuple[str, str] | None:
    """The next action of a row of `with_next`; a record that is over has none unless something is planned."""
    if row.next_due_at is None:
        return (_("No next action"), "none") if going else None
    return _worded(row.next_subject, row.next_due_at)


def _worded(subject: str, due_at: Any) -> tuple[str, str]:
    due = timezone.localtime(due_at)
    today = clock.business_day(due_at) == clock.today()
    tone = "late" if due_at < clock.now() else "today" if today else "later"
    when = f"{due:%H:%M}" if tone == "today" else date_format(due, "D j M")
    return _("%(what)s, %(when)s") % {"what": subject, "when": when}, tone
