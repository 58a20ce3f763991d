"""XLSX files on their way in: sheets, types, merged and empty cells; whatever is no plain workbook is refused."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from accounts.models import Account
from leads.models import Lead
from revops.core.errors import InvalidInput
from revops.integrations import services, workbooks
from revops.integrations.models import ImportRun
from tests.integrations.files import committed, refused

HEAD = ["Company", "Last name", "E-mail", "Employees"]
ROWS = [["Lindauer Lifts", "Brandt", "helena@lindauer.example", 38], ["Tejo Ferries", "Carvalho", "i@tejo.example", 61]]


def workbook(sheets: dict[str, list[list[Any]]], **hidden: str) -> bytes:
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = hidden.get(name, "visible")
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def upload(data: bytes, actor: Any, kind: str = "leads", name: str = "leads.xlsx") -> ImportRun:
    return services.create_run(actor=actor, kind=kind, upload=ContentFile(data, name=name))


def checked(run: ImportRun, actor: Any, **shape: Any) -> ImportRun:
    run = services.map_run(run=run, version=run.version, actor=actor, mapping=run.mapping, **shape)
    return services.check_run(run=run, version=run.version, actor=actor)


def test_a_workbook_is_read_checked_and_written_like_a_text_file(sam: Any) -> None:
    run = upload(workbook({"Leads": [HEAD, *ROWS]}), sam)
    assert (run.encoding, run.sheet, run.sheets, run.row_count) == ("xlsx", "Leads", ["Leads"], 2)
    run = committed(checked(run, sam), sam)
    assert run.counts["create"] == 2
    found = Lead.objects.filter(company__in=["Lindauer Lifts", "Tejo Ferries"])
    assert sorted(found.values_list("last_name", "employees")) == [("Brandt", 38), ("Carvalho", 61)]


def test_cells_become_texts_that_are_read_one_way_only() -> None:
    moment = datetime(2026, 11, 17, 8, 30)
    row = [date(2026, 11, 4), moment, 1.234, 1234567, 0.1, True, "  x ", "00123", None, 1e20]
    data = workbook({"S": [[f"c{n}" for n in range(len(row))], row]})
    (_head, (number, cells)) = list(workbooks.read_sheet(io.BytesIO(data), "S"))
    assert number == 2
    assert cells[:9] == ["2026-11-04", "2026-11-17 08:30:00", "1.234", "1234567", "0.1", "true", "x", "00123", ""]


def test_a_number_with_three_decimals_is_no_thousand(olga: Any) -> None:
    run = upload(workbook({"S": [["Name", "Annual revenue"], ["Kitano", 1.234]]}), olga, "accounts")
    run = checked(run, olga)
    assert run.decimal_sign == "." and not refused(run)
    committed(run, olga)
    assert str(Account.objects.get(name="Kitano").annual_revenue) == "1.234"


def test_empty_rows_keep_their_numbers_and_columns_without_anything_are_no_columns(sam: Any) -> None:
    rows = [HEAD, [None] * 4, [*ROWS[0], None, ""], [], [" ", None, "", None], ROWS[1]]
    run = upload(workbook({"Leads": rows}), sam)
    assert [column["name"] for column in run.columns] == HEAD
    assert list(run.rows.values_list("number", flat=True)) == [3, 6]


def test_cells_merged_downwards_count_for_each_row() -> None:
    book = Workbook()
    sheet: Any = book.active
    for row in (["Company", "Last name"], ["Lindauer Lifts", "Brandt"], [None, "Weiss"], ["Tejo", "Carvalho"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    file = io.BytesIO()
    book.save(file)
    rows = [cells for _number, cells in workbooks.read_sheet(file, sheet.title)]
    assert rows[1:] == [["Lindauer Lifts", "Brandt"], ["Lindauer Lifts", "Weiss"], ["Tejo", "Carvalho"]]


def test_the_first_visible_sheet_is_read_and_another_can_be_chosen(sam: Any, client: Client) -> None:
    data = workbook({"Notes": [["secret"]], "May": [HEAD, ROWS[0]], "June": [HEAD, *ROWS]}, Notes="hidden")
    run = upload(data, sam)
    assert (run.sheets, run.sheet, run.row_count) == (["May", "June"], "May", 1)
    client.force_login(sam)
    address = reverse("import-columns", args=[run.pk])
    html = client.get(address).content.decode()
    assert '<option value="June">June</option>' in html and 'name="delimiter"' not in html
    client.post(address, {"version": run.version, "sheet": "June", "date_order": "", "system": "file"})
    run.refresh_from_db()
    assert (run.sheet, run.row_count) == ("June", 2)
    with pytest.raises(InvalidInput):
        services.map_run(run=run, version=run.version, actor=sam, mapping={}, sheet="Notes")
    with pytest.raises(InvalidInput):
        services.map_run(run=run, version=run.version, actor=sam, mapping={}, encoding="utf-8")


def archive(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in parts.items():
            out.writestr(name, data)
    return file.getvalue()


def lying(data: bytes) -> bytes:
    """The same archive, whose table says that every part unpacks to ten bytes."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = changed.find(mark)
        while at >= 0:
            changed[at + offset : at + offset + 4] = struct.pack("<I", 10)
            at = changed.find(mark, at + 4)
    return bytes(changed)


BOMB = archive({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b"0" * 30_000_000})
GOOD = workbook({"S": [HEAD, *ROWS]})


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (GOOD[: len(GOOD) // 2], "damaged"),
        (GOOD[:200] + b"\x00" * 400 + GOOD[600:], "damaged"),
        (archive({"readme.txt": b"hello"}), "no Excel workbook"),
        (archive({"xl/workbook.xml": b"<", "xl/vbaProject.bin": b"x"}), "macros"),
        (archive({"xl/workbook.xml": b"<not xml"}), "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old or a protected"),
        (workbook({"S": []}), "no rows"),
        (workbook({"S": [HEAD]}), "a head but no rows"),
        (BOMB, "unpacks to more"),
        (lying(BOMB), "unpacks to more"),
        (archive({"xl/workbook.xml": b"<workbook/>", **{f"xl/{n}": b"x" for n in range(30)}}), "unpacks to more"),
    ],
    ids=["cut", "holes", "no-book", "macros", "bad-xml", "old", "empty", "head-only", "bomb", "lying-bomb", "parts"],
)
def test_what_is_no_plain_workbook_is_refused_with_a_word_and_leaves_nothing(
    sam: Any, data: bytes, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MAX_UNPACKED", 20_000_000)
    monkeypatch.setattr(workbooks, "MAX_PARTS", 25)
    with pytest.raises(InvalidInput) as error:
        upload(data, sam)
    assert word in error.value.message
    assert not ImportRun.objects.exists()


def test_an_export_comes_back_in(sam: Any, client: Client) -> None:
    committed(checked(upload(workbook({"Leads": [HEAD, *ROWS]}), sam), sam), sam)
    client.force_login(sam)
    answer = client.get(reverse("lead-list") + "?columns=company,email,employees&export=xlsx")
    run = upload(b"".join(answer.streaming_content), sam)  # type: ignore[attr-defined]
    assert [column["name"] for column in run.columns] == ["Company", "E-mail", "Employees"]
    assert run.row_count == 2 and run.decimal_sign == "."
