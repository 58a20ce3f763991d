"""ListPage: the one class behind every list. What it shows is declared; its whole state stands in the URL."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from revops.core.errors import BadRequest
from revops.core.models import JobRun
from revops.core.views.cells import Column
from revops.core.views.counting import bounded_count, count_text
from revops.core.views.exporting import Exporting
from revops.core.views.parts import Action, BulkAction, Chip, Empty, Figure, Tab
from revops.core.views.showing import Showing

__all__ = [
    "Action",
    "BulkAction",
    "Chip",
    "Column",
    "Empty",
    "Figure",
    "ListPage",
    "Tab",
    "bounded_count",
    "count_text",
]


class ListPage(Showing, Exporting):
    """Subclass it, name the columns, give the rows: see templates/README.md."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | StreamingHttpResponse:
        filters, rows = self._filtered()
        if request.GET.get("export"):
            return self._export(rows)
        if request.GET.get("panel"):
            return self._panel(rows)
        return render(request, self.template, self._context(filters, rows))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A bulk action over the ticked rows, or over everything that the filter shows."""
        _filters, rows = self._filtered()
        action = next((action for action in self._bulk() if action.key == request.POST.get("action")), None)
        if action is None:
            raise BadRequest("unknown_action", _("This list has no such action for you."))
        if not request.POST.get("all"):
            picked = request.POST.getlist("pk")
            if not picked or not all(re.fullmatch(r"[0-9a-f-]{1,36}", key) for key in picked):
                raise BadRequest("nothing_selected", _("Select at least one row first."))
            rows = rows.filter(pk__in=picked)
        done = action.run(rows=rows, actor=request.user, data=request.POST)
        if isinstance(done, JobRun):
            return HttpResponseRedirect(reverse("core:job", args=[done.pk]))
        messages.success(request, str(done))
        return HttpResponseRedirect(request.get_full_path())
