"""Exactly what the filter shows, in its order and columns, as a file: at once, or as a job when it is much."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from revops.core import exports
from revops.core.errors import BadRequest
from revops.core.keyset import paginate
from revops.core.sheets import write_xlsx
from revops.core.templatetags.frame import changed_query
from revops.core.views.asking import Asking
from revops.core.views.cells import csv_text, export_heads, export_line
from revops.core.views.counting import bounded_count, count_text

AT_ONCE = 10_000  # rows that are written while the person waits; CSV streams any number


class Exporting(Asking):
    """The export of a list."""

    def _export(self, rows: QuerySet[Any]) -> Any:
        asked = self.request.GET.get("export", "csv")
        if asked not in exports.FORMATS:
            raise BadRequest("unknown_format", _("A list is exported as CSV or XLSX."))
        _sort, order = self._sorting()
        if asked == "xlsx":
            return self._sheet(rows.order_by(*order))
        response = StreamingHttpResponse(self._lines(rows.order_by(*order)), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.file_name}.csv"'
        return response

    def _lines(self, rows: QuerySet[Any]) -> Iterator[str]:
        writer = csv.writer(Echo())
        yield "\ufeff" + writer.writerow(self.export_heads())
        for row in rows.iterator(chunk_size=2000):
            yield writer.writerow([csv_text(value) for value in export_line(self._shown_columns(), row)])

    def _sheet(self, rows: QuerySet[Any]) -> FileResponse:
        if bounded_count(rows, AT_ONCE) > AT_ONCE:
            text = _("More than %(n)s rows are exported in the background: use Export on the list's page.")
            raise BadRequest("too_many", text % {"n": f"{AT_ONCE:,}"})
        columns = self._shown_columns()
        lines = (export_line(columns, row) for row in rows.iterator(chunk_size=2000))
        file: Any = tempfile.SpooledTemporaryFile(max_size=5_000_000)  # noqa: SIM115  FileResponse closes it
        write_xlsx(file, str(self.title), self.export_heads(), lines)
        file.seek(0)
        return FileResponse(
            file, as_attachment=True, filename=f"{self.file_name}.xlsx", content_type=exports.FORMATS["xlsx"]
        )

    def export_heads(self) -> list[str]:
        """The first line of the file."""
        return export_heads(self._shown_columns())

    def export_chunk(self, cursor: str | None, size: int) -> tuple[list[list[Any]], str | None]:
        """Lines of the file after the cursor, and the cursor after them: a job's step."""
        _filters, rows = self._filtered()
        _sort, order = self._sorting()
        page = paginate(rows, order, cursor, size)
        columns = self._shown_columns()
        return [export_line(columns, row) for row in page.rows], page.next_cursor

    def export_total(self) -> int:
        """How many rows the file will have."""
        _filters, rows = self._filtered()
        return rows.order_by().count()

    def _export_context(self, count: int) -> dict[str, Any]:
        return {
            "export_url": self._with(export="csv"),
            "export_xlsx_url": self._with(export="xlsx"),
            "export_job": bool(self.place) and count > AT_ONCE,
            "export_text": count_text(count),
        }

    def _start_export(self, request: HttpRequest) -> HttpResponse:
        """A file that takes longer: a job, told of at its end."""
        asked = request.POST.get("format", "")
        if asked not in exports.FORMATS or not self.place:
            raise BadRequest("unknown_format", _("A list is exported as CSV or XLSX."))
        self._filtered()  # says what is wrong with the address before a job starts
        job = exports.start(
            place=self.place, layout="list", title=str(self.title), file_name=self.file_name, file_format=asked,
            query=changed_query(request.GET), actor=self.viewer, total=self.export_total(),
        )  # fmt: skip
        return HttpResponseRedirect(reverse("core:job", args=[job.pk]))


class Echo:
    """A file that hands back what is written, so that the export streams."""

    def write(self, line: str) -> str:
        return line
