"""Saved views on a list: which one is open, what differs from it, and the posts that keep, share, pin, drop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from revops.core import saved
from revops.core.errors import BadRequest, InvalidInput
from revops.core.models import SavedView
from revops.core.templatetags.frame import changed_query
from revops.core.views.asking import NO_VIEW, NOT_STATE, Asking

SHOWN = 200


@dataclass(frozen=True)
class ViewLine:
    """A view as tabs and menu show it."""

    view: SavedView
    pinned: bool
    default: bool
    current: bool
    url: str
    mine: bool


class Saving(Asking):
    """The view in the address stands for its filter; the address of what was changed since carries all of it."""

    saved_view: SavedView | None = None
    dropped: tuple[str, ...] = ()  # what a stored view asks that this list no longer knows

    def _open_view(self, request: HttpRequest) -> HttpResponse | None:
        """Puts the view's filter into the address that everything below reads; a redirect to one's default view."""
        if not self.place or request.method not in ("GET", "HEAD", "POST"):
            return None
        asked = request.GET.get("view", "")
        if not request.GET and request.method == "GET":
            return self._to_default()
        if not asked or asked == NO_VIEW:
            return None
        if not asked.isascii() or not asked.isdigit() or len(asked) > 18:
            raise BadRequest("unknown_view", _("There is no such view."))
        view = get_object_or_404(SavedView.objects.visible_to(self.viewer).select_related("owner"), pk=asked)
        if view.place != self.place:
            raise BadRequest("unknown_view", _("This view belongs to another list."))
        self.saved_view = view
        if "unsaved" not in request.GET:
            request.GET = self._expanded(view, request.GET)  # type: ignore[assignment]
        return None

    def _to_default(self) -> HttpResponse | None:
        chosen = [choice.view_id for choice in self.view_choices if choice.is_default]
        view = SavedView.objects.visible_to(self.viewer).filter(pk__in=chosen).first() if chosen else None
        return HttpResponseRedirect(view.get_absolute_url()) if view else None

    def _expanded(self, view: SavedView, asked: QueryDict) -> QueryDict:
        query = view.all_params()
        self.dropped = tuple(sorted(self._unreadable(query)))
        for name in self.dropped:
            query.pop(name, None)
        for name, values in asked.lists():
            query.setlist(name, values)
        query["unsaved"] = "1"
        return query

    # What differs ---------------------------------------------------------------------------

    def _state(self) -> dict[str, Any]:
        """What a view holds, as this address has it."""
        hidden = {*NOT_STATE, *self.more_params}
        params = {name: values for name, values in self.request.GET.lists() if name not in hidden and any(values)}
        columns = self.request.GET.get("columns", "")
        return {
            "layout": self.layout,
            "params": params,
            "sort": self.request.GET.get("sort", ""),
            "columns": columns.split(",") if columns else [],
        }

    def _changed(self) -> bool:
        view = self.saved_view
        if view is None or self.dropped:
            return view is not None
        return any(getattr(view, name) != value for name, value in self._state().items())

    def _view_context(self) -> dict[str, Any]:
        if not self.place:
            return {}
        lines, view = self._view_lines(), self.saved_view
        state = self._state()
        return {
            "view": view,
            "view_lines": lines,
            "view_tabs": [line for line in lines if line.pinned or line.current],
            "view_line": next((line for line in lines if line.current), None),
            "view_changed": self._changed(),
            "view_savable": bool(state["params"] or state["sort"] or state["columns"]),
            "view_mine": view is not None and saved.may_change(view, self.viewer),
            "view_reset": f"?view={view.pk}" if view else "",
            "view_dropped": self.dropped,
            "may_share": self.viewer.has_perm(saved.SHARE),
        }

    def _view_lines(self) -> list[ViewLine]:
        choices = {choice.view_id: choice for choice in self.view_choices}
        views = SavedView.objects.visible_to(self.viewer).filter(place=self.place).select_related("owner")
        lines = []
        for view in views.order_by("name")[:SHOWN]:
            choice = choices.get(view.pk)
            current = self.saved_view is not None and view.pk == self.saved_view.pk
            pinned, default = bool(choice and choice.pinned), bool(choice and choice.is_default)
            mine = view.owner_id == self.viewer.pk
            lines.append(ViewLine(view, pinned, default, current, view.get_absolute_url(), mine))
        return sorted(lines, key=lambda one: choices[one.view.pk].position if one.view.pk in choices else 0)

    # Posts ----------------------------------------------------------------------------------

    def _view_posts(self) -> dict[str, Callable[[HttpRequest], HttpResponse]]:
        return {
            "view-create": self._create,
            "view-save": self._save,
            "view-edit": self._edit,
            "view-delete": self._delete,
            "view-pin": self._pin,
            "view-default": self._default,
        }

    def _posted_view(self, request: HttpRequest) -> SavedView:
        if self.saved_view is None:
            raise BadRequest("unknown_view", _("There is no such view."))
        return self.saved_view

    def _create(self, request: HttpRequest) -> HttpResponse:
        try:
            view = saved.create_view(
                actor=self.viewer,
                place=self.place,
                name=request.POST.get("name", ""),
                shared=bool(request.POST.get("shared")),
                **self._state(),
            )
        except InvalidInput as error:
            return self._refused(request, error)
        messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
        return HttpResponseRedirect(view.get_absolute_url())

    def _refused(self, request: HttpRequest, error: InvalidInput) -> HttpResponse:
        messages.error(request, error.message)
        return HttpResponseRedirect(request.path + changed_query(request.GET))

    def _version(self, request: HttpRequest) -> int:
        raw = request.POST.get("version", "")
        if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
            raise BadRequest("version_missing", _("Send the version that you saw."))
        return int(raw)

    def _save(self, request: HttpRequest) -> HttpResponse:
        view = self._posted_view(request)
        saved.change_view(view=view, version=self._version(request), actor=self.viewer, **self._state())
        messages.success(request, _("The view “%(name)s” shows this from now on.") % {"name": view.name})
        return HttpResponseRedirect(view.get_absolute_url())

    def _edit(self, request: HttpRequest) -> HttpResponse:
        view = self._posted_view(request)
        changes: dict[str, Any] = {"name": request.POST.get("name", "")}
        if view.shared or self.viewer.has_perm(saved.SHARE):
            changes["shared"] = bool(request.POST.get("shared"))
        try:
            saved.change_view(view=view, version=self._version(request), actor=self.viewer, **changes)
        except InvalidInput as error:
            return self._refused(request, error)
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(view.get_absolute_url())

    def _delete(self, request: HttpRequest) -> HttpResponse:
        view = self._posted_view(request)
        saved.delete_view(view=view, actor=self.viewer)
        messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
        return HttpResponseRedirect(f"{request.path}?view={NO_VIEW}")

    def _pin(self, request: HttpRequest) -> HttpResponse:
        view = self._posted_view(request)
        saved.pin_view(view=view, pinned=request.POST.get("on") == "1", actor=self.viewer)
        return HttpResponseRedirect(request.path + changed_query(request.GET))

    def _default(self, request: HttpRequest) -> HttpResponse:
        view, on = self._posted_view(request), request.POST.get("on") == "1"
        saved.set_default(view=view, default=on, actor=self.viewer)
        messages.success(request, _("This list opens with this view.") if on else _("This list opens with everything."))
        return HttpResponseRedirect(request.path + changed_query(request.GET))
