"""Exactly what the filter shows, in its order and columns, as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from revops.core.views.asking import Asking
from revops.core.views.cells import export_heads, export_line


class Exporting(Asking):
    """The export of a list."""

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
