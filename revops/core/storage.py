"""Files of people. One stands under its name whole or not at all, whatever happens while it is written."""

import os
import uuid
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.files.storage import FileSystemStorage

PARTIAL = ".partial-"


class WholeFileStorage(FileSystemStorage):
    """Writes beside the place and moves the file in when it is complete: a full disk leaves no half of it."""

    def _save(self, name: str, content: Any) -> str:
        partial = str(PurePosixPath(name).with_name(f"{PARTIAL}{uuid.uuid4().hex}"))
        try:
            super()._save(partial, content)  # type: ignore[misc]
            name = self._reserve(name)
            os.replace(self.path(partial), self.path(name))  # noqa: PTH105
        finally:
            Path(self.path(partial)).unlink(missing_ok=True)
        return name

    def _reserve(self, name: str) -> str:
        """Nobody else's from here on; a name that was taken meanwhile gets another ending."""
        while True:
            try:
                os.close(os.open(self.path(name), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                return name
            except FileExistsError:
                name = self.get_available_name(name)
