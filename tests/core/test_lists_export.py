"""What a list shows as a file: CSV and XLSX with their types, no formula anywhere, and a job for many rows."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from revops.core import exports, jobs
from revops.core.models import JobRun
from revops.core.sheets import write_xlsx
from revops.core.views import exporting
from tests.core.test_lists import make_people

User = get_user_model()
pytestmark = pytest.mark.urls("tests.core.pages")


@pytest.fixture
def page(alice: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: None])
    make_people(12)
    client.force_login(alice)
    return client


def bytes_of(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def rows_in(data: bytes) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True))  # type: ignore[union-attr]


def test_a_workbook_holds_what_the_filter_shows_with_its_types(page: Client) -> None:
    answer = page.get("/people/?title=Boss&columns=username,last_login,worth&sort=username&export=xlsx")
    assert answer["Content-Disposition"] == 'attachment; filename="export.xlsx"'
    rows = rows_in(bytes_of(answer))
    assert rows[0] == ("Name", "Seen", "Worth", "Worth currency")
    assert [row[0] for row in rows[1:]] == ["p000", "p004", "p008"]
    person = User.objects.get(username="p000")
    assert rows[1] == ("p000", datetime(2026, 11, 1, 0, 0), person.pk * 100, "USD")
    assert rows[2][1] is None


def test_numbers_dates_and_moments_come_back_as_such_and_text_is_never_a_formula() -> None:
    file = io.BytesIO()
    line = [Decimal("12.50"), 7, date(2026, 11, 19), datetime(2026, 11, 19, 8, 30, tzinfo=UTC), None, "=1+1", "00123"]
    write_xlsx(file, "A/B: [list]", ["n", "i", "d", "t", "e", "f", "z"], [line])
    sheet = load_workbook(file).active
    assert sheet is not None and sheet.title == "A B   list "
    cells = {str(head.value): cell for head, cell in zip(*sheet.iter_rows(), strict=True)}
    assert cells["n"].value == 12.5 and cells["i"].value == 7
    assert cells["d"].value == datetime(2026, 11, 19) and cells["d"].number_format == "yyyy-mm-dd"
    assert cells["t"].value == datetime(2026, 11, 19, 8, 30)
    assert cells["e"].value is None
    assert (cells["f"].value, cells["f"].data_type) == ("=1+1", "s")
    assert cells["z"].value == "00123"


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "a\x00b\x0bc", "x" * 40_000])
def test_whatever_a_text_holds_the_workbook_opens(text: str) -> None:
    file = io.BytesIO()
    write_xlsx(file, "", ["x"], [[text]])
    cell = load_workbook(file).active["A2"]  # type: ignore[index]
    assert cell.data_type == "s" and len(cell.value) <= 32_767 and "\x00" not in cell.value


def test_an_unknown_format_is_refused(page: Client) -> None:
    assert page.get("/people/?export=exe").status_code == 400
    assert page.post("/people/", {"do": "export", "format": "exe"}).status_code == 400


def test_many_rows_are_a_job_with_a_file_for_who_asked(
    page: Client, alice: Any, charlie: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 5)
    monkeypatch.setattr(exports, "CHUNK", 4)
    assert page.get("/people/?export=xlsx").status_code == 400
    html = page.get("/people/?title=Rep").content.decode()
    assert 'value="export"' in html and "written in the background" in html
    answer = page.post("/people/?title=Rep&sort=-username&columns=username,worth", {"do": "export", "format": "xlsx"})
    job = JobRun.objects.get()
    assert answer.headers["Location"] == reverse("core:job", args=[job.pk]) and job.total == 9
    assert jobs._step(str(job.pk)) is True
    job.refresh_from_db()
    assert job.done == 4 and default_storage.exists(f"exports/{job.pk}/00000.json")
    job = jobs.run(str(job.pk))
    assert (job.state, job.done) == ("done", 9)
    rows = rows_in(bytes_of(page.get(job.result["file_url"])))
    assert [row[0] for row in rows[1:]] == [f"p{n:03}" for n in range(11, 0, -1) if n % 4]
    assert rows[1][1:] == (User.objects.get(username="p011").pk * 100, "USD")
    assert default_storage.listdir(f"exports/{job.pk}")[1] == ["export.xlsx"], "pieces are left"
    assert b"Download the file" in page.get(reverse("core:job", args=[job.pk])).content
    page.force_login(charlie)
    assert page.get(job.result["file_url"]).status_code == 404


def test_a_csv_of_many_rows_is_that_of_few(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "/people/?columns=username,last_name,last_login&sort=username"
    at_once = bytes_of(page.get(f"{address}&export=csv"))
    monkeypatch.setattr(exports, "CHUNK", 5)
    page.post(address, {"do": "export", "format": "csv"})
    job = jobs.run(str(JobRun.objects.get().pk))
    assert bytes_of(page.get(job.result["file_url"])) == at_once
    assert "'=SUM(A1)" in [line[1] for line in csv.reader(io.StringIO(at_once.decode("utf-8-sig")))]


def test_a_step_done_twice_writes_its_rows_once(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 5)
    page.post("/people/", {"do": "export", "format": "csv"})
    job = JobRun.objects.get()
    exports.step(job=job)  # and the worker dies before the commit
    job = jobs.run(str(job.pk))
    lines = bytes_of(page.get(job.result["file_url"])).decode("utf-8-sig").splitlines()
    assert len(lines) == 13 and len(set(lines)) == 13


def test_a_cancelled_export_leaves_no_file(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 5)
    page.post("/people/", {"do": "export", "format": "csv"})
    job = JobRun.objects.get()
    jobs._step(str(job.pk))
    page.post(reverse("core:job-cancel", args=[job.pk]))
    job = jobs.run(str(job.pk))
    assert job.state == "cancelled" and default_storage.listdir(f"exports/{job.pk}")[1] == []


def test_files_go_after_a_week(page: Client, time_machine: Any) -> None:
    page.post("/people/", {"do": "export", "format": "csv"})
    job = jobs.run(str(JobRun.objects.get().pk))
    assert exports.forget_old() == 0
    time_machine.move_to(job.finished_at + exports.KEPT_FOR + timedelta(seconds=1))
    assert exports.forget_old() == 1 and exports.forget_old() == 0
    assert not default_storage.exists(job.result["file"])
    assert page.get(job.result["file_url"]).status_code == 404
