"""Log lines: one JSON object a line for machines, plain text for a terminal.

Only the fields named here are written. Whatever else a library hangs on a record (Celery: a task's arguments,
Django: the request with what was posted) may hold personal data or a secret, and stays out.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from revops.core import trace

FIELDS = (
    "request_id", "task", "task_id", "job_id", "user_id", "route", "method", "status", "duration_ms", "sql",
)  # fmt: skip
TRACE_LINES = 40


class Marks(logging.Filter):
    """Each record carries the ids of what is being worked on; addresses give way to the names of their routes."""

    def filter(self, record: logging.LogRecord) -> bool:
        mark = trace.task.get()
        marks = {"request_id": trace.request_id.get(), "task": mark.name, "task_id": mark.id, "job_id": mark.job_id}
        for name, value in marks.items():
            if value and not hasattr(record, name):
                setattr(record, name, value)
        if isinstance(record.args, dict):
            record.args = _bare(record.args, record.exc_info)
        request = getattr(record, "request", None)
        if getattr(request, "path", "") and isinstance(record.args, tuple):
            record.route = route = route_of(request)
            # The address of a password's reset is a key to an account.
            record.args = tuple(route if value == request.path else value for value in record.args)  # type: ignore[union-attr]
        return True


def _bare(said: dict[str, Any], caught: Any) -> dict[str, Any]:
    """Celery's facts of a task without the values that went in, came out, or stand in an error."""
    error = caught[1] if isinstance(caught, tuple) else None
    kept = {"exc": first_line(error)} if error is not None and "exc" in said else {}
    result = str(said.get("return_value", ""))
    kept |= {"return_value": result if result.lstrip("-").isdigit() else "done"} if "return_value" in said else {}
    hidden = dict.fromkeys(("args", "kwargs", "traceback"), "")
    return {**said, **{name: value for name, value in hidden.items() if name in said}, **kept}


def route_of(request: Any) -> str:
    """The name of the address: as many as the product has, whatever people ask for."""
    match = getattr(request, "resolver_match", None)
    return (match.view_name or match.route) if match else "none"


def first_line(error: BaseException) -> str:
    """The kind of an error and its first line. Below it the database puts the row, with all that stands in it."""
    said = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def told(error: BaseException) -> str:
    """Where it happened and what it was, causes first; never the values."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    lines: list[str] = []
    for one in reversed(chain):
        lines += [
            f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(one.__traceback__)
        ]
        lines.append(first_line(one))
    return "\n".join(lines[-TRACE_LINES:])


class TextLines(logging.Formatter):
    """For a person at a terminal, who sees errors in full."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")


class JsonLines(logging.Formatter):
    """For whatever collects logs."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) not in (None, "")}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def logging_of(*, json_lines: bool, level: str) -> dict[str, Any]:
    """The setting LOGGING."""
    form = "revops.core.logs.JsonLines" if json_lines else "revops.core.logs.TextLines"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": form}},
        "filters": {"marks": {"()": "revops.core.logs.Marks"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["marks"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # A refusal is no fault: the line of the request says its status.
            "django.request": {"level": "ERROR"},
            # Ours says more, and says it in both forms.
            "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            "gunicorn.error": {"handlers": [], "level": level, "propagate": True},
        },
    }
