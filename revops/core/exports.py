"""Large exports: a job reads the list page by page into pieces, and puts the file together at the end."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from revops.core import audit, clock, jobs
from revops.core.errors import NotAllowed
from revops.core.models import JobRun
from revops.core.places import page_of
from revops.core.sheets import write_xlsx
from revops.core.views.cells import csv_text

KIND = "core.export"
CHUNK = 5000
KEPT_FOR = timedelta(days=7)
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@transaction.atomic
def start(
    *,
    place: str,
    layout: str,
    title: str,
    file_name: str,
    file_format: str,
    query: str,
    actor: Any,
    total: int,
) -> JobRun:
    """Write what a list shows at this address into a file, as its starter sees it."""
    params = {
        "place": place, "layout": layout, "title": f"{title}: {file_format.upper()}", "sheet": title,
        "file_name": file_name, "format": file_format, "query": query,
    }  # fmt: skip
    job = jobs.start(kind=KIND, actor=actor, total=total, params=params)
    audit.record("export.started", job, actor=actor, place=place, query=query, rows=total)
    return job


def _page(job: JobRun) -> Any:
    page = page_of(job.params["place"], job.params["layout"])
    seen = page.seen_by(job.created_by, job.params["query"]) if page else None
    if seen is None or not seen.allowed(job.created_by):
        raise NotAllowed(_("The list is gone, or its starter may not open it any more."))
    return seen


def _piece(job: JobRun, number: int) -> str:
    return f"exports/{job.pk}/{number:05}.json"


def step(*, job: JobRun) -> bool:
    """One piece. A step that is done again writes the same piece again."""
    lines, onward = _page(job).export_chunk(job.cursor.get("after"), CHUNK)
    number = job.cursor.get("pieces", 0)
    default_storage.delete(_piece(job, number))
    default_storage.save(_piece(job, number), ContentFile(json.dumps([_packed(line) for line in lines]).encode()))
    job.cursor = {"after": onward, "pieces": number + 1}
    job.done += len(lines)
    return onward is not None


def finish(*, job: JobRun) -> None:
    """Put the pieces together; they go when the file stands."""
    heads, asked = _page(job).export_heads(), job.params["format"]
    path = f"exports/{job.pk}/{job.params['file_name']}.{asked}"
    with tempfile.TemporaryFile() as file:
        if asked == "xlsx":
            write_xlsx(file, job.params["sheet"], heads, _lines(job))
        else:
            _write_csv(file, heads, _lines(job))
        file.seek(0)
        default_storage.delete(path)
        stored = default_storage.save(path, File(file))
    for number in range(job.cursor["pieces"]):
        default_storage.delete(_piece(job, number))
    job.total = job.done
    job.result = {"file": stored, "file_url": reverse("core:job-file", args=[job.pk])}


def cancel(*, job: JobRun) -> None:
    """Nothing is left of a file that nobody waits for."""
    for number in range(job.cursor.get("pieces", 0) + 1):
        default_storage.delete(_piece(job, number))


def _lines(job: JobRun) -> Iterator[list[Any]]:
    for number in range(job.cursor["pieces"]):
        with default_storage.open(_piece(job, number)) as piece:
            for line in json.load(piece):
                yield [_unpacked(cell) for cell in line]


def _write_csv(file: Any, heads: list[str], lines: Iterator[list[Any]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(heads)
    for line in lines:
        writer.writerow([csv_text(value) for value in line])
    text.flush()
    text.detach()


def _packed(line: list[Any]) -> list[Any]:
    tags = ((datetime, "t"), (date, "d"))
    packed: list[Any] = []
    for value in line:
        tag = next((tag for kind, tag in tags if isinstance(value, kind)), "")
        if tag:
            packed.append({tag: value.isoformat()})
        else:
            packed.append({"n": str(value)} if isinstance(value, Decimal) else value)
    return packed


def _unpacked(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    ((tag, text),) = cell.items()
    readers: dict[str, Any] = {"t": datetime.fromisoformat, "d": date.fromisoformat, "n": Decimal}
    return readers[tag](text)


def forget_old() -> int:
    """Files that were fetched, or that nobody wants, go after a week."""
    known = JobRun.objects.filter(kind=KIND, finished_at__lt=clock.now() - KEPT_FOR, result__has_key="file")
    old = list(known[:500])
    for job in old:
        default_storage.delete(job.result["file"])
        job.result = {}
        job.save(update_fields=["result"])
    return len(old)


def register() -> None:
    """Called once, when the app is ready."""
    jobs.register(KIND, jobs.JobKind(step, finish, cancel, queue="reports"))
