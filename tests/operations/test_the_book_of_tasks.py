"""Each Celery task's last run, and the clock that keeps its memory in the database."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from celery import shared_task
from celery.exceptions import Retry
from celery.schedules import crontab
from django.db import OperationalError
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis

from revops.celery import app
from revops.core import audit, clock, taskruns, trace
from revops.core.beat import SharedClock
from revops.core.errors import IllegalState
from revops.core.models import AuditEntry, TaskRun
from tests.core.threads import together

seen: list[tuple[str, trace.TaskMark]] = []


@shared_task(name="tests.fine", ignore_result=True)
def fine() -> int:
    seen.append((trace.request_id.get(), trace.task.get()))
    return 1


@shared_task(name="tests.breaks", ignore_result=True)
def breaks() -> None:
    raise ValueError("no such price book\nDETAIL: Key (email)=(ottilie@personal.example)")


@shared_task(name="tests.later", ignore_result=True, bind=True)
def later(self: Any) -> None:
    raise Retry("the other side is away", exc=OSError("away"))


@pytest.mark.django_db
def test_a_run_is_written_down_with_start_end_outcome_and_time() -> None:
    fine.apply()
    fine.apply()
    row = TaskRun.objects.get(task="tests.fine")
    assert (row.outcome, row.succeeded, row.failed, row.error) == ("succeeded", 2, 0, "")
    assert row.started_at and row.ended_at and row.started_at <= row.ended_at == row.succeeded_at
    assert row.milliseconds_total >= row.milliseconds


@pytest.mark.django_db
def test_a_failure_is_written_down_by_its_first_line_and_stays_after_the_next_success() -> None:
    breaks.apply()
    row = TaskRun.objects.get(task="tests.breaks")
    assert (row.outcome, row.failed, row.error) == ("failed", 1, "ValueError: no such price book")
    assert row.failed_at == row.ended_at and row.succeeded_at is None
    taskruns.ended("tests.breaks", "succeeded", timedelta(seconds=2))
    row.refresh_from_db()
    assert (row.outcome, row.succeeded, row.milliseconds) == ("succeeded", 1, 2000)
    assert row.error == "ValueError: no such price book"


@pytest.mark.django_db
def test_a_task_that_will_be_tried_again_is_no_failure() -> None:
    later.apply()
    row = TaskRun.objects.get(task="tests.later")
    assert (row.outcome, row.retried, row.failed) == ("retried", 1, 0)


@pytest.mark.django_db
def test_a_book_that_cannot_be_written_fails_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(TaskRun.objects, "filter", away)
    assert fine.apply().successful()


@pytest.mark.django_db(transaction=True)
def test_workers_that_end_at_once_are_all_counted() -> None:
    together(*[lambda: taskruns.ended("tests.fine", "succeeded", timedelta(milliseconds=5))] * 6)
    row = TaskRun.objects.get(task="tests.fine")
    assert (row.succeeded, row.milliseconds_total) == (6, 30)


@pytest.mark.django_db
def test_a_task_knows_the_request_that_sent_it_and_forgets_it_afterwards() -> None:
    seen.clear()
    fine.apply(task_id="t-1", headers={"request_id": "edge-7f3a9c21"})
    fine.apply(task_id="t-2")
    assert [(request, mark.name, mark.id) for request, mark in seen] == [
        ("edge-7f3a9c21", "tests.fine", "t-1"),
        ("", "tests.fine", "t-2"),
    ]
    assert trace.task.get() == trace.NO_TASK and trace.request_id.get() == ""


@pytest.mark.django_db
def test_what_a_request_sends_carries_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(app, "send_task", lambda *_, **options: sent.append(options))
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **options: sent.append(options))
    token = audit.request_id.set("edge-7f3a9c21")
    try:
        fine.apply_async()
        taskruns.run_now(task="core.relay", actor=None)
    finally:
        audit.request_id.reset(token)
    assert [options["headers"]["request_id"] for options in sent] == ["edge-7f3a9c21"] * 2


# The clock --------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What clocks send, instead of sending it."""
    rung: list[str] = []
    monkeypatch.setattr(SharedClock, "producer", None)
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda self, *_, **__: rung.append(self.name))
    return rung


@pytest.fixture
def short_timetable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    app.loader.import_default_modules()
    entries = {
        "often": {"task": "core.relay", "schedule": timedelta(seconds=5), "options": {"queue": "default"}},
        "nightly": {
            "task": "core.forget_sessions",
            "schedule": crontab(hour="3", minute="40"),
            "options": {"queue": "reports"},
        },
    }
    # The test's transaction lives on its connection.
    monkeypatch.setattr("revops.core.beat.close_old_connections", lambda: None)
    whole, app.conf.beat_schedule = app.conf.beat_schedule, entries
    yield
    app.conf.beat_schedule = whole


