"""Files that leave. Cells that a spreadsheet would run as a formula are neutralised."""

import csv
from collections.abc import Iterator

from django.http import StreamingHttpResponse

from revops.core.models import JobRun
from revops.core.views.cells import neutral
from revops.integrations.models import ImportRun
from revops.integrations.planning import Verdict


class Echo:
    """A file that hands back what is written, so that a download streams."""

    def write(self, line: str) -> str:
        return line


def error_lines(run: ImportRun) -> Iterator[list[str]]:
    """The file's own columns, and one more that says what was wrong."""
    yield [*(neutral(column["name"]) for column in run.columns), "error"]
    rows = run.rows.filter(verdict=Verdict.ERROR).order_by("number")
    for raw, errors in rows.values_list("raw", "errors").iterator(chunk_size=2000):
        said = "; ".join(f"{error['field']}: {error['message']}".removeprefix(": ") for error in errors)
        width = len(run.columns)
        cells = [neutral(str(cell)) for cell in raw[:width]]
        yield [*cells, *[""] * (width - len(cells)), neutral(said)]


def errors_of_job(*, job: JobRun) -> Iterator[list[str]]:
    """The error file of the job that wrote an import."""
    return error_lines(ImportRun.objects.get(pk=job.params["run"]))


def error_file(run: ImportRun) -> StreamingHttpResponse:
    """As a download."""
    writer = csv.writer(Echo())
    lines: Iterator[str] = (writer.writerow(line) for line in error_lines(run))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{run.pk}-errors.csv"'
    return response
