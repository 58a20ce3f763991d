"""Files that people hand in: kept whole or not at all."""

import logging
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext as _

from revops.core.errors import NoRoom

log = logging.getLogger(__name__)


def keep(field_file: Any, name: str, upload: File[Any]) -> None:
    """Store `upload` in a model's file field, the row itself unsaved. A disk that is full leaves no half file behind.

    Raises NoRoom.
    """
    storage, field = field_file.storage, field_file.field
    # Settled here, so that a file that was cut off can be found and taken away again.
    path = storage.get_available_name(field.generate_filename(field_file.instance, name), max_length=field.max_length)
    try:
        stored = storage.save(path, upload, max_length=field.max_length)
    except OSError as error:
        log.exception("A file could not be stored.")
        _drop(storage, path)
        raise NoRoom(_("The server has no room for this file at the moment. Nothing was kept: try later.")) from error
    field_file.name = stored
    setattr(field_file.instance, field.attname, stored)
    field_file._committed = True


def _drop(storage: Any, path: str) -> None:
    try:
        storage.delete(path)
    except OSError:
        log.exception("A half-written file is left: %s", path)
