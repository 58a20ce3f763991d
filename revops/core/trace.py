"""What is being worked on right now: the request, the task and the job that log lines and audit rows belong to."""

import re
import uuid
from contextvars import ContextVar
from dataclasses import dataclass

HEADER = "request_id"  # of a task's message
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{7,39}")

request_id: ContextVar[str] = ContextVar("request_id", default="")


@dataclass(frozen=True)
class TaskMark:
    """The Celery task that this process runs."""

    name: str = ""
    id: str = ""
    job_id: str = ""


NO_TASK = TaskMark()
task: ContextVar[TaskMark] = ContextVar("task", default=NO_TASK)


def accepted(offered: str) -> str:
    """The id that a proxy gave, if it looks like one; else a new one. What a stranger sends may not forge a log."""
    return offered if WELL_FORMED.fullmatch(offered) else uuid.uuid4().hex
