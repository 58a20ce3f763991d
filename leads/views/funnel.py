"""The SDR's start: the funnel, what is due, and how the funnel came to be."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from leads.models import Lead
from leads.selectors.funnel import PATH, by_source, days_of_funnel, due_answers, funnel, my_tasks
from leads.views.lists import layouts, source_words
from revops.core import clock
from revops.core.templatetags.frame import day as day_text
from revops.core.templatetags.frame import moment

DAYS, SHOWN = 30, 10


@login_required
@permission_required("leads.view_lead", raise_exception=True)
@require_GET
def workspace(request: HttpRequest) -> HttpResponse:
    """How many leads stand where, each with its rows; what waits for me; the last 30 days."""
    viewer, now = request.user, clock.now()
    counts = {row["status"]: row for row in funnel(viewer=viewer)}
    whole = max((counts[status]["count"] for status in PATH), default=0)
    history = days_of_funnel(viewer=viewer, until=clock.today(), days=DAYS)
    context = {
        "title": _("Lead funnel"),
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (_("Funnel"), "")],
        "path": [{**counts[status], "url": _url(status)} for status in PATH],
        "beside": [{**counts[status], "url": _url(status)} for status in counts if status not in PATH],
        "whole": whole,
        "states": [Lead.Status(status).label for status in PATH],
        "sources": [{**row, "label": source_words(row["source"])} for row in by_source(viewer=viewer)],
        "due": due_answers(viewer=viewer)[:SHOWN],
        "tasks": my_tasks(viewer=viewer)[:SHOWN],
        "now": now,
        "views": layouts(request, "funnel"),
        **_history(history),
    }
    return render(request, "leads/funnel.html", context)


def _url(status: str) -> str:
    return f"{reverse('lead-list')}?status={status}"


def _history(history: dict[date, dict[str, int]]) -> dict[str, Any]:
    """The chart of the days that have a snapshot, and the table behind it; nothing while there is only one."""
    if len(history) < 2:
        return {"spec": None}
    open_states = (Lead.Status.NEW, Lead.Status.WORKING, Lead.Status.QUALIFIED)
    spec = {
        "kind": "line",
        "labels": [moment(on, "d MMM") for on in history],
        "unit": "",
        "series": [
            {"name": str(status.label), "values": [counts.get(status, 0) for counts in history.values()], "color": n}
            for n, status in enumerate(open_states, start=1)
        ],
    }
    head = [_("Day"), *(str(status.label) for status in open_states)]
    rows = [[day_text(on), *(counts.get(status, 0) for status in open_states)] for on, counts in history.items()]
    return {"spec": spec, "chart_head": head, "chart_rows": rows}
