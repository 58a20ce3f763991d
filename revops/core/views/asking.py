"""What the address of a list asks for: filter, search, order, columns. Whatever is unknown is said."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django_filters import FilterSet

from revops.core.custom.filters import with_sort
from revops.core.errors import BadRequest
from revops.core.models import ViewChoice
from revops.core.templatetags.frame import changed_query
from revops.core.views.cells import Column
from revops.core.views.declared import Declared
from revops.core.views.filtering import belongs, filter_names, polish

RESERVED = ("q", "sort", "cursor", "columns", "export", "panel", "view", "unsaved", "cell", "field")
NO_VIEW = "0"  # ?view=0: nothing of a view, not even one's default
NOT_STATE = frozenset(RESERVED) - {"q"}


class Asking(Declared):
    """Reads the address."""

    filterset: FilterSet | None = None  # the filter of this address, once it was read

    def _filtered(self) -> tuple[FilterSet | None, QuerySet[Any]]:
        rows, params = self.rows(), self.request.GET
        filters = polish(self.filters(params, queryset=rows, request=self.request)) if self.filters else None
        self.filterset = filters
        unknown = sorted(set(params) - self._known(filters))
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
        rows = with_sort(rows, [params.get("sort", "")])
        return filters, self._searched(rows, params.get("q", "").strip())

    def _known(self, filters: FilterSet | None) -> set[str]:
        """Every parameter that this page reads."""
        return {*RESERVED, *self.more_params, *(filter_names(filters) if filters else ())}

    def _unreadable(self, params: QueryDict) -> set[str]:
        """Names among `params` that this list does not know, or whose values it refuses: a stored view grows old."""
        filters = self.filters(params, queryset=self.rows(), request=self.request) if self.filters else None
        bad = set(params) - self._known(filters)
        if filters is not None and not filters.is_valid():
            wrong = set(filters.errors)
            bad |= {name for name in params if any(belongs(name, one) for one in wrong)}
        sort = params.get("sort", "").lstrip("-")
        if sort and not any(column.key == sort and column.sort for column in self.columns):
            bad.add("sort")
        if set(filter(None, params.get("columns", "").split(","))) - {column.key for column in self.columns}:
            bad.add("columns")
        return bad

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
        query = changed_query(self.request.GET, **changes)
        return self.blank if query == "?" else query

    @cached_property
    def blank(self) -> str:
        """The address without any filter, which is not the one that opens a person's default view."""
        return f"?view={NO_VIEW}" if any(choice.is_default for choice in self.view_choices) else "?"

    @cached_property
    def view_choices(self) -> list[ViewChoice]:
        """What the viewer pinned, or opens first, among the views of this list."""
        return list(ViewChoice.objects.visible_to(self.viewer).filter(place=self.place)) if self.place else []
