"""The base of every Celery task: it knows what started it, and the book of tasks knows how it went."""

import time
from datetime import timedelta
from typing import Any

from celery import Task

from revops.core import taskruns, trace
from revops.core.models import TaskRun


class WatchedTask(Task):  # type: ignore[misc]
    """Carries the id of the request that sent it, so that one id finds the page, its tasks and their log lines."""

    abstract = True

    def apply_async(  # type: ignore[override]
        self, args: Any = None, kwargs: Any = None, **options: Any
    ) -> Any:
        headers = {trace.HEADER: trace.request_id.get(), **(options.pop("headers", None) or {})}
        return super().apply_async(args, kwargs, headers=headers, **options)

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        sent = str((self.request.headers or {}).get(trace.HEADER) or getattr(self.request, trace.HEADER, None) or "")
        trace.request_id.set(sent if trace.WELL_FORMED.fullmatch(sent) else "")
        job_id = str(args[0]) if self.name == "core.run_job" and args else ""
        trace.task.set(trace.TaskMark(self.name or "", task_id, job_id))
        request: Any = self.request
        request.began = time.monotonic()
        taskruns.began(self.name or "")

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        self._ended(TaskRun.Outcome.SUCCEEDED)

    def on_failure(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        self._ended(TaskRun.Outcome.FAILED, exc)

    def on_retry(self, exc: Any, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        self._ended(TaskRun.Outcome.RETRIED, exc)

    def after_return(self, *args: Any, **kwargs: Any) -> None:
        trace.request_id.set("")
        trace.task.set(trace.NO_TASK)

    def _ended(self, outcome: str, error: Any = None) -> None:
        began = getattr(self.request, "began", None)
        took = timedelta(seconds=time.monotonic() - began if began is not None else 0)
        taskruns.ended(self.name or "", outcome, took, error)
