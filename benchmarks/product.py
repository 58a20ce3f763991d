"""The product as gunicorn serves it, with the number of its SQL statements in a header of each answer."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection

from revops.wsgi import application as product

_counted = threading.local()


def _count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    _counted.number += 1
    return execute(sql, params, many, context)


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI."""
    _counted.number = 0

    def told(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start(status, [*headers, ("X-Statements", str(_counted.number))], *rest)

    with connection.execute_wrapper(_count):
        return product(environ, told)
