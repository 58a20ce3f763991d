"""What an answer cost: SQL statements, and milliseconds of processor in Python and in its PostgreSQL process.

The processor's time is what remains of a figure on a machine that does other work meanwhile.
"""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.db import connection

TICK_MS = 10
_here = threading.local()


def _count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    _here.statements += 1
    return execute(sql, params, many, context)


def _database() -> tuple[int, int]:
    """This connection's server process and its processor time; only on the same machine."""
    if connection.connection is None:
        return 0, 0
    pid = connection.connection.info.backend_pid
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return pid, (int(user) + int(system)) * TICK_MS


def counted(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """WSGI around WSGI."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        _here.statements = 0
        python, (pid, database) = time.thread_time(), _database()

        def told(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            now, spent = _database()
            took = (time.thread_time() - python) * 1000 + spent - (database if now == pid else 0)
            cost = [("X-Statements", str(_here.statements)), ("X-Cpu-Ms", f"{took:.2f}")]
            return start(status, [*headers, *cost], *rest)

        with connection.execute_wrapper(_count):
            return application(environ, told)

    return answer
