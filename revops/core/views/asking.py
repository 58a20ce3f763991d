"""What the address of a list asks for: filter, search, order, columns. Whatever is unknown is said."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import FilterSet

from revops.core.errors import BadRequest
from revops.core.templatetags.frame import changed_query
from revops.core.views.cells import Column
from revops.core.views.declared import Declared
from revops.core.views.filtering import filter_names, polish

RESERVED = ("q", "sort", "cursor", "columns", "export", "panel")


class Asking(Declared):
    """Reads the address."""

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

    def _with(self, **changes: Any) -> str:
        return changed_query(self.request.GET, **changes)
