"""From bytes to rows: which encoding, which separator, and every row named that cannot be read."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from revops.core.errors import InvalidInput
from revops.integrations.documents import JSON, read_records
from revops.integrations.workbooks import XLSX, read_sheet

MEGABYTE = 1024 * 1024
MAX_BYTES = 50 * MEGABYTE
MAX_ROWS = 200_000
MAX_COLUMNS = 300
SAMPLE = 64 * 1024
PIECE = MEGABYTE
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252 (Western Europe)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "latin-1": "ISO 8859-1",
    "mac_roman": "Mac Roman",
    "shift_jis": "Shift JIS",
    "gb18030": "GB 18030",
}
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CONTROL = bytes({*range(32), 127} - {9, 10, 13, 0x1A})


def refuse_size(size: int) -> None:
    """Before a byte is read."""
    if size > MAX_BYTES:
        text = _("This file has %(size)s MB; an import takes up to %(limit)s MB. Split it.")
        raise InvalidInput.of(file=text % {"size": size // MEGABYTE, "limit": MAX_BYTES // MEGABYTE})
    if size == 0:
        raise InvalidInput.of(file=_("This file is empty."))


def detect_encoding(file: BinaryIO) -> str:
    """The file's encoding. Raises InvalidInput for what is no text at all."""
    file.seek(0)
    head = file.read(SAMPLE)
    bom = _BOMS.get(head[:2])
    if bom:
        return bom
    if len(head) - len(head.translate(None, _CONTROL)) > max(2, len(head) // 50):
        raise InvalidInput.of(file=_("This is no text file. Save the sheet as .xlsx or CSV."))
    if _is_utf8(file):
        return "utf-8"
    best = from_bytes(head, cp_isolation=["cp1252", "cp1250", "cp1251", "shift_jis", "gb18030"]).best()
    found = best.encoding if best is not None else "latin-1"
    # Central European code pages read any Western text as well: the commoner goes first, and the person may change it.
    if found == "cp1250" and _decodes(head, "cp1252"):
        found = "cp1252"
    return found if found in ENCODINGS else "cp1252"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(file: BinaryIO) -> bool:
    file.seek(0)
    reader = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        while reader.read(PIECE):
            pass
    except UnicodeDecodeError:
        return False
    finally:
        reader.detach()
    return True


def detect_delimiter(file: BinaryIO, encoding: str) -> str:
    """The separator whose columns are most even over the first rows."""
    file.seek(0)
    text = file.read(SAMPLE).decode(_codec(encoding), errors="replace")
    lines = text.splitlines()[:30]
    scores = {mark: _evenness(lines, mark) for mark in DELIMITERS}
    best = max(scores, key=lambda mark: scores[mark])
    return best if scores[best] > (0, 0) else ","


def _evenness(lines: list[str], mark: str) -> tuple[int, int]:
    try:
        widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=mark) if cells)
    except csv.Error:
        return (0, 0)
    width, rows = max(widths.items(), key=lambda pair: (pair[0] > 1, pair[1]), default=(1, 0))
    return (rows, width) if width > 1 else (0, 0)


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def read_rows(file: BinaryIO, encoding: str, delimiter: str, sheet: str = "") -> Iterator[tuple[int, list[str]]]:
    """(row number as a spreadsheet shows it, cells); the first is the head. Raises InvalidInput naming the row."""
    if encoding == XLSX:
        return read_sheet(file, sheet)
    if encoding == JSON:
        return read_records(file)
    return _read_text(file, encoding, delimiter)


def _read_text(file: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=_codec(encoding), newline="")
    reader: Any = csv.reader(text, delimiter=delimiter, strict=True)
    number = 0
    try:
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            number += 1
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise _unreadable(number + 1, reader.line_num, str(error)) from error
    except UnicodeError as error:
        reason = _("it is not written in %(encoding)s") % {"encoding": ENCODINGS.get(encoding, encoding)}
        raise _unreadable(number + 1, reader.line_num, reason) from error
    finally:
        if not text.closed and not file.closed:
            text.detach()


def _unreadable(row: int, line: int, reason: str) -> InvalidInput:
    if "field larger" in reason:
        reason = _("a cell has more than 131,072 characters")
    elif "unexpected end" in reason:
        reason = _("a quotation mark is opened and never closed")
    elif "expected after" in reason:
        reason = _("a quotation mark is closed in the middle of a cell")
    text = _("Row %(row)s (line %(line)s) cannot be read: %(reason)s.")
    return InvalidInput.of(file=text % {"row": row, "line": line, "reason": reason})
