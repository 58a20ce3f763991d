"""Which files we take: by name, by size and by what their first bytes say they are."""

from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from revops.core.errors import InvalidInput

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."
# Ending -> (type that we say it is, first bytes that it must have). Nothing that a browser would run stands here.
TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", (b"RIFF",)),
    "docx": (f"{OFFICE}wordprocessingml.document", (ZIP,)),
    "xlsx": (f"{OFFICE}spreadsheetml.sheet", (ZIP,)),
    "pptx": (f"{OFFICE}presentationml.presentation", (ZIP,)),
    "odt": (f"{OPEN}text", (ZIP,)),
    "ods": (f"{OPEN}spreadsheet", (ZIP,)),
    "odp": (f"{OPEN}presentation", (ZIP,)),
    "doc": ("application/msword", (OLE,)),
    "xls": ("application/vnd.ms-excel", (OLE,)),
    "ppt": ("application/vnd.ms-powerpoint", (OLE,)),
    "zip": ("application/zip", (ZIP,)),
    "txt": ("text/plain", ()),
    "md": ("text/plain", ()),
    "csv": ("text/csv", ()),
    "ics": ("text/calendar", ()),
    "eml": ("message/rfc822", ()),
}
SHOWN_IN_PLACE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp"})
HEAD = 4096


def allowed_endings() -> list[str]:
    """The endings that the settings allow, of those that we know how to check."""
    return [ending for ending in settings.DOCUMENT_TYPES if ending in TYPES]


def type_of(upload: Any, name: str) -> str:
    """The content type of an uploaded file. Raises InvalidInput where size, name or content is refused."""
    if not upload.size:
        raise InvalidInput.of(file=_("This file is empty."))
    if upload.size > settings.DOCUMENT_MAX_BYTES:
        limit = filesizeformat(settings.DOCUMENT_MAX_BYTES)
        raise InvalidInput.of(file=_("This file is larger than %(limit)s.") % {"limit": limit})
    ending = PurePath(name).suffix.lower().lstrip(".")
    if ending not in allowed_endings():
        known = ", ".join(allowed_endings())
        raise InvalidInput.of(file=_("Files of this kind are not taken. Taken are: %(kinds)s.") % {"kinds": known})
    content_type, starts = TYPES[ending]
    upload.seek(0)
    head = upload.read(HEAD)
    upload.seek(0)
    # Text has no first bytes of its own, but it never holds a zero byte; what is no text is refused by it.
    honest = head.startswith(starts) if starts else b"\x00" not in head
    if not honest:
        raise InvalidInput.of(file=_("What is inside this file is not what its name says (.%(e)s).") % {"e": ending})
    return content_type


def clean_name(name: str) -> str:
    """A file's name without folders, line breaks and other characters that no name should have."""
    bare = PurePath(name.replace("\\", "/")).name
    return "".join(char for char in bare if char.isprintable())[-200:] or "file"


def download(version: Any, *, in_place: bool = False) -> FileResponse:
    """The stored file of a version, streamed: saved by the browser, or with `in_place` shown if nothing runs in it.

    Raises Http404 where the file is gone.
    """
    shown = in_place and version.content_type in SHOWN_IN_PLACE
    try:
        stored = version.file.open("rb")
    except FileNotFoundError as error:
        raise Http404(_("The file is not where it was stored.")) from error
    response = FileResponse(stored, as_attachment=not shown, filename=version.name, content_type=version.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
