"""ListPage: the one class behind every list. What it shows is declared; its whole state stands in the URL."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django_filters import FilterSet

from revops.core.errors import BadRequest
from revops.core.keyset import paginate
from revops.core.models import JobRun
from revops.core.registries import permitted
from revops.core.templatetags.frame import changed_query
from revops.core.views.cells import Column, export_heads, export_line, rows_of
from revops.core.views.filtering import filter_names, in_words, is_set, polish
from revops.core.views.parts import Action, BulkAction, Chip, Empty, Figure, Tab

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

COUNT_LIMIT = 10_000
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

RESERVED = ("q", "sort", "cursor", "columns", "export", "panel")


def bounded_count(rows: QuerySet[Any], limit: int = COUNT_LIMIT) -> int:
    """At most limit + 1: no page ever counts a whole large table."""
    return rows.order_by().values("pk")[: limit + 1].count()


def count_text(count: int, limit: int = COUNT_LIMIT) -> str:
    return f"{limit:,}+" if count > limit else f"{count:,}"


class ListPage(LoginRequiredMixin, View):
    """Subclass it, name the columns, give the rows: see templates/README.md."""

    http_method_names = ["get", "head", "post", "options"]

    title: StrOrPromise = ""
    nav_key: str = ""
    permission: str = ""
    columns: Sequence[Column] = ()
    filters: type[FilterSet] | None = None
    search_fields: Sequence[str] = ()
    order: str = ""  # key of a column, with "-" for descending; "" sorts by newest key
    noun: StrOrPromise = gettext_lazy("rows")
    chips: Sequence[Chip] = ()
    tabs: Sequence[Tab] = ()
    bulk_actions: Sequence[BulkAction] = ()
    empty: Empty = Empty()
    page_size: int = 50
    panel_size: int = 5
    panel_columns: Sequence[str] = ()  # keys; without them the first, the state and the money
    template: str = "core/list.html"
    file_name: str = "export"

    @property
    def viewer(self) -> Any:
        """Who looks; nobody gets here without a login."""
        return self.request.user

    # What a list says about itself ----------------------------------------------------------

    def rows(self) -> QuerySet[Any]:
        """The app's selector, for the person who looks: `lead_list(viewer=self.viewer)`."""
        raise NotImplementedError

    def strip(self, rows: QuerySet[Any]) -> Sequence[Figure]:
        """Sums over the whole filter."""
        return ()

    def actions(self) -> Sequence[Action]:
        """Buttons of the page head, at most one primary."""
        return ()

    def views(self) -> Sequence[Mapping[str, Any]]:
        """The same rows seen otherwise: {label, url, icon, current}; `self.query()` keeps the filter."""
        return ()

    def query(self) -> str:
        """The filter of this page as a query string, for links to the same rows elsewhere."""
        return changed_query(self.request.GET, columns="")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(self.title, "")]

    def row_url(self, row: Any) -> str:
        return row.get_absolute_url()

    def extra(self) -> dict[str, Any]:
        """More context for a template of one's own."""
        return {}

    # Requests -------------------------------------------------------------------------------

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and self.permission and not request.user.has_perm(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

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

    # Reading the URL ------------------------------------------------------------------------

    def _filtered(self) -> tuple[FilterSet | None, QuerySet[Any]]:
        rows, params = self.rows(), self.request.GET
        filters = polish(self.filters(params, queryset=rows, request=self.request)) if self.filters else None
        known = set(RESERVED) | (filter_names(filters) if filters else set())
        unknown = sorted(set(params) - known)
        if unknown:
            raise BadRequest(
                "unknown_filter",
                _("There is no filter “%(name)s” on this list.") % {"name": unknown[0][:60]},
                facts={"unknown": unknown},
            )
        if filters is not None:
            if not filters.is_valid():
                self._refuse(filters)
            rows = filters.qs
        return filters, self._searched(rows, params.get("q", "").strip())

    def _refuse(self, filters: FilterSet) -> None:
        name, problems = next(iter(filters.errors.items()))
        label = filters.form.fields[name].label or name if name in filters.form.fields else name
        raise BadRequest("bad_filter", f"{label}: {problems[0]}", facts={"filter": name})

    def _searched(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not text or not self.search_fields:
            return rows
        if "\x00" in text:
            raise BadRequest("bad_filter", _("This search text holds a character that no record can hold."))
        found = Q()
        for name in self.search_fields:
            found |= Q(**{f"{name}__icontains": text[:100]})
        return rows.filter(found)

    def _sorting(self) -> tuple[str, list[str]]:
        chosen = self.request.GET.get("sort") or self.order
        if not chosen:
            return "", ["-pk"]
        column = next((c for c in self.columns if c.key == chosen.lstrip("-") and c.sort), None)
        if column is None:
            raise BadRequest("unknown_sort", _("This list cannot be sorted by “%(name)s”.") % {"name": chosen[:60]})
        down = chosen.startswith("-")
        return chosen, [f"{'-' if down else ''}{column.sort}", "-pk" if down else "pk"]

    def _shown_columns(self) -> list[Column]:
        chosen = self.request.GET.get("columns")
        if not chosen:
            return [column for column in self.columns if not column.hidden]
        by_key = {column.key: column for column in self.columns}
        keys = chosen.split(",")
        wrong = [key for key in keys if key not in by_key]
        if wrong:
            raise BadRequest("unknown_column", _("This list has no column “%(name)s”.") % {"name": wrong[0][:60]})
        return [by_key[key] for key in dict.fromkeys(keys)]

    def _bulk(self) -> list[BulkAction]:
        return [action for action in self.bulk_actions if permitted(action, self.viewer)]

    # Answers --------------------------------------------------------------------------------

    def _context(self, filters: FilterSet | None, rows: QuerySet[Any]) -> dict[str, Any]:
        count = bounded_count(rows)
        return {
            "list": self,
            "title": self.title,
            "nav_key": self.nav_key,
            "crumbs": self.crumbs(),
            "filters": filters,
            "active": self._active(filters),
            "q": self.request.GET.get("q", ""),
            "count": count,
            "count_text": count_text(count),
            "strip": self.strip(rows),
            "chips": [self._chip(chip) for chip in self.chips],
            "tabs": [self._tab(tab) for tab in self.tabs],
            "actions": self.actions(),
            "views": self.views(),
            "export_url": self._with(export="csv"),
            **self.body(rows),
            **self.extra(),
        }

    def body(self, rows: QuerySet[Any]) -> dict[str, Any]:
        """The rows of this page; a board puts its lanes here instead."""
        sort, order = self._sorting()
        columns = self._shown_columns()
        page = paginate(rows, order, self.request.GET.get("cursor"), self.page_size)
        return {
            "heads": [self._head(column, sort) for column in columns],
            "choices": self._choices(columns),
            "rows": rows_of(page.rows, columns, self.row_url),
            "page": page,
            "next_url": self._cursor_url(page.next_cursor),
            "previous_url": self._cursor_url(page.previous_cursor),
            "bulk": self._bulk(),
        }

    def _with(self, **changes: Any) -> str:
        return changed_query(self.request.GET, **changes)

    def _cursor_url(self, cursor: str | None) -> str:
        return self._with(cursor=cursor) if cursor else ""

    def _head(self, column: Column, sort: str) -> dict[str, Any]:
        current = sort.lstrip("-") == column.key
        down = current and sort.startswith("-")
        return {
            "column": column,
            "end": column.kind in ("money", "number", "percent"),
            "url": self._with(sort=column.key if down or not current else f"-{column.key}") if column.sort else "",
            "state": ("descending" if down else "ascending") if current and column.sort else "",
        }

    def _choices(self, shown: Sequence[Column]) -> list[dict[str, Any]]:
        keys = [column.key for column in shown]
        rest = [column for column in self.columns if column.key not in keys]
        return [{"column": column, "on": column.key in keys} for column in [*shown, *rest]]

    def _active(self, filters: FilterSet | None) -> list[dict[str, Any]]:
        """The filters in force, each with the address without it."""
        if filters is None:
            return []
        out = []
        for name, form_field in filters.form.fields.items():
            value = filters.form.cleaned_data.get(name)
            if not is_set(value):
                continue
            names = [key for key in self.request.GET if key == name or re.fullmatch(rf"{re.escape(name)}_\w+", key)]
            if not any(self.request.GET.get(key) for key in names):
                continue
            out.append(
                {
                    "label": form_field.label or name,
                    "value": in_words(filters.form.fields.get(name.removesuffix("__in"), form_field), value),
                    "url": self._with(**dict.fromkeys(names)),
                }
            )
        return out

    def _chip(self, chip: Chip) -> dict[str, Any]:
        on = all(self.request.GET.get(name) == value for name, value in chip.params.items())
        params = self.request.GET.copy()
        for name, value in chip.params.items():
            params[name] = value
        rows = self.rows()
        if self.filters is not None:
            rows = self.filters(params, queryset=rows, request=self.request).qs
        rows = self._searched(rows, self.request.GET.get("q", "").strip())
        return {
            "chip": chip,
            "on": on,
            "count": count_text(bounded_count(rows)),
            "url": self._with(**(dict.fromkeys(chip.params) if on else dict(chip.params))),
        }

    def _tab(self, tab: Tab) -> dict[str, Any]:
        keys = set(self.request.GET) - {"sort", "cursor", "columns"}
        current = {key: self.request.GET[key] for key in keys} == dict(tab.params)
        query = "&".join(f"{name}={value}" for name, value in tab.params.items())
        return {"label": tab.label, "icon": tab.icon, "url": f"?{query}", "current": current}

    def _panel(self, rows: QuerySet[Any]) -> HttpResponse:
        """The first rows, for a group on another record's page."""
        _sort, order = self._sorting()
        columns = self._panel_columns()
        page = paginate(rows, order, None, self.panel_size)
        count = bounded_count(rows)
        context = {
            "list": self,
            "rows": rows_of(page.rows, columns, self.row_url),
            "count_text": count_text(count),
            "more": count > len(page.rows),
            "all_url": self.request.path + self._with(),
        }
        return render(self.request, "core/list_panel.html", context)

    def _panel_columns(self) -> list[Column]:
        """Three at most: what names the row, its state, its worth."""
        by_key = {column.key: column for column in self.columns}
        if self.panel_columns:
            return [by_key[key] for key in self.panel_columns]
        first, *rest = self._shown_columns()
        chosen = [next((column for column in rest if column.kind == kind), None) for kind in ("pill", "money")]
        return [first, *(column for column in chosen if column)] if any(chosen) else [first, *rest[:1]]

    def _export(self, rows: QuerySet[Any]) -> StreamingHttpResponse:
        """Exactly what the filter shows, in its order and columns, streamed."""
        _sort, order = self._sorting()
        response = StreamingHttpResponse(self._lines(rows.order_by(*order)), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.file_name}.csv"'
        return response

    def _lines(self, rows: QuerySet[Any]) -> Iterator[str]:
        columns = self._shown_columns()
        writer = csv.writer(_Echo())
        yield "\ufeff" + writer.writerow(export_heads(columns))
        for row in rows.iterator(chunk_size=2000):
            yield writer.writerow(export_line(columns, row))


class _Echo:
    """A file that hands back what is written, so that the export streams."""

    def write(self, line: str) -> str:
        return line
