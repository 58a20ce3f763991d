"""Sheets of an XLSX workbook as rows of text. Whatever is no plain workbook of a sane size is refused with a word."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from revops.core.errors import InvalidInput

XLSX = "xlsx"  # stands where a text file has its encoding
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_UNPACKED = 400 * 1024 * 1024
MAX_PARTS = 5000
PIECE = 1024 * 1024
LOCAL_HEADER = 30
STORED, DEFLATED = 0, 8
ERROR = re.compile(r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)$")


def looks_like_one(file: BinaryIO) -> bool:
    """Whether this is a workbook at all. Raises InvalidInput for the kinds that are not read."""
    file.seek(0)
    head = file.read(8)
    if head == OLE:
        raise InvalidInput.of(file=_("This is an old or a protected Excel file. Save it as .xlsx without a password."))
    return head.startswith(ZIP)


def refuse_unsafe(file: BinaryIO) -> None:
    """No macros, no bomb: what it unpacks to is counted, whatever its own table says. Raises InvalidInput."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _broken() from error
    names = {part.filename for part in parts}
    if any(name.lower().endswith(("vbaproject.bin", ".bin")) and "vba" in name.lower() for name in names):
        raise InvalidInput.of(file=_("This workbook has macros. Save it as .xlsx, which has none."))
    if "xl/workbook.xml" not in names:
        raise InvalidInput.of(file=_("This is no Excel workbook. Save the sheet as .xlsx or as CSV."))
    if len(parts) > MAX_PARTS:
        raise _too_large()
    left = MAX_UNPACKED
    for part in parts:
        left -= _unpacked(file, part, left)
        if left < 0:
            raise _too_large()


def _unpacked(file: BinaryIO, part: zipfile.ZipInfo, limit: int) -> int:
    """How many bytes the part really unpacks to, at most a piece more than `limit`."""
    file.seek(part.header_offset)
    header = file.read(LOCAL_HEADER)
    if len(header) < LOCAL_HEADER or not header.startswith(ZIP):
        raise _broken()
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    file.seek(name_length + extra_length, 1)
    if part.compress_type == STORED:
        return part.compress_size
    if part.compress_type != DEFLATED or part.flag_bits & 1:
        raise _broken()
    total = 0
    try:
        for size in _inflated(file, part.compress_size):
            total += size
            if total > limit:
                break
    except zlib.error as error:
        raise _broken() from error
    return total


def _inflated(file: BinaryIO, left: int) -> Iterator[int]:
    """The sizes of the pieces that the next `left` bytes unpack to."""
    inflate = zlib.decompressobj(-15)
    while left > 0 and not inflate.eof:
        data = file.read(min(PIECE, left))
        if not data:
            return
        left -= len(data)
        while data:
            yield len(inflate.decompress(data, PIECE))
            data = inflate.unconsumed_tail


def _broken() -> InvalidInput:
    return InvalidInput.of(file=_("This workbook is damaged. Open it in a spreadsheet and save it again."))


def _too_large() -> InvalidInput:
    text = _("This workbook unpacks to more than %(limit)s MB. Split it.")
    return InvalidInput.of(file=text % {"limit": MAX_UNPACKED // PIECE})


def _opened(file: BinaryIO) -> CalamineWorkbook:
    file.seek(0)
    try:
        return CalamineWorkbook.from_filelike(file)  # type: ignore[arg-type]
    except PasswordError as error:
        raise InvalidInput.of(file=_("This workbook has a password. Save it without one.")) from error
    except (CalamineError, OSError, ValueError) as error:
        raise _broken() from error


def sheets_of(file: BinaryIO) -> list[str]:
    """The sheets that a person sees, in order. Raises InvalidInput."""
    refuse_unsafe(file)
    book = _opened(file)
    shown = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]
    if not shown:
        raise InvalidInput.of(file=_("This workbook has no sheet with rows."))
    return [name[:120] for name in shown]


def read_sheet(file: BinaryIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """(row number as the spreadsheet shows it, cells); empty rows are left out. Raises InvalidInput."""
    book = _opened(file)
    try:
        sheet = book.get_sheet_by_name(name)
        merged = _merged(sheet.merged_cell_ranges or ())
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as error:
        raise _broken() from error
    width = _width(rows)
    for place, row in enumerate(rows):
        for column, first in merged.get(place, ()):
            if column < len(row):
                row[column] = rows[first][column]
        cells = [_text(cell) for cell in row[:width]]
        if any(cells):
            yield place + 1, cells


def _width(rows: Sequence[Sequence[Any]]) -> int:
    """Columns that hold anything: a format to the right of the table makes no columns."""
    return max((place for row in rows for place, cell in enumerate(row, 1) if cell not in ("", None)), default=0)


def _merged(ranges: Sequence[Any]) -> dict[int, list[tuple[int, int]]]:
    """For each row the columns that repeat a cell above: merged cells hold their value in the first alone."""
    found: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, _right) in ranges:
        for row in range(top + 1, min(bottom, top + 10_000) + 1):
            found.setdefault(row, []).append((left, top))
    return found


def _text(value: Any) -> str:
    """A cell as a text that the import reads one way only: ISO dates, a point in numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    text = str(value).strip()
    return "" if ERROR.match(text) else text
