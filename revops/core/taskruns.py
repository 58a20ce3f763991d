"""The book of Celery tasks: when the clock rang, when a worker began and ended, and what came of it.

One row a task, written outside the task's own transaction. The book is for looking at: a database that is away
while something is noted must not fail the task that was to be noted.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from celery.schedules import BaseSchedule, maybe_schedule
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import F
from kombu.exceptions import OperationalError
from redis import RedisError

from revops.core import audit, clock, trace
from revops.core.errors import IllegalState, reason_of
from revops.core.models import TaskRun

log = logging.getLogger(__name__)
Outcome = TaskRun.Outcome
AWAY = (DatabaseError, InterfaceError)


def began(task: str) -> None:
    """A worker starts."""
    _note(task, started_at=clock.now())


def ended(task: str, outcome: str, took: timedelta, error: BaseException | None = None) -> None:
    """A worker is done with it, one way or another. The last failure stays readable after the next success."""
    now, milliseconds = clock.now(), max(0, round(took / timedelta(milliseconds=1)))
    values: dict[str, Any] = {
        "ended_at": now,
        "outcome": outcome,
        "milliseconds": milliseconds,
        "milliseconds_total": F("milliseconds_total") + milliseconds,
        outcome: F(outcome) + 1,
    }
    if outcome == Outcome.SUCCEEDED:
        values["succeeded_at"] = now
    elif isinstance(error, Exception):
        values |= {"failed_at": now, "error": reason_of(error)}
    _note(task, **values)


def _note(task: str, **values: Any) -> None:
    try:
        if not TaskRun.objects.filter(task=task).update(**values):
            TaskRun.objects.bulk_create([TaskRun(task=task)], ignore_conflicts=True)
            TaskRun.objects.filter(task=task).update(**values)
    except AWAY as error:
        log.warning("a run of %s was not noted: %s", task, type(error).__name__)


# The clock --------------------------------------------------------------------------------


def known(tasks: list[str]) -> dict[str, datetime]:
    """When each of these was last sent. A new one counts from now, so that a first start rings nothing at once."""
    TaskRun.objects.bulk_create([TaskRun(task=name) for name in tasks], ignore_conflicts=True)
    TaskRun.objects.filter(task__in=tasks, sent_at__isnull=True).update(sent_at=clock.now())
    rows = TaskRun.objects.filter(task__in=tasks, sent_at__isnull=False).values_list("task", "sent_at")
    return {name: at for name, at in rows if at is not None}


@contextmanager
def ringing(task: str, schedule: BaseSchedule) -> Iterator[datetime | None]:
    """Yields the moment if it is still due, under the row's lock: of several clocks one rings, the rest find it rung.

    Sending stands inside the lock on purpose. A clock that dies between the two leaves the task due, and another one
    rings it: perhaps twice, which tasks bear, instead of never.
    """
    with transaction.atomic():
        row = TaskRun.objects.select_for_update().filter(task=task, sent_at__isnull=False).first()
        if row is None or row.sent_at is None or not schedule.is_due(row.sent_at).is_due:
            yield None
            return
        row.sent_at = clock.now()
        yield row.sent_at
        row.save(update_fields=["sent_at"])


def book() -> dict[str, TaskRun]:
    """The last run of every task that ever ran."""
    return {run.task: run for run in TaskRun.objects.all()}


# By hand ----------------------------------------------------------------------------------


def timetable() -> dict[str, dict[str, Any]]:
    """The clock's entries by task: title, schedule, options."""
    entries = current_app.conf.beat_schedule.items()
    return {
        entry["task"]: {**entry, "title": title, "schedule": maybe_schedule(entry["schedule"], app=current_app)}
        for title, entry in entries
    }


def run_now(*, task: str, actor: Any) -> None:
    """Start a task of the clock out of turn. Says so when the queue cannot be reached: then nothing was started."""
    entry = timetable().get(task)
    if entry is None:
        raise IllegalState("unknown_job", f"There is no job “{task}”.")
    with transaction.atomic():
        row, _made = TaskRun.objects.get_or_create(task=task)
        audit.record("task.run_asked", row, actor=actor)
    try:
        headers = {trace.HEADER: trace.request_id.get()}
        current_app.send_task(task, queue=entry["options"]["queue"], headers=headers, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        raise IllegalState("queue_away", "The queue cannot be reached just now, so nothing was started.") from error
