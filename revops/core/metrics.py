"""Figures for Prometheus. Labels are names of routes, tasks and states: as many as the product has, never more.

What a web process counts by itself is shared among its siblings through files (PROMETHEUS_MULTIPROC_DIR, set by
gunicorn.conf.py). What all machines share (tasks, queues, outbox, jobs) is read from PostgreSQL and the broker, so
every web process gives the same answer to that.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Count, Max, Min, Q
from kombu.exceptions import OperationalError
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import RedisError

from revops.core import clock
from revops.core.models import Delivery, JobRun, TaskRun

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
own = CollectorRegistry()
REQUESTS = Counter("revops_requests", "Requests answered.", ["route", "method", "status"], registry=own)
DURATION = Histogram(
    "revops_request_seconds",
    "How long requests took.",
    ["route", "method"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=own,
)
STATEMENTS = Counter("revops_sql_statements", "SQL statements of requests.", ["route"], registry=own)


def observe(*, route: str, method: str, status: int, seconds: float, statements: int) -> None:
    """One answered request."""
    method = method if method in METHODS else "other"
    REQUESTS.labels(route, method, str(status)).inc()
    DURATION.labels(route, method).observe(seconds)
    STATEMENTS.labels(route).inc(statements)


def exposition() -> bytes:
    """Everything, in Prometheus' text form."""
    counted = own
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)
    return generate_latest(counted) + generate_latest(_shared)


class Shared(Collector):
    """What the database and the broker know. A part that is away shows as `revops_up` 0, its figures are missing."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("revops_up", "Whether a part answers.", labels=["part"])
        parts: list[tuple[str, Callable[[], Iterable[Metric]], tuple[type[Exception], ...]]] = [
            ("database", _from_database, (DatabaseError, InterfaceError)),
            ("broker", _from_broker, (RedisError, OperationalError, OSError)),
            ("cache", _from_cache, (RedisError,)),
        ]
        for name, read, failures in parts:
            try:
                yield from list(read())
                up.add_metric([name], 1)
            except failures:
                up.add_metric([name], 0)
        yield up


def _from_database() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    yield from _outbox()
    yield from _tasks()
    jobs = GaugeMetricFamily("revops_job_runs", "Long jobs by state.", labels=["state"])
    found = dict(JobRun.objects.values_list("state").annotate(Count("pk")).order_by())
    for state in JobRun.State.values:
        jobs.add_metric([state], found.get(state, 0))
    yield jobs


def _outbox() -> Iterator[Metric]:
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING)
    dead = Delivery.objects.filter(state=Delivery.State.DEAD).count()
    facts = waiting.aggregate(count=Count("pk"), oldest=Min("event__created_at"))
    age = (clock.now() - facts["oldest"]).total_seconds() if facts["oldest"] else 0
    deliveries = GaugeMetricFamily("revops_outbox_deliveries", "Deliveries that are not done.", labels=["state"])
    deliveries.add_metric(["pending"], facts["count"])
    deliveries.add_metric(["dead"], dead)
    yield deliveries
    yield GaugeMetricFamily("revops_outbox_oldest_seconds", "Age of the oldest pending delivery.", value=age)


def _tasks() -> Iterator[Metric]:
    runs = CounterMetricFamily("revops_task_runs", "Celery tasks that ended.", labels=["task", "outcome"])
    seconds = CounterMetricFamily("revops_task_seconds", "Time that Celery tasks took.", labels=["task"])
    last = GaugeMetricFamily(
        "revops_task_last_success_timestamp_seconds", "When a task last went well.", labels=["task"]
    )
    for row in TaskRun.objects.order_by("task"):
        for outcome in ("succeeded", "failed", "retried"):
            runs.add_metric([row.task, outcome], getattr(row, outcome))
        seconds.add_metric([row.task], row.milliseconds_total / 1000)
        if row.succeeded_at:
            last.add_metric([row.task], row.succeeded_at.timestamp())
    yield from (runs, seconds, last)
    tick = TaskRun.objects.aggregate(tick=Max("sent_at", filter=Q(sent_at__isnull=False)))["tick"]
    if tick:
        yield GaugeMetricFamily(
            "revops_beat_last_tick_timestamp_seconds", "When the clock last rang.", value=tick.timestamp()
        )


def _from_broker() -> Iterator[Metric]:
    waiting = GaugeMetricFamily("revops_queue_messages", "Tasks that wait for a worker.", labels=["queue"])
    with current_app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=2)
        channel: Any = broker.default_channel
        for queue in settings.CELERY_TASK_QUEUES:
            waiting.add_metric([queue.name], channel._size(queue.name))
    yield waiting


def _from_cache() -> Iterator[Metric]:
    raw: Any = cache
    raw._cache.get_client().ping()
    return iter(())


_shared = CollectorRegistry()
_shared.register(Shared())
