"""What is made on first use is made once, however many ask at the same time."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def first_use(name: str) -> Iterator[None]:
    """Inside, look again before making: whoever comes second waits here and then finds it made."""
    key = int.from_bytes(hashlib.sha256(f"first use:{name}".encode()).digest()[:8], "big", signed=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
        yield
