"""ListPage: the one class behind every list. What it shows is declared; its whole state stands in the URL."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from revops.core.errors import BadRequest
from revops.core.views.acting import Acting
from revops.core.views.cells import Column
from revops.core.views.counting import bounded_count, count_text
from revops.core.views.editing import Editing
from revops.core.views.editors import Editor
from revops.core.views.exporting import Exporting
from revops.core.views.parts import Action, BulkAction, Chip, Empty, Figure, Tab
from revops.core.views.saving import Saving

__all__ = [
    "Action",
    "BulkAction",
    "Chip",
    "Column",
    "Editor",
    "Empty",
    "Figure",
    "ListPage",
    "Tab",
    "bounded_count",
    "count_text",
]


class ListPage(Exporting, Saving, Acting, Editing):
    """Subclass it, name the columns, give the rows: see templates/README.md."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and self.allowed(request.user):
            elsewhere = self._open_view(request)
            if elsewhere is not None:
                return elsewhere
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | StreamingHttpResponse:
        if "cell" in request.GET:
            return self._cell(request)
        if "field" in request.GET:
            return self._value_control(request)
        filters, rows = self._filtered()
        if request.GET.get("export"):
            return self._export(rows)
        if request.GET.get("panel"):
            return self._panel(rows)
        return render(request, self.template, self._context(filters, rows))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A cell, a view, a file, or a bulk action over the ticked rows or everything that the filter shows."""
        asked = request.POST.get("do", "bulk")
        answers = self._posts()
        if asked not in answers:
            raise BadRequest("unknown_action", _("This list has no such action for you."))
        answer: HttpResponse = answers[asked](request)
        return answer

    def _posts(self) -> dict[str, Any]:
        own = {"bulk": self._do_bulk, "cell": self._save_cell, "export": self._start_export}
        return {**own, **self._view_posts()}
