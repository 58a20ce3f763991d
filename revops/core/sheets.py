"""Spreadsheets out: values keep their types, and no text is ever a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from revops.core import clock

DAY, MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
LONGEST = 32_767  # characters that a cell of a spreadsheet holds
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_xlsx(target: BinaryIO, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """One sheet, its first row the heads, written row by row: memory does not grow with the rows."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "Sheet")
    sheet.freeze_panes = "A2"
    sheet.append([_head(sheet, text) for text in heads])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    book.save(target)


def _head(sheet: Any, text: str) -> Any:
    cell = _cell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, bool | int | float | Decimal):
        return value
    cell: Any
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value=value.astimezone(clock.company_zone()).replace(tzinfo=None))
        cell.number_format = MOMENT
        return cell
    if isinstance(value, date):
        cell = WriteOnlyCell(sheet, value=datetime.combine(value, time()))
        cell.number_format = DAY
        return cell
    cell = WriteOnlyCell(sheet, value="")
    cell._value, cell.data_type = CONTROL.sub("", str(value))[:LONGEST], "s"  # past the guess that "=…" is a formula
    return cell
