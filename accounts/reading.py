"""Opens handed-in files and reads the words inside, outside of every transaction."""

import logging
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import IO
from xml.etree import ElementTree

from charset_normalizer import from_bytes
from pypdf import PdfReader

from accounts.services.document_texts import LONGEST, claim_texts, keep_text

log = logging.getLogger(__name__)
PAGES = 200
MOST = 8_000_000  # bytes of text or of one part of an archive; a bomb is cut off here
# Where office files keep their words.
PARTS = ("word/document.xml", "content.xml", "ppt/slides/slide")


def read_due() -> int:
    """Read the files that wait, one after the other; says how many."""
    rows = claim_texts()
    for row in rows:
        keep_text(version=row, text=_text_of(row.file.open("rb"), row.name) if _there(row.file) else "")
    return len(rows)


def _there(file: object) -> bool:
    return bool(file) and file.storage.exists(file.name)  # type: ignore[attr-defined]


def _text_of(stored: IO[bytes], name: str) -> str:
    """The words of a file; of one that is broken, none."""
    reader = READERS.get(PurePath(name).suffix.lower())
    if reader is None:
        return ""
    try:
        with stored:
            return reader(stored)
    except Exception:  # whatever a stranger's file does to its reader
        log.warning("A document could not be read", exc_info=True)
        return ""


def _plain(stored: IO[bytes]) -> str:
    raw = stored.read(MOST)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        found = from_bytes(raw[: MOST // 8]).best()
        return str(found) if found else ""


def _pdf(stored: IO[bytes]) -> str:
    parts: list[str] = []
    for page in PdfReader(stored).pages[:PAGES]:
        parts.append(page.extract_text())
        if sum(map(len, parts)) > LONGEST:
            break
    return "\n".join(parts)


def _office(stored: IO[bytes]) -> str:
    """The text between the tags; a paragraph's end is a blank."""
    words: list[str] = []
    with zipfile.ZipFile(stored) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(PARTS) and name.endswith(".xml"):
                with archive.open(name) as part:
                    raw = part.read(MOST)
                words += _paragraphs(raw)
    return "\n".join(words)


def _paragraphs(raw: bytes) -> list[str]:
    if b"<!" in raw:  # no office program declares entities; a bomb does
        return []
    root, ends = ElementTree.fromstring(raw), ("}p", "}h")  # noqa: S314 - nothing is declared in it, see above
    found = ("".join(node.itertext()).strip() for node in root.iter() if str(node.tag).endswith(ends))
    return [text for text in found if text]


READERS: dict[str, Callable[[IO[bytes]], str]] = {
    **dict.fromkeys((".txt", ".md", ".csv", ".eml"), _plain),
    ".pdf": _pdf,
    **dict.fromkeys((".docx", ".odt", ".pptx", ".odp"), _office),
}
