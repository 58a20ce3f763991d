"""What a list puts before its reader: heads, chips, tabs, filters in force, rows, the panel form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django_filters import FilterSet

from revops.core.keyset import paginate
from revops.core.views.asking import NOT_STATE, Asking
from revops.core.views.cells import Column, rows_of
from revops.core.views.counting import CHIP_LIMIT, COUNT_LIMIT, bounded_count, bounded_counts, count_text
from revops.core.views.filtering import belongs, in_words, is_set, with_others
from revops.core.views.parts import BulkAction, Chip, Tab
from revops.core.views.spelling import other_spellings

KEPT = ("view", "unsaved")  # go along when a form of the page changes the address


class Showing(Asking):
    """Context of the page and of its parts."""

    def _bulk(self) -> list[BulkAction]:
        """What may be done with many rows at once."""
        raise NotImplementedError

    def _bulk_context(self) -> dict[str, Any]:
        raise NotImplementedError

    def _may_edit(self, row: Any, column: Column) -> bool:
        raise NotImplementedError

    def _export_context(self, count: int) -> dict[str, Any]:
        raise NotImplementedError

    def _view_context(self) -> dict[str, Any]:
        raise NotImplementedError

    def _context(self, filters: FilterSet | None, rows: QuerySet[Any]) -> dict[str, Any]:
        count, chips = self._counted(filters, rows)
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
            "chips": chips,
            "tabs": [self._tab(tab) for tab in self.tabs],  # an address of "" is the list without any filter
            "actions": self.actions(),
            "views": self.views(),
            **self._export_context(count),
            "near": self._near(count),
            "blank": self.blank,
            "kept": [(name, self.request.GET[name]) for name in (*KEPT, *self.more_params) if name in self.request.GET],
            **self._view_context(),
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
            "rows": rows_of(page.rows, columns, self.row_url, self._may_edit),
            "page": page,
            "next_url": self._cursor_url(page.next_cursor),
            "previous_url": self._cursor_url(page.previous_cursor),
            **self._bulk_context(),
        }

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
            names = [key for key in self.request.GET if belongs(key, name)]
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

    def _near(self, count: int) -> list[dict[str, str]]:
        text = self.request.GET.get("q", "").strip()
        if not text:
            return []
        rows, url = (lambda q: self._rows_with(q=q)), (lambda q: self._with(q=q))
        return other_spellings(text, count, self.rows().model, rows, url)

    def _rows_with(self, **values: str) -> QuerySet[Any]:
        """The rows that the page would show with other values in its address."""
        params = self.request.GET.copy()
        for name, value in values.items():
            params[name] = value
        rows = self.rows()
        if self.filters is not None:
            rows = self.filters(params, queryset=rows, request=self.request).qs
        return self._searched(rows, params.get("q", "").strip())

    def _counted(self, filters: FilterSet | None, rows: QuerySet[Any]) -> tuple[int, list[dict[str, Any]]]:
        """How many rows there are, and the chips, each with its own number: one statement for all."""
        asked = [(rows, COUNT_LIMIT), *((self._chip_rows(chip, filters), CHIP_LIMIT) for chip in self.chips)]
        count, *found = bounded_counts(asked)
        return count, [self._chip(chip, number) for chip, number in zip(self.chips, found, strict=True)]

    def _chip_rows(self, chip: Chip, filters: FilterSet | None) -> QuerySet[Any]:
        if filters is None or not set(chip.params) <= set(filters.form.fields):
            return self._rows_with(**chip.params)
        return self._searched(with_others(filters, chip.params), self.request.GET.get("q", "").strip())

    def _chip(self, chip: Chip, count: int) -> dict[str, Any]:
        on = all(self.request.GET.get(name) == value for name, value in chip.params.items())
        return {
            "chip": chip,
            "on": on,
            "count": count_text(count, CHIP_LIMIT),
            "url": self._with(**(dict.fromkeys(chip.params) if on else dict(chip.params))),
        }

    def _tab(self, tab: Tab) -> dict[str, Any]:
        keys = {key for key in set(self.request.GET) - NOT_STATE - set(self.more_params) if self.request.GET[key]}
        opened = self.request.GET.get("view", "0") != "0"
        current = not opened and {key: self.request.GET[key] for key in keys} == dict(tab.params)
        query = "&".join(f"{name}={value}" for name, value in tab.params.items())
        return {"label": tab.label, "icon": tab.icon, "url": f"?{query}" if query else "", "current": current}

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