def tick(beat: SharedClock, times: int = 6) -> list[Any]:
    return [beat.tick() for _ in range(times)]


@pytest.fixture
def noon() -> Iterator[Any]:
    with time_machine.travel("2026-11-19 12:00:00+00:00", tick=False) as traveller:
        yield traveller


@pytest.mark.django_db
def test_a_first_start_rings_nothing_at_once(short_timetable: None, sent: list[str], noon: Any) -> None:
    beat = SharedClock(app=app)
    assert tick(beat)[-1] > 0
    assert sent == []
    noon.shift(timedelta(seconds=6))
    tick(beat)
    assert sent == ["core.relay"]
    assert TaskRun.objects.get(task="core.relay").sent_at == clock.now()


@pytest.mark.django_db
def test_two_clocks_ring_each_job_once(short_timetable: None, sent: list[str], noon: Any) -> None:
    first, second = SharedClock(app=app), SharedClock(app=app)
    for _ in range(5):
        tick(first), tick(second)
        noon.shift(timedelta(seconds=6))
    tick(second), tick(first)
    assert sent == ["core.relay"] * 5


@pytest.mark.django_db
def test_what_fell_due_while_no_clock_ran_is_rung_once_by_the_next(
    short_timetable: None, sent: list[str], noon: Any
) -> None:
    tick(SharedClock(app=app))
    noon.shift(timedelta(days=3))
    tick(SharedClock(app=app)), tick(SharedClock(app=app))
    assert sorted(sent) == ["core.forget_sessions", "core.relay"]


@pytest.mark.django_db
@pytest.mark.parametrize("error", [BrokerError("refused"), OperationalError("gone"), ConnectionRefusedError()])
def test_what_cannot_be_sent_stays_due(
    short_timetable: None, monkeypatch: pytest.MonkeyPatch, noon: Any, error: Exception
) -> None:
    beat, tries = SharedClock(app=app), []
    monkeypatch.setattr(SharedClock, "producer", None)
    tick(beat)

    def away(self: Any, *_: Any, **__: Any) -> None:
        tries.append(self.name)
        if len(tries) < 3:
            raise error

    monkeypatch.setattr("celery.app.task.Task.apply_async", away)
    noon.shift(timedelta(hours=20))
    before = dict(TaskRun.objects.values_list("task", "sent_at"))
    assert beat.tick() == 2 and beat.tick() == 2
    assert dict(TaskRun.objects.values_list("task", "sent_at")) == before
    tick(beat)
    assert len(tries) == 4 and len(set(tries[2:])) == 2
    assert set(TaskRun.objects.values_list("sent_at", flat=True)) == {clock.now()}


@pytest.mark.django_db
def test_a_clock_survives_a_restored_book(short_timetable: None, sent: list[str], noon: Any) -> None:
    beat = SharedClock(app=app)
    tick(beat)
    TaskRun.objects.all().delete()
    noon.shift(timedelta(seconds=6))
    tick(beat)
    assert sent == []
    noon.shift(timedelta(seconds=6))
    tick(beat)
    assert sent == ["core.relay"]


@pytest.mark.django_db
def test_a_clock_never_stands_still(short_timetable: None, monkeypatch: pytest.MonkeyPatch, noon: Any) -> None:
    def surprise(*_: Any) -> None:
        raise KeyError("surprise")

    beat = SharedClock(app=app)
    with monkeypatch.context() as broken:
        broken.setattr(taskruns, "known", surprise)
        assert beat.tick() == 2
    assert beat.tick() > 0 and TaskRun.objects.count() == 2


# By hand ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_job_started_by_hand_waits_in_its_queue_and_is_in_the_audit(olga: Any) -> None:
    from django.conf import settings

    broker = Redis.from_url(settings.CELERY_BROKER_URL)
    broker.delete("reports")
    taskruns.run_now(task="core.forget_sessions", actor=olga)
    assert broker.llen("reports") == 1
    broker.delete("reports")
    entry = AuditEntry.objects.get(action="task.run_asked")
    assert entry.actor == olga and entry.label == "core.forget_sessions"


@pytest.mark.django_db
def test_a_job_that_is_not_on_the_timetable_is_refused(olga: Any) -> None:
    with pytest.raises(IllegalState, match="no job"):
        taskruns.run_now(task="core.run_job", actor=olga)
    assert not AuditEntry.objects.filter(action="task.run_asked").exists()


@pytest.mark.django_db
def test_a_queue_that_is_away_is_said(olga: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise BrokerError("Connection refused")

    monkeypatch.setattr(app, "send_task", away)
    with pytest.raises(IllegalState, match="nothing was started"):
        taskruns.run_now(task="core.relay", actor=olga)
