"""The clock. It keeps nothing on its own disk: when each job was last sent stands in the database.

So a clock may move to another machine, two may run at once (each job is sent by one of them), and what fell due while
none ran is sent once when the first is back.
"""

import logging
from typing import Any

from celery.beat import Scheduler
from django.db import DatabaseError, InterfaceError, close_old_connections
from kombu.exceptions import OperationalError
from redis import RedisError

from revops.core import taskruns

log = logging.getLogger(__name__)

AWAY = (DatabaseError, InterfaceError, OperationalError, RedisError, OSError)
AGAIN_SECONDS = 2


class SharedClock(Scheduler):  # type: ignore[misc]
    """Celery's scheduler, with its memory in PostgreSQL."""

    def setup_schedule(self) -> None:
        """Ours alone; the times of the last runs are read at the first tick, when the database may be asked."""
        self.merge_inplace(self.app.conf.beat_schedule)
        self._read = False

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """One step. Whatever is away (database, broker) is tried again soon; nothing that fell due is forgotten."""
        close_old_connections()
        try:
            if not self._read:
                self._remember()
            return super().tick(*args, **kwargs)
        except AWAY as error:
            log.warning("the clock waits: %s", type(error).__name__)
        except Exception:
            # Whatever it is, a clock that stands still is worse.
            log.exception("the clock begins again")
        self._forget()
        return AGAIN_SECONDS

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send it, unless another clock did."""
        with taskruns.ringing(entry.task, entry.schedule) as moment:
            if moment:
                self.apply_async(entry, producer=producer, advance=False)
        if moment:
            log.info("rang %s", entry.task)
            self.schedule[entry.name].last_run_at = moment
        else:
            self._remember()

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **kwargs: Any) -> Any:
        """Without Celery's wrapping, so that a failure rises while the row's lock is still held."""
        options = {**entry.options, "headers": {**entry.options.get("headers", {}), "celery_beat_task": True}}
        task = self.app.tasks[entry.task]
        return task.apply_async(entry.args, entry.kwargs, producer=producer, retry=False, **options)

    def _remember(self) -> None:
        entries: list[Any] = list(self.schedule.values())
        sent = taskruns.known([entry.task for entry in entries])
        for entry in entries:
            entry.last_run_at = sent[entry.task]
        self._heap = None
        self._read = True

    def _forget(self) -> None:
        """Begin again with fresh connections and what the database says."""
        self._read, self._heap = False, None
        self.__dict__.pop("producer", None)
        connection = self.__dict__.pop("connection", None)
        if connection is not None:
            connection.release()

    @property
    def info(self) -> str:
        return "    . memory -> database"
